//! The tree beside a flat file: its inner nodes in the order in which they came, and a mark when all is there.
//!
//! Golden: `golden/file-tree-1.hex`. `neuron tree 1\n`, the length of the file (8 bytes), then for each node
//! its length (4 bytes) and its bytes; `ffffffff` at the end says that every byte of the file was written and
//! synced before it (not zeros: a loss of power can leave those). Numbers are big-endian. What follows the
//! first record that is none is a torn write.

use std::collections::{BTreeMap, VecDeque};

use protocol::Digest;

use crate::cids::block_digest;
use crate::files::{Part, links};

/// First bytes of every tree.
pub const MAGIC: &[u8] = b"neuron tree 1\n";
/// Bytes before the first record.
pub const HEAD_BYTES: usize = MAGIC.len() + 8;
/// The longest node that is read: one of 174 links has 9 KiB.
const NODE_BYTES_MAX: usize = 64 * 1024;
/// The mark behind the last node.
pub const END: [u8; 4] = [0xff; 4];

/// The first bytes of the tree of a file of `length` bytes.
pub fn head(length: u64) -> Vec<u8> {
    [MAGIC, &length.to_be_bytes()].concat()
}

/// A node as it is appended.
pub fn record(node: &[u8]) -> Vec<u8> {
    [&(node.len() as u32).to_be_bytes(), node].concat()
}

/// What a tree on disk says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Bytes of the file.
    pub length: u64,
    /// Each node by its digest: where its bytes begin, and the bytes.
    pub nodes: BTreeMap<Digest, (u64, Vec<u8>)>,
    /// Whether the mark is there.
    pub ended: bool,
    /// Bytes before the mark, or before what is torn.
    pub end: u64,
}

impl Tree {
    /// Reads a tree; none if it is of another version, or no tree.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (length, mut rest) = rest.split_first_chunk::<8>()?;
        let mut tree = Self { length: u64::from_be_bytes(*length), end: HEAD_BYTES as u64, ..Self::default() };
        while let Some((size, after)) = rest.split_first_chunk::<4>() {
            tree.ended = *size == END;
            let size = u32::from_be_bytes(*size) as usize;
            let Some((node, next)) = after.split_at_checked(size).filter(|_| (1..=NODE_BYTES_MAX).contains(&size)) else { break };
            tree.nodes.insert(block_digest(node), (tree.end + 4, node.to_vec()));
            tree.end += 4 + size as u64;
            rest = next;
        }
        Some(tree)
    }

    /// Every chunk below the known nodes, with its place in the file, and whether no node is missing.
    pub fn chunks(&self, root: Digest) -> (Vec<(Digest, u64, u32)>, bool) {
        let (mut chunks, mut complete) = (Vec::new(), true);
        let mut pending = VecDeque::from([(root, Part::whole(self.length), 0)]);
        while let Some((digest, part, offset)) = pending.pop_front() {
            if part.is_chunk() {
                chunks.push((digest, offset, part.length() as u32));
                continue;
            }
            let below = self.nodes.get(&digest).and_then(|(_, node)| links(part, node).ok());
            complete &= below.is_some();
            let mut at = offset;
            for (child, part) in below.unwrap_or_default() {
                pending.push_back((child, part, at));
                at += part.length();
            }
        }
        (chunks, complete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{CHUNK_BYTES, cut};

    fn tree() -> (Digest, Vec<u8>) {
        let file: Vec<u8> = (0..2 * CHUNK_BYTES + 9).map(|index| (index / 1000) as u8).collect();
        let mut bytes = head(file.len() as u64);
        let keep = &mut |_, block: &[u8]| {
            if block.len() < 1000 && block.len() > 9 {
                bytes.extend(record(block));
            }
            Ok::<(), ()>(())
        };
        let root = cut(&file, keep).unwrap();
        bytes.extend(END);
        (root, bytes)
    }

    #[test]
    fn a_tree_has_the_bytes_of_the_golden_file() {
        let golden = include_str!("../../golden/file-tree-1.hex").trim();
        assert_eq!(hex::encode(tree().1), golden);
    }

    #[test]
    fn a_torn_tree_is_read_as_far_as_it_goes() {
        let (root, bytes) = tree();
        let whole = Tree::read(&bytes).unwrap();
        assert!(whole.ended && whole.end as usize == bytes.len() - 4);
        let (chunks, complete) = whole.chunks(root);
        assert_eq!((chunks.len(), complete, chunks[2].1, chunks[2].2), (3, true, 2 * CHUNK_BYTES, 9));
        for cut in 0..bytes.len() {
            match Tree::read(&bytes[..cut]) {
                None => assert!(cut < HEAD_BYTES),
                Some(torn) => assert!(!torn.ended && torn.end <= cut as u64),
            }
        }
        assert!(!Tree::read(&bytes[..HEAD_BYTES]).unwrap().chunks(root).1);
    }
}
