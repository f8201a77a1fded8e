//! Where the contracts of a network stand, and the check that all point at one another.

use chain::convert::{self, to_eth};
use chain::{ChainError, Connection, Contract, Log};
use protocol::chain::ChainEvent;
use protocol::ids::Address;
use serde::{Deserialize, Serialize};
use token::{Emission, Neuron, Purse, Sale, Stake, StakeTerms};

use crate::bindings::{INetwork as Abi, council::Council, registry::Registry};
use crate::errors::{GovernanceError, explain};
use crate::events::network_event;

/// The eight contracts of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    pub neuron: Address,
    pub emission: Address,
    pub sale: Address,
    pub purse: Address,
    /// Code behind `network` for groups, stake and duties.
    pub registry: Address,
    /// Code behind `network` for training sets and measures.
    pub council: Address,
    /// Code behind `network` for bounties.
    pub bounties: Address,
    /// The address that a network is known by.
    pub network: Address,
}

/// What the code of a registry was deployed with; that of council, bounties and network takes the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RegistryTerms {
    pub(crate) neuron: Address,
    pub(crate) emission: Address,
    pub(crate) purse: Address,
    pub(crate) stake: StakeTerms,
}

impl Addresses {
    /// How many there are.
    pub const COUNT: u64 = 8;

    /// The addresses that eight deployments in this order give to `deployer`, whose next nonce is `nonce`.
    pub fn foretell(deployer: Address, nonce: u64) -> Self {
        let at = |step: u64| convert::address(to_eth(deployer).create(nonce.saturating_add(step)));
        let [neuron, emission, sale, purse, registry, council, bounties, network] = std::array::from_fn(|step| at(step as u64));
        Self { neuron, emission, sale, purse, registry, council, bounties, network }
    }

    /// In the order of deployment.
    pub fn in_order(&self) -> [Address; 8] {
        [self.neuron, self.emission, self.sale, self.purse, self.registry, self.council, self.bounties, self.network]
    }

    /// What a log says; `None` if it is not of these contracts.
    pub fn event(&self, log: &Log) -> Option<ChainEvent> {
        match convert::address(log.address()) {
            of if of == self.network => network_event(log),
            of if of == self.emission => token::emission_event(log),
            of if of == self.purse => token::purse_event(log),
            _ => None,
        }
    }

    /// Reads them from the contracts, starting at `network`, and checks that all point at one another.
    pub async fn discover(chain: &Connection, network: Address) -> Result<Self, GovernanceError> {
        let stake = Stake::new(chain, network);
        let read = async {
            let (neuron, emission, purse) = (stake.neuron().await?, stake.emission().await?, stake.purse().await?);
            let sale = Emission::new(chain, emission).sale().await?;
            let modules = Contract::new(chain, network, explain).read(&Abi::modulesCall {}).await?;
            let [registry, council, bounties] = [modules.registry, modules.council, modules.bountiesCode].map(convert::address);
            Ok(Self { neuron, emission, sale, purse, registry, council, bounties, network })
        };
        let addresses = read.await.map_err(|error| unlike(network, error))?;
        addresses.verify(chain).await?;
        Ok(addresses)
    }

    /// Checks that the contracts at these addresses point at one another and that the registry has the network's terms.
    pub async fn verify(&self, chain: &Connection) -> Result<(), GovernanceError> {
        let odd = async { Ok(self.odd_wire(chain).await?.or(self.odd_terms(chain).await?)) };
        match odd.await.map_err(|error| unlike(self.network, error))? {
            None => Ok(()),
            Some(odd) => Err(not_network(self.network, odd)),
        }
    }

    /// The first address that a contract was wired to and that is not among these.
    async fn odd_wire(&self, chain: &Connection) -> Result<Option<String>, ChainError> {
        let (neuron, emission) = (Neuron::new(chain, self.neuron), Emission::new(chain, self.emission));
        let (sale, purse) = (Sale::new(chain, self.sale), Purse::new(chain, self.purse));
        let (stake, council) = (Stake::new(chain, self.network), Contract::new(chain, self.council, explain));
        let modules = Contract::new(chain, self.network, explain).read(&Abi::modulesCall {}).await?;
        let council_registry = convert::address(council.read(&Council::registryCall {}).await?);
        let wires = [
            ("network.neuron", stake.neuron().await?, self.neuron),
            ("network.emission", stake.emission().await?, self.emission),
            ("network.purse", stake.purse().await?, self.purse),
            ("network.registry", convert::address(modules.registry), self.registry),
            ("network.council", convert::address(modules.council), self.council),
            ("network.bounties", convert::address(modules.bountiesCode), self.bounties),
            ("council.registry", council_registry, self.registry),
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

    /// What the registry was deployed with, where the network says otherwise.
    async fn odd_terms(&self, chain: &Connection) -> Result<Option<String>, ChainError> {
        let expected = RegistryTerms {
            neuron: self.neuron,
            emission: self.emission,
            purse: self.purse,
            stake: Stake::new(chain, self.network).terms().await?,
        };
        let found = registry_terms(chain, self.registry).await?;
        Ok((found != expected).then(|| format!("registry.terms are {found:?}, not {expected:?}")))
    }
}

pub(crate) async fn registry_terms(chain: &Connection, registry: Address) -> Result<RegistryTerms, ChainError> {
    let terms = Contract::new(chain, registry, explain).read(&Registry::termsCall {}).await?;
    let number = |number| convert::number("terms", number);
    let stake = StakeTerms {
        epoch_s: number(terms.epochLength)?,
        exit_s: number(terms.exitTime)?,
        maturity_s: number(terms.maturity)?,
        genesis_s: number(terms.genesis)?,
        min_deposit: convert::amount("terms", terms.minDeposit)?,
    };
    let [neuron, emission, purse] = [terms.neuron, terms.emission, terms.purse].map(convert::address);
    Ok(RegistryTerms { neuron, emission, purse, stake })
}

/// A contract that answers otherwise, or none at all, is no fault of the connection.
pub(crate) fn unlike(network: Address, error: ChainError) -> GovernanceError {
    match error {
        ChainError::NoContract(address) => not_network(network, format!("there is no contract at {address}")),
        ChainError::Reverted(_) | ChainError::BadAnswer { .. } => not_network(network, error.to_string()),
        other => other.into(),
    }
}

pub(crate) fn not_network(network: Address, reason: impl Into<String>) -> GovernanceError {
    GovernanceError::NotNetwork { network, reason: reason.into() }
}
