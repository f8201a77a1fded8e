//! Birth of a network: five contracts wired to one another, and the check that they are.

use alloy::primitives::U256;
use alloy::sol_types::SolConstructor;
use chain::convert::{self, to_eth, to_u256};
use chain::{Chain, ChainError};
use protocol::ids::Address;
use protocol::money::Wei;
use serde::{Deserialize, Serialize};
use token::{Emission, Neuron, Purse, Sale, SaleTerms, Stake};

use crate::bindings::Network as Abi;
use crate::errors::{GovernanceError, explain};

/// What is fixed for good at deployment; times in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    pub sale: SaleTerms,
    pub epoch_s: u64,
    pub exit_s: u64,
    pub maturity_s: u64,
    pub min_deposit: Wei,
}

/// Where the five contracts of a network stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    pub neuron: Address,
    pub emission: Address,
    pub sale: Address,
    pub purse: Address,
    pub network: Address,
}

impl Addresses {
    /// The addresses that five deployments in this order give to `deployer`, whose next nonce is `nonce`.
    pub fn foretell(deployer: Address, nonce: u64) -> Self {
        let at = |step: u64| convert::address(to_eth(deployer).create(nonce.saturating_add(step)));
        Self { neuron: at(0), emission: at(1), sale: at(2), purse: at(3), network: at(4) }
    }

    /// Reads them from the contracts, starting at `network`, and checks that all point at one another.
    pub async fn discover(chain: &Chain, network: Address) -> Result<Self, GovernanceError> {
        let stake = Stake::new(chain, network);
        let read = async {
            let (neuron, emission, purse) = (stake.neuron().await?, stake.emission().await?, stake.purse().await?);
            let sale = Emission::new(chain, emission).sale().await?;
            Ok(Self { neuron, emission, sale, purse, network })
        };
        let addresses = read.await.map_err(|error| unlike(network, error))?;
        addresses.verify(chain).await?;
        Ok(addresses)
    }

    /// Checks that the contracts at these addresses point at one another.
    pub async fn verify(&self, chain: &Chain) -> Result<(), GovernanceError> {
        match self.odd_wire(chain).await.map_err(|error| unlike(self.network, error))? {
            None => Ok(()),
            Some(odd) => Err(not_network(self.network, odd)),
        }
    }

    /// The first address that a contract was wired to and that is not among these.
    async fn odd_wire(&self, chain: &Chain) -> Result<Option<String>, ChainError> {
        let (neuron, emission) = (Neuron::new(chain, self.neuron), Emission::new(chain, self.emission));
        let (sale, purse) = (Sale::new(chain, self.sale), Purse::new(chain, self.purse));
        let stake = Stake::new(chain, self.network);
        let wires = [
            ("network.neuron", stake.neuron().await?, self.neuron),
            ("network.emission", stake.emission().await?, self.emission),
            ("network.purse", stake.purse().await?, self.purse),
            ("emission.sale", emission.sale().await?, self.sale),
            ("neuron.emission", neuron.emission().await?, self.emission),
            ("emission.neuron", emission.neuron().await?, self.neuron),
            ("emission.network", emission.network().await?, self.network),
            ("sale.neuron", sale.neuron().await?, self.neuron),
            ("sale.emission", sale.emission().await?, self.emission),
            ("sale.purse", sale.purse().await?, self.purse),
            ("purse.network", purse.network().await?, self.network),
        ];
        let odd = wires.into_iter().find(|(_, found, expected)| found != expected);
        Ok(odd.map(|(wire, found, expected)| format!("{wire} is {found}, not {expected}")))
    }
}

/// Deploys all five from the connection's account, which must send nothing else meanwhile.
pub async fn deploy(chain: &Chain, terms: &Terms) -> Result<Addresses, GovernanceError> {
    let deployer = chain.own_address()?;
    let foretold = Addresses::foretell(deployer, chain.next_nonce(deployer).await?);
    let Addresses { neuron, emission, sale, purse, network } = foretold;
    expect(neuron, token::deploy_neuron(chain, emission).await?)?;
    expect(emission, token::deploy_emission(chain, neuron, sale, network).await?)?;
    expect(sale, token::deploy_sale(chain, neuron, emission, purse, &terms.sale).await?)?;
    expect(purse, token::deploy_purse(chain, network).await?)?;
    expect(network, deploy_network(chain, &foretold, terms).await?)?;
    Ok(foretold)
}

async fn deploy_network(chain: &Chain, at: &Addresses, terms: &Terms) -> Result<Address, ChainError> {
    let arguments = Abi::constructorCall {
        neuron_: to_eth(at.neuron),
        emission_: to_eth(at.emission),
        purse_: to_eth(at.purse),
        epoch_: U256::from(terms.epoch_s),
        exit_: U256::from(terms.exit_s),
        maturity_: U256::from(terms.maturity_s),
        minDeposit_: to_u256(terms.min_deposit),
    };
    let code = [Abi::BYTECODE.as_ref(), &arguments.abi_encode()].concat();
    chain.deploy("Network", code.into(), explain).await
}

fn expect(expected: Address, found: Address) -> Result<(), GovernanceError> {
    if found == expected { Ok(()) } else { Err(GovernanceError::Displaced { expected, found }) }
}

/// A contract that answers otherwise, or none at all, is no fault of the connection.
fn unlike(network: Address, error: ChainError) -> GovernanceError {
    match error {
        ChainError::NoContract(address) => not_network(network, format!("there is no contract at {address}")),
        ChainError::Reverted(_) | ChainError::BadAnswer { .. } => not_network(network, error.to_string()),
        other => other.into(),
    }
}

fn not_network(network: Address, reason: impl Into<String>) -> GovernanceError {
    GovernanceError::NotNetwork { network, reason: reason.into() }
}
