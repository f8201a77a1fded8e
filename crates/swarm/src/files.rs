//! Files as trees of blocks, in the one shape that the protocol fixes (PROTOCOL 10: CIDv1, 256 KiB chunks,
//! raw leaves, balanced, 174 links).
//!
//! The length of a file decides the shape of its tree and every byte of its nodes except the digests. So
//! a node is checked against a template: whatever differs from the only right encoding is refused, and
//! one file has one digest. Kubo writes the same with `--cid-version 1 --raw-leaves`.
//!
//! | bytes of the file | height | blocks |
//! |--:|--:|---|
//! | 0 to 262,144 | 0 | the bytes themselves |
//! | to 45,613,056 | 1 | a root, up to 174 chunks |
//! | to 7,936,671,744 | 2 | a root, up to 174 nodes, their chunks |

use cid::Cid;
use protocol::Digest;

use crate::cids::{Codec, block_cid, block_digest};
use crate::wire::{Fields, put_bytes, put_number};

/// Bytes in each chunk of a file but the last: 256 KiB.
pub const CHUNK_BYTES: u64 = 256 * 1024;

/// Links in each node of a tree but the last of its level.
pub const LINKS_MAX: u64 = 174;

/// No file is longer, 256 TiB; keeps sums of sizes far from overflow.
pub const FILE_BYTES_MAX: u64 = 1 << 48;

const DIGEST_BYTES: usize = 32;
/// UnixFS says of a record that it is a file's.
const UNIXFS_FILE: u64 = 2;

/// A part of a file: the bytes below one block of its tree, whose shape its length and height decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// 0 for a chunk, otherwise the levels below this node.
    height: u32,
    /// Bytes of the file in this part.
    length: u64,
}

impl Part {
    /// The whole of a file of `length` bytes: the least height that holds them.
    pub fn whole(length: u64) -> Self {
        let height = (0..).find(|&height| capacity(height) >= length).unwrap_or_default();
        Self { height, length }
    }

    /// Whether its block holds bytes of the file, and not links.
    pub fn is_chunk(self) -> bool {
        self.height == 0
    }

    /// How IPFS reads its block.
    pub fn codec(self) -> Codec {
        if self.is_chunk() { Codec::Raw } else { Codec::DagPb }
    }

    /// Bytes of the file in this part.
    pub fn length(self) -> u64 {
        self.length
    }

    /// How many chunks it has.
    pub fn chunks(self) -> u64 {
        self.length.div_ceil(CHUNK_BYTES).max(1)
    }

    /// Bytes of all nodes of this part, chunks not counted.
    pub fn nodes_bytes(self) -> u64 {
        self.blocks_bytes() - self.length
    }

    /// The parts that a node links to, from left to right.
    fn children(self) -> impl Iterator<Item = Part> {
        let full = capacity(self.height.saturating_sub(1));
        let count = if self.is_chunk() { 0 } else { self.length.div_ceil(full) };
        (0..count).map(move |index| Part { height: self.height - 1, length: full.min(self.length - index * full) })
    }

    /// Bytes of all blocks of this part, its own included: `Tsize` of a link to it.
    fn blocks_bytes(self) -> u64 {
        if self.is_chunk() {
            return self.length;
        }
        let sizes = self.link_sizes();
        node(self, &sizes, |_| Digest::ZERO).len() as u64 + sizes.iter().sum::<u64>()
    }

    /// `Tsize` of each link of the node, from left to right; all but the last are equal, and computed once.
    fn link_sizes(self) -> Vec<u64> {
        let mut known: Option<(u64, u64)> = None;
        let size = |child: Part| match known {
            Some((length, size)) if length == child.length => size,
            _ => {
                let size = child.blocks_bytes();
                known = Some((child.length, size));
                size
            }
        };
        self.children().map(size).collect()
    }
}

/// Bytes of a file that a full tree of this height holds.
fn capacity(height: u32) -> u64 {
    CHUNK_BYTES.saturating_mul(LINKS_MAX.saturating_pow(height))
}

/// The dag-pb encoding of a node: its links first, then the UnixFS record (the order that IPFS hashes).
fn node(part: Part, link_sizes: &[u64], digest: impl Fn(usize) -> Digest) -> Vec<u8> {
    let mut out = Vec::new();
    let mut record = Vec::new();
    put_number(&mut record, 1, UNIXFS_FILE);
    put_number(&mut record, 3, part.length);
    for (index, child) in part.children().enumerate() {
        let mut link = Vec::new();
        put_bytes(&mut link, 1, &block_cid(digest(index), child.codec()).to_bytes());
        put_bytes(&mut link, 2, b"");
        put_number(&mut link, 3, link_sizes[index]);
        put_bytes(&mut out, 2, &link);
        put_number(&mut record, 4, child.length);
    }
    put_bytes(&mut out, 1, &record);
    out
}

/// A block which is not what the profile says for this part of the file. Its bytes hash to what was asked
/// for, so it is the file that is wrong, not the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a block is not the one encoding of a file of this length (256 KiB chunks, 174 links)")]
pub struct NotTheProfile;

/// Checks one block of a file and tells the blocks below it, from left to right (none for a chunk): the
/// node is written again for its part, with the digests that it names, and must come out the same.
///
/// # Errors
/// [`NotTheProfile`], whatever differs.
pub fn links(part: Part, block: &[u8]) -> Result<Vec<(Digest, Part)>, NotTheProfile> {
    if part.is_chunk() {
        return if block.len() as u64 == part.length { Ok(Vec::new()) } else { Err(NotTheProfile) };
    }
    let sizes = part.link_sizes();
    let found = link_digests(block).filter(|found| found.len() == sizes.len()).ok_or(NotTheProfile)?;
    if node(part, &sizes, |index| found[index]) != block {
        return Err(NotTheProfile);
    }
    Ok(found.into_iter().zip(part.children()).collect())
}

/// The last 32 bytes of each link's CID; the template decides whether the rest is right.
fn link_digests(block: &[u8]) -> Option<Vec<Digest>> {
    let mut found = Vec::new();
    for field in Fields(block) {
        let (2, link) = field.ok()? else { continue };
        let (1, cid) = Fields(link.bytes()).next()?.ok()? else { return None };
        let digest = cid.bytes().last_chunk::<DIGEST_BYTES>()?;
        found.push(Digest(*digest));
        if found.len() as u64 > LINKS_MAX {
            return None;
        }
    }
    Some(found)
}

/// The part that a root block stands for when the file's length is not known.
///
/// A block that is a right node of a file longer than one chunk stands for that file, every other one for its own bytes:
/// so all nodes read the same bytes behind one digest.
pub fn part_of_root(block: &[u8]) -> Part {
    let length = recorded_length(block).filter(|&length| length <= FILE_BYTES_MAX);
    let node = length.map(Part::whole).filter(|part| !part.is_chunk());
    match node {
        Some(part) if links(part, block).is_ok() => part,
        _ => Part::whole(block.len() as u64),
    }
}

/// Bytes of the file as a node says, if these bytes look like one.
fn recorded_length(block: &[u8]) -> Option<u64> {
    let record = field(block, 1)?.bytes();
    Some(field(record, 3)?.number())
}

/// The first field of that number in a protobuf message.
fn field(message: &[u8], number: u64) -> Option<crate::wire::Value<'_>> {
    Fields(message).map_while(Result::ok).find_map(|(found, value)| (found == number).then_some(value))
}

/// Cuts a file into the blocks of its tree, gives each to `keep`, leaves first, and tells the root's digest.
/// Equal chunks are given again; whoever keeps them keeps one.
///
/// # Errors
/// The first of `keep`.
pub fn cut<E>(bytes: &[u8], keep: &mut impl FnMut(Digest, &[u8]) -> Result<(), E>) -> Result<Digest, E> {
    let mut chunks = Vec::new();
    let mut rest = bytes;
    loop {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK_BYTES as usize));
        chunks.push(block_digest(chunk));
        keep(chunks[chunks.len() - 1], chunk)?;
        rest = after;
        if rest.is_empty() {
            return tree(bytes.len() as u64, &chunks, keep);
        }
    }
}

/// Gives every node above the chunks of a file to `keep`, those below first, and tells the root's digest; the
/// only chunk of a short file is its own root. There must be as many chunks as a file of `length` bytes has.
///
/// # Errors
/// The first of `keep`.
pub fn tree<E>(length: u64, chunks: &[Digest], keep: &mut impl FnMut(Digest, &[u8]) -> Result<(), E>) -> Result<Digest, E> {
    tree_part(Part::whole(length), chunks, keep)
}

/// The same for a part, whose chunks these are.
fn tree_part<E>(part: Part, chunks: &[Digest], keep: &mut impl FnMut(Digest, &[u8]) -> Result<(), E>) -> Result<Digest, E> {
    if part.is_chunk() {
        return Ok(chunks.first().copied().unwrap_or(Digest::ZERO));
    }
    let (mut rest, mut digests) = (chunks, Vec::new());
    for child in part.children() {
        let (below, after) = rest.split_at(rest.len().min(child.chunks() as usize));
        rest = after;
        digests.push(tree_part(child, below, keep)?);
    }
    let block = node(part, &part.link_sizes(), |index| digests[index]);
    let digest = block_digest(&block);
    keep(digest, &block)?;
    Ok(digest)
}

/// The digest of a file: sha2-256 of the root block under the profile. Nothing is stored; memory for one
/// path of its tree.
///
/// ```
/// // A file of one chunk is its own block, so its digest is its hash; a longer one has a root above its chunks.
/// let empty = swarm::digest_of(b"");
/// assert_eq!(empty.0[..4], [0xe3, 0xb0, 0xc4, 0x42]);
/// let long = vec![0; swarm::CHUNK_BYTES as usize + 1];
/// assert_ne!(swarm::digest_of(&long), swarm::digest_of(&long[1..]));
/// ```
pub fn digest_of(bytes: &[u8]) -> Digest {
    let kept = cut(bytes, &mut |_, _| Ok::<(), std::convert::Infallible>(()));
    kept.unwrap_or_else(|never| match never {})
}

/// The CID under which IPFS knows a file of `length` bytes with this digest: version 1, raw for one
/// chunk, dag-pb for more. The length matters for the codec alone.
///
/// ```
/// let digest = swarm::digest_of(b"hello\n");
/// assert!(swarm::cid_of(digest, 6).to_string().starts_with("bafkrei"));
/// assert!(swarm::cid_of(digest, 300_000).to_string().starts_with("bafybei"));
/// ```
pub fn cid_of(digest: Digest, length: u64) -> Cid {
    block_cid(digest, Part::whole(length).codec())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rust_unixfs::file::adder::{BalancedCollector, Chunker, FileAdder};

    use super::*;

    /// Bytes that differ from chunk to chunk.
    fn bytes(length: u64) -> Vec<u8> {
        (0..length).map(|index| (index ^ index >> 8 ^ index >> 16) as u8).collect()
    }

    fn blocks(bytes: &[u8]) -> (Digest, BTreeMap<Digest, Vec<u8>>) {
        let mut blocks = BTreeMap::new();
        let keep = &mut |digest, block: &[u8]| Ok::<_, ()>(_ = blocks.insert(digest, block.to_vec()));
        (cut(bytes, keep).unwrap(), blocks)
    }

    /// The root that an independent implementation gives.
    fn reference(bytes: &[u8]) -> Cid {
        let mut adder = FileAdder::builder()
            .with_chunker(Chunker::Size(CHUNK_BYTES as usize))
            .with_collector(BalancedCollector::with_branching_factor(LINKS_MAX as usize))
            .build();
        let (mut rest, mut last) = (bytes, None);
        while !rest.is_empty() {
            let (blocks, taken) = adder.push(rest);
            last = blocks.map(|(cid, _)| cid.to_string()).last().or(last);
            rest = &rest[taken..];
        }
        last = adder.finish().map(|(cid, _)| cid.to_string()).last().or(last);
        last.unwrap().parse().unwrap()
    }

    #[test]
    fn known_files_have_their_published_cids() {
        for (text, cid) in [
            ("", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
            ("hello world", "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
        ] {
            assert_eq!(cid_of(digest_of(text.as_bytes()), text.len() as u64).to_string(), cid);
        }
    }

    #[test]
    fn cids_agree_with_another_implementation_at_all_edges() {
        let full = CHUNK_BYTES * LINKS_MAX;
        for length in [1, CHUNK_BYTES - 1, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3_000_000, full - 1, full, full + 1, full + CHUNK_BYTES + 7] {
            let bytes = bytes(length);
            assert_eq!(cid_of(digest_of(&bytes), length), reference(&bytes), "{length}");
        }
    }

    #[test]
    fn shapes_follow_from_lengths() {
        let full = CHUNK_BYTES * LINKS_MAX;
        let heights = [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, full, full + 1, full * LINKS_MAX, full * LINKS_MAX + 1];
        assert_eq!(heights.map(|length| Part::whole(length).height), [0, 0, 0, 1, 1, 2, 2, 3]);
        let children: Vec<u64> = Part::whole(full + 5).children().map(Part::length).collect();
        assert_eq!(children, [full, 5]);
        assert_eq!(Part::whole(FILE_BYTES_MAX).children().map(Part::length).sum::<u64>(), FILE_BYTES_MAX);
    }

    #[test]
    fn every_changed_byte_of_a_node_is_refused_or_names_another_child() {
        let length = 2 * CHUNK_BYTES + 9;
        let (root, blocks) = blocks(&bytes(length));
        let (part, node) = (Part::whole(length), &blocks[&root]);
        let below = links(part, node).unwrap();
        assert_eq!(below.len(), 3);
        for index in 0..node.len() {
            let mut changed = node.clone();
            changed[index] ^= 1;
            assert!(links(part, &changed).map_or(true, |other| other != below), "{index}");
        }
        assert_eq!(links(Part::whole(length + 1), node), Err(NotTheProfile));
        assert_eq!(links(part, &node[..node.len() - 1]), Err(NotTheProfile));
        assert_eq!(links(part, &[]), Err(NotTheProfile));
    }

    #[test]
    fn a_root_of_unknown_length_is_a_node_only_if_it_is_one_of_the_profile() {
        let length = CHUNK_BYTES + 1;
        let (root, blocks) = blocks(&bytes(length));
        assert_eq!(part_of_root(&blocks[&root]), Part::whole(length));
        assert_eq!(part_of_root(b"a patch"), Part::whole(7));
        let mut absurd = Vec::new();
        put_bytes(&mut absurd, 1, &[0x18, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
        assert!(part_of_root(&absurd).is_chunk());
    }
}
