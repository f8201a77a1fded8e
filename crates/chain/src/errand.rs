//! What a transaction is for: how urgent it is, until when it is worth anything, and how much.

use protocol::money::Wei;
use serde::{Deserialize, Serialize};

/// Of several transactions that wait the most urgent gets the next nonce; among equals the one that came first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Worth something in its phase only: a commit, a reveal, verdicts.
    Phase,
    /// Somebody sits and waits for it.
    #[default]
    Asked,
    /// Brings back a deposit.
    Settle,
    /// Can be done on any day: coinbases are collected, pay is made stake.
    Leisure,
}

impl Urgency {
    /// Whether it is put off while gas is dear.
    pub fn can_wait(self) -> bool {
        matches!(self, Self::Settle | Self::Leisure)
    }
}

/// See the module. The default is what a person asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errand {
    pub urgency: Urgency,
    /// First second of the chain at which it is worth nothing any more; none = it is always worth the same.
    pub until_s: Option<u64>,
    /// What it brings or saves, in wei of the chain's coin; none if nobody can tell.
    pub worth: Option<Wei>,
    /// Of what, for people: `group 1, round 7`.
    pub about: String,
}

impl Errand {
    /// Whether it is worth nothing in a block of that second.
    pub(crate) fn is_over(&self, now_s: u64) -> bool {
        self.until_s.is_some_and(|until_s| now_s >= until_s)
    }
}
