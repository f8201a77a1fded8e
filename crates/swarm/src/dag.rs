//! Blocks of any IPFS maker as nodes of a graph: what they link to, and how much of a file lies behind each link.
//!
//! Files of this network have one shape and are checked against it in `files`. Here blocks are read as others write
//! them, because a gateway and a CAR carry whatever a root leads to: directories, other chunk sizes, other widths.

use cid::Cid;

use crate::cids::{CODE_DAG_PB, CODE_RAW};
use crate::wire::{Fields, Value, take_varint};

/// What a node is to those who read files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Bytes of a file, here or below.
    File,
    /// Names and what they stand for.
    Directory,
    /// A part of a directory that is cut by the hashes of names; its names begin with so many hexadecimal digits.
    Shard {
        /// Digits before a name; a link with nothing behind them leads to a further part.
        digits: usize,
    },
    /// Nothing of UnixFS, or a kind of it that has no bytes and no names.
    Other,
}

/// A link of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it leads to.
    pub cid: Cid,
    /// Its name; empty in files.
    pub name: Vec<u8>,
}

/// What a block says of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// How it is to be read.
    pub kind: Kind,
    /// From left to right.
    pub links: Vec<Link>,
    /// Bytes of the file in this block itself, before those of its links.
    pub own_bytes: u64,
    /// Bytes of the file below each link; as many as links, or none that could be relied on.
    pub sizes: Vec<u64>,
}

impl Node {
    /// Bytes of the file in and below this node, as it says.
    pub fn length(&self) -> u64 {
        self.sizes.iter().fold(self.own_bytes, |sum, size| sum.saturating_add(*size))
    }
}

/// Why a block cannot be read as a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotANode {
    /// Only `raw` and `dag-pb` are read; the codec's number.
    #[error("its codec 0x{0:x} is not read here, only raw (0x55) and dag-pb (0x70) are")]
    Codec(u64),
    /// The bytes are not what the codec says.
    #[error("its bytes are no dag-pb")]
    Malformed,
}

/// UnixFS numbers of its kinds.
const UNIXFS_RAW: u64 = 0;
const UNIXFS_DIRECTORY: u64 = 1;
const UNIXFS_FILE: u64 = 2;
const UNIXFS_SHARD: u64 = 5;
/// A part of a directory has so many places at most, as Kubo limits it too.
const FANOUT_MAX: u64 = 1024;

/// Reads the block behind a CID.
///
/// # Errors
/// A codec that is not read here, or bytes that do not belong to it.
pub fn read(cid: &Cid, block: &[u8]) -> Result<Node, NotANode> {
    match cid.codec() {
        CODE_RAW => Ok(Node { kind: Kind::File, links: Vec::new(), own_bytes: block.len() as u64, sizes: Vec::new() }),
        CODE_DAG_PB => read_dag_pb(block).ok_or(NotANode::Malformed),
        other => Err(NotANode::Codec(other)),
    }
}

/// Field 2 for each link, field 1 for the record of UnixFS, in either order.
fn read_dag_pb(block: &[u8]) -> Option<Node> {
    let mut node = Node { kind: Kind::Other, links: Vec::new(), own_bytes: 0, sizes: Vec::new() };
    for field in Fields(block) {
        match field.ok()? {
            (1, Value::Bytes(record)) => read_record(record, &mut node)?,
            (2, Value::Bytes(link)) => node.links.push(read_link(link)?),
            _ => return None,
        }
    }
    if node.sizes.len() != node.links.len() {
        node.sizes.clear();
    }
    Some(node)
}

/// Field 1 is the binary CID, field 2 the name.
fn read_link(link: &[u8]) -> Option<Link> {
    let mut found = (None, Vec::new());
    for field in Fields(link) {
        match field.ok()? {
            (1, Value::Bytes(bytes)) => found.0 = Some(Cid::try_from(bytes).ok()?),
            (2, Value::Bytes(name)) => found.1 = name.to_vec(),
            _ => {}
        }
    }
    Some(Link { cid: found.0?, name: found.1 })
}

/// What is no UnixFS stays a node of kind `Other`; only bytes that end within a field are refused.
fn read_record(record: &[u8], node: &mut Node) -> Option<()> {
    let (mut kind, mut fanout) = (None, 256);
    for field in Fields(record) {
        match field.ok()? {
            (1, Value::Number(number)) => kind = Some(number),
            (2, Value::Bytes(bytes)) => node.own_bytes = bytes.len() as u64,
            (4, Value::Number(size)) => node.sizes.push(size),
            (4, Value::Bytes(packed)) => read_packed(packed, &mut node.sizes)?,
            (6, Value::Number(number)) => fanout = number,
            _ => {}
        }
    }
    node.kind = match kind {
        Some(UNIXFS_RAW | UNIXFS_FILE) => Kind::File,
        Some(UNIXFS_DIRECTORY) => Kind::Directory,
        Some(UNIXFS_SHARD) if (2..=FANOUT_MAX).contains(&fanout) => Kind::Shard { digits: digits_of(fanout - 1) },
        _ => Kind::Other,
    };
    Some(())
}

/// Hexadecimal digits of a number.
fn digits_of(number: u64) -> usize {
    format!("{number:x}").len()
}

/// Numbers one behind the other, another way to write a repeated field.
fn read_packed(mut packed: &[u8], sizes: &mut Vec<u64>) -> Option<()> {
    while !packed.is_empty() {
        sizes.push(take_varint(&mut packed).ok()?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cids::{Codec, block_cid, block_digest};
    use crate::files::{CHUNK_BYTES, cut};
    use crate::wire::{put_bytes, put_number};

    fn dag_pb() -> Cid {
        block_cid(block_digest(b""), Codec::DagPb)
    }

    fn block(record: &[u8], links: &[(&Cid, &str)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (cid, name) in links {
            let mut link = Vec::new();
            put_bytes(&mut link, 1, &cid.to_bytes());
            put_bytes(&mut link, 2, name.as_bytes());
            put_bytes(&mut out, 2, &link);
        }
        put_bytes(&mut out, 1, record);
        out
    }

    #[test]
    fn a_file_of_ours_says_what_lies_below_each_link() {
        let mut blocks = Vec::new();
        let length = 2 * CHUNK_BYTES + 5;
        let mut keep = |_, block: &[u8]| {
            blocks.push(block.to_vec());
            Ok::<_, ()>(())
        };
        cut(&vec![7; length as usize], &mut keep).unwrap();
        let node = read(&dag_pb(), blocks.last().unwrap()).unwrap();
        assert_eq!((node.kind, node.length(), node.sizes), (Kind::File, length, vec![CHUNK_BYTES, CHUNK_BYTES, 5]));
        assert_eq!(node.links[2].cid, block_cid(block_digest(&[7; 5]), Codec::Raw));
    }

    #[test]
    fn every_kind_of_unixfs_is_told_apart() {
        let record = |kind: u64, fanout: Option<u64>| {
            let mut record = Vec::new();
            put_number(&mut record, 1, kind);
            fanout.iter().for_each(|fanout| put_number(&mut record, 6, *fanout));
            record
        };
        for (record, kind) in [
            (record(0, None), Kind::File),
            (record(1, None), Kind::Directory),
            (record(2, None), Kind::File),
            (record(4, None), Kind::Other),
            (record(5, Some(256)), Kind::Shard { digits: 2 }),
            (record(5, Some(16)), Kind::Shard { digits: 1 }),
            (record(5, Some(1)), Kind::Other),
            (record(5, Some(u64::MAX)), Kind::Other),
            (Vec::new(), Kind::Other),
        ] {
            let raw = block_cid(block_digest(b"leaf"), Codec::Raw);
            let node = read(&dag_pb(), &block(&record, &[(&raw, "a name")])).unwrap();
            assert_eq!((node.kind, &node.links), (kind, &vec![Link { cid: raw, name: b"a name".to_vec() }]), "{record:?}");
        }
    }

    #[test]
    fn what_is_no_node_is_refused_and_never_panics() {
        let good = block(&[8, 2], &[(&dag_pb(), "")]);
        for length in 1..good.len() {
            let cut = read(&dag_pb(), &good[..length]);
            assert!(cut.is_err() || cut.is_ok_and(|node| node.links.len() <= 1), "{length}");
        }
        assert_eq!(read(&dag_pb(), b"\xff\xff"), Err(NotANode::Malformed));
        let cbor = Cid::new_v1(0x71, *dag_pb().hash());
        assert_eq!(read(&cbor, b""), Err(NotANode::Codec(0x71)));
    }
}
