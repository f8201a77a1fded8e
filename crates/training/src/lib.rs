//! Training: the families of the evaluator as burn modules, their optimisers and the device they run on.
//!
//! Trainers may use any backend and precision: what counts in a round is measured afterwards by the canonical evaluator.

mod batches;
mod device;
mod mlp;
mod settings;
mod trainer;

pub use settings::{BATCH_MAX, Optimizer, STEPS_MAX, Settings, SettingsError};
pub use trainer::{Progress, TrainError, Trainer, train};
