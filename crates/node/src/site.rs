//! The way into a network: its file, its chain, its contracts, each checked before anything is done.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use chain::{Account, Connection};
use governance::Network;
use protocol::{
    chain::ChainEvent,
    ids::{Address, GroupId},
};
use swarm::{Client, Config, Event};
use tokio::sync::mpsc;

use crate::config::{self, NetworkFile, NodeConfig};

/// Free ports, of this machine alone and of all its addresses.
const LOCAL: &str = "/ip4/127.0.0.1/tcp/0";
const EVERYWHERE: [&str; 2] = ["/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"];

/// A network that answers and is what its file says.
#[derive(Clone)]
pub struct Site {
    pub file: NetworkFile,
    /// Without an account: for reading.
    pub network: Network,
    /// Where commands keep what they read of the chain: beside the network file.
    pub chronicles: PathBuf,
}

impl Site {
    /// Reads the network file, asks the chain for its id, and checks code and wiring of the contracts.
    ///
    /// # Errors
    /// Whichever of these is not as the file says.
    pub async fn open(path: &Path) -> Result<Self> {
        let file: NetworkFile = config::read(path)?;
        let contract = contract(&file, path)?;
        let chain = Connection::connect(file.settings()).await?;
        let network = Network::open(&chain, contract).await?;
        Ok(Self { file, network, chronicles: path.with_extension("chronicles") })
    }

    /// All events of a group so far, each with the number of its block.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn history(&self, group: GroupId) -> Result<Vec<(u64, ChainEvent)>> {
        self.history_telling(group, |_, _| {}).await
    }

    /// The same; `tell` hears how many blocks were read, and of how many.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn history_telling(&self, group: GroupId, tell: impl Fn(u64, u64)) -> Result<Vec<(u64, ChainEvent)>> {
        Ok(self.network.history_telling(group, self.file.deployed_block, &self.chronicles, tell).await?)
    }

    /// The same network for sending as `account`, one per account and program; what it sends is kept in the folder `flights`.
    ///
    /// # Errors
    /// When another program sends for the account with that folder, or it cannot be used.
    pub fn as_account(&self, account: Account, flights: &Path) -> Result<Network> {
        Ok(self.network.through(&self.network.chain().with_flights(account, flights)?))
    }

    /// Starts the peer-to-peer side in a data folder, on this machine alone unless `listen` names more.
    ///
    /// # Errors
    /// A malformed address, or one that cannot be listened on.
    pub async fn join(&self, data: &Path, key: [u8; 32], listen: &[String], peers: &[String]) -> Result<(Client, mpsc::Receiver<Event>)> {
        let listen = if listen.is_empty() { vec![LOCAL.to_owned()] } else { listen.to_vec() };
        self.meet(data, key, &NodeConfig { listen, peers: peers.to_vec(), ..NodeConfig::default() }).await
    }

    /// Starts the peer-to-peer side in a data folder, as the settings of a node say.
    ///
    /// # Errors
    /// A malformed address, one that cannot be listened on or dialled, or a number with which no node can work.
    pub async fn meet(&self, data: &Path, key: [u8; 32], settings: &NodeConfig) -> Result<(Client, mpsc::Receiver<Event>)> {
        let config = swarm_config(&self.file, self.network.address(), data, key, settings)?;
        Ok(swarm::start(config).await?)
    }
}

/// The address of the network that a file describes.
///
/// # Errors
/// When it names none.
pub fn contract(file: &NetworkFile, path: &Path) -> Result<Address> {
    ensure!(!file.contract.is_empty(), "{0} names no contract: make the network with `neuron deploy --network {0}`", path.display());
    file.contract.parse().with_context(|| format!("`contract` in {}", path.display()))
}

/// What a node of the network is started with.
///
/// # Errors
/// A malformed address, or a number with which no node can work.
pub fn swarm_config(file: &NetworkFile, network: Address, data: &Path, key: [u8; 32], settings: &NodeConfig) -> Result<Config> {
    let mut config = Config::new(&format!("{}/{network}", file.chain_id), data.to_owned(), key);
    config.listen = addresses(&listen(file, settings)).context("`listen`")?;
    config.external = addresses(&settings.external).context("`external`")?;
    config.peers = addresses(&file.peers).context("`peers` of the network file")?;
    config.peers.extend::<Vec<_>>(addresses(&settings.peers).context("`peers`")?);
    config.inbound_connections_max = settings.inbound_connections.unwrap_or(config.inbound_connections_max);
    config.outbound_connections_max = settings.outbound_connections.unwrap_or(config.outbound_connections_max);
    config.inbound_per_host_max = settings.connections_per_host;
    config.store_bytes_max = settings.store_bytes()?.unwrap_or(config.store_bytes_max);
    (config.upload_bytes_per_s, config.download_bytes_per_s) = (settings.upload_bytes_per_s, settings.download_bytes_per_s);
    (config.mdns, config.upnp) = (settings.mdns, settings.upnp);
    (config.relay_server, config.relay_client) = (settings.relay, settings.lean_on_relays);
    Ok(config)
}

/// Where a node listens: unless it was told, for this machine alone if all peers that it knows are on it, else for everybody.
fn listen(file: &NetworkFile, settings: &NodeConfig) -> Vec<String> {
    let is_loopback = |peer: &String| ["/ip4/127.", "/ip6/::1/"].iter().any(|start| peer.starts_with(start));
    match file.peers.iter().chain(&settings.peers).all(is_loopback) {
        _ if !settings.listen.is_empty() => settings.listen.clone(),
        true => vec![LOCAL.to_owned()],
        false => EVERYWHERE.map(str::to_owned).into(),
    }
}

fn addresses<A: std::str::FromStr>(texts: &[String]) -> Result<Vec<A>>
where
    A::Err: std::error::Error + Send + Sync + 'static,
{
    let parse = |text: &String| {
        text.parse().with_context(|| {
            format!("{text:?} is no address; one looks like /ip4/203.0.113.7/tcp/4400/p2p/12D3Koo… or /dns4/node.example/udp/4400/quic-v1")
        })
    };
    texts.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_was_not_told_listens_for_everybody_unless_all_its_peers_are_on_this_machine() {
        let (here, there) = ("/ip4/127.0.0.1/tcp/1", "/dns4/node.example/tcp/1");
        for (first, further, told, wanted) in [
            (&[][..], &[][..], &[][..], &[LOCAL][..]),
            (&[here], &[here], &[], &[LOCAL]),
            (&[there], &[], &[], &EVERYWHERE),
            (&[here], &[there], &[], &EVERYWHERE),
            (&[there], &[], &[here], &[here]),
        ] {
            let texts = |some: &[&str]| some.iter().map(ToString::to_string).collect::<Vec<_>>();
            let file = NetworkFile { peers: texts(first), ..NetworkFile::default() };
            let settings = NodeConfig { peers: texts(further), listen: texts(told), ..NodeConfig::default() };
            assert_eq!(listen(&file, &settings), wanted, "{first:?} {further:?} {told:?}");
        }
    }
}
