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

use crate::config::{self, NetworkFile};

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
        ensure!(!file.contract.is_empty(), "{0} names no contract: make the network with `neuron deploy --network {0}`", path.display());
        let contract: Address = file.contract.parse().with_context(|| format!("`contract` in {}", path.display()))?;
        let chain = Connection::connect(file.settings()).await?;
        let network = Network::open(&chain, contract).await?;
        Ok(Self { file, network, chronicles: path.with_extension("chronicles") })
    }

    /// All events of a group so far, each with the number of its block.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn history(&self, group: GroupId) -> Result<Vec<(u64, ChainEvent)>> {
        Ok(self.network.history_in(group, self.file.deployed_block, &self.chronicles).await?)
    }

    /// The same network for sending as `account`, one per account and program; what it sends is kept in the folder `flights`.
    ///
    /// # Errors
    /// When another program sends for the account with that folder, or it cannot be used.
    pub fn as_account(&self, account: Account, flights: &Path) -> Result<Network> {
        Ok(self.network.through(&self.network.chain().with_flights(account, flights)?))
    }

    /// Starts the peer-to-peer side in a data folder.
    ///
    /// # Errors
    /// A malformed address, or one that cannot be listened on.
    pub async fn join(&self, data: &Path, key: [u8; 32], listen: &[String], peers: &[String]) -> Result<(Client, mpsc::Receiver<Event>)> {
        self.join_holding(data, key, (listen, peers), None).await
    }

    /// The same with a limit for the bytes of all files.
    ///
    /// # Errors
    /// As [`Site::join`].
    pub async fn join_holding(
        &self,
        data: &Path,
        key: [u8; 32],
        (listen, peers): (&[String], &[String]),
        store_bytes: Option<u64>,
    ) -> Result<(Client, mpsc::Receiver<Event>)> {
        let name = format!("{}/{}", self.file.chain_id, self.network.address());
        let mut config = Config::new(&name, data.to_owned(), key);
        if !listen.is_empty() {
            config.listen = addresses(listen)?;
        }
        config.peers = addresses(&self.file.peers)?;
        config.peers.extend(addresses(peers)?);
        config.store_bytes_max = store_bytes.unwrap_or(config.store_bytes_max);
        Ok(swarm::start(config).await?)
    }
}

fn addresses<A: std::str::FromStr>(texts: &[String]) -> Result<Vec<A>>
where
    A::Err: std::error::Error + Send + Sync + 'static,
{
    let parse = |text: &String| {
        text.parse().with_context(|| format!("{text:?} is no address; one looks like /ip4/203.0.113.7/tcp/4400/p2p/12D3Koo…"))
    };
    texts.iter().map(parse).collect()
}
