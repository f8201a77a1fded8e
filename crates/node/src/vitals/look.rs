//! What is looked at when somebody asks, and kept for a while.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use chain::{ChainError, Connection, Flights};
use swarm::{Client, Sums};
use tokio::time::timeout;

use super::{
    Call, Subject,
    state::{Chain, Endpoint, Machine, Peers, Store},
};
use crate::{keys::FLIGHTS, system};
use protocol::money::Wei;

/// Nobody waits longer for a part of the node, or for the chain.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// What is on this machine is looked at again after this.
const FRESH: Duration = Duration::from_secs(2);
/// What is asked of the chain is asked for again after this; some endpoints count requests.
const FRESH_OF_CHAIN: Duration = Duration::from_secs(60);
/// What an endpoint that answers is called by its connection.
const ANSWERS: &str = "answers";

/// What was seen last; nothing where there was no answer.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    at: Option<Instant>,
    chain_at: Option<Instant>,
    connected: Option<u64>,
    sums: Option<Sums>,
    pub machine: Machine,
    coin: Option<Wei>,
    coin_rounds: Option<u64>,
    transactions: Option<u64>,
}

impl Looked {
    /// Looks again at what was not looked at for a while.
    pub async fn renew(&mut self, subject: &Subject) {
        if !is_fresh(self.at, FRESH) {
            self.here(subject).await;
            self.at = Some(Instant::now());
        }
        if !is_fresh(self.chain_at, FRESH_OF_CHAIN) {
            self.there(subject).await;
            self.chain_at = Some(Instant::now());
        }
    }

    async fn here(&mut self, subject: &Subject) {
        let (client, data) = (&subject.client, subject.data.clone());
        let (peers, sums) = tokio::join!(timeout(PATIENCE, client.peers()), timeout(PATIENCE, client.store_sums()));
        self.connected = peers.ok().and_then(Result::ok).map(|peers| peers.len() as u64);
        self.sums = sums.ok().and_then(Result::ok);
        let (chain_id, account) = (subject.network.chain().chain_id(), subject.account);
        let looking = tokio::task::spawn_blocking(move || {
            let flights = account.and_then(|account| Flights::peek(&data.join(FLIGHTS), chain_id, account).ok());
            (machine(&data), flights.map(|flights| flights.len() as u64))
        });
        (self.machine, self.transactions) = looking.await.unwrap_or_default();
    }

    async fn there(&mut self, subject: &Subject) {
        let asked = timeout(PATIENCE, coin(subject.network.chain(), subject.program.calls)).await;
        let (coin, rounds) = asked.ok().and_then(Result::ok).unzip();
        (self.coin, self.coin_rounds) = (coin, rounds.flatten());
    }

    pub fn chain(&self, chain: &Connection, block: Option<u64>) -> Chain {
        let endpoint = |(address, state): (String, &str)| Endpoint { address, state: state.to_owned(), is_up: state == ANSWERS };
        Chain {
            id: chain.chain_id(),
            block,
            confirmations: chain.settings().confirmations,
            endpoints: chain.states().into_iter().map(endpoint).collect(),
            coin: self.coin,
            coin_rounds: self.coin_rounds,
            transactions_waiting: self.transactions,
        }
    }

    pub fn peers(&self, client: &Client) -> Peers {
        let traffic = client.traffic();
        Peers { connected: self.connected, sent_bytes: traffic.sent_bytes, received_bytes: traffic.received_bytes }
    }

    pub fn store(&self, client: &Client) -> Store {
        Store {
            blocks: self.sums.map(|sums| sums.blocks),
            held_bytes: self.sums.map(|sums| sums.held_bytes),
            limit_bytes: self.sums.map(|sums| sums.limit_bytes),
            wanted_blocks: client.wanted().len() as u64,
            full: client.full(),
        }
    }
}

fn is_fresh(at: Option<Instant>, time: Duration) -> bool {
    at.is_some_and(|at| at.elapsed() < time)
}

/// The coin of the account, and the rounds for whose calls it lasts; none where nothing is sent.
async fn coin(chain: &Connection, calls: &[Call]) -> Result<(Wei, Option<u64>), ChainError> {
    let coin = chain.coin(chain.own_address()?).await?;
    let gas: u64 = calls.iter().map(|(what, usual)| chain.gas_of(what).unwrap_or(*usual)).sum();
    if gas == 0 {
        return Ok((coin, None));
    }
    let cost = chain.gas_price().await?.0.saturating_mul(gas.into());
    Ok((coin, Some(u64::try_from(coin.0 / cost.max(1)).unwrap_or(u64::MAX))))
}

fn machine(data: &Path) -> Machine {
    let disk = system::disk(data);
    Machine { disk_free_bytes: disk.map(|(free, _)| free), disk_bytes: disk.map(|(_, all)| all), resident_bytes: system::resident_bytes() }
}
