//! Where a run stands, so that it can go on later: weights and what their rule remembers, all of it plain numbers.
//!
//! What leads there (base, data, order, settings) is not in it; a saved run holds both.

use crate::checkpoint::Checkpoint;
use crate::manifest::Manifest;

/// Weights and what their rule remembers, in the order of [`Manifest::tensors`], each row-major. A run that is resumed from one gives
/// the bits that it would have given without the pause.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Weights, not clamped.
    pub tensors: Vec<Vec<f32>>,
    /// Means of gradients.
    pub first: Vec<Vec<f32>>,
    /// Means of their squares.
    pub second: Vec<Vec<f32>>,
    /// β₁ᵗ and β₂ᵗ after t steps of AdamW.
    pub powers: (f64, f64),
}

/// Why a run cannot go on from a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Another number of tensors.
    #[error("this snapshot has {found} tensors of some kind, its manifest implies {expected}: it belongs to another group")]
    Count {
        /// Tensors given.
        found: usize,
        /// Tensors implied.
        expected: usize,
    },
    /// Another number of values.
    #[error("tensor {0} of this snapshot has another number of values than its manifest implies: it belongs to another group")]
    Shape(String),
    /// NaN, infinite, or a negative mean of squares.
    #[error("tensor {0} of this snapshot holds a value that no run can have: start again from the base")]
    Value(String),
    /// No exact backward pass.
    #[error("the family of this manifest cannot be trained exactly: train it with another engine")]
    Family,
    /// No power of a number between 0 and 1.
    #[error("this snapshot counts its steps with numbers that no run can have: start again from the base")]
    Powers,
}

impl Snapshot {
    /// Before the first step.
    pub fn new(base: &Checkpoint) -> Self {
        let tensors = base.to_tensors();
        // Made, not copied: memory that no step writes, that of frozen tensors, is none.
        let zeros = || tensors.iter().map(|values| vec![0.0; values.len()]).collect();
        let (first, second) = (zeros(), zeros());
        Self { tensors, first, second, powers: (1.0, 1.0) }
    }

    /// Whether some run of this manifest can stand here: shapes, finite values, means of squares not below 0.
    ///
    /// # Errors
    /// [`SnapshotError`] with what no run can have.
    pub fn check(&self, manifest: &Manifest) -> Result<(), SnapshotError> {
        let specs = manifest.tensors();
        for (tensors, least) in [(&self.tensors, f32::MIN), (&self.first, f32::MIN), (&self.second, 0.0)] {
            if tensors.len() != specs.len() {
                return Err(SnapshotError::Count { found: tensors.len(), expected: specs.len() });
            }
            for (spec, values) in specs.iter().zip(tensors) {
                if values.len() as u64 != spec.elements() {
                    return Err(SnapshotError::Shape(spec.name.clone()));
                }
                if !values.iter().all(|value| (least..=f32::MAX).contains(value)) {
                    return Err(SnapshotError::Value(spec.name.clone()));
                }
            }
        }
        let powers = 0.0..=1.0;
        if powers.contains(&self.powers.0) && powers.contains(&self.powers.1) { Ok(()) } else { Err(SnapshotError::Powers) }
    }
}
