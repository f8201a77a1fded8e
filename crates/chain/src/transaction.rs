//! What is sent, and what comes of it.

use alloy::primitives::Bytes;
use alloy::rpc::types::Log;
use protocol::ids::{Address, Digest};
use protocol::money::Wei;

use crate::revert::Explain;

/// Something to send: a call, a payment, or with `to` empty a new contract.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Name in errors and logs, like `commit`.
    pub what: &'static str,
    pub to: Option<Address>,
    pub data: Bytes,
    /// Wei of the chain's coin that go along.
    pub value: Wei,
    /// Meaning of the refusals.
    pub explain: Explain,
}

/// A transaction that was mined and did not fail.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub hash: Digest,
    /// Number of the block that holds it; one that is not deep yet may still be dropped, and is then sent again.
    pub block: u64,
    pub gas_used: u64,
    /// The contract that it created.
    pub contract: Option<Address>,
    pub logs: Vec<Log>,
}
