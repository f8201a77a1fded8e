//! Why a page gets no answer: sentences for a visitor.

use deltas::{ApplyError, PatchError};
use evaluator::{CheckpointError, DataError, ManifestError, MeasureError};

/// What was wrong, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A patch that cannot be read.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// A patch for another set.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The training set, a line of features or a text.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Parts of two groups.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// A question before its parts; holds the part.
    #[error("{0} is missing: load it first")]
    Missing(&'static str),
    /// Bytes that are no question; holds what they should be.
    #[error("the page asked in another form than this module reads, {0}: load the page anew")]
    Form(&'static str),
}
