//! Frozen tensors: those that no checkpoint of a group may change (PROTOCOL 12, Frozen tensors).
//!
//! A manifest names them by patterns, so that four kilobytes are enough for all blocks of a model but its last ones.

use crate::limits::ManifestError;
use crate::tensor::TensorSpec;

/// Ends a pattern that stands for every name with this beginning.
const REST: char = '*';

/// Whether a pattern is this name or, ending in `*`, a beginning of it.
fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix(REST).map_or(pattern == name, |beginning| name.starts_with(beginning))
}

/// Marks the tensors that some pattern stands for.
pub(crate) fn mark(tensors: &mut [TensorSpec], patterns: &[String]) {
    for tensor in tensors {
        tensor.is_frozen = patterns.iter().any(|pattern| matches(pattern, &tensor.name));
    }
}

/// Refuses patterns that do not ascend by their bytes, one that stands for no tensor, and those that leave nothing to train.
pub(crate) fn check(tensors: &[TensorSpec], patterns: &[String]) -> Result<(), ManifestError> {
    if !patterns.is_sorted_by(|left, right| left < right) {
        return Err(ManifestError::FrozenOrder);
    }
    let is_used = |pattern: &String| tensors.iter().any(|tensor| matches(pattern, &tensor.name));
    if let Some(unused) = patterns.iter().position(|pattern| !is_used(pattern)) {
        return Err(ManifestError::FrozenNothing(unused + 1));
    }
    let is_frozen = |tensor: &TensorSpec| patterns.iter().any(|pattern| matches(pattern, &tensor.name));
    if tensors.iter().all(is_frozen) { Err(ManifestError::FrozenAll) } else { Ok(()) }
}
