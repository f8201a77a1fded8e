//! What it costs a node that its chain is old: counted calls.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use chain::{Connection, Settings};
use governance::Network;
use node::{Heard, Hub, Scope, Source};
use protocol::GroupId;
use swarm::Config;
use tokio::sync::mpsc;

use crate::stub::{BLOCK_S, NETWORK, SPAN, Shape, Stub, address};

/// A week.
pub const AWAY_BLOCKS: u64 = 7 * 86_400 / BLOCK_S;
/// Blocks within which the build of 6d03587 read every block, and how many in one go.
const NEAR_BEFORE: u64 = 2_048;
const CHUNK_BEFORE: u64 = 32;
/// Longest wait for the end of history.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// One process that follows groups.
pub struct Process {
    pub hub: Hub,
    pub feeds: Vec<mpsc::Receiver<Result<Heard>>>,
    client: swarm::Client,
}

impl Process {
    /// Starts, and reads until all groups are live.
    pub async fn start(url: &str, folder: &Path, groups: &[u64], first: u64) -> Result<Self> {
        let mut process = Self::open(url, folder, groups, first).await?;
        for feed in &mut process.feeds {
            let live = async {
                while feed.recv().await.context("the feed has ended")?? != Heard::Live {}
                Ok::<_, anyhow::Error>(())
            };
            tokio::time::timeout(PATIENCE, live).await.context("history has no end")??;
        }
        Ok(process)
    }

    /// Starts, for events from block `first` on.
    pub async fn open(url: &str, folder: &Path, groups: &[u64], first: u64) -> Result<Self> {
        let settings = Settings { rpc: url.into(), chain_id: crate::stub::CHAIN_ID, poll_ms: 10, ..Settings::default() };
        let network = Network::open(&Connection::connect(settings).await?, address(NETWORK)).await?;
        let (client, events) = swarm::start(Config::new("years", folder.join("swarm"), [7; 32])).await?;
        let groups: Vec<GroupId> = groups.iter().copied().map(GroupId).collect();
        let source = Source { network, first, folder: folder.join("chronicles"), client: client.clone(), scope: Scope::Groups };
        let hub = Hub::start(source, &groups, events).await?;
        let mut process = Self { hub, feeds: Vec::new(), client };
        for group in groups {
            process.feeds.push(process.hub.feed(group).await?.spawn());
        }
        Ok(process)
    }

    pub async fn stop(self) {
        self.client.shutdown().await;
    }
}

/// What a start of one group costs, first and after a week away, and a block of ten groups in one process.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    pub first: u64,
    pub week_away: u64,
    pub block: f64,
}

pub fn sum(calls: &BTreeMap<String, u64>) -> u64 {
    calls.values().sum()
}

/// Starts nodes on a chain of that shape; `blocks` are watched of ten groups.
pub async fn count(shape: Shape, away: u64, blocks: u64, every: Duration, folder: PathBuf) -> Result<Counted> {
    let (stub, url) = Stub::start(shape, shape.blocks - away).await;
    Process::start(&url, &folder.join("one"), &[7], 1).await?.stop().await;
    let first = sum(&stub.take_calls());
    stub.set_tip(shape.blocks);
    Process::start(&url, &folder.join("one"), &[7], 1).await?.stop().await;
    let week_away = sum(&stub.take_calls());
    let groups: Vec<u64> = (1..=10).collect();
    let ten = Process::start(&url, &folder.join("ten"), &groups, shape.blocks - SPAN).await?;
    stub.grow(every);
    tokio::time::sleep(every * 10).await;
    stub.take_calls();
    let from = stub.tip();
    tokio::time::sleep(every * u32::try_from(blocks)?).await;
    let (calls, passed) = (sum(&stub.take_calls()), stub.tip() - from);
    ten.stop().await;
    Ok(Counted { first, week_away, block: calls as f64 / passed as f64 })
}

/// What a start cost the build of 6d03587, first or later, by its algorithm: from the first block on it asked for the logs of all
/// groups in stretches of 2,000 blocks, for the header of every block that had one and of the last of each stretch, then for every
/// block within 2,048 of the tip; before that for the chain's id, for the 25 words by which a network is checked, and at the start and
/// at the tip for a view, a call for each position. A look at the tip came before each step.
pub fn before(shape: Shape) -> u64 {
    let far = shape.blocks - NEAR_BEFORE - 1;
    let stretches = far.div_ceil(SPAN);
    let each = shape.blocks / shape.events;
    let ends_with_logs = (1..=stretches).filter(|stretch| (stretch * SPAN).min(far).is_multiple_of(each)).count() as u64;
    let headers = far / each + stretches - ends_with_logs;
    let chunks = (NEAR_BEFORE + 1).div_ceil(CHUNK_BEFORE);
    let views = 2 * (2 + shape.positions);
    26 + 2 * stretches + headers + 2 * chunks + NEAR_BEFORE + 1 + views + 3
}
