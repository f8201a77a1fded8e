//! The training set of a group at any head: which deltas lead to it, and what they make when applied strictly.

use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use deltas::{Patch, Tree};
use evaluator::{Examples, Manifest};
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
}

impl Set {
    /// Applies a patch strictly to a set (or to nothing); the result must be readable as examples.
    ///
    /// # Errors
    /// With the place in the patch or the line in the set that is wrong.
    pub fn apply(parent: Option<&Self>, manifest: &Manifest, body: &[u8]) -> Result<Self> {
        let patch = Patch::parse(body)?;
        let empty = Tree::default();
        let tree = patch.apply(parent.map_or(&empty, |set| &set.tree))?;
        let examples = Examples::parse(manifest, tree.iter())?;
        Ok(Self { root: Digest(tree.root()), examples, tree })
    }

    /// Applies all patches in turn. One that does not apply changes nothing, for everyone alike; the first must apply.
    ///
    /// # Errors
    /// When nothing readable comes out.
    pub fn build(parent: Option<Arc<Self>>, manifest: &Manifest, bodies: &[Vec<u8>]) -> Result<Arc<Self>> {
        let mut set = parent;
        for body in bodies {
            match (Self::apply(set.as_deref(), manifest, body), &set) {
                (Ok(next), _) => set = Some(Arc::new(next)),
                (Err(error), Some(_)) => tracing::warn!("an applied delta changes nothing: {error:#}"),
                (Err(error), None) => return Err(error.context("the first delta of the group is unreadable")),
            }
        }
        match set {
            Some(set) => Ok(set),
            None => bail!("the group has no delta yet"),
        }
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
