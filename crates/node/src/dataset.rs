//! The training set of a group at any head: which deltas lead to it, and what they make when applied strictly.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Result, bail};
use deltas::{Patch, Tree};
use evaluator::{Examples, Manifest};
use protocol::{
    chain::ChainEvent,
    ids::{DeltaNumber, Digest},
    rules::next_head,
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

/// What leads from one head to the next.
#[derive(Clone, Copy, Debug)]
struct Link {
    parent: Digest,
    delta: Digest,
}

/// The heads of a group, and the sets that were asked for lately.
#[derive(Default)]
pub struct Dataset {
    links: BTreeMap<Digest, Link>,
    proposed: BTreeMap<DeltaNumber, Link>,
    kept: Vec<(Digest, Arc<Set>)>,
}

impl Dataset {
    /// Learns the group's birth (the listed patches on the empty tree), proposals and turns.
    pub fn note(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Created { birth, .. } => {
                birth.dataset.iter().fold(Digest::ZERO, |parent, delta| self.link(parent, *delta));
            }
            ChainEvent::Proposed { delta, digest, parent, .. } => {
                self.proposed.insert(*delta, Link { parent: *parent, delta: *digest });
            }
            ChainEvent::Turned { applied, .. } => {
                if let Some(link) = self.proposed.get(applied).copied() {
                    self.link(link.parent, link.delta);
                }
            }
            _ => {}
        }
    }

    fn link(&mut self, parent: Digest, delta: Digest) -> Digest {
        let head = next_head(parent, delta);
        self.links.insert(head, Link { parent, delta });
        head
    }

    /// Digest of the body of a proposed delta, and the head it was made for.
    pub fn proposal(&self, delta: DeltaNumber) -> Option<(Digest, Digest)> {
        self.proposed.get(&delta).map(|link| (link.delta, link.parent))
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
                let Some(link) = self.links.get(&at) else { bail!("head {at} is unknown: this node has not read the chain that far") };
                path.push(link.delta);
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
