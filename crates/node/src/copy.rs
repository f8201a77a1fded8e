//! Copies of a group for times without a chain: made as of the first block of each round, told in the log, taken over by others.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use chain::ChainError;
use governance::Network;
use protocol::{
    chain::ChainEvent,
    copy::{Front, GroupCopy, MAX_COPY},
    ids::{Address, Digest, GroupId, NodeId, RoundNumber},
    log::Body,
};
use swarm::{Client, Config, Length, Order, Progress};
use tokio::{sync::watch, time::sleep};

use crate::{
    config::{NetworkFile, NodeConfig},
    keys,
    member::Member,
    site::swarm_config,
};

/// Between two looks whether a round has begun.
const LOOK: Duration = Duration::from_secs(5);
/// How long a copy is fetched at most.
const FETCH: Duration = Duration::from_secs(600);

/// Makes copies of one group as long as the node runs.
pub struct Keeper {
    pub network: Network,
    pub client: Client,
    pub group: GroupId,
    /// The block that deployed the network.
    pub first: u64,
    /// Where chronicles stand.
    pub folder: PathBuf,
}

impl Keeper {
    /// Goes on in a task of its own until the peer-to-peer network ends. What fails is tried again: nobody's round depends on it.
    pub fn spawn(self) {
        tokio::spawn(async move {
            let mut made = None;
            while self.client.peers().await.is_ok() {
                sleep(LOOK).await;
                match self.make(made).await {
                    Ok(Some(copy)) => {
                        made = Some(copy.front.view.clock(copy.front.block.time_s).round);
                        if let Err(error) = self.tell(&copy).await {
                            tracing::debug!("no copy of the group was told: {error:#}");
                        }
                    }
                    Ok(None) => {}
                    Err(error) => tracing::debug!("no copy of the group was made: {error}"),
                }
            }
        });
    }

    /// The group as of the first block of the running round, unless that is the round that was `made` last.
    async fn make(&self, made: Option<RoundNumber>) -> Result<Option<GroupCopy>, ChainError> {
        let chain = self.network.chain();
        let tip = chain.block(chain.confirmed_number().await?).await?;
        let view = self.network.view_at(self.group, tip.number).await?;
        let round = view.clock(tip.time_s).round;
        if made == Some(round) {
            return Ok(None);
        }
        let start_s = view.times.round_start_s(view.genesis_s, round);
        let Some(block) = chain.first_block_since(start_s).await?.filter(|block| block.number <= tip.number) else { return Ok(None) };
        let view = self.network.view_at(self.group, block.number).await?;
        let front = Front { chain_id: chain.chain_id(), network: self.network.address(), block, view };
        Ok(Some(GroupCopy::new(front, self.events().await?)))
    }

    /// Those of the group and of its ancestors, the oldest group first.
    async fn events(&self) -> Result<Vec<(u64, ChainEvent)>, ChainError> {
        let mut events = Vec::new();
        for group in self.network.ancestry(self.group).await?.into_iter().rev() {
            events.extend(self.network.history_in(group, self.first, &self.folder).await?);
        }
        Ok(events)
    }

    async fn tell(&self, copy: &GroupCopy) -> Result<()> {
        let round = copy.front.view.clock(copy.front.block.time_s).round;
        let file = self.client.add(copy.to_bytes()?).await?;
        self.client.append(self.group, Body::Copy { round, file }).await?;
        Ok(())
    }
}

/// The copy that most nodes tell of, the newest of those, and how many they are. `told`: what each wrote last.
pub fn most_told(told: &BTreeMap<NodeId, (RoundNumber, Digest)>) -> Option<(Digest, usize)> {
    let mut tellers: BTreeMap<(RoundNumber, Digest), BTreeSet<NodeId>> = BTreeMap::new();
    for (node, copy) in told {
        tellers.entry(*copy).or_default().insert(*node);
    }
    let best = tellers.into_iter().max_by_key(|((round, _), tellers)| (tellers.len(), *round));
    best.map(|((_, file), tellers)| (file, tellers.len()))
}

/// Where copies of the groups of a network stand: beside its file.
pub fn folder(network_file: &Path) -> PathBuf {
    network_file.with_extension("copies")
}

fn path(folder: &Path, group: GroupId) -> PathBuf {
    folder.join(format!("{group}.copy"))
}

/// A node of its own in the folder of copies; without peers and an open port if it is `offline`.
///
/// # Errors
/// When the folder is in use or cannot be written, or an address of the network file is none.
pub async fn start(file: &NetworkFile, network: Address, folder: &Path, offline: bool) -> Result<Client> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let config = swarm_config(file, network, folder, keys::node_key(folder)?, &NodeConfig::default())?;
    let config = if offline { Config { listen: Vec::new(), peers: Vec::new(), ..config } } else { config };
    Ok(swarm::start(config).await?.0)
}

/// Fetches a copy, keeps it, and brings what the group's model and set are made of; how far that is goes to `told`.
///
/// # Errors
/// When nobody gives it now, it is none of that group, or something of the group is lacking.
pub async fn take(
    client: &Client,
    name: (u64, Address),
    (group, file): (GroupId, Digest),
    folder: &Path,
    told: watch::Sender<Progress>,
) -> Result<GroupCopy> {
    let order = Order { progress: Some(told.clone()), ..Order::new(file, Length::UpTo(MAX_COPY), FETCH) };
    client.bring(&order).await.context("the copy cannot be fetched now: try again")?;
    let copy = GroupCopy::from_bytes(&client.fetch_up_to(file, MAX_COPY, FETCH).await?, name, group)?;
    let member = joined(&copy, client).await?.telling(told);
    member.checkpoint(copy.front.view.checkpoint).await.context("the group's checkpoint cannot be fetched now: try again")?;
    member.set(copy.front.view.head).await.context("the group's training set cannot be fetched now: try again")?;
    keep(&path(folder, group), &copy.to_bytes()?)?;
    Ok(copy)
}

/// Whole or not at all.
fn keep(path: &Path, bytes: &[u8]) -> Result<()> {
    let new = path.with_extension("new");
    let written = fs::write(&new, bytes).and_then(|()| fs::File::open(&new)?.sync_all()).and_then(|()| fs::rename(&new, path));
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// What was taken over of a group.
///
/// # Errors
/// When nothing was, or it is damaged.
pub fn open(name: (u64, Address), group: GroupId, folder: &Path) -> Result<GroupCopy> {
    let path = path(folder, group);
    let bytes = fs::read(&path).with_context(|| format!("there is no copy {}: take one with `neuron group copy`", path.display()))?;
    GroupCopy::from_bytes(&bytes, name, group).with_context(|| path.display().to_string())
}

/// A member of the group as the copy tells of it.
///
/// # Errors
/// When the group's manifest cannot be had.
pub async fn joined(copy: &GroupCopy, client: &Client) -> Result<Member> {
    let member = Member::join(&copy.front.view, client).await?;
    for event in copy.events() {
        member.note(event).await;
    }
    Ok(member)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_that_most_nodes_tell_of_is_taken_and_of_those_the_newest() {
        let (old, new, odd) = (Digest([1; 32]), Digest([2; 32]), Digest([3; 32]));
        for (told, wanted) in [
            (vec![], None),
            (vec![(4, old), (5, new)], Some((new, 1))),
            (vec![(4, old), (4, old), (5, new)], Some((old, 2))),
            (vec![(4, old), (4, old), (5, new), (5, new), (9, odd)], Some((new, 2))),
        ] {
            let told = (0u8..).zip(&told).map(|(node, (round, file))| (NodeId([node; 32]), (RoundNumber(*round), *file)));
            assert_eq!(most_told(&told.collect()), wanted);
        }
    }
}
