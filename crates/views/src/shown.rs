//! What views show. Amounts in wei, times in seconds since 1970, losses in micronats.

use protocol::chain::{Outcome, Phase, Times};
use protocol::ids::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber};
use protocol::money::{Micronats, Wei};
use serde::{Deserialize, Serialize};

use crate::log::Moment;

/// What a sale was deployed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SaleTerms {
    /// Wei of the chain's coin for one whole NRN.
    pub price: Wei,
    /// Last second of the sale plus one.
    pub deadline_s: u64,
    /// NRN below which everybody is paid back.
    pub minimum: Wei,
}

/// A position of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// The cold key that withdraws.
    pub owner: Address,
    /// To whom it is offered, 0 if to nobody.
    pub offered: Address,
    /// The hot key that signs in this epoch, and the one from the next epoch on.
    pub signer: Address,
    pub signer_next: Address,
    /// What counts in this epoch, and from the next one on.
    pub live: Wei,
    pub next: Wei,
    pub awake: bool,
    pub awake_next: bool,
    /// The epoch from which it is awake.
    pub woken_at: u64,
    /// The epoch before which it may not be awake again.
    pub sleeps_until: u64,
    /// How often its sleep was doubled.
    pub dozed: u64,
    /// Pay that is not stake yet.
    pub earned: Wei,
    /// On its way out, slashable until `exit_at_s`; then what follows.
    pub exiting: Wei,
    pub exit_at_s: u64,
    pub exiting_later: Wei,
    pub exit_at_later_s: u64,
    /// Rounds that began before this second are forgiven.
    pub forgiven_until_s: u64,
    /// The epoch in which a measure last slashed it.
    pub slashed_in: u64,
    /// Where its stake moved, number 0 if it never did, and how much of it answers there.
    pub heir_group: GroupId,
    pub heir: PositionNumber,
    pub moved: Wei,
}

/// What a position has earned by verdicts since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Income {
    /// Not stake yet.
    pub earned: Wei,
    /// Made stake.
    pub compounded: Wei,
}

/// Sums over positions, this epoch and the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    pub bonded: Wei,
    pub bonded_next: Wei,
    pub awake: Wei,
    pub awake_next: Wei,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub manifest: Digest,
    pub checkpoint: Digest,
    pub head: Digest,
    /// What a measure calls the group by.
    pub name: Digest,
    pub times: Times,
    /// A winner is better by `base >> improve`, and by `least`.
    pub improve: u8,
    pub least: Micronats,
    pub admitted: bool,
    /// Length of the running period and of those from the next turn on.
    pub period_s: u64,
    pub period_next_s: u64,
    pub period_number: PeriodNumber,
    pub period_end_s: u64,
    /// By how much late votes have put the end off.
    pub extended_s: u64,
    /// The group from which it was forked, number 0 if none.
    pub parent: GroupId,
    /// Void rounds in a row, 8 at most.
    pub voids: u64,
    /// The round opened last.
    pub opened: Option<RoundNumber>,
    /// Deltas ever proposed.
    pub proposals: u64,
    /// The delta on trial, number 0 if there is none.
    pub applied: DeltaNumber,
    /// Rounds that were decided or attended, ever.
    pub counted: u64,
    /// The last ten of them, the latest first; absence is judged by all but the first two.
    pub recent: Vec<RoundNumber>,
}

/// Round and phase, and the second at which the phase ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    pub round: RoundNumber,
    pub phase: Phase,
    pub until_s: u64,
}

/// A round; all zero if nobody committed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Round {
    /// The base.
    pub checkpoint: Digest,
    /// 0 if nobody won.
    pub winner: Address,
    /// R, of which validators get a fifth on top.
    pub reward: Wei,
    /// Of each commit.
    pub deposit: Wei,
    /// The group's awake stake at the opening.
    pub awake: Wei,
    pub commits: u64,
    pub reveals: u64,
    /// Who conceded, counted up to 16.
    pub conceded: u64,
    /// Stake whose verdicts for the decided claim were counted; if there is none, stake that showed its presence.
    pub judged: Wei,
    /// What validators earn for it.
    pub paid: Wei,
    /// Claims of a lost round that have paid their part of that.
    pub charged: u64,
    pub outcome: Outcome,
    /// Whether R was issued.
    pub collected: bool,
    /// Whether the round counts for want of a decision.
    pub attended: bool,
}

/// Where a commit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Status {
    #[default]
    None,
    Sealed,
    Revealed,
    Conceded,
    Settled,
}

/// A commit and its claim; all zero if there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Claim {
    /// The seal, once revealed the claim.
    pub name: Digest,
    pub file: Digest,
    /// Of the commit in its round, from 1.
    pub number: u64,
    pub base: Micronats,
    pub loss: Micronats,
    /// How many had conceded before this one did, plus one.
    pub concession: u64,
    pub status: Status,
}

/// What became of a delta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum DeltaStatus {
    #[default]
    None,
    Open,
    Applied,
    Dropped,
    Taken,
    Refunded,
}

/// A delta; all zero if there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Delta {
    pub digest: Digest,
    /// The head that it was proposed on.
    pub parent: Digest,
    pub author: Address,
    /// What comes back.
    pub bond: Wei,
    pub votes: Wei,
    /// A, fixed when applied.
    pub reward: Wei,
    pub period: PeriodNumber,
    /// Second from which an applied delta stands.
    pub stands_at_s: u64,
    pub status: DeltaStatus,
    /// Of the bond, what is lost if it is dropped and less than a tenth of the stake wanted it.
    pub at_risk: Wei,
}

/// A counted choice; a weight of 0 if there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ballot {
    pub position: PositionNumber,
    /// Number 0 stands for keeping the set as it is.
    pub delta: DeltaNumber,
    pub weight: Wei,
    /// Below 2^95.
    pub seq: u128,
    /// One of the signer can no longer replace it.
    pub by_owner: bool,
}

/// What has become of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Measure {
    /// Stake that assented in `epoch`.
    pub weight: Wei,
    pub epoch: u64,
    /// The epoch from which a slash that was shown can be enacted, 0 if it was not shown.
    pub ripe_at: u64,
    pub enacted: bool,
}

/// What a measure says. `kind`: its number in the contracts; `args`: its ABI-encoded words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub kind: u8,
    pub args: Vec<u8>,
    pub nonce: Digest,
    /// Second from which it takes no assents.
    pub expiry_s: u64,
    /// What its weight had to exceed when it was last assented to.
    pub needed: Wei,
}

/// A counted assent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assent {
    pub group: GroupId,
    pub position: PositionNumber,
    /// Who owned the position then.
    pub owner: Address,
    pub weight: Wei,
    /// Those of one epoch count together.
    pub epoch: u64,
    pub at: Moment,
}
