//! The states of a round, and what leads from one to another.

use super::View;
use super::io::{Failed, Measured, Transaction};
use crate::chain::RevealedClaim;
use crate::ids::{Address, Digest, GroupId};
use crate::money::{Micronats, Wei};

/// Checkpoint and head that training starts from.
pub(super) type Base = (Digest, Digest);
/// A file of one's own, and its salt.
pub(super) type Own = (Digest, Digest);

/// Where a round stands. A state holds what only it needs; what is known of the round in any state stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing is trained.
    Idle,
    Training(Base),
    /// The file is stored.
    Trained(Base, Own),
    /// Its salt is being written to disk.
    Remembering(Base, Own),
    /// To be committed; the base is not known if a restart lies between.
    Remembered(Option<Base>, Own),
    /// The commit is asked for; no other file takes its place.
    Committing(Option<Base>, Own),
    /// Nothing good came out of that base.
    GivenUp(Base),
    /// The seal stands on chain, and its file is to be measured.
    Sealed(Own),
    Measuring(Own),
    /// It improves enough, and is to be revealed; so many reveals were refused.
    Worthy(Own, Measured, u32),
    /// It does not, and is to be conceded.
    Useless(Own),
    /// A seal of a file that is not known here stands on chain: nobody can open it.
    Lost,
    Revealed,
    Conceded,
    Over,
}

/// What a round is told.
pub(super) enum Told<'a> {
    /// Everything else is known: what is to be done?
    Now(&'a View<'a>),
    /// Nothing new is begun.
    Finish,
    /// The chain: a seal and its claim or concession, all one's own.
    Committed(Digest, Address, GroupId),
    Revealed(RevealedClaim),
    Conceded,
    /// Answers.
    Trained {
        attempt: u32,
        own: Own,
        base: Micronats,
        loss: Micronats,
        is_enough: bool,
    },
    TrainFailed {
        attempt: u32,
        reason: String,
    },
    Remembered(Result<(), String>),
    Measured {
        result: Result<Measured, String>,
        is_enough: bool,
        now_s: u64,
    },
    Sent {
        what: Transaction,
        result: Result<(), Failed>,
        now_s: u64,
    },
}

/// The part of the chain's time that matters to a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing is to be done: it is too early, or nobody wants to race.
    Aside,
    /// The round before is judged; the round will probably start from this.
    Ahead(Base),
    Train(Base),
    Reveal,
    Judge,
    After,
}

/// What is fixed with the first commit of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opened {
    /// What all claims of the round are measured against.
    pub base: Base,
    /// R of the round, wei.
    pub reward: Wei,
    /// What each commit pays, wei.
    pub deposit: Wei,
}

impl State {
    /// Whether a seal stands on chain.
    pub fn is_committed(self) -> bool {
        use State as S;
        matches!(self, S::Sealed(_) | S::Measuring(_) | S::Worthy(..) | S::Useless(_) | S::Lost | S::Revealed | S::Conceded)
    }
}
