//! The purse: what it holds and what it pays for gas.

use alloy::primitives::U256;
use chain::{ChainError, Connection, Contract, Receipt, convert};
use protocol::ids::Address;
use protocol::money::Wei;

use crate::bindings::Purse as Abi;
use crate::errors::explain;

/// No call pays more than this part of what is left.
const PARTS: u128 = 65_536;

/// The proceeds of the sale: they pay back the gas of calls that keep admitted groups going, nobody can withdraw them.
#[derive(Clone)]
pub struct Purse {
    contract: Contract,
}

impl Purse {
    pub fn new(chain: &Connection, address: Address) -> Self {
        Self { contract: Contract::new(chain, address, explain) }
    }

    pub fn address(&self) -> Address {
        self.contract.address()
    }

    /// The contract whose calls it serves.
    pub async fn network(&self) -> Result<Address, ChainError> {
        Ok(convert::address(self.contract.read(&Abi::networkCall {}).await?))
    }

    /// The most wei for a unit of gas on top of the block's base fee.
    pub async fn tip(&self) -> Result<Wei, ChainError> {
        convert::amount("tip", self.contract.read(&Abi::tipCall {}).await?)
    }

    /// Wei of the chain's coin that it holds.
    pub async fn balance(&self) -> Result<Wei, ChainError> {
        self.contract.chain().coin(self.address()).await
    }

    /// Gives it `amount` wei of the chain's coin, for good.
    pub async fn give(&self, amount: Wei) -> Result<Receipt, ChainError> {
        self.contract.chain().pay(self.address(), amount).await
    }

    /// The call with which the contract's own network draws on it; refused to everybody else.
    pub async fn pay_back(&self, to: Address, gas: u64) -> Result<Receipt, ChainError> {
        let call = Abi::payBackCall { to: convert::to_eth(to), gas: U256::from(gas) };
        self.contract.send(&call).await
    }
}

/// What a purse of `balance` pays for `gas` units of a transaction that pays `price` for one, in a block with that base fee;
/// all wei.
pub fn pay_back_for(gas: u64, price: Wei, base_fee: Wei, tip: Wei, balance: Wei) -> Wei {
    let asked = Wei(price.min(base_fee.saturating_add(tip)).0.saturating_mul(gas.into()));
    asked.min(Wei(balance.0 / PARTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_gets_its_gas_back_but_never_more_than_a_small_part_of_the_purse() {
        for (gas, price, base_fee, tip, balance, paid) in [
            (100, 99, 7, 3, u128::MAX, 1_000),
            (100, 8, 7, 3, u128::MAX, 800),
            (100, 99, 7, 3, 65_535_999, 999),
            (100, 99, 7, 3, 65_535, 0),
            (0, 99, 7, 3, u128::MAX, 0),
        ] {
            assert_eq!(pay_back_for(gas, Wei(price), Wei(base_fee), Wei(tip), Wei(balance)), Wei(paid));
        }
    }
}
