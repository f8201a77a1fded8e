//! The sale: what it costs, how far it is, buying, closing, claiming, taking back.

use chain::convert::{self, to_eth};
use chain::{ChainError, Connection, Contract, Receipt};
use protocol::ids::Address;
use protocol::money::Wei;
use serde::{Deserialize, Serialize};

use crate::bindings::Sale as Abi;
use crate::errors::explain;

/// What was fixed at deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaleTerms {
    /// Wei of the chain's coin for one whole NRN.
    pub price: Wei,
    /// First second at which nothing is sold any more.
    pub deadline_s: u64,
    /// Wei of NRN below which everybody is paid back.
    pub minimum: Wei,
}

/// A sale at a fixed price.
#[derive(Clone)]
pub struct Sale {
    contract: Contract,
}

impl Sale {
    pub fn new(chain: &Connection, address: Address) -> Self {
        Self { contract: Contract::new(chain, address, explain) }
    }

    pub fn address(&self) -> Address {
        self.contract.address()
    }

    pub async fn neuron(&self) -> Result<Address, ChainError> {
        Ok(convert::address(self.contract.read(&Abi::neuronCall {}).await?))
    }

    pub async fn emission(&self) -> Result<Address, ChainError> {
        Ok(convert::address(self.contract.read(&Abi::emissionCall {}).await?))
    }

    pub async fn purse(&self) -> Result<Address, ChainError> {
        Ok(convert::address(self.contract.read(&Abi::purseCall {}).await?))
    }

    pub async fn terms(&self) -> Result<SaleTerms, ChainError> {
        let price = convert::amount("price", self.contract.read(&Abi::priceCall {}).await?)?;
        let deadline_s = convert::number("deadline", self.contract.read(&Abi::deadlineCall {}).await?)?;
        let minimum = convert::amount("minimum", self.contract.read(&Abi::minimumCall {}).await?)?;
        Ok(SaleTerms { price, deadline_s, minimum })
    }

    /// Wei of NRN sold so far.
    pub async fn sold(&self) -> Result<Wei, ChainError> {
        convert::amount("sold", self.contract.read(&Abi::soldCall {}).await?)
    }

    pub async fn closed(&self) -> Result<bool, ChainError> {
        self.contract.read(&Abi::closedCall {}).await
    }

    /// Wei of NRN that `buyer` has bought and not claimed.
    pub async fn bought(&self, buyer: Address) -> Result<Wei, ChainError> {
        convert::amount("bought", self.contract.read(&Abi::boughtCall { buyer: to_eth(buyer) }).await?)
    }

    /// Wei of the chain's coin that `buyer` has paid and not got back.
    pub async fn paid(&self, buyer: Address) -> Result<Wei, ChainError> {
        convert::amount("paid", self.contract.read(&Abi::paidCall { buyer: to_eth(buyer) }).await?)
    }

    /// Pays `coin` wei of the chain's coin.
    pub async fn buy(&self, coin: Wei) -> Result<Receipt, ChainError> {
        self.contract.send_with(&Abi::buyCall {}, coin).await
    }

    /// After the deadline, by anybody: mints what was sold and starts the schedule.
    pub async fn close(&self) -> Result<Receipt, ChainError> {
        self.contract.send(&Abi::closeCall {}).await
    }

    /// After the close: delivers the caller's NRN.
    pub async fn claim(&self) -> Result<Receipt, ChainError> {
        self.contract.send(&Abi::claimCall {}).await
    }

    /// After a sale that missed its minimum, or that nobody closed for 30 days: the caller's coins back.
    pub async fn refund(&self) -> Result<Receipt, ChainError> {
        self.contract.send(&Abi::refundCall {}).await
    }
}

/// Wei of NRN for `coin` wei at `price` wei a piece; `None` at a price of 0.
pub fn amount_for(coin: Wei, price: Wei) -> Option<Wei> {
    (price.0 != 0).then(|| coin.mul_div(WEI_PER_NRN, price.0))
}

/// Wei of the chain's coin that buy at least `amount` wei of NRN at `price`.
pub fn cost_of(amount: Wei, price: Wei) -> Wei {
    let floor = amount.mul_div(price.0, WEI_PER_NRN);
    match amount_for(floor, price) {
        Some(bought) if bought < amount => floor.saturating_add(Wei(1)),
        _ => floor,
    }
}

/// 10^18.
const WEI_PER_NRN: u128 = 1_000_000_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cost_buys_is_no_less_than_was_wanted_and_a_wei_less_is_not_enough() {
        let nrn = WEI_PER_NRN;
        for (amount, price) in [(nrn, 1), (nrn, 7), (1, 1), (1, nrn), (3 * nrn + 1, 1_000_003), (5, 3 * nrn), (nrn / 3, 10)] {
            let (amount, price) = (Wei(amount), Wei(price));
            let cost = cost_of(amount, price);
            assert!(amount_for(cost, price) >= Some(amount), "{amount} at {price}");
            assert!(amount_for(Wei(cost.0 - 1), price) < Some(amount), "{amount} at {price}");
        }
        assert_eq!(amount_for(Wei(1), Wei(0)), None);
    }
}
