//! Birth of a network: eight contracts at addresses that are known beforehand, so that a deployment can be taken up again.

use std::time::{Duration, Instant};

use alloy::primitives::U256;
use chain::blueprint::{Blueprint, Code, Found, Word, address_word, eip712_words, number_word};
use chain::convert::{to_eth, to_u256};
use chain::{ChainError, Connection};
use protocol::ids::Address;
use protocol::money::Wei;
use serde::{Deserialize, Serialize};
use token::{Purse, Sale, SaleTerms, StakeTerms};

use crate::addresses::{Addresses, not_network, registry_terms, unlike};
use crate::bindings::{bounties::Bounties, council::Council, network::Network as NetworkCode, registry::Registry};
use crate::errors::{GovernanceError, explain};

/// Place of the registry in the order of deployment.
const REGISTRY: usize = 4;

/// What is fixed for good at deployment; times in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    pub sale: SaleTerms,
    pub epoch_s: u64,
    pub exit_s: u64,
    pub maturity_s: u64,
    pub min_deposit: Wei,
    /// The most wei that the purse pays for a unit of gas on top of the block's base fee.
    pub tip: Wei,
}

/// One of the contracts, now in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name, like `Council`.
    pub contract: &'static str,
    pub address: Address,
    /// Whether it stood already, from a deployment that was interrupted.
    pub stood: bool,
}

/// Deploys what does not stand yet of a network with these terms, one contract after the other, and checks code and wiring
/// of all. The connection's account must send nothing else meanwhile. Run again after an interruption, with the same
/// account and terms, it goes on where it was; run again right after the end it changes nothing. `progress` hears of each
/// contract in turn.
pub async fn deploy(chain: &Connection, terms: &Terms, mut progress: impl FnMut(Step)) -> Result<Addresses, GovernanceError> {
    let (addresses, standing) = resume(chain, terms).await?;
    let blueprints = blueprints(&addresses, terms, 0, chain.chain_id());
    for (place, (blueprint, address)) in blueprints.iter().zip(addresses.in_order()).enumerate() {
        let stood = place < standing;
        if !stood {
            expect(address, blueprint.deploy(chain).await?)?;
        }
        progress(Step { contract: blueprint.name, address, stood });
    }
    audit(chain, addresses.network).await?;
    Ok(addresses)
}

/// Gas that [`deploy`] takes at least from where it is.
///
/// # Errors
/// When the chain does not answer, or transactions of the account wait too long.
pub async fn least_gas(chain: &Connection, terms: &Terms) -> Result<u64, GovernanceError> {
    let (addresses, standing) = resume(chain, terms).await?;
    Ok(blueprints(&addresses, terms, 0, chain.chain_id()).iter().skip(standing).map(Blueprint::least_gas).sum())
}

/// Where the contracts of the account's last deployment belong if it was one with these terms, and how many of them stand;
/// else where those of a new one will, and 0.
async fn resume(chain: &Connection, terms: &Terms) -> Result<(Addresses, usize), GovernanceError> {
    let deployer = chain.own_address()?;
    let nonce = settled_nonce(chain, deployer).await?;
    for standing in (1..=Addresses::COUNT.min(nonce)).rev() {
        let addresses = Addresses::foretell(deployer, nonce - standing);
        if odd_code(chain, &addresses, terms, standing as usize).await?.is_none() {
            return Ok((addresses, standing as usize));
        }
    }
    Ok((Addresses::foretell(deployer, nonce), 0))
}

/// The account's next nonce once nothing that it sent waits to be mined any more.
async fn settled_nonce(chain: &Connection, of: Address) -> Result<u64, GovernanceError> {
    let started = Instant::now();
    loop {
        let (mined, sent) = (chain.mined_nonce(of).await?, chain.next_nonce(of).await?);
        if mined >= sent {
            return Ok(mined);
        }
        if started.elapsed() > Duration::from_secs(chain.settings().mined_timeout_s) {
            return Err(GovernanceError::Waiting { account: of, waiting: sent - mined });
        }
        tokio::time::sleep(Duration::from_millis(chain.settings().poll_ms)).await;
    }
}

/// Reads the terms of a network and checks wiring and code of its contracts: byte for byte those that this program would
/// deploy with these terms.
pub async fn audit(chain: &Connection, network: Address) -> Result<(Addresses, Terms), GovernanceError> {
    let addresses = Addresses::discover(chain, network).await?;
    let terms = terms_of(chain, &addresses).await.map_err(|error| unlike(network, error))?;
    match odd_code(chain, &addresses, &terms, addresses.in_order().len()).await? {
        None => Ok((addresses, terms)),
        Some((name, address)) => Err(not_network(network, format!("the code at {address} is not that of {name} with its terms"))),
    }
}

/// Name and place of the first of the first `count` contracts that does not stand where it belongs with these terms.
async fn odd_code(
    chain: &Connection,
    at: &Addresses,
    terms: &Terms,
    count: usize,
) -> Result<Option<(&'static str, Address)>, GovernanceError> {
    let genesis_s = if count > REGISTRY { genesis_s(chain, at.registry).await? } else { 0 };
    let blueprints = blueprints(at, terms, genesis_s, chain.chain_id());
    for (blueprint, address) in blueprints.iter().zip(at.in_order()).take(count) {
        if blueprint.find(chain, address).await? != Found::Same {
            return Ok(Some((blueprint.name, address)));
        }
    }
    Ok(None)
}

/// The time of the registry's block, which it keeps in its code; 0 if it is no registry.
async fn genesis_s(chain: &Connection, registry: Address) -> Result<u64, ChainError> {
    match registry_terms(chain, registry).await {
        Ok(terms) => Ok(terms.stake.genesis_s),
        Err(ChainError::NoContract(_) | ChainError::Reverted(_) | ChainError::BadAnswer { .. }) => Ok(0),
        Err(error) => Err(error),
    }
}

async fn terms_of(chain: &Connection, addresses: &Addresses) -> Result<Terms, ChainError> {
    let StakeTerms { epoch_s, exit_s, maturity_s, min_deposit, .. } = registry_terms(chain, addresses.registry).await?.stake;
    let sale = Sale::new(chain, addresses.sale).terms().await?;
    let tip = Purse::new(chain, addresses.purse).tip().await?;
    Ok(Terms { sale, epoch_s, exit_s, maturity_s, min_deposit, tip })
}

/// The eight in order of deployment; `genesis_s` is the time of the registry's block, which matters only where they stand.
pub fn blueprints(at: &Addresses, terms: &Terms, genesis_s: u64, chain_id: u64) -> [Blueprint; 8] {
    [
        token::neuron_blueprint(at.neuron, at.emission, chain_id),
        token::emission_blueprint(at.neuron, at.sale, at.network),
        token::sale_blueprint(at.neuron, at.emission, at.purse, &terms.sale),
        token::purse_blueprint(at.network, terms.tip),
        registry_blueprint(at, terms, genesis_s, chain_id),
        council_blueprint(at, terms, genesis_s, chain_id),
        bounties_blueprint(at, terms, genesis_s, chain_id),
        network_blueprint(at, terms, genesis_s, chain_id),
    ]
}

/// The code of a contract of `bindings`.
macro_rules! code {
    ($contract:ident) => {
        Code { creation: $contract::BYTECODE.clone(), runtime: $contract::DEPLOYED_BYTECODE.clone() }
    };
}

fn registry_blueprint(at: &Addresses, terms: &Terms, genesis_s: u64, chain_id: u64) -> Blueprint {
    let arguments = Registry::constructorCall {
        neuron_: to_eth(at.neuron),
        emission_: to_eth(at.emission),
        purse_: to_eth(at.purse),
        epoch_: U256::from(terms.epoch_s),
        exit_: U256::from(terms.exit_s),
        maturity_: U256::from(terms.maturity_s),
        minDeposit_: to_u256(terms.min_deposit),
    };
    let fixed = fixed_words(at.registry, at, terms, genesis_s, chain_id);
    Blueprint::new("Registry", code!(Registry), &arguments, fixed, explain)
}

fn council_blueprint(at: &Addresses, terms: &Terms, genesis_s: u64, chain_id: u64) -> Blueprint {
    let arguments = Council::constructorCall { registry_: to_eth(at.registry) };
    let mut fixed = fixed_words(at.council, at, terms, genesis_s, chain_id);
    fixed.push(address_word(at.registry));
    Blueprint::new("Council", code!(Council), &arguments, fixed, explain)
}

fn bounties_blueprint(at: &Addresses, terms: &Terms, genesis_s: u64, chain_id: u64) -> Blueprint {
    let arguments = Bounties::constructorCall { registry_: to_eth(at.registry) };
    let fixed = fixed_words(at.bounties, at, terms, genesis_s, chain_id);
    Blueprint::new("Bounties", code!(Bounties), &arguments, fixed, explain)
}

fn network_blueprint(at: &Addresses, terms: &Terms, genesis_s: u64, chain_id: u64) -> Blueprint {
    let arguments = NetworkCode::constructorCall { council: to_eth(at.council), bountiesCode: to_eth(at.bounties) };
    let mut fixed = fixed_words(at.network, at, terms, genesis_s, chain_id);
    fixed.extend([at.registry, at.council, at.bounties].map(address_word));
    Blueprint::new("Network", code!(NetworkCode), &arguments, fixed, explain)
}

/// What all contracts of the network keep in their code, that at `own` among them.
fn fixed_words(own: Address, at: &Addresses, terms: &Terms, genesis_s: u64, chain_id: u64) -> Vec<Word> {
    let addresses = [at.neuron, at.emission, at.purse].map(address_word);
    let numbers = [terms.epoch_s, terms.exit_s, terms.maturity_s, genesis_s].map(|number| number_word(U256::from(number)));
    let deposit = number_word(to_u256(terms.min_deposit));
    let domain = eip712_words("Neuron Network", "1", chain_id, own);
    addresses.into_iter().chain(numbers).chain([deposit]).chain(domain).collect()
}

fn expect(expected: Address, found: Address) -> Result<(), GovernanceError> {
    if found == expected { Ok(()) } else { Err(GovernanceError::Displaced { expected, found }) }
}
