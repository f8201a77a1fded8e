//! Who takes part for something else than what the rules pay for: each vice a file, named for it.
//!
//! An adversary has a node, keys and money. It wraps the honest machine of its role and changes what that asks for, or acts by
//! itself on what it hears; it can do with its [`Hands`] whatever a stranger can, and nothing more.

mod copier;
mod squatter;

use protocol::{Address, Digest, RoundNumber, chain::Phase, machine::Heard};

use crate::{
    chain::Call,
    hands::Hands,
    node::{Effect, Role},
    world::jobs::Exam,
};

/// What an adversary meets.
#[derive(Debug, Clone, Copy)]
pub enum Met<'a> {
    /// Its node is told something, as honest ones are.
    Heard(&'a Heard),
    /// Somebody's transaction waits in the pool, for everybody to see.
    Waiting { from: Address, call: &'a Call },
    /// The next block may have any of these hashes, and it is for this node to say which.
    Hashes(&'a [Digest]),
}

/// Whoever does something else than the rules foresee.
pub trait Adversary: Send {
    /// Something happens.
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        let _ = (own, met);
    }

    /// What is done in the place of an effect that the honest machine of the node asks for.
    fn instead(&mut self, own: &mut Hands<'_>, effect: Effect) -> Vec<Effect> {
        let _ = own;
        vec![effect]
    }
}

/// The vices, each the name of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vice {
    Copier,
    Squatter,
}

impl Vice {
    pub const ALL: [Self; 2] = [Self::Copier, Self::Squatter];

    /// Which honest machine it wraps; none if a stranger's.
    pub fn role(self) -> Role {
        match self {
            Self::Copier | Self::Squatter => Role::Stranger,
        }
    }

    /// Stake of its position, in thousandths of that of all honest validators.
    pub fn stake_per_mille(self) -> u64 {
        match self {
            Self::Copier | Self::Squatter => 0,
        }
    }

    /// Accounts that it has beside its first.
    pub fn aliases(self) -> usize {
        match self {
            Self::Copier | Self::Squatter => 0,
        }
    }

    pub(crate) fn adversary(self) -> Box<dyn Adversary> {
        match self {
            Self::Copier => Box::new(copier::Copier::default()),
            Self::Squatter => Box::new(squatter::Squatter::default()),
        }
    }
}

/// A moment of a round at which whoever races by himself does something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Moment {
    Train(RoundNumber),
    /// The examples are drawn.
    Reveal(Exam),
    Judge(RoundNumber),
}

/// Tells each moment of each round once.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace(Option<(RoundNumber, Phase)>);

impl Pace {
    /// The moment that has come with a block, if one has.
    pub fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) -> Option<Moment> {
        let Met::Heard(Heard::Block(_)) = met else { return None };
        let clock = own.clock()?;
        let now = (clock.round, clock.phase);
        if self.0.replace(now) == Some(now) {
            return None;
        }
        match clock.phase {
            Phase::Train => (!own.is_the_end()).then_some(Moment::Train(clock.round)),
            Phase::Reveal => own.exam(clock.round).map(Moment::Reveal),
            Phase::Judge => Some(Moment::Judge(clock.round)),
        }
    }
}
