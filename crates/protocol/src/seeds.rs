//! The seeds of rounds: the hash of the first block from the start of REVEAL draws the examples.

use std::collections::BTreeMap;

use crate::chain::{Block, GroupView};
use crate::ids::{Digest, RoundNumber};
use crate::pace::Pace;

/// Rounds whose seed is kept.
const MAX_SEEDS: usize = 4;

/// The blocks of a chain as far as they matter to the seeds of one group.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seeds {
    pace: Pace,
    /// The latest timestamp: a chain whose time goes back begins nothing twice.
    latest_s: u64,
    seeds: BTreeMap<RoundNumber, Digest>,
}

impl Seeds {
    /// The latest block.
    pub fn last(&self) -> Option<Block> {
        self.pace.last()
    }

    /// How far apart blocks are.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// PROTOCOL 13, Seed: takes the next block. Without its predecessor nobody knows whether it is the first of a phase; a block that was told
    /// before says nothing new.
    pub fn block(&mut self, group: &GroupView, block: Block) {
        let Some(before) = self.pace.block(block) else { return };
        let before_s = self.latest_s;
        self.latest_s = before_s.max(block.time_s);
        let follows = before.is_some_and(|before| before.number.checked_add(1) == Some(block.number));
        let round = group.clock(block.time_s).round;
        for round in [RoundNumber(round.0.saturating_sub(1)), round] {
            let start_s = group.times.reveal_start_s(group.genesis_s, round);
            if follows && before_s < start_s && start_s <= block.time_s {
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
