//! The events of the contracts.

use serde::{Deserialize, Serialize};

use super::{Birth, Outcome, RevealedClaim};
use crate::bounty::Findings;
use crate::ids::{Address, BountyNumber, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber};
use crate::money::{Micronats, Wei};

/// A choice that a contract counted: it replaces those of the same position with a lower `seq`, and those of the signer if
/// it is `by_owner`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CountedChoice {
    /// Whose stake it is.
    pub position: PositionNumber,
    /// What it chooses, 0 = keep the set as it is.
    pub delta: DeltaNumber,
    /// Live stake with which it counts, wei.
    pub weight: Wei,
    /// Below 2^95.
    pub seq: u128,
    /// Whether the owner of the position signed it.
    pub by_owner: bool,
}

/// One event of `Emission`, `Purse` or `Network`; names as in the contracts' interfaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[rustfmt::skip] // A table: one line for each event, as the contracts' interfaces have it.
pub enum ChainEvent {
    /// Emission: the sale closed with `supply`, the first era began at `start_s`.
    ScheduleOpened { supply: Wei, start_s: u64 },
    /// Emission: `issued` of `asked` were minted.
    Issued { to: Address, asked: Wei, issued: Wei },

    /// Purse: coins came in.
    Received { from: Address, amount: Wei },
    /// Purse: `amount` of the chain's coin went to `to` for `gas` units.
    PaidBack { to: Address, gas: u64, amount: Wei },

    /// The network began; `registry`, `council` and `bounties` are its code.
    Begun { registry: Address, council: Address, bounties: Address },

    /// A position was made. `judges`: its signer is a key that can sign verdicts, not a contract.
    Seated { group: GroupId, position: PositionNumber, owner: Address, signer: Address, judges: bool },
    /// Stake: `amount` counts from the next epoch on.
    Bonded { group: GroupId, position: PositionNumber, amount: Wei },
    /// Stake: the position may sign from the next epoch on.
    Woken { group: GroupId, position: PositionNumber },
    /// Stake: it no longer does from the next epoch on.
    Rested { group: GroupId, position: PositionNumber },
    /// Stake: `amount` no longer counts from the next epoch on, and can be withdrawn from `exit_at_s` on, seconds since 1970.
    Unbonded { group: GroupId, position: PositionNumber, amount: Wei, exit_at_s: u64 },
    /// Stake: `amount` that was unbonded went to `to`.
    Withdrawn { group: GroupId, position: PositionNumber, to: Address, amount: Wei },
    /// `signer` signs for the position from the next epoch on.
    Rotated { group: GroupId, position: PositionNumber, signer: Address, judges: bool },
    /// The owner offers the position to `to`; zero takes the offer back.
    Offered { group: GroupId, position: PositionNumber, to: Address },
    /// Stake: an offer was taken, `owner` has the position now.
    OwnerChanged { group: GroupId, position: PositionNumber, owner: Address },
    /// Pay became stake.
    Compounded { group: GroupId, position: PositionNumber, amount: Wei },
    /// Gone at once: of what counts now, of what counts from the next epoch on, of the two exits.
    Slashed { group: GroupId, position: PositionNumber, live: Wei, next: Wei, exiting: Wei, exiting_later: Wei },
    /// Put to rest because it was absent; it may be awake again from the epoch `until` on.
    Dozed { group: GroupId, position: PositionNumber, until: u64 },
    /// Signed two claims in `round`; `reporter` got `reward`.
    DoubleSigned { group: GroupId, position: PositionNumber, round: RoundNumber, reporter: Address, burned: Wei, reward: Wei },

    /// Groups: a group was made, by `create` or, with a `parent`, by `fork`.
    Created {
        group: GroupId,
        creator: Address,
        parent: GroupId,
        /// What measures call the group by.
        name: Digest,
        head: Digest,
        period_end_s: u64,
        birth: Birth,
    },
    /// `amount` counts as `child_position` of `child` from the next epoch on.
    Moved { group: GroupId, position: PositionNumber, child: GroupId, child_position: PositionNumber, amount: Wei },
    /// Measures: the group draws on the common issue.
    Admitted { group: GroupId },
    /// Measures: it no longer does.
    Revoked { group: GroupId },
    /// Periods last that long from the next turn on.
    PeriodSet { group: GroupId, period_s: u64 },
    /// Claims have to be better than their base by so much.
    LeastSet { group: GroupId, least: Micronats },

    /// The first commit of a round fixed what it is judged by.
    Opened {
        group: GroupId, round: RoundNumber, checkpoint: Digest, head: Digest, reward: Wei, deposit: Wei, awake: Wei, total: Wei,
        supply: Wei, voids: u64,
    },
    /// Rounds: a seal stands, the `number`-th of its round, from 1.
    Committed { group: GroupId, round: RoundNumber, trainer: Address, number: u64, seal: Digest },
    /// Rounds: a seal was opened and its losses claimed.
    Revealed(RevealedClaim),
    /// The seal was opened and nothing claimed, since the claim of `rival` stands; the `order`-th of the round.
    Conceded { group: GroupId, round: RoundNumber, trainer: Address, number: u64, file: Digest, rival: Address, order: u64 },
    /// More than 2/3 of awake stake signed `claim`; `winner` and `file` are zero if the round is lost. `checkpoint` is the
    /// group's afterwards.
    Decided { group: GroupId, round: RoundNumber, outcome: Outcome, claim: Digest, winner: Address, file: Digest, checkpoint: Digest },
    /// Verdicts of `positions` for `claim` were counted, with `stake` behind them; they earn `amount` together if this claim
    /// is the one that is decided.
    Judged { group: GroupId, round: RoundNumber, claim: Digest, stake: Wei, amount: Wei, positions: Vec<PositionNumber> },
    /// Presence of `positions` with `stake` was recorded. `counts`: absence is judged by this round for want of a decision.
    Attended { group: GroupId, round: RoundNumber, stake: Wei, counts: bool, positions: Vec<PositionNumber> },
    /// The schedule allowed `given` of what a verdict earned.
    PayCut { group: GroupId, round: RoundNumber, position: PositionNumber, asked: Wei, given: Wei },
    /// Of a deposit: came back, was burned, went to validators.
    Settled { group: GroupId, round: RoundNumber, trainer: Address, refunded: Wei, burned: Wei, charged: Wei },
    /// R went to `to`, with `deposit`, the rest of the winner's deposit.
    Collected { group: GroupId, round: RoundNumber, winner: Address, to: Address, asked: Wei, issued: Wei, deposit: Wei },
    /// The decision is cancelled; `checkpoint` is the group's afterwards. `issued` stands in for what validators were to get
    /// out of deposits, `burned` is what the winner had got back too much.
    Struck { group: GroupId, round: RoundNumber, checkpoint: Digest, issued: Wei, burned: Wei },

    /// Dataset: `author` put `bond` behind a patch of that `digest` for the set at head `parent`.
    Proposed { group: GroupId, delta: DeltaNumber, author: Address, digest: Digest, parent: Digest, period: PeriodNumber, bond: Wei },
    /// Dataset: choices were counted.
    Cast { group: GroupId, period: PeriodNumber, counted: Vec<CountedChoice> },
    /// Late votes changed what would be applied: others have until `period_end_s` to answer.
    Extended { group: GroupId, period: PeriodNumber, period_end_s: u64 },
    /// `by`, a delta of a higher bond, took the place of `delta`.
    Displaced { group: GroupId, delta: DeltaNumber, by: DeltaNumber },
    /// A delta that had displaced another one was dropped: `burned` of its bond is gone.
    Charged { group: GroupId, delta: DeltaNumber, burned: Wei },
    /// `applied` is 0 if nothing was; `period` ended, the next one lasts `period_s` and ends at `period_end_s`.
    Turned { group: GroupId, period: PeriodNumber, applied: DeltaNumber, head: Digest, reward: Wei, period_s: u64, period_end_s: u64 },
    /// Dataset: a delta is settled: its author got the bond back and `issued` of the `asked` reward.
    Refunded { group: GroupId, delta: DeltaNumber, author: Address, bond: Wei, asked: Wei, issued: Wei },
    /// `delta` is out of the set again, and its bond is burned.
    Taken { group: GroupId, delta: DeltaNumber, author: Address, head: Digest, burned: Wei },

    /// Assents of `voters` were counted: `weight` is behind the measure in this epoch, and it takes more than `needed`.
    Assented {
        measure: Digest, kind: u8, args: Vec<u8>, nonce: Digest, expiry_s: u64, weight: Wei, needed: Wei,
        voters: Vec<(GroupId, PositionNumber)>,
    },
    /// A majority wants to slash: it must be one again in an epoch from `ripe_at` on.
    Shown { measure: Digest, group: GroupId, position: PositionNumber, ripe_at: u64 },
    /// A measure was carried; `kind` as in the contracts, `args` its ABI-encoded arguments.
    Enacted { measure: Digest, kind: u8, args: Vec<u8>, nonce: Digest, expiry_s: u64 },

    /// A sponsor locked `amount` and `bond` for what the rounds `first` to `last` of a group win on the hidden examples of `root`;
    /// `head` is the group's at that moment, `windows` the epoch of the first of three windows.
    Funded {
        bounty: BountyNumber, group: GroupId, sponsor: Address, root: Digest, count: u32, target: Micronats, amount: Wei, bond: Wei,
        head: Digest, first: RoundNumber, last: RoundNumber, windows: u64,
    },
    /// The sponsor named the file with the hidden examples.
    Unsealed { group: GroupId, bounty: BountyNumber, file: Digest },
    /// Findings of `positions` with `stake` behind them were counted for `result`.
    Found { group: GroupId, bounty: BountyNumber, window: u64, result: Digest, stake: Wei, positions: Vec<PositionNumber> },
    /// More than 2/3 of awake stake found `result`.
    Resolved { group: GroupId, bounty: BountyNumber, window: u64, result: Digest, findings: Findings },
    /// What a won round gets, or what is burned of it if the round was struck.
    BountyPaid { group: GroupId, bounty: BountyNumber, round: RoundNumber, winner: Address, amount: Wei, burned: bool },
    /// What a position gets whose finding decided.
    FinderPaid { group: GroupId, bounty: BountyNumber, position: PositionNumber, owner: Address, amount: Wei },
    /// The bounty is over: `amount` went back to the sponsor, `burned` is gone.
    Returned { group: GroupId, bounty: BountyNumber, amount: Wei, burned: Wei },
    /// Signed two results in `window`; `reporter` got `reward`.
    FoundTwice { bounty: BountyNumber, group: GroupId, position: PositionNumber, reporter: Address, window: u64, burned: Wei, reward: Wei },
}
