//! Files that nobody trained: the bytes of a checkpoint, changed.

use evaluator::{Checkpoint, Manifest, split_values};

/// Bytes before the header of a file: its length.
const LENGTH_BYTES: usize = 8;
/// Bytes of a value.
const VALUE_BYTES: usize = 4;
/// Zeros behind a file that is padded.
const PADDING: usize = 64;
/// How many times as long a larger file is.
const TIMES: usize = 64;

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    /// Zeros behind its values.
    Padded,
    /// The same values behind a header whose spaces stand elsewhere.
    Spaced,
    /// One value is no number.
    NotFinite,
    /// One value is as great as a number can be.
    TooGreat,
    /// All values are as great as they may be: a checkpoint, and a bad one.
    Huge,
    /// As if of a model that is many times as large.
    Larger,
}

impl Forgery {
    /// Whether the file has another length than every checkpoint of its group.
    pub fn has_another_length(self) -> bool {
        matches!(self, Self::Padded | Self::Larger)
    }

    /// The bytes that come of those of a checkpoint.
    pub(crate) fn of(self, manifest: &Manifest, mut bytes: Vec<u8>) -> Vec<u8> {
        let length = bytes.len();
        let values = length.saturating_sub(manifest.parameters() as usize * VALUE_BYTES);
        let mut last = |value: f32| bytes[length - VALUE_BYTES..].copy_from_slice(&value.to_le_bytes());
        match self {
            Self::NotFinite => last(f32::NAN),
            Self::TooGreat => last(f32::MAX),
            Self::Padded => bytes.resize(length + PADDING, 0),
            Self::Larger => bytes.resize(length * TIMES, 0),
            Self::Spaced => bytes[LENGTH_BYTES..values].rotate_right(1),
            Self::Huge => return huge(manifest, &bytes[values..]).unwrap_or(bytes),
        }
        bytes
    }
}

fn huge(manifest: &Manifest, values: &[u8]) -> Option<Vec<u8>> {
    let mut tensors = split_values(manifest, values);
    tensors.iter_mut().flatten().for_each(|value| *value = manifest.weight_max().copysign(*value));
    Some(Checkpoint::from_tensors(manifest, tensors).ok()?.to_bytes())
}
