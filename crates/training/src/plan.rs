//! What, with start and examples, determines every bit of an exact run.

use evaluator::Examples;
use serde::{Deserialize, Serialize};

use crate::settings::{Settings, SettingsError, check_steps};

/// The recipe of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// How to train; its own number of steps does not count here.
    pub settings: Settings,
    /// Orders the examples.
    pub seed: u64,
    /// Most steps; the learning rate is planned for so many.
    pub steps: u32,
}

/// What a run learns from: the whole set, or as many shards of it as the settings say, drawn by the seed of the run. Shards that are held
/// are held by both.
pub fn lesson(examples: &Examples, settings: &Settings, seed: u64) -> Option<Examples> {
    let count = settings.shards.filter(|count| (*count as usize) < examples.shards().len())?;
    let mut start = [0; 32];
    start[..8].copy_from_slice(&seed.to_be_bytes());
    Some(examples.part(start, count))
}

impl Plan {
    /// Checks the limits before a run.
    ///
    /// # Errors
    /// The first number outside its limits, and what it may be.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.settings.check()?;
        check_steps(self.steps)
    }
}
