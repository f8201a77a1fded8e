//! What goes in: logs, and whose they are.

use protocol::ids::{Address, Digest};
use serde::{Deserialize, Serialize};

/// A log of a block that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The contract that wrote it.
    pub address: Address,
    pub topics: Vec<Digest>,
    pub data: Vec<u8>,
    /// Number of its block.
    pub block: u64,
    /// Timestamp of its block, seconds since 1970.
    pub time_s: u64,
}

/// The contracts of one network. Others may write the same events: only logs of these count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contracts {
    pub neuron: Address,
    pub emission: Address,
    pub sale: Address,
    pub purse: Address,
    pub network: Address,
}

/// Why a log cannot follow those before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the log of block {block} {what}: start again and feed every log of the contracts once, in the chain's order")]
pub struct ViewsError {
    /// Block of the log that did not fit.
    pub block: u64,
    pub what: &'static str,
}

/// When something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Moment {
    pub block: u64,
    /// Seconds since 1970.
    pub time_s: u64,
}

/// What is wrong with a log, while its block is not at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Misfit(pub &'static str);

pub(crate) type Fit<T = ()> = Result<T, Misfit>;
