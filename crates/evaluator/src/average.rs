//! The average of checkpoints: what several trainers have learned in one.
//!
//! A start for a round (`strategy = "merge"`), not a rule: what it is worth the exam tells.

use crate::checkpoint::{Checkpoint, CheckpointError};

/// Why there is no average.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AverageError {
    /// Not one checkpoint.
    #[error("there is no average of nothing: give at least one checkpoint")]
    Nothing,
    /// Checkpoints of several manifests.
    #[error("these checkpoints belong to several manifests: average those of one group")]
    OtherManifest,
    /// The average is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Mean of each value, summed in binary64 in the order given, divided by their number and rounded once to binary32: the same bits
/// everywhere. Memory for one checkpoint beside those given.
///
/// ```
/// use evaluator::{Checkpoint, Manifest, average};
///
/// let manifest = Manifest::from_bytes(
///     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
/// )?;
/// let flat = |value: f32| Checkpoint::from_tensors(&manifest, vec![vec![value; 6], vec![value; 3]]);
/// let mean = average(&[&flat(1.0)?, &flat(2.0)?])?;
/// assert_eq!(mean, flat(1.5)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When there is no checkpoint, or they are not all of one manifest.
pub fn average(checkpoints: &[&Checkpoint]) -> Result<Checkpoint, AverageError> {
    let [first, others @ ..] = checkpoints else { return Err(AverageError::Nothing) };
    if others.iter().any(|other| other.manifest() != first.manifest()) {
        return Err(AverageError::OtherManifest);
    }
    let count = checkpoints.len() as f64;
    let mean = |tensor: usize, place: usize| {
        let values = checkpoints.iter().map(|checkpoint| f64::from(checkpoint.tensors()[tensor][place]));
        // From −0, which changes no value: the average of one checkpoint is that checkpoint.
        (values.fold(-0.0, |sum, value| sum + value) / count) as f32
    };
    let lengths = first.tensors().iter().map(Vec::len).enumerate();
    let tensors = lengths.map(|(tensor, length)| (0..length).map(|place| mean(tensor, place)).collect());
    Ok(Checkpoint::from_tensors(first.manifest(), tensors.collect())?)
}
