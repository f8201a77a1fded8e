//! The handle through which everyone else uses the network.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use libp2p::{Multiaddr, PeerId};
use protocol::log::Body;
use protocol::{Digest, GroupId, NodeId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::error::{FetchError, NetworkError};
use crate::fetch::{Fetcher, blocking};
use crate::files::FILE_BYTES_MAX;
use crate::logs::{Entry, LogsError};
use crate::store::BlockStore;
use crate::swarm::Command;

/// A handle to the running node; clones share it. The node ends when the last one is dropped.
#[derive(Clone)]
pub struct Client {
    peer: PeerId,
    node: NodeId,
    fetcher: Fetcher,
}

impl Client {
    pub(crate) fn new(peer: PeerId, node: NodeId, store: Arc<BlockStore>, commands: mpsc::Sender<Command>) -> Self {
        let fetcher = Fetcher { store, commands, sessions: Arc::new(AtomicU64::new(0)) };
        Self { peer, node, fetcher }
    }

    /// The name of this node among libp2p peers.
    pub fn peer_id(&self) -> PeerId {
        self.peer
    }

    /// The ed25519 key of this node, which signs its messages in logs.
    pub fn node_id(&self) -> NodeId {
        self.node
    }

    /// Addresses under which others can dial this node, each ending in its name.
    pub async fn listen_addresses(&self) -> Result<Vec<Multiaddr>, NetworkError> {
        self.ask(|reply| Command::Addresses { reply }).await
    }

    /// The connected peers.
    pub async fn peers(&self) -> Result<Vec<PeerId>, NetworkError> {
        self.ask(|reply| Command::Peers { reply }).await
    }

    /// Starts to dial a peer; `Event::PeerConnected` tells that it answered.
    pub async fn dial(&self, address: Multiaddr) -> Result<(), NetworkError> {
        self.ask(|reply| Command::Dial { address, reply }).await?
    }

    /// Stores a file and serves it from now on. The digest is that of the root block of the protocol's one encoding.
    pub async fn add(&self, bytes: Vec<u8>) -> Result<Digest, NetworkError> {
        let store = self.fetcher.store.clone();
        blocking(move || store.add(&bytes)).await
    }

    /// Whether a whole file is here.
    pub async fn has(&self, digest: Digest) -> Result<bool, NetworkError> {
        let store = self.fetcher.store.clone();
        blocking(move || store.file_length(digest)).await.map(|length| length.is_some())
    }

    /// Removes a file's blocks from this node.
    pub async fn forget(&self, digest: Digest) -> Result<(), NetworkError> {
        let store = self.fetcher.store.clone();
        blocking(move || store.forget(digest)).await
    }

    /// A file of exactly `length` bytes, from here or else from peers, which then is stored and served here too.
    pub async fn fetch(&self, digest: Digest, length: u64, time: Duration) -> Result<Vec<u8>, FetchError> {
        self.download(digest, length, time).await?;
        self.read(digest, length).await
    }

    /// Like `fetch`, without reading the file into memory.
    pub async fn download(&self, digest: Digest, length: u64, time: Duration) -> Result<(), FetchError> {
        if length > FILE_BYTES_MAX {
            return Err(FetchError::TooLong { digest, length, limit: FILE_BYTES_MAX });
        }
        let download = timeout(time, self.fetcher.download(digest, length));
        download.await.unwrap_or(Err(FetchError::TimedOut { digest, time }))
    }

    /// A file of unknown length, at most `limit` bytes.
    pub async fn fetch_up_to(&self, digest: Digest, limit: u64, time: Duration) -> Result<Vec<u8>, FetchError> {
        let download = timeout(time, self.fetcher.download_up_to(digest, limit));
        let length = download.await.unwrap_or(Err(FetchError::TimedOut { digest, time }))?;
        self.read(digest, length).await
    }

    async fn read(&self, digest: Digest, length: u64) -> Result<Vec<u8>, FetchError> {
        let store = self.fetcher.store.clone();
        let bytes: Option<Vec<u8>> = blocking::<_, FetchError>(move || store.read(digest, length)).await?;
        bytes.ok_or(FetchError::NotThatFile { digest, length })
    }

    /// Takes part in a group's log: loads it, copies it from peers, announces this node's addresses in it.
    pub async fn subscribe(&self, group: GroupId) -> Result<(), LogsError> {
        self.ask(|reply| Command::Subscribe { group, reply }).await?
    }

    /// Signs a message, writes it to disk, and only then sends it; it replaces this node's earlier ones of its kind.
    pub async fn append(&self, group: GroupId, body: Body) -> Result<Digest, LogsError> {
        self.append_under(group, body.topic(), body).await
    }

    /// The same under a topic of the caller's choice: the newest message of each topic counts.
    pub async fn append_under(&self, group: GroupId, topic: &str, body: Body) -> Result<Digest, LogsError> {
        let topic = topic.into();
        self.ask(|reply| Command::Append { group, topic, body, reply }).await?
    }

    /// Gives an author room in the group's log that strangers cannot use up; for the nodes of those who have stake.
    pub async fn trust(&self, group: GroupId, author: NodeId) -> Result<(), LogsError> {
        self.ask(|reply| Command::Trust { group, author, reply }).await?
    }

    /// The group's messages from the `cursor`-th in the order of their arrival here, at most `READ_MAX`; one that has more asks again from the last number plus one.
    pub async fn log(&self, group: GroupId, cursor: u64) -> Result<Vec<Entry>, LogsError> {
        self.ask(|reply| Command::Log { group, cursor, reply }).await?
    }

    /// Ends the node: connections are closed, the data folder is free again.
    pub async fn shutdown(&self) {
        // An error means that it has ended already.
        _ = self.ask(|reply| Command::Shutdown { reply }).await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, NetworkError> {
        let (reply, answer) = oneshot::channel();
        self.fetcher.commands.send(command(reply)).await.map_err(|_| NetworkError::Closed)?;
        answer.await.map_err(|_| NetworkError::Closed)
    }
}
