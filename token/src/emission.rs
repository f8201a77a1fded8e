//! The schedule of issue, as far as anybody may look at it.

use chain::convert;
use chain::{ChainError, Connection, Contract};
use protocol::ids::Address;
use protocol::money::Wei;

use crate::bindings::Emission as Abi;
use crate::errors::explain;

/// The only minter.
#[derive(Clone)]
pub struct Emission {
    contract: Contract,
}

impl Emission {
    pub fn new(chain: &Connection, address: Address) -> Self {
        Self { contract: Contract::new(chain, address, explain) }
    }

    pub fn address(&self) -> Address {
        self.contract.address()
    }

    pub async fn neuron(&self) -> Result<Address, ChainError> {
        Ok(convert::address(self.contract.read(&Abi::neuronCall {}).await?))
    }

    pub async fn sale(&self) -> Result<Address, ChainError> {
        Ok(convert::address(self.contract.read(&Abi::saleCall {}).await?))
    }

    pub async fn network(&self) -> Result<Address, ChainError> {
        Ok(convert::address(self.contract.read(&Abi::networkCall {}).await?))
    }

    /// Second at which the sale was closed, `None` before.
    pub async fn start_s(&self) -> Result<Option<u64>, ChainError> {
        let start_s = convert::number("start", self.contract.read(&Abi::startCall {}).await?)?;
        Ok((start_s != 0).then_some(start_s))
    }

    /// How often the issue has been halved.
    pub async fn era(&self) -> Result<u64, ChainError> {
        convert::number("era", self.contract.read(&Abi::eraCall {}).await?)
    }

    /// What could be issued now.
    pub async fn allowance(&self) -> Result<Wei, ChainError> {
        convert::amount("allowance", self.contract.read(&Abi::allowanceCall {}).await?)
    }
}
