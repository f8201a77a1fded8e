//! The contracts of a network, part by part: wired to one another, and byte for byte those that this program would deploy.

use anyhow::Result;
use chain::{Connection, blueprint::Found};
use governance::{GovernanceError, Network, Terms, blueprints};
use node::config::{self, NetworkFile};
use protocol::Address;

use crate::cli::{
    check::{Check, Finding},
    context::Context,
};

/// The names of the checks, in the order of deployment.
const PARTS: [&str; 8] = ["Neuron", "Emission", "Sale", "Purse", "Registry", "Council", "Bounties", "Network"];

/// What mends a contract that is another one.
const MEND: &str =
    "do not put money there: ask who runs the network for its address, and for the version of `neuron` that it was made with";

/// Looks at the network at that address of the chain that the network file names.
pub async fn checks(context: &Context, address: Address) -> Result<Vec<Check>> {
    let file: NetworkFile = config::read(&context.network)?;
    let chain = Connection::connect(file.settings()).await?;
    let network = match Network::open(&chain, address).await {
        Ok(network) => network,
        Err(error @ GovernanceError::NotNetwork { .. }) => {
            return Ok(vec![Check { name: "wiring", finding: Finding::failed(&error.into(), MEND) }]);
        }
        Err(error) => return Err(error.into()),
    };
    let (at, terms) = (*network.addresses(), terms(&network).await?);
    let mut checks = vec![Check { name: "wiring", finding: Finding::Fine("the eight contracts point at one another".to_owned()) }];
    let expected = blueprints(&at, &terms, network.terms().genesis_s, chain.chain_id());
    for ((name, blueprint), address) in PARTS.into_iter().zip(&expected).zip(at.in_order()) {
        let length = chain.code(address).await?.len();
        checks.push(Check { name, finding: part(blueprint.find(&chain, address).await?, address, length) });
    }
    checks.push(Check { name: "terms", finding: Finding::Fine(told(&terms)) });
    Ok(checks)
}

async fn terms(network: &Network) -> Result<Terms> {
    let stake = network.terms();
    let (sale, tip) = (network.sale().terms().await?, network.purse().tip().await?);
    Ok(Terms { sale, epoch_s: stake.epoch_s, exit_s: stake.exit_s, maturity_s: stake.maturity_s, min_deposit: stake.min_deposit, tip })
}

fn told(terms: &Terms) -> String {
    let Terms { epoch_s, exit_s, maturity_s, .. } = terms;
    format!("epoch {epoch_s} s, exit {exit_s} s, maturity {maturity_s} s, least deposit {} NRN", terms.min_deposit.to_nrn())
}

fn part(found: Found, address: Address, length: usize) -> Finding {
    match found {
        Found::Same => Finding::Fine(format!("{address}, {length} bytes as this program would deploy them")),
        Found::Nothing => Finding::wrong(format!("there is no code at {address}"), MEND),
        Found::Other => Finding::wrong(format!("the {length} bytes at {address} are other code, or hold other terms"), MEND),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_right_only_if_it_is_this_code_with_these_terms() {
        for (found, is_wrong, wanted) in
            [(Found::Same, false, "7 bytes as this program"), (Found::Nothing, true, "no code at 0x"), (Found::Other, true, "other code")]
        {
            let finding = part(found, Address([1; 20]), 7);
            assert!(finding.is_wrong() == is_wrong && format!("{finding:?}").contains(wanted), "{finding:?}");
        }
    }
}
