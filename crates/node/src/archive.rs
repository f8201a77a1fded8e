//! A node without stake or race: it follows groups, keeps what their chain says is current, and serves it to whoever asks.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use evaluator::checkpoint_len;
use protocol::{Digest, GroupId, chain::GroupView};
use swarm::Client;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    config::NodeConfig,
    copy,
    feed::Heard,
    host::CHRONICLES,
    hub::{Hub, Scope, Source},
    keys,
    lock::{self, Lock},
    logging,
    member::Member,
    outside::{self, Outside},
    patience::patient,
    pins::Keeper,
    shards,
    site::Site,
    stop,
    vitals::{Program, Subject, Vitals, Waiting},
};

/// Groups of one archive, as many as a node keeps logs of.
const GROUPS_MAX: usize = 256;
/// Between two attempts at what could not be had.
const AGAIN: Duration = Duration::from_secs(20);
/// It has no account, and is of use to the first peer too.
const PROGRAM: Program = Program { name: "neuron serve", calls: &[], needs_peers: false };
/// How long one attempt at a checkpoint lasts; what came of it is kept for the next.
const ATTEMPT: Duration = Duration::from_secs(600);

/// What is current in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Current {
    checkpoint: Digest,
    head: Digest,
}

impl From<&GroupView> for Current {
    fn from(view: &GroupView) -> Self {
        Self { checkpoint: view.checkpoint, head: view.head }
    }
}

/// See the module.
pub struct Archive {
    pub client: Client,
    /// What the node shows of itself.
    pub vitals: Vitals,
    site: Site,
    hub: Hub,
    groups: BTreeSet<GroupId>,
    data: PathBuf,
    _outside: Outside,
    _lock: Lock,
}

impl Archive {
    /// Opens chain and network; no account is needed.
    ///
    /// # Errors
    /// Whatever is missing or wrong, with what to do about it.
    pub async fn open(network: &Path, settings: &NodeConfig, groups: BTreeSet<GroupId>) -> Result<Self> {
        ensure!((1..=GROUPS_MAX).contains(&groups.len()), "name 1 to {GROUPS_MAX} groups with --group");
        let (lock, data) = (lock::lock(&settings.data)?, settings.data.clone());
        let site = patient("joining the network", || Site::open(network)).await?;
        let (client, events) = site.meet(&data, keys::node_key(&data)?, settings).await?;
        let outside = outside::start(settings, &client)?;
        let (network, first) = (site.network.clone(), site.file.deployed_block);
        let source = Source { network, first, folder: data.join(CHRONICLES), client: client.clone(), scope: Scope::Groups };
        let hub = Hub::start(source, &groups.iter().copied().collect::<Vec<_>>(), events).await?;
        let (network, at) = (site.network.clone(), data.clone());
        let subject = Subject { program: PROGRAM, account: None, network, client: client.clone(), data: at };
        let vitals = Vitals::new(subject, groups.iter().copied());
        Ok(Self { client, vitals, site, hub, groups, data, _outside: outside, _lock: lock })
    }

    /// Follows all groups until SIGINT or SIGTERM. A group that cannot be followed yet is said once, and tried again.
    ///
    /// # Errors
    /// When the system gives no signals.
    pub async fn serve(self) -> Result<()> {
        let (archive, mut tasks) = (Arc::new(self), JoinSet::new());
        for group in archive.groups.iter().copied() {
            tasks.spawn(archive.clone().follow_always(group));
        }
        stop::asked().await?;
        tasks.shutdown().await;
        archive.client.shutdown().await;
        Ok(())
    }

    async fn follow_always(self: Arc<Self>, group: GroupId) {
        let mut said = String::new();
        loop {
            let error = match self.follow(group).await {
                Ok(()) => String::new(),
                Err(error) => logging::told(&error),
            };
            if error != said {
                tracing::warn!(group = group.0, "this group cannot be followed; trying again: {error}");
                said = error;
            }
            sleep(AGAIN).await;
        }
    }

    /// One group, from its history on, until its feed ends.
    async fn follow(&self, group: GroupId) -> Result<()> {
        let feed = self.hub.feed(group).await?;
        let member = Member::join(feed.view(), &self.client).await?;
        let chronicles = self.data.join(CHRONICLES);
        patient("reading the sets of its forebears", || member.inherit(&self.site.network, self.site.file.deployed_block, &chronicles))
            .await?;
        self.client.provide(feed.view().manifest).await?;
        let (tell, current) = watch::channel(Current::from(feed.view()));
        let (mut heard, mut keeper, mut pins) = (feed.spawn(), JoinSet::new(), Keeper::start(member.clone()));
        self.copies(group, chronicles).spawn();
        let watch = self.vitals.watch(group);
        while let Some(heard) = heard.recv().await {
            let heard = heard?;
            pins.hear(&heard).await;
            watch.hear(&heard, Waiting::default());
            match heard {
                Heard::Group(view) => {
                    let new = Current::from(&view);
                    tell.send_if_modified(|known| std::mem::replace(known, new) != new);
                }
                Heard::Event { event, .. } => member.note(&event).await,
                // Before history is over nobody knows which patches lead to the head.
                Heard::Live if keeper.is_empty() => _ = keeper.spawn(keep(member.clone(), current.clone())),
                Heard::Log { author, body } => member.heard(author, &body),
                Heard::Restart | Heard::Block(_) | Heard::Live | Heard::Double { .. } => {}
            }
        }
        Ok(())
    }

    fn copies(&self, group: GroupId, folder: PathBuf) -> copy::Keeper {
        let (network, first) = (self.site.network.clone(), self.site.file.deployed_block);
        copy::Keeper { network, client: self.client.clone(), group, first, folder }
    }
}

/// Holds what is current, and tells the network so; what was current before is told of no longer, but kept.
async fn keep(member: Member, mut current: watch::Receiver<Current>) {
    let (mut told, mut said) = (None::<Digest>, String::new());
    loop {
        let wanted = *current.borrow_and_update();
        match hold(&member, wanted).await {
            Ok(()) => {
                tracing::info!(group = member.group.0, checkpoint = %wanted.checkpoint, head = %wanted.head, "held and served");
                if let Some(old) = told.replace(wanted.checkpoint).filter(|old| *old != wanted.checkpoint) {
                    // An error means that the network has ended.
                    _ = member.client.withdraw(old).await;
                }
                if current.changed().await.is_err() {
                    return;
                }
            }
            Err(error) => {
                let error = logging::told(&error);
                if error != said {
                    tracing::warn!(group = member.group.0, "not held yet; trying again: {error}");
                    said = error;
                }
                // Whichever comes first; a sender that is gone shows at the next turn.
                _ = timeout(AGAIN, current.changed()).await;
                if current.has_changed().is_err() {
                    return;
                }
            }
        }
    }
}

/// Brings checkpoint and patches here.
async fn hold(member: &Member, wanted: Current) -> Result<()> {
    let patches = member.patches(wanted.head).await;
    member.client.download(wanted.checkpoint, checkpoint_len(&member.manifest), ATTEMPT).await.context("the checkpoint")?;
    member.client.provide(wanted.checkpoint).await?;
    for patch in patches {
        member.body(patch).await?;
        member.client.provide(patch).await?;
    }
    hold_tokens(member, wanted.head).await
}

/// Brings the tokenizer and all shards of a set of tokens here; other sets have none.
async fn hold_tokens(member: &Member, head: Digest) -> Result<()> {
    let Some(tokenizer) = member.manifest.data().tokenizer_digest().map(Digest) else { return Ok(()) };
    member.tokenizer(tokenizer).await?;
    member.client.provide(tokenizer).await?;
    let set = member.set(head).await?;
    shards::hold_all(member, &set.examples).await?;
    for shard in set.examples.shards() {
        member.client.provide(Digest(shard.cid.digest())).await?;
    }
    Ok(())
}
