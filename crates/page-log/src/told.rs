//! What a page says, and what it is told, as JSON.

use std::collections::{BTreeMap, BTreeSet};

use protocol::ids::{BountyNumber, PeriodNumber};
use protocol::log::Known;
use protocol::{Address, Digest, NodeId, RoundNumber};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which log, and who looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Opening {
    /// Of the network's chain.
    pub chain_id: u64,
    /// Address of the contract Network.
    pub network: Address,
    /// Number of the group.
    pub group: u64,
    /// The visitor's node key, 32 bytes that the page drew.
    pub secret: Digest,
}

/// What the chain says of a group, as far as its log needs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stand {
    /// Signers and owners of positions with stake.
    pub accounts: BTreeSet<Address>,
    /// The running round.
    pub round: u64,
    /// The oldest round whose verdicts can still be shown.
    pub oldest: u64,
    /// The running period.
    pub period: u64,
    /// Timestamp of the block, seconds since 1970.
    pub time_s: u64,
    /// Bounties that can still be decided, each with the last round of its term.
    pub bounties: BTreeMap<u64, u64>,
}

/// What taking a message, or a new standing, did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Changed {
    /// Of the message; none where the chain was heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Digest>,
    /// False if it was here before.
    pub fresh: bool,
    /// Messages that have no room any more.
    pub dropped: Vec<Digest>,
}

/// In what two logs differ, as far as one answer tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lacking {
    /// Messages that are here and not there.
    pub here: Vec<Digest>,
    /// Messages that are there and not here.
    pub there: Vec<Digest>,
}

/// A message for people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Names it everywhere.
    pub id: Digest,
    /// The node that signed it.
    pub author: NodeId,
    /// The account whose stake gives it room, if one does.
    pub account: Option<Address>,
    /// Its number among the author's messages of its topic: by convention milliseconds since 1970 at least.
    pub seq: u64,
    /// Its place in the order of arrival here.
    pub arrival: u64,
    /// What it says; text in it was written by strangers.
    pub body: Value,
}

impl From<Stand> for Known {
    fn from(Stand { accounts, round, oldest, period, time_s, bounties }: Stand) -> Self {
        let bounties = bounties.into_iter().map(|(bounty, last)| (BountyNumber(bounty), RoundNumber(last))).collect();
        Self { accounts, round: RoundNumber(round), oldest: RoundNumber(oldest), period: PeriodNumber(period), time_s, bounties }
    }
}
