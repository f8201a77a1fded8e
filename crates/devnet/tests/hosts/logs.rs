//! What each node has kept of the group's log, read from its folder when it has ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, ensure};
use node::keys::node_key;
use protocol::{
    Digest, GroupId,
    log::{Envelope, Kind},
};
use swarm::{Client, Config};
use tokio::{runtime::Builder, time::sleep};

use crate::{
    stage::{self, Stage},
    watched::Watched,
};

/// Within this everybody has copied what others have: two looks at a peer's log.
const QUIET: Duration = Duration::from_secs(12);

/// What counts for many rounds.
const LASTING: [Kind; 3] = [Kind::Verdict, Kind::Binding, Kind::Dataset];

/// Lets all come to rest, ends them, and compares their logs with one another.
pub async fn check(network: &mut Watched, stage: &Stage) -> Result<()> {
    let devnet = &mut network.devnet;
    // Without blocks nobody has anything to say.
    stage.cut_off(stage::CHAIN, false)?;
    sleep(QUIET).await;
    devnet.trainers.iter_mut().chain(&mut devnet.validators).for_each(devnet::Process::kill);
    let (group, name) = (devnet.group, format!("{}/{}", devnet.site.file.chain_id, devnet.network.address()));
    // What is opened here to be read copies nothing from whoever still runs.
    stage.internet.part(&[&[stage::CHAIN]])?;
    let host = stage.internet.host("trainer-1")?;
    let nodes = devnet.trainers.iter().chain(&devnet.validators);
    let folders: BTreeMap<String, PathBuf> = nodes.map(|node| (node.name.clone(), devnet.dir.join(&node.name).join("data"))).collect();
    let read = |folder: &Path| host.run(|| Builder::new_current_thread().enable_all().build()?.block_on(kept_in(&name, folder, group)));
    let mut wanted: Option<BTreeSet<Digest>> = None;
    for (node, folder) in &folders {
        let found = read(folder)?;
        ensure!(found.len() > folders.len(), "{node} has kept {} messages, and must have heard of each node", found.len());
        let wanted = wanted.get_or_insert_with(|| found.clone());
        let (lacks, has) = (wanted.difference(&found).count(), found.difference(wanted).count());
        ensure!(lacks + has == 0, "of {} messages {node} lacks {lacks}, and has {has} others", wanted.len());
    }
    Ok(())
}

async fn kept_in(network: &str, folder: &Path, group: GroupId) -> Result<BTreeSet<Digest>> {
    let config = Config { listen: Vec::new(), ..Config::new(network, folder.to_owned(), node_key(folder)?) };
    let (client, _events) = swarm::start(config).await?;
    client.subscribe(group).await?;
    let kept = kept(&client, group).await;
    client.shutdown().await;
    kept
}

/// Ids of the messages that count for longer than anybody was cut off: what falls with its round or period nobody needs who comes back
/// later, and a node that is opened anew says anew where it listens.
async fn kept(client: &Client, group: GroupId) -> Result<BTreeSet<Digest>> {
    let (mut ids, mut cursor) = (BTreeSet::new(), 0);
    loop {
        let entries = client.log(group, cursor).await?;
        let Some(last) = entries.last() else { return Ok(ids) };
        cursor = last.number + 1;
        ids.extend(entries.iter().map(|entry| &entry.envelope).filter(|message| LASTING.contains(&message.kind())).map(Envelope::id));
    }
}
