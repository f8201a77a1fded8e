//! Files that must be here and with others before anybody signs about them.

use std::collections::{BTreeMap, BTreeSet};

use crate::attempts::Attempts;
use crate::chain::{Block, GroupView};
use crate::ids::{Digest, PositionNumber};
use crate::order::awake;
use crate::rules::is_available;

/// How often it is told that a file is held.
const MAX_ANNOUNCEMENTS: u32 = 5;

/// Where a file stands that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum File {
    /// An answer that has not come by this second never does.
    Asked(u64),
    Held {
        announced: Attempts,
    },
    Wrong,
    /// Asked for again after this block.
    Missing(u64),
}

impl File {
    /// Whether it is to be asked for, again perhaps.
    pub fn is_wanted(file: Option<&Self>, now: Block) -> bool {
        match file {
            None => true,
            Some(Self::Asked(until_s)) => *until_s <= now.time_s,
            Some(Self::Missing(block)) => *block < now.number,
            Some(Self::Held { .. } | Self::Wrong) => false,
        }
    }

    /// Whether it is to be told that the file is held, which is noted: again when the log has not given it back.
    pub fn announces(&mut self, is_told: bool, now_s: u64, pause_s: u64) -> bool {
        let Self::Held { announced } = self else { return false };
        let is_due = !is_told && announced.count() < MAX_ANNOUNCEMENTS && announced.are_due(now_s);
        if is_due {
            announced.note(now_s, pause_s);
        }
        is_due
    }
}

/// Who announced to hold which file, and for which that is enough.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holders {
    haves: BTreeMap<PositionNumber, BTreeSet<Digest>>,
    held: BTreeSet<(PositionNumber, Digest)>,
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

    /// Whether the log has told this.
    pub fn is_told(&self, file: &Digest, position: PositionNumber) -> bool {
        self.haves.get(&position).is_some_and(|files| files.contains(file))
    }

    /// What one holds oneself counts before the log has told it.
    pub fn hold(&mut self, file: Digest, own: PositionNumber) {
        self.held.insert((own, file));
    }

    /// PROTOCOL 13, Available: what holders of more than 1/3 of awake stake announced before it was late. Both answers are
    /// final, so that who holds a file and who does not sign the same.
    pub fn settle(&mut self, file: Digest, group: &GroupView, is_late: bool) {
        if self.available.contains_key(&file) {
            return;
        }
        let held = |number| self.held.contains(&(number, file)) || self.is_told(&file, number);
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
