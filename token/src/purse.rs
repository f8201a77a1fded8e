//! The purse that holds the sale's proceeds.

use chain::{Chain, ChainError, Contract, convert};
use protocol::ids::Address;

use crate::bindings::Purse as Abi;
use crate::errors::explain;

/// Coins that nobody can withdraw. Its balance is read with [`Chain::coin`].
#[derive(Clone)]
pub struct Purse {
    contract: Contract,
}

impl Purse {
    pub fn new(chain: &Chain, address: Address) -> Self {
        Self { contract: Contract::new(chain, address, explain) }
    }

    pub fn address(&self) -> Address {
        self.contract.address()
    }

    /// The contract whose calls it serves.
    pub async fn network(&self) -> Result<Address, ChainError> {
        Ok(convert::address(self.contract.read(&Abi::networkCall {}).await?))
    }
}
