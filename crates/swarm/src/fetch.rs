//! Fetching a file: walks its tree from the root, asks for blocks side by side, checks and stores each.
//!
//! What a block must be is known before it is asked for: its digest, its codec, and the part of the file
//! that it stands for. So a file that is not of the profile is found out at its first wrong node, and a
//! fetch that was broken off goes on where it stopped, from the store.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use protocol::Digest;
use tokio::sync::{mpsc, oneshot};

use crate::bitswap::behaviour::BlockWant;
use crate::cids::Codec;
use crate::error::FetchError;
use crate::files::{Part, links, part_of_root};
use crate::outside::Outside;
use crate::store::{BlockStore, StoreError};
use crate::swarm::Command;

/// Blocks of one file that are waited for at a time.
pub const BLOCKS_AHEAD: usize = 64;

/// What fetches share.
#[derive(Clone)]
pub struct Fetcher {
    /// Where blocks are looked for first and kept then.
    pub store: Arc<BlockStore>,
    /// To the node's task, which asks peers.
    pub commands: mpsc::Sender<Command>,
    /// The number of the next fetch: peers that had blocks of one are asked for its others.
    pub sessions: Arc<AtomicU64>,
    /// Shows what is waited for to helpers from outside the swarm.
    pub outside: Arc<Outside>,
}

impl Fetcher {
    /// Brings all blocks of a file of known length into the store. Dropping the future cancels: blocks that
    /// have come stay, and nobody is asked any more.
    ///
    /// # Errors
    /// `NotThatFile`, as soon as a block does not fit its place; `Busy`; `Store`; `Closed`.
    pub async fn download(&self, digest: Digest, length: u64) -> Result<(), FetchError> {
        self.parts(digest, digest, Part::whole(length), self.session()).await
    }

    /// Brings a file of unknown length into the store and tells the length, at most `limit`.
    ///
    /// # Errors
    /// As [`Fetcher::download`]; `TooLong`, before anything but the root has come.
    pub async fn download_up_to(&self, digest: Digest, limit: u64) -> Result<u64, FetchError> {
        let session = self.session();
        let root = self.block(digest, Codec::Raw, session).await?;
        let part = part_of_root(&root);
        let length = part.length();
        if length > limit {
            return Err(FetchError::TooLong { digest, length, limit });
        }
        self.keep(digest, root).await?;
        self.parts(digest, digest, part, session).await?;
        Ok(length)
    }

    /// A number for a new fetch.
    fn session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    /// Depth first and from the left: what is waited for stays small however long the file is.
    async fn parts(&self, file: Digest, root: Digest, whole: Part, session: u64) -> Result<(), FetchError> {
        let mut pending = VecDeque::from([(root, whole)]);
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < BLOCKS_AHEAD
                && let Some((digest, part)) = pending.pop_front()
            {
                running.push(self.part(digest, part, session));
            }
            let Some(done) = running.next().await else { return Ok(()) };
            let below = done?.ok_or(FetchError::NotThatFile { digest: file, length: whole.length() })?;
            for child in below.into_iter().rev() {
                pending.push_front(child);
            }
        }
    }

    /// Holds one block and tells those below it; none if it is not what its place demands.
    async fn part(&self, digest: Digest, part: Part, session: u64) -> Result<Option<Vec<(Digest, Part)>>, FetchError> {
        if part.is_chunk()
            && let Some(length) = self.store.length(digest)
        {
            return Ok((u64::from(length) == part.length()).then(Vec::new));
        }
        let block = self.block(digest, part.codec(), session).await?;
        let Ok(below) = links(part, &block) else { return Ok(None) };
        self.keep(digest, block).await?;
        Ok(Some(below))
    }

    /// A block from the store, or else from peers.
    async fn block(&self, digest: Digest, codec: Codec, session: u64) -> Result<Vec<u8>, FetchError> {
        if let Some(block) = self.stored(digest).await? {
            return Ok(block);
        }
        let (reply, answer) = oneshot::channel();
        let want = BlockWant { digest, codec, session, reply };
        self.commands.send(Command::Want(want)).await.map_err(|_| FetchError::Closed)?;
        let mut wait = self.outside.wait(digest, codec, session);
        tokio::select! {
            block = answer => block.map_err(|_| if self.commands.is_closed() { FetchError::Closed } else { FetchError::Busy }),
            block = wait.offered() => Ok(block),
        }
    }

    /// A block from the disk; none if it is not there, or was damaged.
    async fn stored(&self, digest: Digest) -> Result<Option<Vec<u8>>, FetchError> {
        if !self.store.has(digest) {
            return Ok(None);
        }
        let store = self.store.clone();
        blocking(move || store.get(digest)).await
    }

    /// Stores a block whose hash was checked when it came in.
    async fn keep(&self, digest: Digest, block: Vec<u8>) -> Result<(), FetchError> {
        let store = self.store.clone();
        blocking(move || store.put(digest, &block)).await
    }
}

/// Runs work on files off the async threads.
///
/// # Errors
/// Those of the work, and the caller's word for a runtime that has ended.
pub async fn blocking<T: Send + 'static, E: From<StoreError> + From<Ended>>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, E> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(E::from),
        Err(_) => Err(E::from(Ended)),
    }
}

/// The runtime ended before the work did.
pub struct Ended;

impl From<Ended> for FetchError {
    fn from(_: Ended) -> Self {
        FetchError::Closed
    }
}

impl From<Ended> for crate::error::SwarmError {
    fn from(_: Ended) -> Self {
        crate::error::SwarmError::Closed
    }
}
