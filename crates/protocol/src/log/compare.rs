//! How two logs find out in which messages they differ: ranges of ids are compared by fingerprints, and split where they differ.
//!
//! One side asks ([`Comparison`]), the other answers ([`Ids::answer`](super::ids::Ids::answer) behind [`Log::answer`](super::Log::answer))
//! and remembers nothing.

use crate::ids::Digest;

/// Ranges in one question or answer at most.
pub const MAX_RANGES: usize = 1024;
/// Ids in one answer at most.
pub const MAX_LISTED: usize = 8192;
/// Bytes of a question or an answer at most.
pub const MAX_RANGES_BYTES: usize = 512 * 1024;
/// Questions of one comparison at most: as many as two logs of millions need that have nothing in common.
pub const MAX_QUESTIONS: usize = 4096;

/// Why a partner's answer cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// Bytes that no log writes.
    #[error("the ranges of a log are malformed: ignore their sender")]
    Form,
    /// It does not answer what was asked, or not more closely.
    #[error("an answer about a log leads no further: leave that peer alone for a while")]
    NoProgress,
    /// [`MAX_QUESTIONS`] were asked.
    #[error("comparing a log does not come to an end: leave that peer alone for a while")]
    Endless,
}

/// A set of ids in short: equal summaries mean equal sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Summary {
    /// First 16 bytes of sha256(sum of the ids mod 2^256 ‖ u64be(count)).
    pub fingerprint: [u8; 16],
    /// How many ids.
    pub count: u64,
}

/// What one side says about ranges of ids, ascending and side by side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranges {
    pub(crate) start: Digest,
    pub(crate) ranges: Vec<Range>,
}

/// A range that ends before `until`, or reaches to the end of all ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    pub until: Option<Digest>,
    pub said: Said,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// Equal, or of no interest.
    Skip,
    /// These are in it, in short.
    Short([u8; 16]),
    /// Which ones have you?
    List,
    /// All that are in it, ascending.
    Ids(Vec<Digest>),
}

/// In what two logs differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Messages that are here and not there.
    pub here: Vec<Digest>,
    /// Messages that are there and not here.
    pub there: Vec<Digest>,
}

/// The asking side of one comparison with one partner: [`Comparison::question`], the partner's answer, [`Comparison::hear`], and so on
/// until there is no question left. Messages may come and go in between.
#[derive(Debug, Clone)]
pub struct Comparison {}

impl Ranges {
    /// Version 1; golden: `tests/golden/log-ranges-1.hex`.
    pub fn to_bytes(&self) -> Vec<u8> {
        unimplemented!()
    }

    /// Reads what a peer sent.
    ///
    /// # Errors
    /// [`CompareError::Form`] for anything that [`Ranges::to_bytes`] does not write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CompareError> {
        unimplemented!()
    }
}
