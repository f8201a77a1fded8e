//! A group without its chain: `neuron group copy` takes it over from its nodes, `--offline` answers from that.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use chain::words::moment;
use node::{
    config::{self, NetworkFile},
    copy, site,
};
use protocol::{
    Address, DeltaNumber, Digest, GroupId, NodeId, PositionNumber, RoundNumber,
    copy::GroupCopy,
    eip712::{Domain, SignedChoice},
    log::Body,
};
use serde_json::{Value, json};
use swarm::Client;

use super::context::{Context, QUIET, fetching, read_log, wait_for_peer};

/// A group as a copy tells of it.
pub struct Offline {
    pub copy: GroupCopy,
    place: Place,
}

/// The network as its file names it, and where copies stand.
struct Place {
    file: NetworkFile,
    network: Address,
    folder: PathBuf,
}

/// What a position wants, by a message in the copied log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub position: PositionNumber,
    /// 0: to keep the set as it is.
    pub delta: DeltaNumber,
    pub by_owner: bool,
}

impl Choice {
    /// For people.
    pub fn words(&self) -> String {
        let Self { position, delta, by_owner } = self;
        let wanted = if delta.0 == 0 { "to keep the set".to_owned() } else { format!("delta {delta}") };
        format!("position {position} chose {wanted}{}", if *by_owner { ", by its owner" } else { "" })
    }

    /// For programs.
    pub fn data(&self) -> Value {
        json!({ "position": self.position, "delta": self.delta, "by_owner": self.by_owner })
    }
}

impl Place {
    fn of(context: &Context) -> Result<Self> {
        let file: NetworkFile = config::read(&context.network)?;
        let network = site::contract(&file, &context.network)?;
        Ok(Self { file, network, folder: copy::folder(&context.network) })
    }

    fn name(&self) -> (u64, Address) {
        (self.file.chain_id, self.network)
    }

    async fn start(&self, offline: bool) -> Result<Client> {
        copy::start(&self.file, self.network, &self.folder, offline).await
    }
}

/// `neuron group copy`.
pub async fn take(context: &Context, group: GroupId) -> Result<()> {
    let place = Place::of(context)?;
    let client = place.start(false).await?;
    wait_for_peer(&client).await?;
    client.subscribe(group).await?;
    let told = told(&read_log(&client, group, QUIET).await?);
    let (file, tellers) = copy::most_told(&told)
        .with_context(|| format!("no node tells of a copy of group {group}: is a validator or `neuron serve` among your peers?"))?;
    let copy = copy::take(&client, place.name(), (group, file), &place.folder, fetching()).await?;
    client.shutdown().await;
    let offline = Offline { copy, place };
    context.tell(&format!("{} of {} nodes tell this copy of group {group}; nobody has compared it with the chain", tellers, told.len()))?;
    context.tell(&format!("{}; it is in {}", offline.words(), offline.place.folder.display()))?;
    context.tell("`neuron --offline group show`, `delta show` and `predict` answer from it")
}

/// Of each node the newest copy that it tells of.
fn told(log: &[(NodeId, Body)]) -> BTreeMap<NodeId, (RoundNumber, Digest)> {
    let mut told = BTreeMap::new();
    for (node, body) in log {
        if let Body::Copy { round, file } = body {
            let newest = told.entry(*node).or_insert((*round, *file));
            *newest = (*newest).max((*round, *file));
        }
    }
    told
}

impl Offline {
    /// What was taken over before.
    ///
    /// # Errors
    /// When nothing was.
    pub fn open(context: &Context, group: GroupId) -> Result<Self> {
        let place = Place::of(context)?;
        Ok(Self { copy: copy::open(place.name(), group, &place.folder)?, place })
    }

    /// Of when it is.
    pub fn words(&self) -> String {
        let block = self.copy.front.block;
        format!("group {} as of block {}, {}", self.copy.front.view.id, block.number, moment(block.time_s))
    }

    /// The same for programs.
    pub fn as_of(&self) -> Value {
        let block = self.copy.front.block;
        json!({ "block": block.number, "time_s": block.time_s })
    }

    /// A node in the folder of copies, without peers.
    ///
    /// # Errors
    /// When the folder is in use.
    pub async fn start(&self) -> Result<Client> {
        self.place.start(true).await
    }

    /// Who chose what in the running period: what the log holds, counted by the chain or not.
    ///
    /// # Errors
    /// When the copied log cannot be read.
    pub async fn choices(&self) -> Result<Vec<Choice>> {
        let (client, group) = (self.place.start(true).await?, self.copy.front.view.id);
        client.subscribe(group).await?;
        let log = read_log(&client, group, Duration::ZERO).await?;
        client.shutdown().await;
        let choices = log.iter().filter_map(|(_, body)| if let Body::Choice(choice) = body { Some(choice) } else { None });
        Ok(choices.flat_map(|choice| self.voters(choice)).collect())
    }

    fn voters(&self, choice: &SignedChoice) -> Vec<Choice> {
        let (view, domain) = (&self.copy.front.view, Domain { chain_id: self.place.file.chain_id, network: self.place.network });
        let Some(signer) = choice.signer(&domain).ok().filter(|_| choice.message.period == view.period_number) else { return Vec::new() };
        let delta = choice.message.delta;
        view.spoken_for(signer).map(|(position, by_owner)| Choice { position: position.number, delta, by_owner }).collect()
    }
}
