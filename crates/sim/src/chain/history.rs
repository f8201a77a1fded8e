//! All blocks there are: the last ones whole; of older ones, which nobody takes back, when they came and what happened in them.

use std::collections::{BTreeMap, VecDeque};

use protocol::chain::{Block, ChainEvent};
use protocol::ids::{Digest, keccak256};

use super::{BLOCKS_KEPT, Mined};

/// See the module. Months of blocks take eight bytes each, and one in which something happened its events.
pub(super) struct History {
    seed: Digest,
    /// By number.
    times_s: Vec<u64>,
    /// Numbers of the first blocks after blocks were taken back, and how often that was.
    branches: Vec<(u64, u64)>,
    events: BTreeMap<u64, Vec<ChainEvent>>,
    /// Of blocks whose hash was chosen.
    chosen: BTreeMap<u64, Digest>,
    whole: VecDeque<Mined>,
}

impl History {
    /// Block 0 alone.
    pub fn new(seed: Digest, time_s: u64) -> Self {
        let (times_s, branches) = (vec![time_s], vec![(0, 0)]);
        let mut history = Self { seed, times_s, branches, events: BTreeMap::new(), chosen: BTreeMap::new(), whole: VecDeque::new() };
        history.whole.push_back(Mined::new(Block { number: 0, time_s, hash: history.hash(0) }, 0));
        history
    }

    /// A hash that follows from the seed, the branch of a block and a number.
    pub fn named(&self, kind: &str, block: u64, number: u64) -> Digest {
        let after = self.branches.partition_point(|(first, _)| *first <= block);
        let branch = self.branches[..after].last().map_or(0, |(_, branch)| *branch);
        Digest(keccak256(&[kind.as_bytes(), &self.seed.0, &branch.to_be_bytes(), &number.to_be_bytes()].concat()))
    }

    fn hash(&self, block: u64) -> Digest {
        self.named("block", block, block)
    }

    pub fn head(&self) -> &Mined {
        self.whole.back().expect("block 0 is never taken back")
    }

    /// A block that is still known in full.
    pub fn whole(&self, number: u64) -> Option<&Mined> {
        let oldest = self.times_s.len() - self.whole.len();
        self.whole.get(usize::try_from(number).ok()?.checked_sub(oldest)?)
    }

    /// What happened in a block; nothing if there is none of that number.
    pub fn events(&self, number: u64) -> &[ChainEvent] {
        let old = || self.events.get(&number).map_or(&[][..], Vec::as_slice);
        self.whole(number).map_or_else(old, |mined| &mined.events)
    }

    /// Any block.
    pub fn find(&self, number: u64) -> Option<Block> {
        if let Some(mined) = self.whole(number) {
            return Some(mined.block);
        }
        let time_s = *self.times_s.get(usize::try_from(number).ok()?)?;
        let hash = self.chosen.get(&number).copied().unwrap_or_else(|| self.hash(number));
        Some(Block { number, time_s, hash })
    }

    /// Number of the first block that is no older, if there is one.
    pub fn first_since(&self, time_s: u64) -> Option<u64> {
        let at = self.times_s.partition_point(|time| *time < time_s);
        (at < self.times_s.len()).then_some(at as u64)
    }

    /// Appends a block; returns the one that is no longer known in full.
    pub fn push(&mut self, mined: Mined) -> Option<Mined> {
        self.times_s.push(mined.block.time_s);
        self.whole.push_back(mined);
        // And the one that is the head when all of them are taken back.
        let is_full = self.whole.len() > BLOCKS_KEPT + 1;
        let old = self.whole.pop_front_if(|_| is_full)?;
        if !old.events.is_empty() {
            self.events.insert(old.block.number, old.events.clone());
        }
        if old.block.hash != self.hash(old.block.number) {
            self.chosen.insert(old.block.number, old.block.hash);
        }
        Some(old)
    }

    /// Takes the last blocks back, the newest first; from now on hashes are others.
    pub fn take_back(&mut self, depth: usize) -> Vec<Mined> {
        let left = self.times_s.len() - depth;
        let branch = self.branches.last().map_or(0, |(_, branch)| branch + 1);
        self.times_s.truncate(left);
        self.branches.retain(|(first, _)| *first < left as u64);
        self.branches.push((left as u64, branch));
        self.whole.drain(self.whole.len() - depth..).rev().collect()
    }
}
