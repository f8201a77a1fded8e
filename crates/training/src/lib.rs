//! Training: two engines behind one run, its plan and order of examples, notes that let anyone repeat it, and where it starts.
//!
//! Trainers may use any engine, device and precision: what counts in a round is measured afterwards by the canonical evaluator.

mod device;
mod engine;
mod error;
mod note;
mod order;
mod plan;
mod saved;
mod schedule;
mod settings;
mod strategy;
mod trainer;

pub use device::{Device, DeviceError};
pub use error::TrainError;
pub use note::{NOTE_BYTES_MAX, Note, NoteError, STARTS_MAX, replay};
pub use plan::{Plan, lesson};
pub use schedule::learning_rate;
pub use settings::{BATCH_MAX, Decay, EngineChoice, Optimizer, Precision, STEPS_MAX, Settings, SettingsError};
pub use strategy::{Loss, Merge, Solo, Start, Strategy, StrategyName};
pub use trainer::{Progress, Trainer, steps_within};
