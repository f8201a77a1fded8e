//! Why a run gave no checkpoint.

use evaluator::{AverageError, CheckpointError, MeasureError};

use crate::device::DeviceError;
use crate::settings::SettingsError;

/// Why a run gave no checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Settings outside their limits.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// No such device here.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Examples and start do not belong together.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// The exact engine and a GPU that is not NVIDIA's.
    #[error(
        "the engine exact runs on the processor and NVIDIA's GPUs alone: set engine to \"auto\" or \"burn\", or device to \"cpu\" or \"cuda\""
    )]
    ExactElsewhere,
    /// A GPU failed in the middle of an exact run.
    #[error(transparent)]
    Gpu(#[from] cuda::Error),
    /// The engine burn in a program without it.
    #[error("this program was built without burn: set engine to \"auto\" or \"exact\", or build it with --features burn")]
    NoBurn,
    /// A family that only burn trains.
    #[error("this family has no exact training: set engine to \"auto\" or \"burn\"")]
    NotExact,
    /// bf16 on the processor, or with the engine exact.
    #[error("precision \"bf16\" needs the engine burn and a GPU that has it: set it to \"f32\"")]
    Precision,
    /// The weights became NaN or infinite.
    #[error("training diverged ({0}): lower learning_rate or set clip, and train again")]
    Diverged(CheckpointError),
    /// The device failed.
    #[error("the device did not give the weights back: train again")]
    Lost,
    /// The stop flag was set.
    #[error("training was stopped")]
    Stopped,
    /// A step beyond the plan.
    #[error("all {0} steps of the plan are done: take the checkpoint")]
    Finished(u32),
    /// A saved run that is cut or changed.
    #[error("this saved run is damaged: train again from the start")]
    Damaged,
    /// A saved run of another plan, start or training set.
    #[error("this saved run has another plan, start or training set: train again from the start")]
    OtherRun,
    /// Checkpoints without an average.
    #[error(transparent)]
    Average(#[from] AverageError),
    /// A note whose run cannot be repeated.
    #[error("this note's run cannot be repeated: {0}")]
    Note(String),
}
