//! How a trainer trains: a personal choice, no rule of the network.

use serde::{Deserialize, Serialize};

/// Most examples of a batch.
pub const BATCH_MAX: u32 = 1 << 20;
/// Most steps of a run.
pub const STEPS_MAX: u32 = 1 << 24;

/// Settings of one run; the defaults suit the group `digits` on a laptop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Rule that turns gradients into steps.
    pub optimizer: Optimizer,
    /// Length of a step.
    pub learning_rate: f64,
    /// Pull of the weights to zero; 0 = none.
    pub weight_decay: f32,
    /// Examples per step; a smaller training set is used whole.
    pub batch: u32,
    /// Steps of a round.
    pub steps: u32,
}

/// Rules that turn gradients into steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019).
    AdamW,
    /// Plain stochastic gradient descent.
    Sgd,
}

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// Not a positive, finite number.
    #[error("learning_rate is {0}: give a positive number, for instance 0.001")]
    LearningRate(f64),
    /// Negative or not finite.
    #[error("weight_decay is {0}: give 0 or a positive number")]
    WeightDecay(f32),
    /// Outside its limits.
    #[error("batch is {0}: give 1 to {BATCH_MAX}")]
    Batch(u32),
    /// Outside its limits.
    #[error("steps is {0}: give 1 to {STEPS_MAX}")]
    Steps(u32),
}

impl Default for Settings {
    fn default() -> Self {
        Self { optimizer: Optimizer::Sgd, learning_rate: 0.03, weight_decay: 0.0, batch: 32, steps: 400 }
    }
}

impl Settings {
    /// Checks the limits before a run.
    pub fn check(&self) -> Result<(), SettingsError> {
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return Err(SettingsError::LearningRate(self.learning_rate));
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            return Err(SettingsError::WeightDecay(self.weight_decay));
        }
        if !(1..=BATCH_MAX).contains(&self.batch) {
            return Err(SettingsError::Batch(self.batch));
        }
        if !(1..=STEPS_MAX).contains(&self.steps) {
            return Err(SettingsError::Steps(self.steps));
        }
        Ok(())
    }
}
