//! Balances of NRN, and leave for contracts to take some.

use chain::convert::{self, to_eth, to_u256};
use chain::{ChainError, Connection, Contract, Receipt};
use protocol::ids::Address;
use protocol::money::Wei;

use crate::bindings::Neuron as Abi;
use crate::errors::explain;

/// The token.
#[derive(Clone)]
pub struct Neuron {
    pub(crate) contract: Contract,
}

impl Neuron {
    pub fn new(chain: &Connection, address: Address) -> Self {
        Self { contract: Contract::new(chain, address, explain) }
    }

    pub fn address(&self) -> Address {
        self.contract.address()
    }

    pub async fn balance(&self, of: Address) -> Result<Wei, ChainError> {
        let amount = self.contract.read(&Abi::balanceOfCall { account: to_eth(of) }).await?;
        convert::amount("balanceOf", amount)
    }

    /// All NRN that exist.
    pub async fn supply(&self) -> Result<Wei, ChainError> {
        convert::amount("totalSupply", self.contract.read(&Abi::totalSupplyCall {}).await?)
    }

    /// The only contract that may mint.
    pub async fn emission(&self) -> Result<Address, ChainError> {
        Ok(convert::address(self.contract.read(&Abi::emissionCall {}).await?))
    }

    pub async fn transfer(&self, to: Address, amount: Wei) -> Result<Receipt, ChainError> {
        self.contract.send(&Abi::transferCall { to: to_eth(to), value: to_u256(amount) }).await
    }

    /// What `spender` may still take from `owner`.
    pub async fn allowance(&self, owner: Address, spender: Address) -> Result<Wei, ChainError> {
        let call = Abi::allowanceCall { owner: to_eth(owner), spender: to_eth(spender) };
        Ok(convert::wei(self.contract.read(&call).await?).unwrap_or(Wei(u128::MAX)))
    }

    /// Lets `spender` take up to `amount` from the caller; replaces what it was let before.
    pub async fn approve(&self, spender: Address, amount: Wei) -> Result<Receipt, ChainError> {
        self.contract.send(&Abi::approveCall { spender: to_eth(spender), value: to_u256(amount) }).await
    }

    /// Destroys the caller's own.
    pub async fn burn(&self, amount: Wei) -> Result<Receipt, ChainError> {
        self.contract.send(&Abi::burnCall { amount: to_u256(amount) }).await
    }
}
