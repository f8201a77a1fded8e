//! Digests and the content identifiers that stand for them on IPFS.
//!
//! The protocol speaks of digests alone (PROTOCOL 10); a CID also says how a block is to be read, and
//! stores that look blocks up by CID know one under one of the two codecs only.

use cid::Cid;
use cid::multihash::Multihash;
use protocol::Digest;
use sha2::{Digest as _, Sha256};

/// How IPFS is told to read a block. The bytes and their digest are the same under both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// The bytes of a file, or of one of its chunks.
    Raw,
    /// A node that links to chunks or to further nodes.
    DagPb,
}

/// Multicodec number of raw bytes.
pub const CODE_RAW: u64 = 0x55;
/// Multicodec number of dag-pb.
pub const CODE_DAG_PB: u64 = 0x70;
/// Multicodec number of the hash.
const CODE_SHA2_256: u64 = 0x12;
/// Of a "hash" that is the block itself.
const CODE_IDENTITY: u64 = 0;

impl Codec {
    /// Its number among multicodecs.
    fn code(self) -> u64 {
        match self {
            Codec::Raw => CODE_RAW,
            Codec::DagPb => CODE_DAG_PB,
        }
    }

    /// The other one: under which a block may be known elsewhere.
    pub fn other(self) -> Self {
        match self {
            Codec::Raw => Codec::DagPb,
            Codec::DagPb => Codec::Raw,
        }
    }
}

/// The sha2-256 digest of one block, which names it.
pub fn block_digest(block: &[u8]) -> Digest {
    Digest(Sha256::digest(block).into())
}

/// The CID (version 1, sha2-256) of the block with this digest, 36 bytes.
pub fn block_cid(digest: Digest, codec: Codec) -> Cid {
    let hash = Multihash::wrap(CODE_SHA2_256, &digest.0).expect("32 bytes fit into 64");
    Cid::new_v1(codec.code(), hash)
}

/// The digest in a CID of either version and any codec; none if it is not sha2-256, which this node holds nothing under.
pub fn digest_in(cid: &Cid) -> Option<Digest> {
    let hash = cid.hash();
    let bytes = <[u8; 32]>::try_from(hash.digest()).ok()?;
    (hash.code() == CODE_SHA2_256).then_some(Digest(bytes))
}

/// The block that a CID carries in itself, because its hash is the identity; none for every other CID.
pub fn inline(cid: &Cid) -> Option<&[u8]> {
    let hash = cid.hash();
    (hash.code() == CODE_IDENTITY).then(|| hash.digest())
}
