//! What the contracts tell, as plain values: blocks, times, groups, events.

mod about;
mod events;
mod group;

use serde::{Deserialize, Serialize};

pub use events::{ChainEvent, CountedChoice};
pub use group::{GroupView, PositionView};

use crate::ids::{Address, Digest, GroupId, RoundNumber};
use crate::money::Micronats;

/// A confirmed block of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its height.
    pub number: u64,
    /// Timestamp, seconds since 1970.
    pub time_s: u64,
    /// Draws examples if it is the first of a REVEAL.
    pub hash: Digest,
}

/// Part of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    /// Files are trained and sealed.
    Train,
    /// The examples are drawn, seals are opened.
    Reveal,
    /// Validators measure claims and vote.
    Judge,
}

/// Lengths of a round's phases in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// TRAIN: from the start of the round on.
    pub train_s: u64,
    /// REVEAL: behind it.
    pub reveal_s: u64,
    /// JUDGE: to the end of the round.
    pub judge_s: u64,
}

/// Where a group's round stands; see [`Times::clock`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The running round.
    pub round: RoundNumber,
    /// And its phase.
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

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Outcome {
    /// Undecided, so far or for good (void, or empty).
    #[default]
    None,
    /// A claim was found true: its file is the next base.
    Won,
    /// Claims were revealed and none found true.
    Lost,
    /// Won or lost, then cancelled by a measure before its maturity.
    Struck,
}

/// A claim that was revealed: "on the examples of this round the base has loss `base` and `file` has loss `loss`".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevealedClaim {
    /// Where it was revealed.
    pub group: GroupId,
    /// And when.
    pub round: RoundNumber,
    /// Who would be paid.
    pub trainer: Address,
    /// Order of the commit in its round.
    pub number: u64,
    /// Digest of the checkpoint's bytes.
    pub file: Digest,
    /// Mean loss of the round's base, with the price for its weights.
    pub base: Micronats,
    /// The same of `file`; lower by what the group asks for, or it could not be revealed.
    pub loss: Micronats,
    /// Merkle root over the per-example pairs of losses.
    pub loss_root: Digest,
}

/// A group at its birth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Birth {
    /// File that fixes model, data and evaluation for good.
    pub manifest: Digest,
    /// First base.
    pub checkpoint: Digest,
    /// Digests of the patches that make the first training set out of an empty one.
    pub dataset: Vec<Digest>,
    /// Of its rounds.
    pub times: Times,
    /// Seconds from one vote about the training set to the next.
    pub period_s: u64,
    /// A winner is better by `base >> improve`, and by `least`, which a measure can lower.
    pub improve: u8,
    /// See `improve`.
    pub least: Micronats,
}
