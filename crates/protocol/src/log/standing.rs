//! What a node knows of its chain that decides which messages have room in a log, and what that means for each kind.

use std::collections::{BTreeMap, BTreeSet};

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

/// Whether something is the chain's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Season {
    /// Not yet, or nobody knows.
    Closed,
    /// It can still count.
    Open,
    /// It cannot count any more.
    Over,
}

impl Standing {
    /// Nothing but where signatures count.
    pub fn unknown(domain: Domain) -> Self {
        Self { domain, known: None }
    }

    /// Whether `account` has stake; of nobody it is known while nothing is.
    pub(crate) fn counts(&self, account: &Address) -> bool {
        self.known.as_ref().is_none_or(|known| known.accounts.contains(account))
    }
}
