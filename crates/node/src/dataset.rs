//! The training set of a group at any head: which deltas lead to it, and what they make when applied strictly.

use std::sync::Arc;

use anyhow::{Result, ensure};
use deltas::{Patch, Tree};
use evaluator::{Examples, Manifest, Tally};
use protocol::{
    chain::ChainEvent,
    ids::{DeltaNumber, Digest, GroupId},
    lineage::{Lineage, Link, MAX_PATCHES, UnknownHead},
};

/// The largest patch that is fetched, bytes.
pub const MAX_PATCH: u64 = 64 * 1024 * 1024;
/// How many sets are kept ready; rounds of two heads overlap around a turn.
const MAX_KEPT: usize = 4;

/// One training set.
#[derive(Debug)]
pub struct Set {
    pub tree: Tree,
    /// Merkle root over the sorted files.
    pub root: Digest,
    pub examples: Examples,
    /// Sizes of its files, by which the next delta is looked at.
    tally: Tally,
}

impl Set {
    /// Applies a patch strictly to a set (or to nothing); the result must be readable as examples.
    ///
    /// # Errors
    /// With the place in the patch or the line in the set that is wrong.
    pub fn apply(parent: Option<&Self>, manifest: &Manifest, body: &[u8]) -> Result<Self> {
        let mut follower = Follower::of(parent);
        follower.apply(manifest, body)?;
        follower.set(manifest)
    }

    /// Applies all patches in turn. One that does not apply changes nothing, for everyone alike; the first must apply.
    ///
    /// # Errors
    /// When nothing readable comes out.
    pub fn build(parent: Option<Arc<Self>>, manifest: &Manifest, bodies: &[Vec<u8>]) -> Result<Arc<Self>> {
        if let (Some(parent), []) = (&parent, bodies) {
            return Ok(parent.clone());
        }
        let mut follower = Follower::of(parent.as_deref());
        bodies.iter().try_for_each(|body| follower.follow(manifest, body).map(drop))?;
        Ok(Arc::new(follower.set(manifest)?))
    }
}

/// A set that goes from delta to delta, of each of which only what it changes is read.
#[derive(Debug, Default)]
pub struct Follower {
    tree: Tree,
    tally: Tally,
    /// Whether some delta has led to a set.
    is_begun: bool,
}

impl Follower {
    /// Begins with a set, or with nothing.
    pub fn of(parent: Option<&Set>) -> Self {
        parent.map_or_else(Self::default, |set| Self { tree: set.tree.clone(), tally: set.tally.clone(), is_begun: true })
    }

    /// The files now.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Applies a patch that is one of a head's: where it leads to no set it changes nothing, for everyone alike, but the first must. Tells
    /// whether it led to one.
    ///
    /// # Errors
    /// When the first one leads to no set.
    pub fn follow(&mut self, manifest: &Manifest, body: &[u8]) -> Result<bool> {
        match self.apply(manifest, body) {
            Ok(()) => Ok(true),
            Err(error) if self.is_begun => {
                tracing::warn!("an applied delta changes nothing: {error:#}");
                Ok(false)
            }
            Err(error) => Err(error.context("the first delta of the group is unreadable")),
        }
    }

    /// Applies a patch strictly, if the set after it can be read as examples.
    ///
    /// # Errors
    /// With the place in the patch or the line in the set that is wrong; then nothing has changed.
    pub fn apply(&mut self, manifest: &Manifest, body: &[u8]) -> Result<()> {
        let tree = Patch::parse(body)?.apply(&self.tree)?;
        let mut tally = self.tally.clone();
        for path in self.tree.differing(&tree) {
            match tree.get(path) {
                Some(text) => tally.put(manifest, path, text)?,
                None => tally.remove(path),
            }
        }
        tally.check(manifest)?;
        (self.tree, self.tally, self.is_begun) = (tree, tally, true);
        Ok(())
    }

    /// The set now, all of it read.
    ///
    /// # Errors
    /// When no delta has led to one.
    pub fn set(self, manifest: &Manifest) -> Result<Set> {
        ensure!(self.is_begun, "the group has no delta yet");
        let examples = Examples::parse(manifest, self.tree.iter())?;
        Ok(Set { root: Digest(self.tree.root()), examples, tree: self.tree, tally: self.tally })
    }
}

/// The heads of a group and of those it was forked from, and the sets that were asked for lately.
#[derive(Default)]
pub struct Dataset {
    lineage: Lineage,
    kept: Vec<(Digest, Arc<Set>)>,
}

impl Dataset {
    /// Learns births, proposals and turns.
    pub fn note(&mut self, event: &ChainEvent) {
        self.lineage.note(event);
    }

    /// The body of a proposed delta, and the head it was made for.
    pub fn proposal(&self, group: GroupId, delta: DeltaNumber) -> Option<Link> {
        self.lineage.proposal(group, delta)
    }

    /// The patches that lead to a head; none of them where that is not known.
    pub fn patches(&self, head: Digest) -> Vec<Digest> {
        self.lineage.patches(head).unwrap_or_default()
    }

    /// The nearest set that is kept at or below `head`, and the deltas that lead from it to `head`.
    ///
    /// # Errors
    /// When the head is unknown.
    pub fn path(&self, head: Digest) -> Result<(Option<Arc<Set>>, Vec<Digest>)> {
        let (mut at, mut path) = (head, Vec::new());
        let mut found = None;
        while at != Digest::ZERO && found.is_none() {
            found = self.kept.iter().find(|(kept, _)| *kept == at).map(|(_, set)| set.clone());
            if found.is_none() {
                let link = self.lineage.before(at).ok_or(UnknownHead(at))?;
                ensure!(path.len() < MAX_PATCHES, "more than {MAX_PATCHES} deltas lead to head {head}");
                path.push(link.patch);
                at = link.parent;
            }
        }
        path.reverse();
        Ok((found, path))
    }

    /// Keeps a set ready.
    pub fn keep(&mut self, head: Digest, set: Arc<Set>) {
        self.kept.retain(|(kept, _)| *kept != head);
        if self.kept.len() == MAX_KEPT {
            self.kept.remove(0);
        }
        self.kept.push((head, set));
    }
}
