//! The average of checkpoints: what several trainers have learned in one.
//!
//! A start for a round (`strategy = "merge"`), not a rule: what it is worth the exam tells.

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::values::Values;

/// Values of a tensor that are summed at a time.
const PART: usize = 1024;

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
/// everywhere; of a manifest with `"dtype":"bf16"` then to the nearest that a file can hold. Memory for the values of one checkpoint,
/// four bytes each, beside those given.
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
    let all: Vec<Vec<Values<'_>>> = checkpoints.iter().map(|checkpoint| checkpoint.values()).collect();
    let tensors = (0..first.manifest().tensors().len()).map(|tensor| {
        let of_each: Vec<Values<'_>> = all.iter().filter_map(|values| values.get(tensor).copied()).collect();
        mean(&of_each)
    });
    Ok(Checkpoint::from_tensors(first.manifest(), tensors.collect())?)
}

/// Mean of each place of tensors of one length, some places at a time.
fn mean(tensors: &[Values<'_>]) -> Vec<f32> {
    let (count, len) = (tensors.len() as f64, tensors.first().map_or(0, |values| values.len()));
    let mut means = vec![0.0; len];
    let (mut sums, mut part) = ([0.0_f64; PART], [0.0_f32; PART]);
    for (index, means) in means.chunks_mut(PART).enumerate() {
        // From −0, which changes no value: the average of one checkpoint is that checkpoint.
        let (sums, part) = (&mut sums[..means.len()], &mut part[..means.len()]);
        sums.fill(-0.0);
        for values in tensors {
            values.widen(index * PART, part);
            sums.iter_mut().zip(&*part).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        means.iter_mut().zip(&*sums).for_each(|(mean, sum)| *mean = (*sum / count) as f32);
    }
    means
}
