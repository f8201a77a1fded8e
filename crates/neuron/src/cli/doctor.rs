//! `neuron doctor`: what is right here, what is not, and which command mends it.

mod findings;
mod machine;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use chain::{ChainError, Connection};
use clap::Args;
use governance::Network;
use node::{
    NodeConfig, Site,
    config::{self, NetworkFile},
    keys,
    machine::{Place, look_for},
    member::blocking,
    site, system,
};
use protocol::{Address, GroupId, chain::GroupView};
use swarm::Neighbourhood;
use tokio::time::sleep;
use trainer_node::settings;
use training::Device;

use super::{
    check::{Check, Finding},
    context::{Context, wait_for_peer},
};

#[derive(Args)]
pub struct Options {
    /// Number of the group that you mean to serve.
    #[arg(long, default_value_t = 1)]
    group: u64,
    /// Settings of a node: its folder and ports are looked at, too.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Seconds to look for peers; 0 leaves them out. How a node here is reached is known after about half a minute.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=600))]
    seconds: u64,
}

/// Looks at everything, says all of it, and fails if something is wrong.
///
/// # Errors
/// When something is wrong here, or standard output cannot be written.
pub async fn run(context: &Context, options: Options) -> Result<()> {
    let node = options.config.as_ref().map(|path| config::node_of(path)).transpose()?;
    let command = options.config.as_ref().map(|path| settings::command_of(path)).transpose()?.flatten();
    let mut checks = Vec::new();
    let opened = network(context, &mut checks).await;
    let account = account(context, &mut checks).await;
    if let Some(site) = &opened {
        purse(site, GroupId(options.group), account, &mut checks).await;
    }
    local(context, node.as_ref(), &mut checks);
    let asked = options.config.as_ref().map(|path| asked(path)).transpose()?.unwrap_or_default();
    checks.push(Check { name: "gpu", finding: gpu(asked).await });
    checks.extend(command.map(|command| Check { name: "command", finding: findings::command(&command) }));
    if let Some(site) = opened.filter(|_| options.seconds > 0) {
        checks.push(Check { name: "peers", finding: peers(&site, GroupId(options.group), node, options.seconds).await });
    }
    context.report(&checks)
}

/// Where a node's settings want losses computed: a trainer's where it trains, if that is a GPU of NVIDIA.
fn asked(path: &Path) -> Result<Place> {
    match settings::device_of(path)? {
        Some(Device::Cuda(number)) => Ok(Place::Gpu(u32::try_from(number)?)),
        _ => Ok(config::evaluator_of(path)?.device),
    }
}

/// The file, the chain and the contracts, each as far as the one before allows.
async fn network(context: &Context, checks: &mut Vec<Check>) -> Option<Site> {
    let path = &context.network;
    let mut add = |name, finding| checks.push(Check { name, finding });
    let file: NetworkFile = match config::read(path) {
        Ok(file) => file,
        Err(error) => {
            add("network file", Finding::failed(&error, "give the file of your network with `--network FILE`"));
            return None;
        }
    };
    add("network file", Finding::Fine(format!("{}, of {}", path.display(), file.name.escape_debug())));
    let chain = match Connection::connect(file.settings()).await {
        Ok(chain) => chain,
        Err(error) => {
            let mend = findings::mend_of_chain(matches!(error, ChainError::WrongChain { .. }), path);
            add("chain", Finding::failed(&error.into(), &mend));
            return None;
        }
    };
    add("chain", Finding::Fine(format!("chain {} answers", file.chain_id)));
    add("clock", clock(&chain, &file).await);
    match contracts(&chain, &file, path).await {
        Ok(network) => {
            add("contracts", Finding::Fine(format!("Network at {}, and the seven others point at one another", network.address())));
            Some(Site { file, network, chronicles: path.with_extension("chronicles") })
        }
        Err(error) => {
            add("contracts", Finding::failed(&error, "set `contract` in the network file right: whoever runs the network names it"));
            None
        }
    }
}

async fn contracts(chain: &Connection, file: &NetworkFile, path: &Path) -> Result<Network> {
    Ok(Network::open(chain, site::contract(file, path)?).await?)
}

async fn clock(chain: &Connection, file: &NetworkFile) -> Finding {
    let machine_s = system::now_s();
    match chain.latest().await {
        Ok(block) => findings::clock(block.time_s, machine_s, file.block_s),
        Err(error) => Finding::failed(&error.into(), "look at the endpoint named by `rpc`"),
    }
}

/// The key file or the remote signer.
async fn account(context: &Context, checks: &mut Vec<Check>) -> Option<Address> {
    let is_open = context.password().is_given();
    let finding = match context.own_address().await {
        Ok(account) if is_open => Ok((account, format!("{account}, and its password fits"))),
        Ok(account) => Ok((account, format!("{account}; without its password at hand the file is believed"))),
        Err(error) => Err(error),
    };
    let (account, finding) = match finding {
        Ok((account, text)) => (Some(account), Finding::Fine(text)),
        Err(error) => (None, Finding::failed(&error, "name your key with `--key FILE`, or make one: `neuron --key FILE key new`")),
    };
    checks.push(Check { name: "key", finding });
    account
}

/// Coin for gas, NRN for deposits, stake.
async fn purse(site: &Site, group: GroupId, account: Option<Address>, checks: &mut Vec<Check>) {
    let view = match site.network.view(group).await {
        Ok(view) => view,
        Err(error) => {
            let finding = Finding::failed(&error.into(), "name a group that there is with `--group`: `neuron group list`");
            return checks.push(Check { name: "group", finding });
        }
    };
    checks.push(Check { name: "group", finding: findings::group(&view) });
    let Some(account) = account else { return };
    let has_stake = view.spoken_for(account).any(|(position, _)| !position.live.is_zero() || !position.next.is_zero());
    for (name, found) in [
        ("gas", gas(site, account).await),
        ("deposit", deposit(site, &view, account, has_stake).await),
        ("stake", stake(site, &view, account).await),
    ] {
        let finding = found.unwrap_or_else(|error| Finding::failed(&error, "try again when the chain answers"));
        checks.push(Check { name, finding });
    }
}

async fn gas(site: &Site, account: Address) -> Result<Finding> {
    let chain = site.network.chain();
    Ok(findings::gas(chain.coin(account).await?, chain.gas_price().await?, account))
}

async fn deposit(site: &Site, view: &GroupView, account: Address, has_stake: bool) -> Result<Finding> {
    let (balance, least) = (site.network.neuron().balance(account).await?, site.network.least_deposit(view.id).await?);
    Ok(findings::deposit(balance, least, has_stake, account))
}

async fn stake(site: &Site, view: &GroupView, account: Address) -> Result<Finding> {
    let epoch = site.network.stake().epoch().await?;
    Ok(findings::stake(view, account, epoch))
}

/// What can be seen without a network.
fn local(context: &Context, node: Option<&NodeConfig>, checks: &mut Vec<Check>) {
    let beside = context.network.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = node.map_or(beside, |node| node.data.as_path());
    checks.push(Check { name: "disk", finding: findings::disk(folder, machine::free_bytes(folder)) });
    checks.push(Check { name: "memory", finding: findings::memory(system::available_bytes()) });
    if let Some(node) = node {
        let is_running = machine::is_in_use(&node.data);
        let taken = node.listen.iter().filter(|address| machine::is_taken(address)).cloned().collect::<Vec<_>>();
        checks.push(Check { name: "ports", finding: findings::ports(node, &taken, is_running) });
    }
}

/// The GPU that the settings name, or the first one, tried for the processor's bits.
async fn gpu(asked: Place) -> Finding {
    let place = if asked == Place::Processor { Place::Gpu(0) } else { asked };
    match blocking(move || look_for(place)).await {
        Ok(choice) => findings::gpu(asked, &choice),
        Err(error) => Finding::failed(&error, "unset the variable, or let it name what this processor has"),
    }
}

/// A node that lives for a moment tells who answers and how it is reached.
async fn peers(site: &Site, group: GroupId, node: Option<NodeConfig>, seconds: u64) -> Finding {
    match neighbourhood(site, group, node, seconds).await {
        Ok(seen) => findings::peers(&seen, group),
        Err(error) => Finding::failed(&error, "correct `listen` and `peers`"),
    }
}

async fn neighbourhood(site: &Site, group: GroupId, node: Option<NodeConfig>, seconds: u64) -> Result<Neighbourhood> {
    let folder = tempfile::tempdir()?;
    let node = node.unwrap_or_default();
    // A node that runs has its ports; beside it any others do.
    let listen = if node.listen.iter().any(|address| machine::is_taken(address)) { Vec::new() } else { node.listen };
    let settings = NodeConfig { listen, peers: node.peers, external: node.external, upnp: node.upnp, ..NodeConfig::default() };
    let (client, _events) = site.meet(folder.path(), keys::node_key(folder.path())?, &settings).await?;
    wait_for_peer(&client).await?;
    client.subscribe(group).await?;
    sleep(Duration::from_secs(seconds)).await;
    let seen = client.neighbourhood().await?;
    client.shutdown().await;
    Ok(seen)
}
