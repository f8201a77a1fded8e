//! The seeds of rounds: the hash of the first block from the start of REVEAL draws the examples.

use std::collections::BTreeMap;

use crate::chain::{Block, GroupView};
use crate::ids::{Digest, RoundNumber};

/// Rounds whose seed is kept.
const MAX_SEEDS: usize = 4;

/// The blocks of a chain as far as they matter to the seeds of one group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seeds {
    last: Option<Block>,
    seeds: BTreeMap<RoundNumber, Digest>,
}

impl Seeds {
    /// The latest block.
    pub fn last(&self) -> Option<Block> {
        self.last
    }

    /// Takes the next block. Without its predecessor nobody knows whether it is the first of a phase.
    pub fn block(&mut self, group: &GroupView, block: Block) {
        let round = group.clock(block.time_s).round;
        let before_s = self.last.replace(block).map(|last| last.time_s);
        for round in [RoundNumber(round.0.saturating_sub(1)), round] {
            let start_s = group.times.reveal_start_s(group.genesis_s, round);
            if before_s.is_some_and(|before_s| before_s < start_s) && start_s <= block.time_s {
                self.seeds.insert(round, block.hash);
            }
        }
        while self.seeds.len() > MAX_SEEDS {
            self.seeds.pop_first();
        }
    }

    /// The seed of a round, once it is there.
    pub fn of(&self, round: RoundNumber) -> Option<Digest> {
        self.seeds.get(&round).copied()
    }
}
