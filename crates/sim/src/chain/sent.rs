//! Transactions of a block as any other client of a chain takes them, to compare what becomes of them.

use ::chain::convert::to_eth;
use alloy::primitives::{Address, Bytes, U256};

use super::Mined;
use super::engine::PROPOSER;

/// One transaction and what became of it.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Name of what was called, like `commit`.
    pub what: &'static str,
    pub from: Address,
    /// None for a new contract.
    pub to: Option<Address>,
    pub data: Bytes,
    /// Wei of the chain's coin that go along.
    pub value: U256,
    pub nonce: u64,
    /// Units of gas that it may use.
    pub gas: u64,
    /// Wei for a unit of gas at most, the tip included.
    pub fee: u128,
    pub tip: u128,
    pub gas_used: u64,
    /// Whether no contract refused it.
    pub is_done: bool,
}

impl Mined {
    /// What was sent, in the order of the block; nothing once the block is too old to be taken back.
    pub fn sent(&self) -> impl Iterator<Item = Sent> + '_ {
        self.transactions.iter().zip(&self.receipts).map(|(transaction, receipt)| Sent {
            what: transaction.payload.what,
            from: to_eth(transaction.from),
            to: transaction.payload.to.map(to_eth),
            data: transaction.payload.data.clone(),
            value: U256::from(transaction.payload.value.0),
            nonce: transaction.nonce,
            gas: transaction.offer.gas,
            fee: transaction.offer.fee.0,
            tip: transaction.offer.tip.0.min(transaction.offer.fee.0),
            gas_used: receipt.gas_used,
            is_done: receipt.result.is_ok(),
        })
    }

    /// Who got the tips of every block.
    pub fn proposer() -> Address {
        to_eth(PROPOSER)
    }
}
