//! The evaluator's own functions on a device, many values at a time: for comparing machines.

use crate::arguments::{Function, Powers};
use crate::device::Device;
use crate::error::Error;
use crate::memory::{Queue, Tiles};

/// A function of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// [`evaluator::exp`].
    Exp,
    /// [`evaluator::log`].
    Log,
    /// [`evaluator::erf`].
    Erf,
    /// The first of [`evaluator::sine_and_cosine`].
    Sine,
    /// The second of it.
    Cosine,
}

/// The function of each value.
///
/// # Errors
/// When the device has no room for them, or fails.
pub fn map(device: &dyn Device, of: Of, values: &[f32]) -> Result<Vec<f32>, Error> {
    let (queue, count) = (Queue::new(device, Tiles::Chosen), values.len() as u64);
    let (inputs, outputs) = (queue.allocate(count)?, queue.allocate(count)?);
    queue.upload_values(inputs.span(), values)?;
    queue.function(Function { inputs: inputs.span(), outputs: outputs.span(), count, which: of as u64 })?;
    queue.download(outputs.span().part(0, count))
}

/// [`evaluator::power`] of each base and exponent, as many as there are of both.
///
/// # Errors
/// When the device has no room for them, or fails.
pub fn powers(device: &dyn Device, bases: &[u32], exponents: &[f32]) -> Result<Vec<f32>, Error> {
    let (queue, count) = (Queue::new(device, Tiles::Chosen), bases.len().min(exponents.len()) as u64);
    let [from, to, outputs] = [queue.allocate(count)?, queue.allocate(count)?, queue.allocate(count)?];
    queue.upload(from.span(), bases.iter().take(count as usize).copied())?;
    queue.upload_values(to.span(), exponents.iter().take(count as usize))?;
    queue.powers(Powers { bases: from.span(), exponents: to.span(), outputs: outputs.span(), count })?;
    queue.download(outputs.span().part(0, count))
}
