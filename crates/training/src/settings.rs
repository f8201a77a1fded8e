//! How a trainer trains: a personal choice, no rule of the network.

use std::fmt;

use evaluator::{AdamW, Rule, Sgd};
use serde::{Deserialize, Serialize};

/// Most examples of a step.
pub const BATCH_MAX: u32 = 1 << 20;
/// Most steps of a run.
pub const STEPS_MAX: u32 = 1 << 24;

/// Settings of a run, `[training]` in a trainer's file; the defaults suit the group `digits` on a laptop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What computes the gradients.
    pub engine: EngineChoice,
    /// Rule that turns gradients into steps.
    pub optimizer: Optimizer,
    /// Greatest length of a step.
    pub learning_rate: f32,
    /// Pull of matrices to zero; 0 = none.
    pub weight_decay: f32,
    /// Memory of AdamW for the mean of gradients, 0 to less than 1.
    pub beta_1: f32,
    /// Memory of AdamW for the mean of their squares, 0 to less than 1.
    pub beta_2: f32,
    /// Greatest length of the gradient of all weights together.
    pub clip: Option<f32>,
    /// Examples computed at once.
    pub batch: u32,
    /// Batches of a step; a set with fewer examples is used whole.
    pub accumulate: u32,
    /// Steps in which the learning rate rises to its greatest.
    pub warmup: u32,
    /// What the learning rate does after them.
    pub decay: Decay,
    /// Share of the learning rate that a cosine ends at, 0 to 1.
    pub floor: f32,
    /// Steps of a round; none = as many as fit into it.
    pub steps: Option<u32>,
    /// Numbers that gradients are computed in; weights are always binary32.
    pub precision: Precision,
    /// Shards of a set of tokens that a run learns from, drawn by its seed; none = all of them. No other set has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shards: Option<u32>,
}

/// What computes the gradients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineChoice {
    /// `exact` on the processor, `burn` elsewhere.
    Auto,
    /// The evaluator's kernels, backward: the same bits on every processor.
    Exact,
    /// burn: every device.
    Burn,
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

/// What the learning rate does after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decay {
    /// It stays.
    Constant,
    /// Half a cosine down to `floor` at the last step.
    Cosine,
}

/// Numbers that gradients are computed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// binary32.
    F32,
    /// bfloat16, on GPUs that have it.
    Bf16,
}

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// A number outside its limits.
    #[error("{field} is {value}: give {wanted}")]
    Number {
        /// Key in the file.
        field: &'static str,
        /// What it holds.
        value: f64,
        /// What it may hold.
        wanted: String,
    },
    /// More examples in a step than allowed.
    #[error("batch times accumulate is {0}: a step takes at most {BATCH_MAX} examples")]
    Step(u64),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            engine: EngineChoice::Auto,
            optimizer: Optimizer::Sgd,
            learning_rate: 0.03,
            weight_decay: 0.0,
            beta_1: 0.9,
            beta_2: 0.999,
            clip: None,
            batch: 32,
            accumulate: 1,
            warmup: 0,
            decay: Decay::Constant,
            floor: 0.0,
            steps: None,
            precision: Precision::F32,
            shards: None,
        }
    }
}

impl Settings {
    /// How the engine `exact` makes a step.
    pub(crate) fn rule(&self, learning_rate: f32) -> Rule {
        let Self { weight_decay, clip, beta_1, beta_2, .. } = *self;
        match self.optimizer {
            Optimizer::AdamW => Rule::AdamW(AdamW { learning_rate, weight_decay, clip, beta_1, beta_2, ..AdamW::default() }),
            Optimizer::Sgd => Rule::Sgd(Sgd { learning_rate, weight_decay, clip }),
        }
    }

    /// Checks the limits before a run.
    ///
    /// # Errors
    /// The first setting outside its limits, and what it may be.
    pub fn check(&self) -> Result<(), SettingsError> {
        let positive =
            |field, value: f32, example| number(field, value, value > 0.0, format_args!("a positive number, for instance {example}"));
        let share = |field, value: f32| number(field, value, (0.0..1.0).contains(&value), format_args!("0 or more and less than 1"));
        let count = |field, value: u32, least: u32, most: u32| {
            number(field, value as f32, (least..=most).contains(&value), format_args!("{least} to {most}"))
        };
        positive("learning_rate", self.learning_rate, 0.001)?;
        number("weight_decay", self.weight_decay, self.weight_decay >= 0.0, format_args!("0 or a positive number"))?;
        share("beta_1", self.beta_1)?;
        share("beta_2", self.beta_2)?;
        self.clip.map_or(Ok(()), |clip| positive("clip", clip, 1.0))?;
        number("floor", self.floor, (0.0..=1.0).contains(&self.floor), format_args!("0 to 1"))?;
        count("batch", self.batch, 1, BATCH_MAX)?;
        count("accumulate", self.accumulate, 1, BATCH_MAX)?;
        count("warmup", self.warmup, 0, STEPS_MAX)?;
        self.steps.map_or(Ok(()), check_steps)?;
        let step = u64::from(self.batch) * u64::from(self.accumulate);
        if step > u64::from(BATCH_MAX) { Err(SettingsError::Step(step)) } else { Ok(()) }
    }
}

/// Refuses a number of steps outside its limits.
pub(crate) fn check_steps(steps: u32) -> Result<(), SettingsError> {
    number("steps", steps as f32, (1..=STEPS_MAX).contains(&steps), format_args!("1 to {STEPS_MAX}"))
}

fn number(field: &'static str, value: f32, fits: bool, wanted: fmt::Arguments<'_>) -> Result<(), SettingsError> {
    let value = f64::from(value);
    if fits && value.is_finite() { Ok(()) } else { Err(SettingsError::Number { field, value, wanted: wanted.to_string() }) }
}
