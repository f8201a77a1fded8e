//! The training sets of a group and of those it was forked from: which patches lead to a head.

use std::collections::BTreeMap;

use crate::chain::ChainEvent;
use crate::ids::{DeltaNumber, Digest, GroupId};
use crate::rules::next_head;

/// Patches of one set at most that are followed back: 64 at birth, then one a period.
pub const MAX_PATCHES: usize = 65_536;

/// A patch and the head that it was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The head that the patch applies to; 0 for the empty set.
    pub parent: Digest,
    /// Digest of the patch's bytes.
    pub patch: Digest,
}

/// A head to which no known patches lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("head {0} is unknown: read the chain from the birth of the group, and of the groups it was forked from")]
pub struct UnknownHead(pub Digest);

/// What the events of a group and of its ancestors tell about their training sets; those of other groups do no harm. A
/// delta that a measure took back leads to a head that nobody stands at any more, so it is in no path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    links: BTreeMap<Digest, Link>,
    proposed: BTreeMap<(GroupId, DeltaNumber), Link>,
}

impl Lineage {
    /// Learns births, proposals and turns; all other events say nothing about sets.
    pub fn note(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Created { birth, .. } => {
                birth.dataset.iter().fold(Digest::ZERO, |parent, patch| self.link(Link { parent, patch: *patch }));
            }
            ChainEvent::Proposed { group, delta, digest, parent, .. } => {
                self.proposed.insert((*group, *delta), Link { parent: *parent, patch: *digest });
            }
            ChainEvent::Turned { group, applied, .. } => {
                if let Some(link) = self.proposed.get(&(*group, *applied)).copied() {
                    self.link(link);
                }
            }
            _ => {}
        }
    }

    fn link(&mut self, link: Link) -> Digest {
        let head = next_head(link.parent, link.patch);
        self.links.insert(head, link);
        head
    }

    /// What led to `head`, if that is known.
    pub fn before(&self, head: Digest) -> Option<Link> {
        self.links.get(&head).copied()
    }

    /// A proposed delta of a group.
    pub fn proposal(&self, group: GroupId, delta: DeltaNumber) -> Option<Link> {
        self.proposed.get(&(group, delta)).copied()
    }

    /// The patches that make the set at `head` out of an empty one, in order; none for the head zero.
    ///
    /// # Errors
    /// [`UnknownHead`] with the first head on the way back that nothing is known of.
    pub fn patches(&self, head: Digest) -> Result<Vec<Digest>, UnknownHead> {
        let (mut at, mut patches) = (head, Vec::new());
        while !at.is_zero() {
            let link = self.before(at).filter(|_| patches.len() < MAX_PATCHES).ok_or(UnknownHead(at))?;
            patches.push(link.patch);
            at = link.parent;
        }
        patches.reverse();
        Ok(patches)
    }
}
