//! Files that must be here and with others before anybody signs about them.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::GroupView;
use crate::ids::{Digest, PositionNumber};
use crate::order::awake;
use crate::rules::is_available;

/// Where a file stands that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum File {
    Asked,
    Held {
        announced: bool,
    },
    Wrong,
    /// Asked for again after this block.
    Missing(u64),
}

/// Who announced to hold which file, and for which that is enough.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holders {
    haves: BTreeMap<PositionNumber, BTreeSet<Digest>>,
    available: BTreeMap<Digest, bool>,
}

impl Holders {
    /// A `have` may come before what it is about; at most so many files are remembered of a position.
    pub fn have(&mut self, file: Digest, position: PositionNumber, most: usize) {
        let files = self.haves.entry(position).or_default();
        if files.len() < most {
            files.insert(file);
        }
    }

    /// PROTOCOL 13: available is what holders of more than 1/3 of awake stake announced before it was late. Both answers
    /// are final, so that who holds a file and who does not sign the same.
    pub fn settle(&mut self, file: Digest, group: &GroupView, is_late: bool) {
        if self.available.contains_key(&file) {
            return;
        }
        let held = |number| self.haves.get(&number).is_some_and(|files| files.contains(&file));
        let stake = awake(group).filter(|position| held(position.number)).map(|position| position.live).sum();
        let enough = is_available(stake, group.awake());
        if enough || is_late {
            self.available.insert(file, enough);
        }
    }

    /// What was settled is asked anew.
    pub fn reopen(&mut self) {
        self.available.clear();
    }

    /// Whether enough hold it, once that is settled.
    pub fn is_available(&self, file: &Digest) -> Option<bool> {
        self.available.get(file).copied()
    }
}
