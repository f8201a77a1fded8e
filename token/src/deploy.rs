//! The token's contracts, each wired to addresses that are known beforehand.

use chain::blueprint::{Blueprint, Code, address_word, eip712_words, number_word};
use chain::convert::{to_eth, to_u256};
use protocol::ids::Address;
use protocol::money::Wei;

use alloy::primitives::U256;

use crate::bindings::{Emission, Neuron, Purse, Sale};
use crate::errors::explain;
use crate::sale::SaleTerms;

/// The code of a contract of `bindings`.
macro_rules! code {
    ($contract:ident) => {
        Code { creation: $contract::BYTECODE.clone(), runtime: $contract::DEPLOYED_BYTECODE.clone() }
    };
}

/// The token at `own`; `emission` alone mints.
pub fn neuron_blueprint(own: Address, emission: Address, chain_id: u64) -> Blueprint {
    let arguments = Neuron::constructorCall { emission_: to_eth(emission) };
    let mut fixed = eip712_words("Neuron", "1", chain_id, own);
    fixed.push(address_word(emission));
    Blueprint::new("Neuron", code!(Neuron), &arguments, fixed, explain)
}

/// The schedule between the token, the sale and the network.
pub fn emission_blueprint(neuron: Address, sale: Address, network: Address) -> Blueprint {
    let arguments = Emission::constructorCall { neuron_: to_eth(neuron), sale_: to_eth(sale), network_: to_eth(network) };
    Blueprint::new("Emission", code!(Emission), &arguments, [neuron, sale, network].map(address_word), explain)
}

/// The sale; its proceeds go to `purse`.
pub fn sale_blueprint(neuron: Address, emission: Address, purse: Address, terms: &SaleTerms) -> Blueprint {
    let (price, deadline, minimum) = (to_u256(terms.price), U256::from(terms.deadline_s), to_u256(terms.minimum));
    let arguments = Sale::constructorCall {
        neuron_: to_eth(neuron),
        emission_: to_eth(emission),
        purse_: to_eth(purse),
        price_: price,
        deadline_: deadline,
        minimum_: minimum,
    };
    let fixed = [neuron, emission, purse].map(address_word).into_iter().chain([price, deadline, minimum].map(number_word));
    Blueprint::new("Sale", code!(Sale), &arguments, fixed, explain)
}

/// The purse, which serves `network` and pays `tip` wei for a unit of gas on top of the base fee.
pub fn purse_blueprint(network: Address, tip: Wei) -> Blueprint {
    let arguments = Purse::constructorCall { network_: to_eth(network), tip_: to_u256(tip) };
    Blueprint::new("Purse", code!(Purse), &arguments, [address_word(network), number_word(to_u256(tip))], explain)
}
