//! Why something was not stored or read.

use std::io;
use std::path::{Path, PathBuf};

use super::disk;
use super::pins::PinsError;

/// Why a block was not stored or read; none of these is about what the block says.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk or the file system refused; the block is as it was.
    #[error("the block store at {path} cannot be used: {source}; check the disk and the folder's permissions")]
    Disk { path: PathBuf, source: io::Error },
    /// The disk has no room, and nothing that could fall was in the store.
    #[error(
        "the disk of {path} is full, and nothing in the block store may fall: make room on the disk, or unpin files (`neuron ipfs status`, \
         `neuron ipfs unpin`)"
    )]
    NoSpace { path: PathBuf },
    /// The limit of the configuration is reached by what must stay.
    #[error(
        "the block store holds {held_bytes} of {limit_bytes} bytes, {needed_bytes} more are needed, and what is left is pinned or being \
         fetched: raise `store_bytes` in [node], or unpin files (`neuron ipfs status`, `neuron ipfs unpin`)"
    )]
    Full { held_bytes: u64, limit_bytes: u64, needed_bytes: u64 },
    /// The list of pins.
    #[error(transparent)]
    Pins(#[from] PinsError),
    /// What was to be added could not be read.
    #[error("what was to be added cannot be read: {0}; check the file")]
    Source(io::Error),
    /// What was to be written outside of the store could not be.
    #[error("{path} cannot be written: {source}; choose another place, or make room there")]
    Target { path: PathBuf, source: io::Error },
}

impl StoreError {
    /// For what the system said about something in the store.
    pub(crate) fn disk(path: &Path, source: io::Error) -> Self {
        match disk::is_full(&source) {
            true => Self::NoSpace { path: path.into() },
            false => Self::Disk { path: path.into(), source },
        }
    }

    /// Whether only room is missing: it says nothing about a file, and passes when there is some.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::NoSpace { .. } | Self::Full { .. })
    }
}
