//! CAR, version 1: blocks one behind the other in a file or a stream, each with its CID, behind a header that names roots.
//!
//! | part | bytes |
//! |---|---|
//! | header | varint of its length, then DAG-CBOR of `{"roots": [CID, …], "version": 1}` |
//! | each block | varint of the length of what follows, the binary CID, the block |
//!
//! The writer gives headers and frames and stores nothing. The reader trusts nothing: lengths have limits, and every
//! block is hashed before it is given on, so that whatever comes out of it is what its CID says.

use std::io::{self, BufReader, Read};

use cid::Cid;

use crate::cids::{block_digest, digest_in, inline};
use crate::wire::{VARINT_BYTES_MAX, put_varint, take_varint};

/// No block in a CAR is longer, 2 MiB: Kubo takes no longer one from peers either.
pub const BLOCK_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Bytes of a header, which holds some thousand roots.
pub const HEADER_BYTES_MAX: usize = 64 * 1024;
/// A binary CID with a hash of 64 bytes fits.
const CID_BYTES_MAX: usize = 128;
/// Read from the source at once.
const READ_BYTES: usize = 256 * 1024;

/// Why bytes are no CAR, or none that can be taken in.
#[derive(Debug, thiserror::Error)]
pub enum CarError {
    /// The source could not be read on, or ended within a block.
    #[error("the CAR cannot be read on: {0}; if it ended too early, get it again")]
    Read(#[from] io::Error),
    /// The header is not that of version 1.
    #[error("this is no CAR of version 1: {0}; write one with `ipfs dag export`")]
    Header(&'static str),
    /// A length is above its limit, or a CID is none.
    #[error("block {number} of the CAR is malformed: {reason}; refuse it")]
    Frame {
        /// Counted from 1.
        number: u64,
        /// What is wrong.
        reason: String,
    },
    /// The bytes are not those that the CID names.
    #[error("block {number} of the CAR is not what its CID {cid} says: somebody changed it; refuse it")]
    Hash {
        /// Counted from 1.
        number: u64,
        /// What it claims to be.
        cid: Box<Cid>,
    },
    /// Another hash than sha2-256, under which nothing is held here.
    #[error("block {number} of the CAR is named by another hash than sha2-256 ({cid}): add the file anew with sha2-256")]
    OtherHash {
        /// Counted from 1.
        number: u64,
        /// Its CID.
        cid: Box<Cid>,
    },
}

/// CBOR: a map of two, text of five and of seven letters, the numbers, and tag 42 of a CID in 37 bytes or more.
const MAP_OF_TWO: u8 = 0xa2;
const ROOTS: &[u8] = b"\x65roots";
const VERSION: &[u8] = b"\x67version";
const TAG_CID: [u8; 2] = [0xd8, 42];
const MAJOR_NUMBER: u8 = 0;
const MAJOR_BYTES: u8 = 2;
const MAJOR_LIST: u8 = 4;

/// The header of a CAR with these roots, its length in front.
pub fn header(roots: &[Cid]) -> Vec<u8> {
    let mut map = vec![MAP_OF_TWO];
    map.extend_from_slice(ROOTS);
    put_head(&mut map, MAJOR_LIST, roots.len() as u64);
    for root in roots {
        let bytes = root.to_bytes();
        map.extend_from_slice(&TAG_CID);
        put_head(&mut map, MAJOR_BYTES, bytes.len() as u64 + 1);
        map.push(0);
        map.extend_from_slice(&bytes);
    }
    map.extend_from_slice(VERSION);
    put_head(&mut map, MAJOR_NUMBER, 1);
    let mut out = Vec::with_capacity(map.len() + 2);
    put_varint(&mut out, map.len() as u64);
    out.extend_from_slice(&map);
    out
}

/// A block as it stands in a CAR.
pub fn frame(cid: &Cid, block: &[u8]) -> Vec<u8> {
    let name = cid.to_bytes();
    let mut out = Vec::with_capacity(name.len() + block.len() + VARINT_BYTES_MAX);
    put_varint(&mut out, (name.len() + block.len()) as u64);
    out.extend_from_slice(&name);
    out.extend_from_slice(block);
    out
}

/// Major type and number of a CBOR item, in the shortest form.
fn put_head(out: &mut Vec<u8>, major: u8, number: u64) {
    let bytes = number.to_be_bytes();
    match number {
        0..24 => out.push(major << 5 | bytes[7]),
        24..0x100 => out.extend_from_slice(&[major << 5 | 24, bytes[7]]),
        0x100..0x1_0000 => out.extend_from_slice(&[major << 5 | 25, bytes[6], bytes[7]]),
        _ => {
            out.push(major << 5 | 26);
            out.extend_from_slice(&bytes[4..]);
        }
    }
}

/// Takes such a head from the front of `bytes`, and tells its number.
fn take_head(bytes: &mut &[u8], major: u8) -> Option<u64> {
    let first = take(bytes, 1)?[0];
    let long = match first & 0x1f {
        short @ 0..24 => return (first >> 5 == major).then_some(u64::from(short)),
        24 => take(bytes, 1)?,
        25 => take(bytes, 2)?,
        26 => take(bytes, 4)?,
        _ => return None,
    };
    (first >> 5 == major).then(|| long.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// The roots in a header, whose two keys may stand in either order.
fn roots_in(mut map: &[u8]) -> Result<Vec<Cid>, &'static str> {
    let (mut roots, mut version) = (None, None);
    if map.first() != Some(&MAP_OF_TWO) {
        return Err(if map.starts_with(&[0xa1]) { "it is of version 2" } else { "its header is no map of roots and version" });
    }
    map = &map[1..];
    while !map.is_empty() {
        if let Some(rest) = map.strip_prefix(ROOTS) {
            map = rest;
            roots = Some(take_roots(&mut map).ok_or("its roots are no CIDs")?);
        } else if let Some(rest) = map.strip_prefix(VERSION) {
            map = rest;
            version = take_head(&mut map, MAJOR_NUMBER);
        } else {
            return Err("its header has other keys than roots and version");
        }
    }
    if version != Some(1) {
        return Err("its version is another one");
    }
    roots.ok_or("its header names no roots")
}

fn take_roots(map: &mut &[u8]) -> Option<Vec<Cid>> {
    let count = take_head(map, MAJOR_LIST)?;
    let mut roots = Vec::new();
    for _ in 0..count {
        *map = map.strip_prefix(&TAG_CID)?;
        let length = take_head(map, MAJOR_BYTES)?;
        let bytes = take(map, usize::try_from(length).ok()?)?;
        roots.push(Cid::try_from(bytes.strip_prefix(&[0])?).ok()?);
    }
    Some(roots)
}

/// Reads a CAR block by block; each that it gives was hashed. It ends after the first error.
pub struct CarReader<R> {
    source: BufReader<R>,
    roots: Vec<Cid>,
    number: u64,
    has_failed: bool,
}

impl<R: Read> CarReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// `Header`, if it is none of version 1; `Read`.
    pub fn new(source: R) -> Result<Self, CarError> {
        let mut source = BufReader::with_capacity(READ_BYTES, source);
        let length = take_length(&mut source)?.ok_or(CarError::Header("it is empty"))?;
        let fits = usize::try_from(length).ok().filter(|length| (1..=HEADER_BYTES_MAX).contains(length));
        let length = fits.ok_or(CarError::Header("its header is too long"))?;
        let mut map = vec![0; length];
        source.read_exact(&mut map)?;
        let roots = roots_in(&map).map_err(CarError::Header)?;
        Ok(Self { source, roots, number: 0, has_failed: false })
    }

    /// What the header names; whether their blocks are in it nobody has checked.
    pub fn roots(&self) -> &[Cid] {
        &self.roots
    }

    fn block(&mut self) -> Result<Option<(Cid, Vec<u8>)>, CarError> {
        let Some(length) = take_length(&mut self.source)? else { return Ok(None) };
        self.number += 1;
        let number = self.number;
        let malformed = |reason: String| CarError::Frame { number, reason };
        let fits = usize::try_from(length).ok().filter(|length| (1..=CID_BYTES_MAX + BLOCK_BYTES_MAX).contains(length));
        let length = fits.ok_or_else(|| malformed(format!("its length is {length} bytes")))?;
        let mut bytes = vec![0; length];
        self.source.read_exact(&mut bytes)?;
        let mut rest = &bytes[..];
        let cid = Cid::read_bytes(&mut rest).map_err(|error| malformed(error.to_string()))?;
        let start = bytes.len() - rest.len();
        if bytes.len() - start > BLOCK_BYTES_MAX {
            return Err(malformed(format!("it has {} bytes", bytes.len() - start)));
        }
        let block = bytes.split_off(start);
        check(&cid, &block, number)?;
        Ok(Some((cid, block)))
    }
}

/// Whether the bytes are those that the CID names.
fn check(cid: &Cid, block: &[u8], number: u64) -> Result<(), CarError> {
    let is_right = match (digest_in(cid), inline(cid)) {
        (Some(digest), _) => block_digest(block) == digest,
        (None, Some(inline)) => inline == block,
        (None, None) => return Err(CarError::OtherHash { number, cid: Box::new(*cid) }),
    };
    if is_right { Ok(()) } else { Err(CarError::Hash { number, cid: Box::new(*cid) }) }
}

/// A varint, or none at the end of the source.
fn take_length(source: &mut impl Read) -> Result<Option<u64>, CarError> {
    let mut bytes = Vec::new();
    while bytes.last().is_none_or(|byte| byte & 0x80 != 0) && bytes.len() < VARINT_BYTES_MAX {
        let mut next = [0];
        match source.read_exact(&mut next) {
            Err(error) if bytes.is_empty() && error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        bytes.push(next[0]);
    }
    let length = take_varint(&mut &bytes[..]);
    length.map(Some).map_err(|error| CarError::Read(io::Error::new(io::ErrorKind::InvalidData, error)))
}

impl<R: Read> Iterator for CarReader<R> {
    type Item = Result<(Cid, Vec<u8>), CarError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        let block = self.block().transpose();
        self.has_failed = matches!(block, Some(Err(_)));
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cids::{Codec, block_cid};
    use crate::files::{CHUNK_BYTES, cut};

    const GOLDEN: &str = include_str!("../golden/car-1.hex");

    fn raw(block: &[u8]) -> Cid {
        block_cid(block_digest(block), Codec::Raw)
    }

    fn car(blocks: &[(Cid, &[u8])]) -> Vec<u8> {
        let mut out = header(&[blocks[0].0]);
        blocks.iter().for_each(|(cid, block)| out.extend(frame(cid, block)));
        out
    }

    fn read(car: &[u8]) -> Result<Vec<(Cid, Vec<u8>)>, CarError> {
        CarReader::new(car)?.collect()
    }

    #[test]
    fn the_golden_car_is_written_and_read() {
        let mut blocks = Vec::new();
        let file = vec![1; CHUNK_BYTES as usize + 1];
        let mut keep = |digest, block: &[u8]| {
            blocks.push((digest, block.to_vec()));
            Ok::<_, ()>(())
        };
        cut(&file, &mut keep).unwrap();
        let (root, node) = blocks.last().unwrap();
        let (root, tail) = (block_cid(*root, Codec::DagPb), raw(&[1]));
        let written = car(&[(root, node), (tail, &[1])]);
        assert_eq!(hex::encode(&written), GOLDEN.trim());
        let reader = CarReader::new(&written[..]).unwrap();
        assert_eq!(reader.roots(), [root]);
        assert_eq!(reader.map(Result::unwrap).collect::<Vec<_>>(), [(root, node.clone()), (tail, vec![1])]);
    }

    #[test]
    fn any_number_of_roots_is_read_back_in_either_order_of_keys() {
        for count in [0, 1, 23, 24, 300] {
            let roots: Vec<Cid> = (0..count).map(|index: u32| raw(&index.to_be_bytes())).collect();
            assert_eq!(CarReader::new(&header(&roots)[..]).unwrap().roots(), roots);
        }
        let turned = [&[MAP_OF_TWO][..], VERSION, &[1], ROOTS, &[0x80]].concat();
        assert_eq!(roots_in(&turned), Ok(Vec::new()));
    }

    #[test]
    fn a_flipped_bit_anywhere_is_refused() {
        let good = car(&[(raw(b"one"), b"one"), (raw(b"two"), b"two")]);
        let wanted = read(&good).unwrap();
        for place in 0..good.len() {
            for bit in [1, 0x80] {
                let mut bad = good.clone();
                bad[place] ^= bit;
                let other = read(&bad).map(|blocks| blocks.iter().map(|(_, block)| block.clone()).collect::<Vec<_>>());
                // A root in the header may be another one; blocks are the same or none, unless the codec says otherwise of them.
                assert!(other.is_err() || other.unwrap() == wanted.iter().map(|(_, block)| block.clone()).collect::<Vec<_>>(), "{place}");
            }
            assert!(read(&good[..place]).is_err() || place == header(&[raw(b"one")]).len() || place == good.len() - 40, "cut at {place}");
        }
    }

    #[test]
    fn what_is_too_long_or_named_by_another_hash_is_refused_before_it_is_read() {
        let head = header(&[raw(b"")]);
        let with = |rest: &[u8]| [&head[..], rest].concat();
        let mut long = Vec::new();
        put_varint(&mut long, u64::MAX);
        let sha512 = cid::multihash::Multihash::wrap(0x13, &[7; 64]).unwrap();
        let other = Cid::new_v1(0x55, sha512);
        for (bytes, named) in [
            (with(&long), "its length is"),
            (with(&[0]), "its length is 0"),
            (with(&frame(&raw(&vec![0; BLOCK_BYTES_MAX + 1]), &vec![0; BLOCK_BYTES_MAX + 1])), "it has 2097153 bytes"),
            (with(&frame(&other, b"x")), "sha2-256"),
            (with(&[2, 1, 0x55]), "malformed"),
            (long.clone(), "header is too long"),
            (Vec::new(), "it is empty"),
            (b"\x0a\xa1\x67version\x02".to_vec(), "version 2"),
            (b"\x02\xa2\x00".to_vec(), "other keys"),
        ] {
            let error = read(&bytes).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn a_cid_that_is_its_own_block_must_be_the_same_bytes() {
        let own = Cid::new_v1(0x55, cid::multihash::Multihash::wrap(0, b"own").unwrap());
        assert_eq!(read(&car(&[(own, b"own")])).unwrap(), [(own, b"own".to_vec())]);
        assert!(matches!(read(&car(&[(own, b"owm")])), Err(CarError::Hash { number: 1, .. })));
    }
}
