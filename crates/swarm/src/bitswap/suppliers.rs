//! What is known of a connected peer as a source of blocks: what it can take, what it owes, how fast it delivers.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use protocol::Digest;

/// Blocks that a peer may owe at a time, if it is fast enough.
pub const WINDOW_BLOCKS: usize = 64;
/// The same while a peer may be JavaScript: its frames would overrun the window of yamux.
pub const WINDOW_BLOCKS_CAREFUL: usize = 4;
/// Asked digests that are remembered per peer, to tell late blocks from wrong ones.
pub const ASKED_MAX: usize = 4096;
/// A peer is asked for as much as it delivers in this time.
const AHEAD: Duration = Duration::from_millis(500);
/// How much of a new measurement counts: an eighth.
const SMOOTHING: u32 = 8;

/// See the module.
#[derive(Debug)]
pub struct Supplier {
    /// Most blocks that it may owe, however fast.
    pub window: usize,
    /// Blocks that it was asked for and that have not come.
    pub owes: usize,
    /// Failures since the last delivered block.
    pub failures: u32,
    /// When the last block came from it.
    pub last_block: Option<Instant>,
    /// Time between two blocks while it owed some, smoothed.
    turn: Option<Duration>,
    /// Since when it has owed something without a pause.
    busy_since: Option<Instant>,
    asked: BTreeSet<Digest>,
    asked_order: VecDeque<Digest>,
}

impl Supplier {
    /// Careful until identify says what it runs.
    pub fn new() -> Self {
        Self {
            window: WINDOW_BLOCKS_CAREFUL,
            owes: 0,
            failures: 0,
            last_block: None,
            turn: None,
            busy_since: None,
            asked: BTreeSet::new(),
            asked_order: VecDeque::new(),
        }
    }

    /// That the digest was asked of it, to tell late blocks from wrong ones.
    pub fn remember(&mut self, digest: Digest) {
        if !self.asked.insert(digest) {
            return;
        }
        self.asked_order.push_back(digest);
        if self.asked_order.len() > ASKED_MAX
            && let Some(oldest) = self.asked_order.pop_front()
        {
            self.asked.remove(&oldest);
        }
    }

    /// Whether it was asked for that block, lately.
    pub fn was_asked(&self, digest: Digest) -> bool {
        self.asked.contains(&digest)
    }

    /// How many digests are remembered.
    #[cfg(test)]
    pub fn remembered(&self) -> usize {
        self.asked.len()
    }

    /// One block more that it owes.
    pub fn ask(&mut self, now: Instant) {
        self.owes += 1;
        self.busy_since.get_or_insert(now);
    }

    /// One less, delivered or not.
    pub fn release(&mut self) {
        self.owes = self.owes.saturating_sub(1);
        if self.owes == 0 {
            self.busy_since = None;
        }
    }

    /// A block that it owed has come.
    pub fn delivered(&mut self, now: Instant) {
        if let Some(busy) = self.busy_since {
            let took = now.saturating_duration_since(self.last_block.map_or(busy, |last| last.max(busy)));
            self.turn = Some(self.turn.map_or(took, |turn| (turn * (SMOOTHING - 1) + took) / SMOOTHING));
        }
        (self.last_block, self.failures) = (Some(now), 0);
    }

    /// Time for one block: as it was, or as long as it has been silent by now; nothing as long as that is not known.
    pub fn turn(&self, now: Instant) -> Duration {
        let silent = self.busy_since.map(|busy| now.saturating_duration_since(self.last_block.map_or(busy, |last| last.max(busy))));
        self.turn.unwrap_or_default().max(silent.unwrap_or_default())
    }

    /// One that failed gets one block at a time until it delivers, one that is slow as many as it delivers in [`AHEAD`].
    pub fn has_room(&self) -> bool {
        let fast = self.turn.map_or(self.window as u128, |turn| AHEAD.as_micros() / turn.as_micros().max(1));
        let window = (fast as usize).clamp(1, self.window);
        self.owes < if self.failures > 0 { 1 } else { window }
    }
}
