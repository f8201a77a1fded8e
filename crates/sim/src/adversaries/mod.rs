//! Who takes part for something else than what the rules pay for: each vice a file, named for it.
//!
//! An adversary has a node, keys and money. It wraps the honest machine of its role and changes what that asks for, or acts by
//! itself on what it hears; it can do with its [`Hands`] whatever a stranger can, and nothing more.

mod copier;
mod designed_to_lose;
mod displacer;
mod drip_feeder;
mod dust_staker;
mod early_tenth;
mod eclipser;
mod equivocator;
mod exam_shopper;
mod exploded;
mod flooder;
mod greedy;
mod hoarder;
mod last_second;
mod lazy;
mod lying_rpc;
mod noise_voters;
mod oversized;
mod poisoner;
mod sequencer;
mod server_to_some;
mod shader;
mod silent;
mod spiteful;
mod squatter;
mod withholder;

use protocol::{Address, Digest, machine::Heard};

use crate::{
    chain::Call,
    hands::Hands,
    node::{Effect, Role},
};

/// What an adversary meets.
#[derive(Debug, Clone, Copy)]
pub enum Met<'a> {
    /// Its node is told something, as honest ones are.
    Heard(&'a Heard),
    /// Somebody's transaction waits in the pool, for everybody to see.
    Waiting { from: Address, call: &'a Call },
    /// The next block, of that second, may have any of these hashes; [`Hands::choose`] says which.
    Hashes { time_s: u64, hashes: &'a [Digest] },
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

/// Of each vice: its file, the role whose machine it wraps, its stake in thousandths of that of all honest validators, and how
/// many accounts it has beside its first.
macro_rules! vices {
    ($($vice:ident $file:ident $role:ident $stake:literal $aliases:literal;)*) => {
        /// The vices, each the name of a file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Vice { $($vice,)* }

        impl Vice {
            pub const ALL: &'static [Self] = &[$(Self::$vice,)*];

            /// Which honest machine it wraps; none if a stranger's.
            pub fn role(self) -> Role {
                match self { $(Self::$vice => Role::$role,)* }
            }

            /// Stake of its position, in thousandths of that of all honest validators.
            pub fn stake_per_mille(self) -> u64 {
                match self { $(Self::$vice => $stake,)* }
            }

            /// Accounts that it has beside its first.
            pub fn aliases(self) -> usize {
                match self { $(Self::$vice => $aliases,)* }
            }

            pub(crate) fn adversary(self) -> Box<dyn Adversary> {
                match self { $(Self::$vice => Box::new($file::$vice::default()),)* }
            }
        }
    };
}

vices! {
    Copier copier Stranger 0 0;
    DesignedToLose designed_to_lose Stranger 0 8;
    Displacer displacer Stranger 0 16;
    DripFeeder drip_feeder Stranger 0 0;
    DustStaker dust_staker Stranger 0 3;
    EarlyTenth early_tenth Validator 600 0;
    Eclipser eclipser Stranger 0 0;
    Equivocator equivocator Validator 100 0;
    ExamShopper exam_shopper Stranger 0 7;
    Exploded exploded Trainer 0 0;
    Flooder flooder Stranger 0 0;
    Greedy greedy Validator 600 0;
    Hoarder hoarder Stranger 0 0;
    LastSecond last_second Validator 600 0;
    Lazy lazy Validator 100 0;
    LyingRpc lying_rpc Stranger 0 0;
    NoiseVoters noise_voters Validator 1300 0;
    Oversized oversized Trainer 0 0;
    Poisoner poisoner Validator 80 0;
    Sequencer sequencer Stranger 0 0;
    ServerToSome server_to_some Trainer 0 0;
    Shader shader Trainer 0 0;
    Silent silent Validator 600 0;
    Spiteful spiteful Validator 600 0;
    Squatter squatter Stranger 0 0;
    Withholder withholder Trainer 0 0;
}
