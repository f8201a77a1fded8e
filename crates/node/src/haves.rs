//! Who said in the log that it holds a file: those are asked for it before others.

use std::collections::{BTreeMap, VecDeque};

use protocol::{Digest, NodeId};

/// Files that are remembered; the longest known is forgotten first.
const FILES_MAX: usize = 4096;
/// Holders of one file; the newest are remembered.
const HOLDERS_MAX: usize = 32;

/// See the module.
#[derive(Debug, Default)]
pub struct Haves {
    holders: BTreeMap<Digest, VecDeque<NodeId>>,
    order: VecDeque<Digest>,
}

impl Haves {
    /// A node says that it holds a file.
    pub fn note(&mut self, file: Digest, author: NodeId) {
        if !self.holders.contains_key(&file) {
            self.order.push_back(file);
        }
        let holders = self.holders.entry(file).or_default();
        holders.retain(|known| *known != author);
        holders.push_front(author);
        holders.truncate(HOLDERS_MAX);
        if self.order.len() > FILES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.holders.remove(&oldest);
        }
    }

    /// Who holds it, the newest first.
    pub fn holders(&self, file: Digest) -> Vec<NodeId> {
        self.holders.get(&file).into_iter().flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(number: usize) -> Digest {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        Digest(digest)
    }

    fn node(number: u8) -> NodeId {
        NodeId([number; 32])
    }

    #[test]
    fn the_newest_holder_comes_first_and_each_once() {
        let mut haves = Haves::default();
        for number in [1, 2, 1] {
            haves.note(file(7), node(number));
        }
        assert_eq!(haves.holders(file(7)), [node(1), node(2)]);
        assert!(haves.holders(file(8)).is_empty());
    }

    #[test]
    fn whatever_is_announced_memory_is_bounded() {
        let mut haves = Haves::default();
        (0..2 * FILES_MAX).for_each(|number| haves.note(file(number), node(1)));
        (0..=u8::MAX).for_each(|number| haves.note(file(2 * FILES_MAX), node(number)));
        assert_eq!((haves.holders.len(), haves.order.len()), (FILES_MAX, FILES_MAX));
        assert_eq!(haves.holders(file(2 * FILES_MAX)).len(), HOLDERS_MAX);
    }
}
