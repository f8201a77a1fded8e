//! How far apart blocks are, and what follows from it: when others have seen what was sent, and when it is too late to wait.

use std::collections::VecDeque;

use crate::chain::Block;

/// Gaps that are remembered: one missed slot is no surprise for a while.
const MAX_GAPS: usize = 8;
/// Pauses after which a transaction that was carried out, by its answer, and whose event has not come counts as dropped.
const EVENT_PAUSES: u64 = 8;
/// Pauses after which what was not answered counts as lost.
const ANSWER_PAUSES: u64 = 32;

/// The blocks of a chain as far as they matter to the pace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace {
    last: Option<Block>,
    gaps: VecDeque<u64>,
}

impl Pace {
    /// The latest block.
    pub fn last(&self) -> Option<Block> {
        self.last
    }

    /// Takes the next block and returns the one that was told before it; `None` for a block that was told already. Blocks that
    /// were not told count as spread evenly over the gap.
    pub fn block(&mut self, block: Block) -> Option<Option<Block>> {
        let before = self.last;
        if let Some(before) = before {
            let blocks = block.number.checked_sub(before.number).filter(|blocks| *blocks > 0)?;
            self.gaps.push_back(block.time_s.saturating_sub(before.time_s).div_ceil(blocks));
            if self.gaps.len() > MAX_GAPS {
                self.gaps.pop_front();
            }
        }
        self.last = Some(block);
        Some(before)
    }

    /// Seconds from one block to the next, at most as far as one can tell, and at least 1.
    pub fn spacing_s(&self) -> u64 {
        self.gaps.iter().copied().max().unwrap_or(1).max(1)
    }

    /// Seconds in which what one node sends is seen by the next: a step, and the block that carries it.
    pub fn pause_s(&self, step_s: u64) -> u64 {
        step_s.saturating_add(self.spacing_s())
    }
}

/// Seconds in which the event of a transaction comes that was carried out.
pub(crate) fn event_s(pause_s: u64) -> u64 {
    pause_s.saturating_mul(EVENT_PAUSES)
}

/// Seconds in which an answer comes.
pub(crate) fn answer_s(pause_s: u64) -> u64 {
    pause_s.saturating_mul(ANSWER_PAUSES)
}

/// The second from which nobody waits for others with what the chain must take before `end_s`: what is sent at a later block than
/// the first one from then on is carried by a block that is too late.
pub(crate) fn last_s(end_s: u64, edge_s: u64, spacing_s: u64) -> u64 {
    end_s.saturating_sub(edge_s.max(spacing_s)).saturating_sub(spacing_s)
}
