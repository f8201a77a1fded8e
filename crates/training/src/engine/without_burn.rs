//! Stands for the engine `burn` in a program that was built without it.

use evaluator::{Checkpoint, Compute};

use super::Engine;
use crate::device::Device;
use crate::error::TrainError;
use crate::settings::Settings;

/// Refuses: there is no such engine here.
pub(super) fn start(
    _start: &Checkpoint,
    _settings: &Settings,
    _device: Device,
    _name: String,
    _compute: Compute,
) -> Result<Box<dyn Engine>, TrainError> {
    Err(TrainError::NoBurn)
}
