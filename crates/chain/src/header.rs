//! What the project reads of a block, and no more: chains differ in the rest.

use alloy::primitives::{B256, Bloom, U64};
use alloy::rpc::types::{BlockNumberOrTag, Filter};
use protocol::chain::Block;
use serde::Deserialize;

use crate::convert;

/// The fields that nodes of every kind tell; Rootstock's tell neither base fee nor `mixHash`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Header {
    number: U64,
    pub(crate) hash: B256,
    pub(crate) parent_hash: B256,
    timestamp: U64,
    gas_limit: U64,
    base_fee_per_gas: Option<U64>,
    logs_bloom: Option<Bloom>,
}

impl Header {
    /// The parameters that ask for the header of a block: with its transactions' hashes, not all their fields.
    pub(crate) fn of(block: impl Into<BlockNumberOrTag>) -> (BlockNumberOrTag, bool) {
        (block.into(), false)
    }

    pub(crate) fn number(&self) -> u64 {
        self.number.to()
    }

    /// Gas that the block could hold.
    pub(crate) fn gas_limit(&self) -> u64 {
        self.gas_limit.to()
    }

    /// Wei per gas that is burned; `None` on chains without such a fee.
    pub(crate) fn base_fee(&self) -> Option<u128> {
        self.base_fee_per_gas.map(|fee| fee.to())
    }

    /// Whether the block may hold such logs; without a bloom filter all may.
    pub(crate) fn may_have(&self, logs: &Filter) -> bool {
        self.logs_bloom.is_none_or(|bloom| logs.matches_bloom(bloom))
    }

    pub(crate) fn block(&self) -> Block {
        Block { number: self.number(), time_s: self.timestamp.to(), hash: convert::digest(self.hash) }
    }
}
