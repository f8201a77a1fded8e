//! The handle through which everyone else uses the network.
//!
//! Each call is a question to the node's task, answered over a channel of its own, so calls from many
//! tasks do not wait for one another but for the task; files and logs are read and written beside it. After
//! the node has ended every call fails with `Closed`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use libp2p::{Multiaddr, PeerId};
use protocol::log::{Body, Standing};
use protocol::{Digest, GroupId, NodeId};
use tokio::sync::{mpsc, oneshot};

use crate::error::{LogsError, SwarmError};
use crate::fetch::Fetcher;
use crate::links::Neighbourhood;
use crate::logs::Entry;
use crate::swarm::Command;
use crate::tasks::{Reply, Task};
use crate::throttle::{Tally, Traffic};

/// A handle to the running node; clones share it. The node ends when the last one is dropped, or one
/// asks for it.
#[derive(Clone)]
pub struct Client {
    peer: PeerId,
    node: NodeId,
    pub(crate) fetcher: Fetcher,
    logs: mpsc::Sender<Task>,
    tally: Tally,
    /// The last time that a file found no room, and why.
    pub(crate) full: Arc<Mutex<Option<(Instant, String)>>>,
}

/// A file that found no room is kept in mind for so long: whoever needs it has tried again by then.
const FULL_LASTS: Duration = Duration::from_secs(150);

impl Client {
    /// For the node of these names; `logs` leads to the thread that owns the logs.
    pub(crate) fn new(peer: PeerId, node: NodeId, fetcher: Fetcher, logs: mpsc::Sender<Task>, tally: Tally) -> Self {
        Self { peer, node, fetcher, logs, tally, full: Arc::default() }
    }

    /// The name of this node among libp2p peers: the hash of its public key, `12D3Koo…` in text. The same
    /// key gives the same name after a restart.
    pub fn peer_id(&self) -> PeerId {
        self.peer
    }

    /// The ed25519 public key of this node, 32 bytes, which signs its messages in logs. [`crate::peer_of`]
    /// tells which peer it is.
    pub fn node_id(&self) -> NodeId {
        self.node
    }

    /// Addresses under which others can dial this node, each ending in its name: those that it announces
    /// first, then the others that it listens on. Port 0 of the configuration is a real port here.
    ///
    /// # Errors
    /// `Closed`, if the node has ended.
    pub async fn listen_addresses(&self) -> Result<Vec<Multiaddr>, SwarmError> {
        self.ask(|reply| Command::Addresses { reply }).await
    }

    /// The peers with at least one open connection, in no order, banned ones never among them.
    ///
    /// # Errors
    /// `Closed`, if the node has ended.
    pub async fn peers(&self) -> Result<Vec<PeerId>, SwarmError> {
        self.ask(|reply| Command::Peers { reply }).await
    }

    /// Who is connected and how, how this node is reached, and which peers of the configuration do not answer, and why.
    ///
    /// # Errors
    /// `Closed`, if the node has ended.
    pub async fn neighbourhood(&self) -> Result<Neighbourhood, SwarmError> {
        self.ask(|reply| Command::Neighbourhood { reply }).await
    }

    /// These peers get connections that strangers cannot take, as those of the configuration and nodes that speak for accounts with stake
    /// have them. A few thousand are remembered, until the node ends.
    ///
    /// # Errors
    /// `Closed`, if the node has ended.
    pub async fn favour(&self, peers: Vec<PeerId>) -> Result<(), SwarmError> {
        self.fetcher.commands.send(Command::Favour { peers }).await.map_err(|_| SwarmError::Closed)
    }

    /// Tells the network that this node holds a file, now and again as long as it runs; of a few thousand files.
    ///
    /// # Errors
    /// `Closed`, if the node has ended.
    pub async fn provide(&self, digest: Digest) -> Result<(), SwarmError> {
        self.fetcher.commands.send(Command::Provide { digest, held: true }).await.map_err(|_| SwarmError::Closed)
    }

    /// Takes that back; who was told before remembers it for two hours at most.
    ///
    /// # Errors
    /// `Closed`, if the node has ended.
    pub async fn withdraw(&self, digest: Digest) -> Result<(), SwarmError> {
        self.fetcher.commands.send(Command::Provide { digest, held: false }).await.map_err(|_| SwarmError::Closed)
    }

    /// Asks the network who holds a file; at most 20 peers, which are dialled as they are found. None if nobody is known, or too
    /// much is asked at once. Takes up to 20 s. A fetch that nobody answers asks by itself.
    ///
    /// # Errors
    /// `Closed`, if the node has ended.
    pub async fn providers(&self, digest: Digest) -> Result<Vec<PeerId>, SwarmError> {
        let (reply, answer) = oneshot::channel();
        self.fetcher.commands.send(Command::Providers { digest, reply }).await.map_err(|_| SwarmError::Closed)?;
        Ok(answer.await.unwrap_or_default())
    }

    /// Starts to dial a peer and does not wait for it: [`crate::Event::PeerConnected`] tells that it
    /// answered. The address is not remembered; what is to be dialled again belongs into
    /// [`crate::Config::peers`].
    ///
    /// # Errors
    /// `Dial`, if it is no address of TCP or QUIC, is this node's own, or names a peer that is
    /// banned; `Closed`, if the node has ended.
    pub async fn dial(&self, address: Multiaddr) -> Result<(), SwarmError> {
        self.ask(|reply| Command::Dial { address, reply }).await?
    }

    /// Takes part in a group's log: loads it from disk, copies it from peers, subscribes to its gossip and
    /// announces this node's addresses in it. Once is enough; again does nothing.
    ///
    /// # Errors
    /// `TooManyGroups` beyond 256 of them; `File` if the file cannot be read or is no log; `Network`.
    pub async fn subscribe(&self, group: GroupId) -> Result<(), LogsError> {
        self.ask_logs(|reply| Task::Open { group, reply }).await
    }

    /// Signs a message, writes it to disk, and only then sends it; under the topic of its kind it replaces
    /// this node's earlier ones. Returns the message's id, the sha2-256 of its bytes.
    ///
    /// The number that orders messages of one topic is never used twice, whatever falls when: a signature
    /// that left this machine is on its disk.
    ///
    /// # Errors
    /// `NotSubscribed`; `Body` or `Envelope` if it is longer than the log allows; `Refused`; `Disk`.
    pub async fn append(&self, group: GroupId, body: Body) -> Result<Digest, LogsError> {
        self.append_under(group, body.topic(), body).await
    }

    /// The same under a topic of the caller's choice, at most 64 bytes: the newest message of each topic
    /// counts, so that messages of one kind about several things stand side by side.
    ///
    /// # Errors
    /// As [`Client::append`].
    pub async fn append_under(&self, group: GroupId, topic: &str, body: Body) -> Result<Digest, LogsError> {
        let topic = topic.into();
        self.ask_logs(|reply| Task::Append { group, topic, body, reply }).await
    }

    /// Tells what the chain says of the group's accounts, at the start and whenever it changes: whoever has stake has room in the log
    /// that nobody else can use up (PROTOCOL 14, What is kept). It is not kept over a restart.
    ///
    /// # Errors
    /// `NotSubscribed`, if this node does not take part in the group.
    pub async fn stand(&self, group: GroupId, standing: Standing) -> Result<(), LogsError> {
        let standing = Box::new(standing);
        self.ask_logs(|reply| Task::Stand { group, standing, reply }).await
    }

    /// The group's messages from the `cursor`-th in the order of their arrival here, at most
    /// [`crate::READ_MAX`]; whoever wants more asks again from the last number plus one. Numbers have gaps
    /// where messages were replaced, and a restart gives new ones: keep what was read, not where.
    ///
    /// # Errors
    /// `NotSubscribed`, if this node does not take part in the group.
    pub async fn log(&self, group: GroupId, cursor: u64) -> Result<Vec<Entry>, LogsError> {
        self.ask_logs(|reply| Task::Read { group, cursor, reply }).await
    }

    /// Bytes that went to other nodes and came from them since this one was started, of their streams: what transports add is not counted.
    pub fn traffic(&self) -> Traffic {
        self.tally.traffic()
    }

    /// Why a file found no room in the last minutes, on the disk or below the limit of the store; none if each did.
    pub fn full(&self) -> Option<String> {
        let full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        full.as_ref().filter(|(at, _)| at.elapsed() < FULL_LASTS).map(|(_, reason)| reason.clone())
    }

    /// Ends the node: connections are closed and the data folder is free again when this returns. What was
    /// appended is on disk already.
    pub async fn shutdown(&self) {
        // An error means that it has ended already.
        _ = self.ask(|reply| Command::Shutdown { reply }).await;
    }

    /// Puts a question to the thread that owns the logs and waits for its answer.
    async fn ask_logs<T>(&self, task: impl FnOnce(Reply<T>) -> Task) -> Result<T, LogsError> {
        let (reply, answer) = oneshot::channel();
        self.logs.send(task(reply)).await.map_err(|_| SwarmError::Closed)?;
        answer.await.map_err(|_| SwarmError::Closed)?
    }

    /// Puts a question to the node's task and waits for its answer.
    pub(crate) async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, SwarmError> {
        let (reply, answer) = oneshot::channel();
        self.fetcher.commands.send(command(reply)).await.map_err(|_| SwarmError::Closed)?;
        answer.await.map_err(|_| SwarmError::Closed)
    }
}
