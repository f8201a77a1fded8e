//! The programs that a settings file can be of.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Program {
    /// Races in rounds: trainer-node.
    Trainer,
    /// Rechecks what trainers claim: validator-node.
    Validator,
    /// Serves groups without stake or race: neuron serve.
    Seed,
}

impl Program {
    /// One word, as on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Trainer => "trainer",
            Self::Validator => "validator",
            Self::Seed => "seed",
        }
    }

    /// The executable.
    pub fn file(self) -> &'static str {
        match self {
            Self::Trainer => "trainer-node",
            Self::Validator => "validator-node",
            Self::Seed => "neuron",
        }
    }
}
