//! The blocks behind a CID in the order of a CAR: depth first, from the left, out of what is held here and nothing else.
//!
//! A walk reads one block at a time. What it remembers is the links that it has still to follow and, if equal blocks are
//! told once, which it told; both have limits, so that a graph made to be endless ends with an error.

use std::collections::BTreeMap;
use std::sync::Arc;

use cid::Cid;
use protocol::Digest;

use crate::cids::{digest_in, inline};
use crate::dag::{self, Kind, Node, NotANode};
use crate::store::{BlockStore, StoreError};

/// Blocks that one walk reads.
pub const BLOCKS_MAX: usize = 1 << 20;
/// Links that wait to be followed.
pub const PENDING_MAX: usize = 1 << 20;
/// Names in a path.
pub const NAMES_MAX: usize = 32;

/// How much of a graph is told, once the path to it has been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The block itself.
    Block,
    /// All that a file is made of, or what lists a directory; of a file perhaps only the bytes of a span.
    Entity(Option<Span>),
    /// Everything below.
    All,
}

/// Bytes of a file, both ends included; negative numbers count from its end, none is its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub from: i64,
    /// Last byte.
    pub to: Option<i64>,
}

impl Span {
    /// The first byte, and the one after the last, in a file of so many bytes; nothing if the span lies outside.
    pub fn within(self, length: u64) -> Option<(u64, u64)> {
        let place = |at: i64| if at < 0 { length.saturating_sub(at.unsigned_abs()) } else { at.unsigned_abs() };
        let end = self.to.map_or(length, |to| place(to).saturating_add(1)).min(length);
        Some((place(self.from), end)).filter(|(from, end)| from < end)
    }
}

/// Why a walk ends early.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// Nobody is asked for it: a walk tells what is held.
    #[error("{0} is not held here: get it first")]
    Missing(Box<Cid>),
    /// A block that cannot be read, so that nobody knows what is below it.
    #[error("{cid} cannot be followed: {reason}; ask for the block itself")]
    Unreadable {
        /// Which.
        cid: Box<Cid>,
        /// What is wrong with it.
        reason: NotANode,
    },
    /// The path names what is not there.
    #[error("the path leads nowhere: there is no {0:?}; check the names behind the CID")]
    NoSuchName(String),
    /// Names of a directory that is cut into parts are not looked up.
    #[error("{0} is a directory in parts, in which names are not looked up here: ask for the CID behind the name")]
    Sharded(Box<Cid>),
    /// No byte of the file lies in the span.
    #[error("the file has {length} bytes, and none of them lies in the span: ask for others")]
    Outside {
        /// Bytes of the file.
        length: u64,
    },
    /// More blocks, waiting links or names than one walk has room for.
    #[error("there is more behind {0} than one answer holds: ask for parts of it")]
    TooMuch(Box<Cid>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A link that is still to be followed.
struct Step {
    cid: Cid,
    depth: Depth,
}

/// What of the blocks below is told too.
#[derive(Clone, Copy)]
enum Depth {
    Alone,
    All,
    /// Those bytes of a file, counted from the first one below this block.
    Bytes(u64, u64),
    /// The parts of a directory, but not what its names stand for.
    Parts,
}

/// See the module; blocks the thread while it reads, so keep it off the async ones.
pub struct Walk {
    store: Arc<BlockStore>,
    root: Cid,
    pending: Vec<Step>,
    /// Codec and digest of what was told, and whether all below it was followed; none if blocks are told again.
    told: Option<BTreeMap<(u64, Digest), bool>>,
    read: usize,
}

impl Walk {
    /// Follows the names from the root and looks at what they lead to; nothing further is read yet. With `repeats` a block
    /// is told as often as it occurs, otherwise once.
    ///
    /// # Errors
    /// `Missing`, `NoSuchName`, `Sharded` and `Unreadable` of the way there; `Outside`.
    pub fn new(store: Arc<BlockStore>, root: Cid, names: &[String], scope: Scope, repeats: bool) -> Result<Self, WalkError> {
        let told = (!repeats).then(BTreeMap::new);
        let mut walk = Self { store, root, pending: Vec::new(), told, read: 0 };
        let mut at = root;
        for name in names {
            if walk.pending.len() == NAMES_MAX {
                return Err(WalkError::TooMuch(Box::new(root)));
            }
            walk.pending.push(Step { cid: at, depth: Depth::Alone });
            at = walk.below(at, name)?;
        }
        let depth = walk.depth(at, scope)?;
        walk.pending.push(Step { cid: at, depth });
        walk.pending.reverse();
        Ok(walk)
    }

    /// The first CID, which a CAR names as its root.
    pub fn root(&self) -> Cid {
        self.root
    }

    /// What a name in a directory stands for.
    fn below(&self, directory: Cid, name: &str) -> Result<Cid, WalkError> {
        let node = self.node(directory, &self.block(directory)?)?;
        let found = node.links.iter().find(|link| link.name == name.as_bytes()).map(|link| link.cid);
        match (node.kind, found) {
            (Kind::Shard { .. }, _) => Err(WalkError::Sharded(Box::new(directory))),
            (Kind::Directory | Kind::Other, Some(cid)) => Ok(cid),
            _ => Err(WalkError::NoSuchName(name.to_owned())),
        }
    }

    /// How far a walk goes that ends at `cid`, whose block must be here.
    fn depth(&self, cid: Cid, scope: Scope) -> Result<Depth, WalkError> {
        let block = self.block(cid)?;
        let span = match scope {
            Scope::Block => return Ok(Depth::Alone),
            Scope::All => return self.node(cid, &block).map(|_| Depth::All),
            Scope::Entity(span) => span,
        };
        let Ok(node) = dag::read(&cid, &block) else { return Ok(Depth::Alone) };
        match (node.kind, span) {
            (Kind::File, None) => Ok(Depth::All),
            (Kind::File, Some(span)) => {
                let length = node.length();
                span.within(length).map(|(from, end)| Depth::Bytes(from, end)).ok_or(WalkError::Outside { length })
            }
            (Kind::Directory | Kind::Shard { .. }, _) => Ok(Depth::Parts),
            (Kind::Other, _) => Ok(Depth::Alone),
        }
    }

    fn block(&self, cid: Cid) -> Result<Vec<u8>, WalkError> {
        if let Some(own) = inline(&cid) {
            return Ok(own.to_vec());
        }
        let held = digest_in(&cid).map(|digest| self.store.get(digest)).transpose()?.flatten();
        held.ok_or_else(|| WalkError::Missing(Box::new(cid)))
    }

    fn node(&self, cid: Cid, block: &[u8]) -> Result<Node, WalkError> {
        dag::read(&cid, block).map_err(|reason| WalkError::Unreadable { cid: Box::new(cid), reason })
    }

    /// The next block that a CAR holds: not one that a CID carries in itself.
    fn advance(&mut self) -> Result<Option<(Cid, Vec<u8>)>, WalkError> {
        while let Some(Step { cid, depth }) = self.pending.pop() {
            let key = digest_in(&cid).map(|digest| (cid.codec(), digest));
            let known = self.told.as_ref().zip(key).and_then(|(told, key)| told.get(&key)).copied();
            if known == Some(true) || known.is_some() && matches!(depth, Depth::Alone) {
                continue;
            }
            self.read += 1;
            if self.read > BLOCKS_MAX {
                return Err(WalkError::TooMuch(Box::new(self.root)));
            }
            let block = self.block(cid)?;
            self.follow(cid, &block, depth)?;
            if let (Some(told), Some(key)) = (&mut self.told, key) {
                told.insert(key, matches!(depth, Depth::All));
            }
            if known.is_none() && inline(&cid).is_none() {
                return Ok(Some((cid, block)));
            }
        }
        Ok(None)
    }

    /// Notes what is to be told below a block.
    fn follow(&mut self, cid: Cid, block: &[u8], depth: Depth) -> Result<(), WalkError> {
        if matches!(depth, Depth::Alone) {
            return Ok(());
        }
        let node = self.node(cid, block)?;
        let steps = steps(&node, depth);
        if self.pending.len() + steps.len() > PENDING_MAX {
            return Err(WalkError::TooMuch(Box::new(self.root)));
        }
        self.pending.extend(steps.into_iter().rev());
        Ok(())
    }
}

/// The links of a node that are followed, from the left.
fn steps(node: &Node, depth: Depth) -> Vec<Step> {
    let links = node.links.iter();
    match (depth, node.kind) {
        (Depth::Alone, _) => Vec::new(),
        (Depth::All, _) => links.map(|link| Step { cid: link.cid, depth }).collect(),
        (Depth::Parts, Kind::Shard { digits }) => {
            links.filter(|link| link.name.len() == digits).map(|link| Step { cid: link.cid, depth }).collect()
        }
        (Depth::Parts, _) => Vec::new(),
        // Without sizes nobody knows what lies where: all of it.
        (Depth::Bytes(..), _) if node.sizes.is_empty() => links.map(|link| Step { cid: link.cid, depth: Depth::All }).collect(),
        (Depth::Bytes(from, end), _) => parts(node, from, end),
    }
}

/// The links behind which bytes of the span lie, each with the bytes of it that do.
fn parts(node: &Node, from: u64, end: u64) -> Vec<Step> {
    let mut start = node.own_bytes;
    let mut found = Vec::new();
    for (link, size) in node.links.iter().zip(&node.sizes) {
        let after = start.saturating_add(*size);
        if from < after && start < end {
            let depth = Depth::Bytes(from.saturating_sub(start), (end - start).min(*size));
            found.push(Step { cid: link.cid, depth });
        }
        start = after;
    }
    found
}

impl Iterator for Walk {
    type Item = Result<(Cid, Vec<u8>), WalkError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance().transpose();
        if matches!(next, Some(Err(_))) {
            self.pending.clear();
        }
        next
    }
}

#[cfg(test)]
mod tests;
