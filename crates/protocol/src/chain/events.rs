//! The events of the contracts.

use serde::{Deserialize, Serialize};

use super::{Birth, Outcome, RevealedClaim};
use crate::ids::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber};
use crate::money::Wei;

/// A choice that a contract counted: it replaces those of the same position with a lower `seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CountedChoice {
    pub position: PositionNumber,
    pub seq: u64,
}

/// One event of `Emission`, `Purse` or `Network`; names as in the contracts' interfaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChainEvent {
    /// Emission: the sale closed with `supply`, the first era began at `start_s`.
    ScheduleOpened {
        supply: Wei,
        start_s: u64,
    },
    /// Emission: `issued` of `asked` were minted.
    Issued {
        to: Address,
        asked: Wei,
        issued: Wei,
    },

    /// Purse: coins came in.
    Received {
        from: Address,
        amount: Wei,
    },
    /// Purse: `amount` of the chain's coin went to `to` for `gas` units.
    PaidBack {
        to: Address,
        gas: u64,
        amount: Wei,
    },

    Bonded {
        group: GroupId,
        position: PositionNumber,
        owner: Address,
        signer: Address,
        amount: Wei,
    },
    Woken {
        group: GroupId,
        position: PositionNumber,
    },
    Rested {
        group: GroupId,
        position: PositionNumber,
    },
    Unbonded {
        group: GroupId,
        position: PositionNumber,
        amount: Wei,
        exit_at_s: u64,
    },
    Withdrawn {
        group: GroupId,
        position: PositionNumber,
        amount: Wei,
    },
    /// `signer` signs for the position from the next epoch on.
    Rotated {
        group: GroupId,
        position: PositionNumber,
        signer: Address,
    },
    /// Pay became stake.
    Compounded {
        group: GroupId,
        position: PositionNumber,
        amount: Wei,
    },
    /// Stake and exits of `amount` together are gone, at once.
    Slashed {
        group: GroupId,
        position: PositionNumber,
        amount: Wei,
    },
    /// Put to rest because it was absent.
    Dozed {
        group: GroupId,
        position: PositionNumber,
    },
    /// Signed two claims in `round`; `reporter` got `reward`.
    DoubleSigned {
        group: GroupId,
        position: PositionNumber,
        round: RoundNumber,
        reporter: Address,
        reward: Wei,
    },

    Created {
        group: GroupId,
        creator: Address,
        parent: GroupId,
        birth: Birth,
        head: Digest,
    },
    /// `amount` counts as `child_position` of `child` from the next epoch on.
    Moved {
        group: GroupId,
        position: PositionNumber,
        child: GroupId,
        child_position: PositionNumber,
        amount: Wei,
    },
    Admitted {
        group: GroupId,
    },
    Revoked {
        group: GroupId,
    },
    /// Periods last that long from the next turn on.
    PeriodSet {
        group: GroupId,
        period_s: u64,
    },

    /// The first commit of a round fixed what it is judged by.
    Opened {
        group: GroupId,
        round: RoundNumber,
        checkpoint: Digest,
        head: Digest,
        reward: Wei,
        deposit: Wei,
        awake: Wei,
        total: Wei,
        supply: Wei,
    },
    Committed {
        group: GroupId,
        round: RoundNumber,
        trainer: Address,
        number: u64,
        seal: Digest,
    },
    Revealed(RevealedClaim),
    /// The seal was opened and nothing claimed.
    Conceded {
        group: GroupId,
        round: RoundNumber,
        trainer: Address,
        number: u64,
    },
    /// More than 2/3 of awake stake signed `claim`; `winner` and `file` are zero if the round is lost.
    Decided {
        group: GroupId,
        round: RoundNumber,
        outcome: Outcome,
        claim: Digest,
        winner: Address,
        file: Digest,
    },
    /// One batch: `counted` verdicts with `stake` behind them earned `amount` together.
    Judged {
        group: GroupId,
        round: RoundNumber,
        claim: Digest,
        counted: u64,
        stake: Wei,
        amount: Wei,
    },
    /// Presence of `counted` positions with `stake` was recorded for a round without a decision.
    Attended {
        group: GroupId,
        round: RoundNumber,
        counted: u64,
        stake: Wei,
    },
    Settled {
        group: GroupId,
        round: RoundNumber,
        trainer: Address,
        refunded: Wei,
        burned: Wei,
    },
    Collected {
        group: GroupId,
        round: RoundNumber,
        winner: Address,
        asked: Wei,
        issued: Wei,
    },
    /// The round's coinbase is cancelled; `checkpoint` is the group's afterwards.
    Struck {
        group: GroupId,
        round: RoundNumber,
        checkpoint: Digest,
    },

    Proposed {
        group: GroupId,
        delta: DeltaNumber,
        author: Address,
        digest: Digest,
        parent: Digest,
        period: PeriodNumber,
        bond: Wei,
    },
    Cast {
        group: GroupId,
        period: PeriodNumber,
        counted: Vec<CountedChoice>,
    },
    /// A higher bond took the place of `delta`.
    Displaced {
        group: GroupId,
        delta: DeltaNumber,
    },
    /// `applied` is 0 if nothing was; `period` ended, the next one ends at `period_end_s`.
    Turned {
        group: GroupId,
        period: PeriodNumber,
        applied: DeltaNumber,
        head: Digest,
        reward: Wei,
        period_end_s: u64,
    },
    Refunded {
        group: GroupId,
        delta: DeltaNumber,
        author: Address,
        bond: Wei,
        asked: Wei,
        issued: Wei,
    },
    /// `delta` is out of the set again; `author`, whose delta stood last, got `paid` of its bond.
    Taken {
        group: GroupId,
        delta: DeltaNumber,
        head: Digest,
        author: Address,
        paid: Wei,
        burned: Wei,
    },

    /// A measure was carried; `kind` as in the contracts, `args` its ABI-encoded arguments.
    Enacted {
        kind: u8,
        args: Vec<u8>,
        nonce: Digest,
    },
}

impl ChainEvent {
    /// The group that the event is about, if it is about one.
    pub fn group(&self) -> Option<GroupId> {
        match self {
            Self::ScheduleOpened { .. } | Self::Issued { .. } | Self::Received { .. } | Self::PaidBack { .. } | Self::Enacted { .. } => {
                None
            }
            Self::Bonded { group, .. }
            | Self::Woken { group, .. }
            | Self::Rested { group, .. }
            | Self::Unbonded { group, .. }
            | Self::Withdrawn { group, .. }
            | Self::Rotated { group, .. }
            | Self::Compounded { group, .. }
            | Self::Slashed { group, .. }
            | Self::Dozed { group, .. }
            | Self::DoubleSigned { group, .. }
            | Self::Created { group, .. }
            | Self::Moved { group, .. }
            | Self::Admitted { group }
            | Self::Revoked { group }
            | Self::PeriodSet { group, .. }
            | Self::Opened { group, .. }
            | Self::Committed { group, .. }
            | Self::Revealed(RevealedClaim { group, .. })
            | Self::Conceded { group, .. }
            | Self::Attended { group, .. }
            | Self::Struck { group, .. }
            | Self::Decided { group, .. }
            | Self::Judged { group, .. }
            | Self::Settled { group, .. }
            | Self::Collected { group, .. }
            | Self::Proposed { group, .. }
            | Self::Cast { group, .. }
            | Self::Displaced { group, .. }
            | Self::Taken { group, .. }
            | Self::Turned { group, .. }
            | Self::Refunded { group, .. } => Some(*group),
        }
    }

    /// The round that the event is about, if it is about one.
    pub fn round(&self) -> Option<RoundNumber> {
        match self {
            Self::Opened { round, .. }
            | Self::Committed { round, .. }
            | Self::Revealed(RevealedClaim { round, .. })
            | Self::Conceded { round, .. }
            | Self::Attended { round, .. }
            | Self::Struck { round, .. }
            | Self::DoubleSigned { round, .. }
            | Self::Decided { round, .. }
            | Self::Judged { round, .. }
            | Self::Settled { round, .. }
            | Self::Collected { round, .. } => Some(*round),
            _ => None,
        }
    }
}
