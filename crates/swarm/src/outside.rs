//! What this node waits for and what it came to hold, told to whoever can help from outside the swarm.
//!
//! A program may know other places of blocks than peers: gateways, an IPFS node on the same machine. It looks here what
//! fetches wait for and how long already, and offers what it found; every offer is hashed before a fetch sees it. In the
//! other direction it hears which files became whole here, and which were let go.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use cid::Cid;
use protocol::Digest;
use tokio::sync::{broadcast, watch};

use crate::cids::{Codec, block_cid, block_digest};

/// Blocks that are shown as waited for; further ones come from peers only.
pub const WAITING_MAX: usize = 4096;
/// News of files that wait for a slow listener, who misses older ones.
pub const HOLDINGS_MAX: usize = 1024;

/// A block that fetches wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it hashes to.
    pub digest: Digest,
    /// Its CID, as the fetch believes; of a root whose codec nobody knows the one of raw bytes.
    pub cid: Cid,
    /// Of which fetch, if several then of the first; others of one fetch are likely in the same place.
    pub fetch: u64,
    /// Since when.
    pub since: Instant,
}

/// A file that came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// It is here whole; told again whenever somebody asks for it.
    Whole {
        /// Which file.
        digest: Digest,
        /// Its bytes.
        length: u64,
    },
    /// It was let go.
    Gone {
        /// Which file.
        digest: Digest,
    },
}

/// See the module.
#[derive(Debug)]
pub struct Outside {
    waiting: Mutex<BTreeMap<Digest, Waiting>>,
    holdings: broadcast::Sender<Holding>,
}

#[derive(Debug)]
struct Waiting {
    codec: Codec,
    fetch: u64,
    since: Instant,
    /// How many fetches wait.
    count: usize,
    offered: watch::Sender<Option<Arc<Vec<u8>>>>,
}

impl Default for Outside {
    fn default() -> Self {
        Self { waiting: Mutex::default(), holdings: broadcast::Sender::new(HOLDINGS_MAX) }
    }
}

impl Outside {
    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Digest, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows a block as waited for as long as the answer lives.
    pub fn wait(self: &Arc<Self>, digest: Digest, codec: Codec, fetch: u64) -> Wait {
        let mut waiting = self.waiting();
        if waiting.len() >= WAITING_MAX && !waiting.contains_key(&digest) {
            return Wait(None);
        }
        let new = || Waiting { codec, fetch, since: Instant::now(), count: 0, offered: watch::Sender::new(None) };
        let entry = waiting.entry(digest).or_insert_with(new);
        entry.count += 1;
        Wait(Some((self.clone(), digest, entry.offered.subscribe())))
    }

    /// All that is waited for and was not offered yet, the longest wait first.
    pub fn wanted(&self) -> Vec<Wanted> {
        let waiting = self.waiting();
        let open = waiting.iter().filter(|(_, entry)| entry.offered.borrow().is_none());
        let shown = open.map(|(digest, entry)| {
            let cid = block_cid(*digest, entry.codec);
            Wanted { digest: *digest, cid, fetch: entry.fetch, since: entry.since }
        });
        let mut wanted: Vec<Wanted> = shown.collect();
        wanted.sort_by_key(|wanted| wanted.since);
        wanted
    }

    /// Gives a block to those who wait for it; false if it is another one than its digest says.
    pub fn offer(&self, digest: Digest, block: Vec<u8>) -> bool {
        if block_digest(&block) != digest {
            return false;
        }
        if let Some(entry) = self.waiting().get(&digest) {
            entry.offered.send_replace(Some(Arc::new(block)));
        }
        true
    }

    /// Tells listeners, of whom there may be none.
    pub fn tell(&self, holding: Holding) {
        _ = self.holdings.send(holding);
    }

    /// News from now on.
    pub fn holdings(&self) -> broadcast::Receiver<Holding> {
        self.holdings.subscribe()
    }
}

/// A fetch's place among those who wait.
pub struct Wait(Option<(Arc<Outside>, Digest, Offers)>);

/// Where a block comes that somebody offers.
type Offers = watch::Receiver<Option<Arc<Vec<u8>>>>;

impl Wait {
    /// The block, if somebody offers it; else this never ends.
    pub async fn offered(&mut self) -> Vec<u8> {
        if let Some((_, _, offers)) = &mut self.0
            && let Ok(block) = offers.wait_for(Option::is_some).await
            && let Some(block) = &*block
        {
            return block.to_vec();
        }
        std::future::pending().await
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let Some((outside, digest, _)) = &self.0 else { return };
        let mut waiting = outside.waiting();
        if let Some(entry) = waiting.get_mut(digest) {
            entry.count -= 1;
            if entry.count == 0 {
                waiting.remove(digest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_who_wait_get_what_is_offered_and_only_what_was_named() {
        let outside = Arc::new(Outside::default());
        let digest = block_digest(b"block");
        let mut waits = [outside.wait(digest, Codec::Raw, 1), outside.wait(digest, Codec::DagPb, 2)];
        assert_eq!(outside.wanted().iter().map(|wanted| (wanted.digest, wanted.fetch)).collect::<Vec<_>>(), [(digest, 1)]);
        assert!(!outside.offer(digest, b"another".to_vec()));
        assert!(outside.offer(digest, b"block".to_vec()));
        assert_eq!(outside.wanted(), [], "what is on its way is not asked for again");
        for wait in &mut waits {
            assert_eq!(wait.offered().await, b"block");
        }
        drop(waits);
        assert_eq!(outside.wanted(), []);
        assert!(outside.offer(digest, b"block".to_vec()), "nobody waits, and that is no fault");
    }

    #[test]
    fn more_than_the_limit_is_not_shown() {
        let outside = Arc::new(Outside::default());
        let waits: Vec<Wait> = (0..=WAITING_MAX).map(|index| outside.wait(block_digest(&index.to_le_bytes()), Codec::Raw, 0)).collect();
        assert_eq!((outside.wanted().len(), waits[WAITING_MAX].0.is_none()), (WAITING_MAX, true));
        drop(waits);
        assert_eq!(outside.wanted().len(), 0);
    }
}
