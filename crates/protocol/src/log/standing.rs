//! What a node knows of its chain that decides which messages have room in a log, and for how long they do.

use std::collections::{BTreeMap, BTreeSet};

use super::envelope::Kind;
use super::facts::window_of;
use crate::bounty::WINDOWS;
use crate::eip712::Domain;
use crate::ids::{Address, BountyNumber, PeriodNumber, RoundNumber};

/// What confirmed blocks say; given anew whenever it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Where signatures inside bodies count.
    pub domain: Domain,
    /// What else is known; nothing while the chain was not read, or is not read at all.
    pub known: Option<Known>,
}

/// A group at a confirmed block, as far as its log needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Signers and owners of positions with stake, now or in an epoch of which something can still be shown.
    pub accounts: BTreeSet<Address>,
    /// The running round.
    pub round: RoundNumber,
    /// The oldest round whose verdicts can still be shown.
    pub oldest: RoundNumber,
    /// The running period: choices of older ones were counted.
    pub period: PeriodNumber,
    /// Timestamp of the block, seconds since 1970: measures expire by it.
    pub time_s: u64,
    /// Bounties that can still be decided, each with the last round of its term.
    pub bounties: BTreeMap<BountyNumber, RoundNumber>,
}

/// When something counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Season {
    /// Not yet, as far as is known here.
    Early,
    Now,
    /// Never again.
    Over,
}

/// The season of what counts from `first` through `last`.
fn within(first: u64, scope: u64, last: u64) -> Season {
    match scope {
        _ if scope < first => Season::Over,
        _ if scope > last => Season::Early,
        _ => Season::Now,
    }
}

impl Standing {
    /// Nothing but where signatures count.
    pub fn unknown(domain: Domain) -> Self {
        Self { domain, known: None }
    }

    /// Whether `account` has stake; while nothing is known everybody counts.
    pub(crate) fn counts(&self, account: &Address) -> bool {
        self.known.as_ref().is_none_or(|known| known.accounts.contains(account))
    }

    /// When a matter of that kind and scope counts (PROTOCOL 14, What is kept).
    pub(crate) fn season(&self, kind: Kind, scope: u64) -> Season {
        self.known.as_ref().map_or(Season::Now, |known| known.season(kind, scope))
    }
}

impl Known {
    fn season(&self, kind: Kind, scope: u64) -> Season {
        let next = self.round.0.saturating_add(1);
        match kind {
            Kind::Verdict | Kind::Alarm | Kind::Training => within(self.oldest.0, scope, next),
            Kind::Choice => within(self.period.0, scope, self.period.0.saturating_add(1)),
            Kind::Assent | Kind::Measure => within(self.time_s, scope, u64::MAX),
            Kind::Finding => {
                let (bounty, window) = window_of(scope);
                let is_open = window < WINDOWS && self.bounties.contains_key(&BountyNumber(bounty));
                if is_open { Season::Now } else { Season::Early }
            }
            // Bodies of deltas are held under round 0, hidden sets under the last round of their term.
            Kind::Have if scope == 0 || self.bounties.values().any(|last| last.0 == scope) => Season::Now,
            Kind::Have => within(self.round.0.saturating_sub(1), scope, next),
            Kind::Announcement | Kind::Binding | Kind::Note | Kind::Dataset | Kind::Copy => Season::Now,
        }
    }
}
