//! Fetching a file: walks its tree from the root, asks for blocks side by side, checks and stores each.
//!
//! What a block must be is known before it is asked for: its digest, its codec, and the part of the file
//! that it stands for. So a file that is not of the profile is found out at its first wrong node, and a
//! fetch that was broken off goes on where it stopped, from the store. Memory is that of the blocks that are
//! waited for, however long the file is.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use libp2p::PeerId;
use protocol::Digest;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout, timeout_at};

use crate::bitswap::behaviour::BlockWant;
use crate::cids::Codec;
use crate::error::FetchError;
use crate::files::{FILE_BYTES_MAX, Part, links, part_of_root};
use crate::outside::Outside;
use crate::store::partial::Partial;
use crate::store::{BlockStore, StoreError};
use crate::swarm::Command;

/// Blocks of one file that are waited for at a time: 16 MiB.
pub const BLOCKS_AHEAD: usize = 64;
/// Holders of one file that are asked before others.
pub const HOLDERS_MAX: usize = 32;
/// Whatever the time of an order, so long is at least waited.
const TIME_LEAST: Duration = Duration::from_secs(1);

/// What is known of a file's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// A file of another length is told from the first block, before the rest of it is loaded.
    Exactly(u64),
    /// The root block tells it; nothing else is loaded if that is above the limit.
    UpTo(u64),
}

/// How far a fetch has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file that are here and checked, those of earlier attempts too.
    pub done_bytes: u64,
    /// Bytes of the file; 0 as long as they are not known.
    pub total_bytes: u64,
}

/// A file to be fetched: how long, and of whom first.
#[derive(Debug, Clone)]
pub struct Order {
    /// The file.
    pub digest: Digest,
    /// What is known of its length.
    pub length: Length,
    /// The fetch ends when so long nothing has come; one that moves goes on.
    pub quiet: Duration,
    /// It ends here even if it moves, as when the file is of no use later.
    pub until: Option<Instant>,
    /// Who said that it holds the file, at most [`HOLDERS_MAX`]: asked before all others.
    pub holders: Vec<PeerId>,
    /// Told how far it has come.
    pub progress: Option<watch::Sender<Progress>>,
}

impl Order {
    /// Of a file of known or unknown length, that ends after so long without progress.
    pub fn new(digest: Digest, length: Length, quiet: Duration) -> Self {
        Self { digest, length, quiet, until: None, holders: Vec::new(), progress: None }
    }
}

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

/// One fetch that runs.
struct Fetch<'a> {
    fetcher: &'a Fetcher,
    order: &'a Order,
    session: u64,
    holders: Arc<[PeerId]>,
    progress: watch::Sender<Progress>,
}

/// A block that is still to be had: its digest, what it stands for, and where that begins in the file.
type Pending = (Digest, Part, u64);

impl Fetcher {
    /// Over this store; `commands` leads to the node's task.
    pub fn new(store: Arc<BlockStore>, commands: mpsc::Sender<Command>) -> Self {
        Self { store, commands, sessions: Arc::new(AtomicU64::new(0)), outside: Arc::default() }
    }

    /// Brings all blocks of a file into the store and tells its length. Dropping the future cancels: what has come
    /// stays, and nobody is asked any more.
    ///
    /// # Errors
    /// `TimedOut`; `NotThatFile`, as soon as a block does not fit its place; `TooLong`; `Busy`; `Store`; `Closed`.
    pub async fn bring(&self, order: &Order) -> Result<u64, FetchError> {
        let Order { digest, quiet, .. } = *order;
        if let Length::Exactly(length) = order.length
            && length > FILE_BYTES_MAX
        {
            return Err(FetchError::TooLong { digest, length, limit: FILE_BYTES_MAX });
        }
        if let Some(length) = self.held(order).await? {
            return Ok(length);
        }
        let fetch = self.begin(order).await?;
        let mut moved = fetch.progress.subscribe();
        let silence = async { while matches!(timeout(quiet, moved.changed()).await, Ok(Ok(()))) {} };
        let work = async {
            tokio::select! {
                done = fetch.run() => Some(done),
                () = silence => None,
            }
        };
        let (began, least) = (Instant::now(), Instant::now() + TIME_LEAST);
        let done = match order.until {
            Some(until) => timeout_at(until.max(least), work).await.ok().flatten(),
            None => work.await,
        };
        done.unwrap_or_else(|| Err(FetchError::TimedOut { digest, time: began.elapsed() }))
    }

    /// The length of the file, if it is here whole.
    async fn held(&self, order: &Order) -> Result<Option<u64>, FetchError> {
        let (store, digest, length) = (self.store.clone(), order.digest, order.length);
        if !store.has(digest) {
            return Ok(None);
        }
        let held = blocking::<_, FetchError>(move || match length {
            Length::Exactly(length) => Ok(store.chunks(digest, Part::whole(length))?.map(|_| length)),
            Length::UpTo(_) => store.file_length(digest),
        });
        match (held.await?, order.length) {
            (Some(length), Length::UpTo(limit)) if length > limit => Err(FetchError::TooLong { digest, length, limit }),
            (held, _) => Ok(held),
        }
    }

    async fn begin<'a>(&'a self, order: &'a Order) -> Result<Fetch<'a>, FetchError> {
        let holders: Arc<[PeerId]> = order.holders.iter().take(HOLDERS_MAX).copied().collect();
        if !holders.is_empty() {
            self.commands.send(Command::Meet { peers: holders.clone() }).await.map_err(|_| FetchError::Closed)?;
        }
        let progress = order.progress.clone().unwrap_or_default();
        Ok(Fetch { fetcher: self, order, session: self.sessions.fetch_add(1, Ordering::Relaxed), holders, progress })
    }
}

impl Fetch<'_> {
    async fn run(&self) -> Result<u64, FetchError> {
        let digest = self.order.digest;
        let (part, root) = match self.order.length {
            Length::Exactly(length) => (Part::whole(length), None),
            Length::UpTo(limit) => {
                let root = self.block(digest, Codec::Raw).await?;
                let part = part_of_root(&root);
                if part.length() > limit {
                    return Err(FetchError::TooLong { digest, length: part.length(), limit });
                }
                (part, Some(root))
            }
        };
        self.progress.send_modify(|progress| progress.total_bytes = part.length());
        match part.is_chunk() {
            true => self.short(part, root).await?,
            false => self.long(part).await?,
        }
        Ok(part.length())
    }

    /// A file of one chunk, which is its own root.
    async fn short(&self, part: Part, root: Option<Vec<u8>>) -> Result<(), FetchError> {
        let digest = self.order.digest;
        let block = match root {
            Some(root) => root,
            None => self.block(digest, part.codec()).await?,
        };
        if block.len() as u64 != part.length() {
            return Err(self.other_file(part));
        }
        let store = self.fetcher.store.clone();
        blocking(move || store.put(digest, &block)).await
    }

    /// All nodes first, then the chunks from the left: so one that goes on asks for what it lacks in the order of the one before. Beside
    /// the blocks that are waited for, memory for the digests of the chunks.
    async fn long(&self, whole: Part) -> Result<(), FetchError> {
        let (store, digest) = (self.fetcher.store.clone(), self.order.digest);
        let partial = Arc::new(blocking::<_, FetchError>(move || store.begin(digest, whole)).await?);
        let mut chunks: BTreeMap<u64, (Digest, Part)> = BTreeMap::new();
        let mut nodes: VecDeque<Pending> = VecDeque::from([(digest, whole, 0)]);
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < BLOCKS_AHEAD
                && let Some(next) = nodes.pop_front()
            {
                running.push(self.node(&partial, next));
            }
            let Some(done) = running.next().await else { break };
            for (digest, part, offset) in done?.ok_or_else(|| self.other_file(whole))? {
                match part.is_chunk() {
                    true => _ = chunks.insert(offset, (digest, part)),
                    false => nodes.push_back((digest, part, offset)),
                }
            }
        }
        let each = chunks.into_iter().map(|(offset, (digest, part))| self.chunk(&partial, (digest, part, offset)));
        let mut running = futures::stream::iter(each).buffer_unordered(BLOCKS_AHEAD);
        while let Some(is_right) = running.next().await {
            if !is_right? {
                return Err(self.other_file(whole));
            }
        }
        let file = partial.clone();
        blocking(move || file.finish()).await
    }

    fn other_file(&self, whole: Part) -> FetchError {
        FetchError::NotThatFile { digest: self.order.digest, length: whole.length() }
    }

    /// Holds a chunk; false if it is not what its place demands.
    async fn chunk(&self, partial: &Arc<Partial>, chunk: Pending) -> Result<bool, FetchError> {
        let is_right = self.try_chunk(partial, chunk).await?;
        self.progress.send_modify(|progress| progress.done_bytes += chunk.1.length());
        Ok(is_right)
    }

    async fn try_chunk(&self, partial: &Arc<Partial>, (digest, part, offset): Pending) -> Result<bool, FetchError> {
        let length = part.length() as u32;
        if partial.has(digest, offset, length) {
            return Ok(true);
        }
        let file = partial.clone();
        if file.may_recover(digest) && blocking::<_, FetchError>(move || file.recover(digest, offset, length)).await? {
            return Ok(true);
        }
        let block = self.asked(digest, part.codec()).await?;
        if block.len() as u64 != part.length() {
            return Ok(false);
        }
        let file = partial.clone();
        blocking::<_, FetchError>(move || file.keep_chunk(digest, offset, &block)).await?;
        Ok(true)
    }

    /// Holds a node and tells those below it; none if it is not what its place demands.
    async fn node(&self, partial: &Arc<Partial>, (digest, part, offset): Pending) -> Result<Option<Vec<Pending>>, FetchError> {
        let block = self.block(digest, part.codec()).await?;
        let Ok(below) = links(part, &block) else { return Ok(None) };
        let file = partial.clone();
        blocking::<_, FetchError>(move || file.keep_node(digest, &block)).await?;
        // That counts as progress, too.
        self.progress.send_modify(|_| ());
        let mut at = offset;
        let below = below.into_iter().map(|(child, part)| {
            let pending = (child, part, at);
            at += part.length();
            pending
        });
        Ok(Some(below.collect()))
    }

    /// A block from the store, or else from peers.
    async fn block(&self, digest: Digest, codec: Codec) -> Result<Vec<u8>, FetchError> {
        let store = self.fetcher.store.clone();
        if store.has(digest)
            && let Some(block) = blocking::<_, FetchError>(move || store.get(digest)).await?
        {
            return Ok(block);
        }
        self.asked(digest, codec).await
    }

    /// A block from peers.
    async fn asked(&self, digest: Digest, codec: Codec) -> Result<Vec<u8>, FetchError> {
        let (reply, answer) = oneshot::channel();
        let want = BlockWant { digest, codec, session: self.session, holders: self.holders.clone(), reply };
        let Fetcher { commands, outside, .. } = self.fetcher;
        commands.send(Command::Want(want)).await.map_err(|_| FetchError::Closed)?;
        let mut wait = outside.wait(digest, codec, self.session);
        tokio::select! {
            block = answer => block.map_err(|_| if commands.is_closed() { FetchError::Closed } else { FetchError::Busy }),
            block = wait.offered() => Ok(block),
        }
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
