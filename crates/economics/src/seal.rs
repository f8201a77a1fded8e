//! A commit: what was sealed, and what became of it.

use crate::exam::{File, Measured};

/// A commit; its number is one more than its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seal {
    /// Place of who committed.
    pub trainer: usize,
    pub file: File,
    /// Whether it claims what is not so.
    pub is_false: bool,
    pub measured: Measured,
    pub status: Status,
}

/// What became of a seal in REVEAL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Sealed,
    Revealed,
    /// As the k-th of the round.
    Conceded(u64),
}

impl Seal {
    /// An honest one, not measured yet.
    pub fn new(trainer: usize, file: File) -> Self {
        Self { trainer, file, is_false: false, measured: Measured::default(), status: Status::Sealed }
    }

    /// Whether it claims something.
    pub fn is_revealed(&self) -> bool {
        self.status == Status::Revealed
    }
}
