//! How far apart blocks are, and what follows from it: when others have seen what was sent, and when it is too late to wait.

use std::collections::VecDeque;

use crate::chain::Block;

/// Gaps that are remembered: one missed slot is no surprise for a while.
const MAX_GAPS: usize = 8;
/// A gap of more usual ones says nothing about the next: the chain stood still.
const MAX_MISSED: u64 = 4;
/// Seconds before an end in which nothing is sent, however fast blocks follow.
const LEAST_EDGE_S: u64 = 2;
/// Pauses after which a transaction that was carried out, by its answer, and whose event has not come counts as dropped.
const EVENT_PAUSES: u64 = 8;
/// Pauses after which what was not answered counts as lost.
const ANSWER_PAUSES: u64 = 32;

/// What a node is told of its chain's time; what is left open it measures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tempo {
    /// Blocks that stand from an event on, its own included, once it is told; 0 counts as 1.
    pub confirmations: u64,
    /// Seconds from block to block; else the median of the last eight gaps.
    pub block_s: Option<u64>,
    /// Seconds, by confirmed blocks, before the end of a phase in which nothing is sent; else a block, two seconds at least, and the lag.
    pub edge_s: Option<u64>,
    /// Seconds that one node gives the node before it in an order, beside those until its transaction is seen; else a block.
    pub step_s: Option<u64>,
}

/// What follows from the blocks that were told and from what a node is told of its chain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beat {
    /// In these last seconds of a phase nothing is sent: the next block that can take it may be too late.
    pub edge_s: u64,
    /// Seconds that one node gives the one before it.
    pub step_s: u64,
    /// Seconds from one block to the next, at most as far as one can tell.
    pub spacing_s: u64,
    /// Seconds by which the newest block is ahead of the last confirmed one.
    pub lag_s: u64,
}

impl Beat {
    /// Seconds in which what one node sends is seen by the next: a step, the block that carries it, and those that confirm it.
    pub fn pause_s(&self) -> u64 {
        self.step_s.saturating_add(self.spacing_s).saturating_add(self.lag_s)
    }

    /// Whether what is sent now may be too late for what ends at `end_s`.
    pub fn is_over(&self, now_s: u64, end_s: u64) -> bool {
        now_s >= self.stop_s(end_s)
    }

    /// The second from which nothing is sent any more that the chain must take before `end_s`.
    pub fn stop_s(&self, end_s: u64) -> u64 {
        end_s.saturating_sub(self.edge_s)
    }

    /// The second from which nobody waits for others with what the chain must take before `end_s`: what is sent at a later block
    /// than the first one from then on is carried by a block that is too late.
    pub fn last_s(&self, end_s: u64) -> u64 {
        end_s.saturating_sub(self.edge_s.max(self.spacing_s.saturating_add(self.lag_s))).saturating_sub(self.spacing_s)
    }

    /// The second in which so many blocks have carried what is sent now, and it was confirmed.
    pub fn after(&self, now_s: u64, blocks: u64) -> u64 {
        now_s.saturating_add(self.spacing_s.saturating_mul(blocks)).saturating_add(self.lag_s)
    }
}

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

    /// Seconds from one block to the next, in the middle of those that were seen.
    fn usual_s(&self) -> Option<u64> {
        let mut gaps: Vec<u64> = self.gaps.iter().copied().collect();
        gaps.sort_unstable();
        gaps.get(gaps.len() / 2).copied()
    }

    /// What follows for a node that is told so much.
    pub fn beat(&self, tempo: &Tempo) -> Beat {
        let block_s = tempo.block_s.or_else(|| self.usual_s()).unwrap_or(1).max(1);
        let longest_s = self.gaps.iter().copied().max().unwrap_or(block_s);
        let lag_s = tempo.confirmations.saturating_sub(1).saturating_mul(block_s);
        Beat {
            edge_s: tempo.edge_s.unwrap_or_else(|| block_s.max(LEAST_EDGE_S).saturating_add(lag_s)),
            step_s: tempo.step_s.unwrap_or(block_s),
            spacing_s: longest_s.clamp(block_s, block_s.saturating_mul(MAX_MISSED)),
            lag_s,
        }
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

/// The second by which an answer to what is sent now comes or never. Nobody waits for it so long that what was sent could not be sent
/// again at a last chance that is still to come.
pub(crate) fn answer_until_s(now_s: u64, pause_s: u64, last_s: Option<u64>) -> u64 {
    let until_s = now_s.saturating_add(answer_s(pause_s));
    let again_s = last_s.map(|last_s| last_s.saturating_sub(pause_s)).filter(|again_s| now_s < *again_s);
    again_s.map_or(until_s, |again_s| until_s.min(again_s))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Digest;

    fn pace(gaps: &[u64]) -> Pace {
        let mut pace = Pace::default();
        let mut time_s = 1000;
        for (number, gap) in (0..).zip([0].iter().chain(gaps)) {
            time_s += gap;
            pace.block(Block { number, time_s, hash: Digest::ZERO });
        }
        pace
    }

    #[test]
    fn reserves_grow_with_the_blocks_that_were_seen_and_with_those_that_confirm() {
        // Seconds from block to block, confirmations; edge, step, pause, last chance before second 1,000.
        for (block_s, confirmations, expected) in [
            (0, 1, (2, 1, 2, 997)),
            (1, 1, (2, 1, 2, 997)),
            (12, 1, (12, 12, 24, 976)),
            (12, 3, (36, 12, 48, 952)),
            (30, 2, (60, 30, 90, 910)),
        ] {
            let beat = pace(&[block_s; 20]).beat(&Tempo { confirmations, ..Tempo::default() });
            let found = (beat.edge_s, beat.step_s, beat.pause_s(), beat.last_s(1000));
            assert_eq!(found, expected, "{block_s} s, {confirmations} confirmations");
        }
    }

    #[test]
    fn at_the_last_chance_the_next_block_is_in_time_and_the_one_after_it_at_the_edge_is_not() {
        for (block_s, confirmations) in [(1, 1), (1, 12), (12, 1), (12, 3), (30, 4)] {
            let beat = pace(&[block_s; 20]).beat(&Tempo { confirmations, ..Tempo::default() });
            // What is sent when the block of second `now_s` is told is carried by the block after the newest.
            let carried_s = |now_s: u64| now_s + confirmations * block_s;
            let last_s = beat.last_s(1000);
            assert!(!beat.is_over(last_s, 1000) && carried_s(last_s) < 1000, "{beat:?}");
            assert!(beat.is_over(1000 - confirmations * block_s, 1000), "{beat:?}");
        }
    }

    #[test]
    fn a_chain_that_stood_still_or_missed_a_slot_is_soon_believed_again() {
        let tempo = Tempo::default();
        let stood = pace(&[12, 12, 12, 12, 12, 12, 600, 12]).beat(&tempo);
        assert_eq!((stood.edge_s, stood.spacing_s), (12, 48));
        let missed = pace(&[12, 12, 12, 24, 12, 12, 12, 12]).beat(&tempo);
        assert_eq!((missed.edge_s, missed.spacing_s), (12, 24));
        let faster = pace(&[12, 12, 12, 1, 1, 1, 1, 1]).beat(&tempo);
        assert_eq!((faster.edge_s, faster.spacing_s), (2, 4));
    }

    #[test]
    fn what_is_told_counts_more_than_what_is_measured() {
        let tempo = Tempo { confirmations: 3, block_s: Some(12), edge_s: None, step_s: None };
        assert_eq!((Pace::default().beat(&tempo).edge_s, pace(&[1; 9]).beat(&tempo).spacing_s), (36, 12));
        let beat = pace(&[12; 9]).beat(&Tempo { edge_s: Some(5), step_s: Some(1), block_s: None, ..tempo });
        assert_eq!((beat.edge_s, beat.pause_s()), (5, 1 + 12 + 24));
    }

    #[test]
    fn an_answer_is_waited_for_until_a_pause_before_the_last_chance() {
        // Now, pause, last chance; until when.
        for (now_s, pause_s, last_s, expected) in [
            (1000, 10, None, 1320),
            (1000, 10, Some(5000), 1320),
            (1000, 10, Some(1100), 1090),
            (1089, 10, Some(1100), 1090),
            (1090, 10, Some(1100), 1410),
            (1200, 10, Some(1100), 1520),
            (0, 10, Some(5), 320),
        ] {
            assert_eq!(answer_until_s(now_s, pause_s, last_s), expected, "at {now_s}, last {last_s:?}");
        }
    }
}
