//! Deployment of the token's contracts, each wired to addresses that are known beforehand.

use alloy::primitives::{Address as EthAddress, Bytes};
use alloy::sol_types::SolConstructor;
use chain::convert::{to_eth, to_u256};
use chain::{Chain, ChainError};
use protocol::ids::Address;

use crate::bindings;
use crate::errors::explain;
use crate::sale::SaleTerms;

/// Deploys the token; `emission` alone will mint.
pub async fn deploy_neuron(chain: &Chain, emission: Address) -> Result<Address, ChainError> {
    let arguments = bindings::Neuron::constructorCall { emission_: to_eth(emission) };
    let code = with_arguments(&bindings::Neuron::BYTECODE, &arguments);
    chain.deploy("Neuron", code, explain).await
}

/// Deploys the schedule between the token, the sale and the network.
pub async fn deploy_emission(chain: &Chain, neuron: Address, sale: Address, network: Address) -> Result<Address, ChainError> {
    let (neuron_, sale_, network_) = (to_eth(neuron), to_eth(sale), to_eth(network));
    let arguments = bindings::Emission::constructorCall { neuron_, sale_, network_ };
    let code = with_arguments(&bindings::Emission::BYTECODE, &arguments);
    chain.deploy("Emission", code, explain).await
}

/// Deploys the sale; its proceeds go to `purse`.
pub async fn deploy_sale(
    chain: &Chain,
    neuron: Address,
    emission: Address,
    purse: Address,
    terms: &SaleTerms,
) -> Result<Address, ChainError> {
    let arguments = bindings::Sale::constructorCall {
        neuron_: to_eth(neuron),
        emission_: to_eth(emission),
        purse_: to_eth(purse),
        price_: to_u256(terms.price),
        deadline_: alloy::primitives::U256::from(terms.deadline_s),
        minimum_: to_u256(terms.minimum),
    };
    let code = with_arguments(&bindings::Sale::BYTECODE, &arguments);
    chain.deploy("Sale", code, explain).await
}

/// Deploys the purse, which serves `network`.
pub async fn deploy_purse(chain: &Chain, network: Address) -> Result<Address, ChainError> {
    let network_: EthAddress = to_eth(network);
    let code = with_arguments(&bindings::Purse::BYTECODE, &bindings::Purse::constructorCall { network_ });
    chain.deploy("Purse", code, explain).await
}

fn with_arguments(code: &Bytes, arguments: &impl SolConstructor) -> Bytes {
    [code.as_ref(), &arguments.abi_encode()].concat().into()
}
