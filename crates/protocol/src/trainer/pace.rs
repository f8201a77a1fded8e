//! How far the blocks of a chain lie apart.

use std::collections::VecDeque;

use crate::chain::Block;

/// Steps between blocks that are remembered.
const STEPS: usize = 16;

/// The last steps from one block heard to the next.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace {
    last: Option<Block>,
    steps_s: VecDeque<u64>,
}

impl Pace {
    /// Takes the next block; where some were left out they count as evenly spaced.
    pub fn block(&mut self, block: Block) {
        let Some(last) = self.last.replace(block) else { return };
        let blocks = block.number.saturating_sub(last.number).max(1);
        self.steps_s.push_back(block.time_s.saturating_sub(last.time_s).div_ceil(blocks));
        if self.steps_s.len() > STEPS {
            self.steps_s.pop_front();
        }
    }

    /// The longest of them in seconds, at least 1: the next block may come as late.
    pub fn spacing_s(&self) -> u64 {
        self.steps_s.iter().copied().max().unwrap_or_default().max(1)
    }
}
