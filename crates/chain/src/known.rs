//! Blocks that were given, remembered to notice and undo a reorganisation: all of the newest, ever fewer of the older ones.

use protocol::chain::Block;

/// Blocks remembered at most, half of them the newest; when there are more, the older ones are thinned out.
const KNOWN_BLOCKS_LIMIT: usize = 2_048;
/// Of the older ones so many are left in each doubling of the distance to the newest: a rewind goes too far by a 64th at most.
const SPARSE: u64 = 64;

/// In order; the oldest is never forgotten.
#[derive(Default)]
pub(crate) struct Known(Vec<Block>);

impl Known {
    pub(crate) fn push(&mut self, block: Block) {
        self.0.push(block);
        if self.0.len() > KNOWN_BLOCKS_LIMIT {
            self.thin_out(block.number);
        }
    }

    /// Forgets those between whose neighbours no more lies than a part of their age.
    fn thin_out(&mut self, newest: u64) {
        let following: Vec<u64> = self.0.iter().skip(1).map(|block| block.number).collect();
        let (old, mut place, mut kept) = (self.0.len() - KNOWN_BLOCKS_LIMIT / 2, 0, None);
        self.0.retain(|block| {
            let next = following.get(place).copied().unwrap_or(newest);
            let is_needed = kept.is_none_or(|kept| next - kept > (newest - block.number) / SPARSE);
            let is_kept = place >= old || is_needed;
            kept = if is_kept { Some(block.number) } else { kept };
            place += 1;
            is_kept
        });
    }

    pub(crate) fn last(&self) -> Option<Block> {
        self.0.last().copied()
    }

    /// The last one that is not above `number`.
    pub(crate) fn last_at(&self, number: u64) -> Option<Block> {
        self.0[..self.count_to(number)].last().copied()
    }

    /// How many are not above `number`.
    pub(crate) fn count_to(&self, number: u64) -> usize {
        self.0.partition_point(|block| block.number <= number)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Block> {
        self.0.iter().copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn get(&self, place: usize) -> Option<Block> {
        self.0.get(place).copied()
    }

    /// Forgets all but the first `kept`.
    pub(crate) fn truncate(&mut self, kept: usize) {
        self.0.truncate(kept);
    }
}

impl FromIterator<Block> for Known {
    fn from_iter<I: IntoIterator<Item = Block>>(blocks: I) -> Self {
        let mut known = Self::default();
        blocks.into_iter().for_each(|block| known.push(block));
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::Digest;

    #[test]
    fn of_ten_million_blocks_few_are_remembered_the_first_and_all_of_the_newest_among_them() {
        let blocks = (0..10_000_000).map(|number| Block { number, time_s: number, hash: Digest::ZERO });
        let known: Known = blocks.collect();
        assert!(known.len() <= KNOWN_BLOCKS_LIMIT);
        assert_eq!(known.get(0).map(|block| block.number), Some(0));
        let newest = known.0[known.len() - KNOWN_BLOCKS_LIMIT / 2..].windows(2).all(|pair| pair[0].number + 1 == pair[1].number);
        assert!(newest, "the newest are all there");
        let is_near = |pair: &[Block]| pair[1].number - pair[0].number <= 1 + (10_000_000 - pair[0].number) / SPARSE;
        assert!(known.0.windows(2).all(is_near), "a fork is found within a part of its age");
        assert_eq!(known.last_at(0).map(|block| block.number), Some(0));
        assert_eq!(known.last_at(20_000_000).map(|block| block.number), Some(9_999_999));
    }
}
