//! What somebody may do instead of what the rules pay for: a name, and what it takes. Those who do it are adversaries.

use crate::node::Role;

/// Of each vice: the role whose machine it wraps, its stake in thousandths of that of all honest validators, and how
/// many accounts it has beside its first.
macro_rules! vices {
    ($($vice:ident $role:ident $stake:literal $aliases:literal;)*) => {
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
        }
    };
}

vices! {
    Censor Stranger 0 0;
    Copier Stranger 0 0;
    DesignedToLose Stranger 0 8;
    Displacer Stranger 0 16;
    DripFeeder Stranger 0 0;
    DustStaker Stranger 0 3;
    EarlyTenth Validator 600 0;
    Eclipser Stranger 0 0;
    Equivocator Validator 100 0;
    ExamShopper Stranger 0 7;
    Exploded Trainer 0 0;
    Flooder Stranger 0 0;
    Greedy Validator 600 0;
    Hoarder Stranger 0 0;
    LastSecond Validator 600 0;
    Lazy Validator 100 0;
    LyingRpc Stranger 0 0;
    Memoriser Stranger 0 0;
    Monster Stranger 0 0;
    NoiseVoters Validator 1300 0;
    Oversized Trainer 0 0;
    Poisoner Validator 80 0;
    Sequencer Stranger 0 0;
    ServerToSome Trainer 0 0;
    Shader Trainer 0 0;
    Silent Validator 600 0;
    Spiteful Validator 600 0;
    Squatter Stranger 0 0;
    Withholder Trainer 0 0;
    ZeroPadding Stranger 0 2;
}
