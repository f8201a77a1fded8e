//! What the contracts tell, as plain values: blocks, times, groups, events.

use serde::{Deserialize, Serialize};

use crate::ids::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber};
use crate::money::{Micronats, Wei};

/// A confirmed block of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub number: u64,
    /// Timestamp, seconds since 1970.
    pub time_s: u64,
    pub hash: Digest,
}

/// Part of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    Train,
    Reveal,
    Judge,
}

/// Lengths of a round's phases in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    pub train_s: u64,
    pub reveal_s: u64,
    pub judge_s: u64,
}

/// Where a group's round stands; see [`Times::clock`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    pub round: RoundNumber,
    pub phase: Phase,
    /// First second of the round.
    pub round_start_s: u64,
    /// First second after the phase.
    pub phase_end_s: u64,
}

impl Times {
    /// Length of a round in seconds.
    pub fn length_s(&self) -> u64 {
        self.train_s.saturating_add(self.reveal_s).saturating_add(self.judge_s)
    }

    /// Round and phase at `now_s`; before `genesis_s` everything is the start of round 0.
    pub fn clock(&self, genesis_s: u64, now_s: u64) -> Clock {
        let round = RoundNumber(now_s.saturating_sub(genesis_s) / self.length_s().max(1));
        let (phase, phase_end_s) = if now_s < self.reveal_start_s(genesis_s, round) {
            (Phase::Train, self.reveal_start_s(genesis_s, round))
        } else if now_s < self.judge_start_s(genesis_s, round) {
            (Phase::Reveal, self.judge_start_s(genesis_s, round))
        } else {
            (Phase::Judge, self.round_end_s(genesis_s, round))
        };
        Clock { round, phase, round_start_s: self.round_start_s(genesis_s, round), phase_end_s }
    }

    /// First second of `round`.
    pub fn round_start_s(&self, genesis_s: u64, round: RoundNumber) -> u64 {
        genesis_s.saturating_add(round.0.saturating_mul(self.length_s()))
    }

    /// First second of REVEAL of `round`; the examples are drawn by the first block from then on.
    pub fn reveal_start_s(&self, genesis_s: u64, round: RoundNumber) -> u64 {
        self.round_start_s(genesis_s, round).saturating_add(self.train_s)
    }

    /// First second of JUDGE of `round`.
    pub fn judge_start_s(&self, genesis_s: u64, round: RoundNumber) -> u64 {
        self.reveal_start_s(genesis_s, round).saturating_add(self.reveal_s)
    }

    /// First second after `round`.
    pub fn round_end_s(&self, genesis_s: u64, round: RoundNumber) -> u64 {
        self.judge_start_s(genesis_s, round).saturating_add(self.judge_s)
    }
}

/// A group as the contracts hold it at one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupView {
    pub id: GroupId,
    /// Second from which rounds are counted: the deployment of `Network`.
    pub genesis_s: u64,
    pub times: Times,
    /// A winner is better by `max(1, base >> improve)`.
    pub improve: u8,
    pub manifest: Digest,
    pub checkpoint: Digest,
    pub head: Digest,
    pub admitted: bool,
    /// Rounds with a reveal and without a decision since the last decision.
    pub voids: u64,
    pub period_s: u64,
    pub period_number: PeriodNumber,
    pub period_end_s: u64,
    /// Seconds from the end of a round until its coinbase can be collected.
    pub maturity_s: u64,
    pub min_deposit: Wei,
    pub positions: Vec<PositionView>,
}

impl GroupView {
    /// Round and phase at `now_s`.
    pub fn clock(&self, now_s: u64) -> Clock {
        self.times.clock(self.genesis_s, now_s)
    }

    /// Stake that may sign.
    pub fn awake(&self) -> Wei {
        self.positions.iter().filter(|position| position.awake).map(|position| position.live).sum()
    }

    /// Stake bonded, awake or not.
    pub fn bonded(&self) -> Wei {
        self.positions.iter().map(|position| position.live).sum()
    }

    /// The position that `signer` signs for.
    pub fn position_of(&self, signer: Address) -> Option<&PositionView> {
        self.positions.iter().find(|position| position.signer == signer)
    }
}

/// A stake position in the current epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionView {
    pub number: PositionNumber,
    pub owner: Address,
    pub signer: Address,
    /// Wei that count in this epoch.
    pub live: Wei,
    pub awake: bool,
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Undecided, so far or for good (void, or empty).
    None,
    Won,
    Lost,
}

/// A claim that was revealed: "on the examples of this round the base has loss `base` and `file` has loss `loss`".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevealedClaim {
    pub group: GroupId,
    pub round: RoundNumber,
    pub trainer: Address,
    /// Order of the commit in its round.
    pub number: u64,
    pub file: Digest,
    pub base: Micronats,
    pub loss: Micronats,
    /// Merkle root over the per-example pairs of losses.
    pub loss_root: Digest,
}

/// A group at its birth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Birth {
    pub manifest: Digest,
    pub checkpoint: Digest,
    /// Digests of the patches that make the first training set out of an empty one.
    pub dataset: Vec<Digest>,
    pub times: Times,
    pub period_s: u64,
    pub improve: u8,
}

/// One event of `Emission` or `Network`; names as in the contracts' interfaces.
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

    Created {
        group: GroupId,
        creator: Address,
        parent: GroupId,
        birth: Birth,
        head: Digest,
    },
    Admitted {
        group: GroupId,
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
        counted: u64,
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
            Self::ScheduleOpened { .. } | Self::Issued { .. } | Self::Enacted { .. } => None,
            Self::Bonded { group, .. }
            | Self::Woken { group, .. }
            | Self::Rested { group, .. }
            | Self::Unbonded { group, .. }
            | Self::Withdrawn { group, .. }
            | Self::Created { group, .. }
            | Self::Admitted { group }
            | Self::Opened { group, .. }
            | Self::Committed { group, .. }
            | Self::Revealed(RevealedClaim { group, .. })
            | Self::Decided { group, .. }
            | Self::Judged { group, .. }
            | Self::Settled { group, .. }
            | Self::Collected { group, .. }
            | Self::Proposed { group, .. }
            | Self::Cast { group, .. }
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
            | Self::Decided { round, .. }
            | Self::Judged { round, .. }
            | Self::Settled { round, .. }
            | Self::Collected { round, .. } => Some(*round),
            _ => None,
        }
    }
}
