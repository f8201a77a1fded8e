//! `neuron deploy`: makes the network that a network file describes, or checks the one that it names.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context as _, Result, ensure};
use chain::Connection;
use governance::{Addresses, Network, Step, Terms, audit, deploy, least_gas};
use node::{
    config::{self, NetworkFile},
    network_file::moment,
    output,
};
use protocol::Address;
use toml_edit::{DocumentMut, value};

use super::{
    context::Context,
    ending::{REFUSED, Sort as _},
    units::plain,
};

/// Coin that is asked for, against what gas costs now: prices move, and constructors take some gas too.
const COIN_TIMES: u128 = 3;

/// Deploys what does not stand yet, and writes the address into the network file. Run again after an interruption it goes
/// on; run again after the end it only checks.
pub async fn run(context: &Context) -> Result<()> {
    let path = &context.network;
    let file: NetworkFile = config::read(path)?;
    let chain = Connection::connect(file.settings()).await?;
    output::line(&format!("{} on chain {}", plain(&file.name), file.chain_id))?;
    let (addresses, terms) = match file.contract.is_empty() {
        true => make(context, &chain, file).await?,
        false => check(&chain, &file, path).await?,
    };
    print_terms(&terms)?;
    print_addresses(&addresses)?;
    output::line("code and wiring of all eight contracts are in order")
}

async fn make(context: &Context, chain: &Connection, file: NetworkFile) -> Result<(Addresses, Terms)> {
    let path = &context.network;
    let terms = terms(chain, file, path).await?;
    let chain = chain.with_flights(context.account().await?, &context.flights()?)?;
    check_coin(&chain, &terms).await.sort(REFUSED)?;
    output::line(&format!("deploying as {}; if this is interrupted, run it again", chain.own_address()?))?;
    let addresses = deploy(&chain, &terms, tell).await?;
    settle(&chain).await?;
    let first = Network::open(&chain, addresses.network).await?.first_block().await?;
    edit(path, |document| {
        document["contract"] = value(addresses.network.to_string());
        document["deployed_block"] = value(first as i64);
    })?;
    output::line(&format!("the address is written into {}", path.display()))?;
    Ok(audit(&chain, addresses.network).await?)
}

/// Half a network is of no use to anybody, and its gas is gone.
async fn check_coin(chain: &Connection, terms: &Terms) -> Result<()> {
    let account = chain.own_address()?;
    let (gas, price, coin) = (least_gas(chain, terms).await?, chain.gas_price().await?, chain.coin(account).await?);
    let cost = price.mul_div(gas.into(), 1);
    let enough = cost.mul_div(COIN_TIMES, 1);
    ensure!(
        coin >= cost,
        "{account} has {} of the chain's coin, and the gas of what is to be deployed costs {} at today's price, or more: send it {}, which is \
         enough at twice that price; nothing was sent",
        coin.to_nrn(),
        cost.to_nrn(),
        enough.saturating_sub(coin).to_nrn()
    );
    Ok(())
}

/// The terms of the file. A deadline that it does not tell is written into it before anything is sent, so that an
/// interrupted deployment goes on with the same one.
async fn terms(chain: &Connection, file: NetworkFile, path: &Path) -> Result<Terms> {
    let wanted =
        file.deploy.with_context(|| format!("{} has no [deploy]: write there what the contracts are to be told", path.display()))?;
    let now_s = chain.latest().await?.time_s;
    let deadline_s = match wanted.deadline_s()? {
        Some(deadline_s) => deadline_s,
        None => {
            let deadline_s = now_s.saturating_add(wanted.sale_s);
            let written: toml_edit::Value = moment(deadline_s).parse().context("`sale_s` in [deploy] is too long")?;
            edit(path, |document| document["deploy"]["deadline"] = written.into())?;
            deadline_s
        }
    };
    ensure!(deadline_s > now_s, "the deadline in {}, {}, has passed: write a later one", path.display(), moment(deadline_s));
    wanted.terms(deadline_s)
}

/// The network that the file names, if it is what the file's [deploy] says.
async fn check(chain: &Connection, file: &NetworkFile, path: &Path) -> Result<(Addresses, Terms)> {
    let network: Address = file.contract.parse().with_context(|| format!("`contract` in {}", path.display()))?;
    output::line(&format!("{} names a network already; it is only checked", path.display()))?;
    let (addresses, found) = audit(chain, network).await?;
    if let Some(deploy) = &file.deploy {
        let wanted = deploy.terms(deploy.deadline_s()?.unwrap_or(found.sale.deadline_s))?;
        ensure!(found == wanted, "the network at {network} was deployed with other terms than [deploy] in {} says", path.display());
    }
    Ok((addresses, found))
}

/// What cannot be said holds up nothing: all of it is said again at the end.
fn tell(step: Step) {
    let how = if step.stood { "stood already at" } else { "stands at" };
    drop(output::line(&format!("  {:<9}{how} {}", step.contract, step.address)));
}

/// Waits until what was mined last is as deep as the file asks for.
async fn settle(chain: &Connection) -> Result<()> {
    let last = chain.latest().await?.number;
    while chain.confirmed_number().await? < last {
        tokio::time::sleep(Duration::from_millis(chain.settings().poll_ms)).await;
    }
    Ok(())
}

/// Changes some values of a TOML file and nothing else in it.
fn edit(path: &Path, change: impl FnOnce(&mut DocumentMut)) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut document: DocumentMut = text.parse().with_context(|| format!("{} is malformed", path.display()))?;
    change(&mut document);
    // A file that is cut off in the middle would be worse than an old one.
    let beside = path.with_extension("toml.new");
    fs::write(&beside, document.to_string()).with_context(|| format!("cannot write {}", beside.display()))?;
    fs::rename(&beside, path).with_context(|| format!("cannot write {}", path.display()))
}

fn print_terms(terms: &Terms) -> Result<()> {
    output::line(&format!(
        "  sale     {} coins for one NRN until {}, at least {} NRN",
        terms.sale.price.to_nrn(),
        moment(terms.sale.deadline_s),
        terms.sale.minimum.to_nrn()
    ))?;
    output::line(&format!("  times    epoch {} s, exit {} s, maturity {} s", terms.epoch_s, terms.exit_s, terms.maturity_s))?;
    output::line(&format!("  least deposit {} NRN, tip {} wei a gas", terms.min_deposit.to_nrn(), terms.tip))
}

fn print_addresses(addresses: &Addresses) -> Result<()> {
    let names = ["neuron", "emission", "sale", "purse", "registry", "council", "bounties", "network"];
    names.iter().zip(addresses.in_order()).try_for_each(|(name, address)| output::line(&format!("  {name:<9}{address}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_into_a_file_leaves_the_rest_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("network.toml");
        let text = "# mine\nname = \"x\" # a name\n\n[deploy]\nprice = \"1\" # cheap\n";
        fs::write(&path, text).expect("written");
        edit(&path, |document| {
            document["contract"] = value("0x1");
            document["deploy"]["deadline"] = "2027-03-31T12:00:00Z".parse::<toml_edit::Value>().expect("a moment").into();
        })
        .expect("edited");
        let after = fs::read_to_string(&path).expect("read");
        assert_eq!(
            after,
            "# mine\nname = \"x\" # a name\ncontract = \"0x1\"\n\n[deploy]\nprice = \"1\" # cheap\ndeadline = 2027-03-31T12:00:00Z\n"
        );
        let file: NetworkFile = config::read(&path).expect("well-formed");
        assert_eq!(file.contract, "0x1");
    }
}
