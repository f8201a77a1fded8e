//! Training sets in the coarse depth: of a patch it is known by how much it changes what a run of training gains.

use std::collections::BTreeMap;

use protocol::{Digest, keccak256, lineage::Link, rules::next_head};

/// See the module. A patch that nobody has said anything about is noise: it changes nothing.
#[derive(Debug, Clone, Default)]
pub struct Sets {
    worth: BTreeMap<Digest, f64>,
    links: BTreeMap<Digest, Link>,
    /// Head and root that a node has told last.
    told: BTreeMap<usize, (Digest, Digest)>,
}

impl Sets {
    /// A patch exists; `worth` 0.1 lets runs on a set with it gain a tenth more, −0.5 half as much.
    pub fn write(&mut self, patch: Digest, worth: f64) {
        self.worth.insert(patch, worth);
    }

    /// Somebody proposes that patch of the set at `parent`.
    pub fn propose(&mut self, parent: Digest, patch: Digest) {
        self.links.insert(next_head(parent, patch), Link { parent, patch });
    }

    /// What a patch is worth.
    pub fn worth(&self, patch: Digest) -> f64 {
        self.worth.get(&patch).copied().unwrap_or(0.0)
    }

    /// What was added since the birth of the group, the newest first.
    pub fn patches(&self, head: Digest) -> Vec<Digest> {
        std::iter::successors(self.links.get(&head), |link| self.links.get(&link.parent)).map(|link| link.patch).collect()
    }

    /// How many times as much a run gains on the set at a head as on the first one.
    pub fn gains(&self, head: Digest) -> f64 {
        self.patches(head).into_iter().map(|patch| 1.0 + self.worth(patch)).product()
    }

    /// The root of a set: what whoever holds these patches computes.
    pub fn root(patches: &[Digest]) -> Digest {
        Digest(keccak256(&patches.iter().flat_map(|patch| patch.0).collect::<Vec<u8>>()))
    }

    /// A node tells the root of a set.
    pub fn tell(&mut self, node: usize, head: Digest, root: Digest) {
        self.told.insert(node, (head, root));
    }

    /// Head and root that a node told last.
    pub fn told(&self, node: usize) -> Option<(Digest, Digest)> {
        self.told.get(&node).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_patches_add_up_poison_takes_and_noise_changes_nothing() {
        let (first, patches) = (Digest([1; 32]), [2, 3, 4].map(|number| Digest([number; 32])));
        let mut sets = Sets::default();
        sets.write(patches[0], 0.5);
        sets.write(patches[1], -0.5);
        let head = patches.iter().fold(first, |head, patch| {
            sets.propose(head, *patch);
            next_head(head, *patch)
        });
        assert_eq!(sets.patches(head), [patches[2], patches[1], patches[0]]);
        assert_eq!((sets.gains(head), sets.gains(first), sets.gains(Digest([9; 32]))), (0.75, 1.0, 1.0));
        assert_ne!(Sets::root(&sets.patches(head)), Sets::root(&sets.patches(first)));
    }
}
