//! One process for several groups: key, chain, sender, peer-to-peer network, lock and data folder are shared, each group has its machine
//! in a task of its own.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use chain::Account;
use governance::Network;
use protocol::{GroupId, pace::Tempo};
use swarm::Client;
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{
    bindings,
    config::NodeConfig,
    copy::Keeper,
    hub::{Hub, Scope, Source},
    keys,
    lock::{self, Lock},
    logging,
    member::Member,
    outside::{self, Outside},
    patience::patient,
    shell::{Node, Program, Shell},
    site::Site,
    stop::Stop,
    vitals::{self, Subject, Vitals},
};

/// Where in the data folder stands what was read of the chain.
pub const CHRONICLES: &str = "chronicles";
/// Between two attempts to begin with a group, where there are others.
const AGAIN: Duration = Duration::from_secs(20);

/// See the module.
pub struct Host {
    pub account: Account,
    /// Sends as the account.
    pub network: Network,
    pub client: Client,
    /// What the node shows of itself.
    pub vitals: Vitals,
    /// What machines are told of the chain's time.
    tempo: Tempo,
    /// The node's own key.
    secret: [u8; 32],
    data: PathBuf,
    first: u64,
    groups: BTreeSet<GroupId>,
    hub: Hub,
    /// Whether copies of the groups are made for times without a chain.
    keeps_copies: bool,
    _outside: Outside,
    _lock: Lock,
}

impl Host {
    /// Opens key, chain and network of a program.
    ///
    /// # Errors
    /// Whatever is missing or wrong, with what to do about it.
    pub async fn open(config: &NodeConfig, program: vitals::Program) -> Result<Self> {
        let lock = lock::lock(&config.data)?;
        let account = config.key()?.account().await?;
        let site = patient("joining the network", || Site::open(&config.network)).await?;
        let (secret, first, data) = (keys::node_key(&config.data)?, site.file.deployed_block, config.data.clone());
        let groups = patient("looking for the groups", || config.group.of(&site.network, account.address())).await?;
        let tempo = Tempo { edge_s: config.edge_s, ..site.file.tempo() };
        let (client, events) = site.meet(&data, secret, config).await?;
        let outside = outside::start(config, &client)?;
        let network = site.as_account(account.clone(), &data.join(keys::FLIGHTS))?;
        let source =
            Source { network: network.clone(), first, folder: data.join(CHRONICLES), client: client.clone(), scope: Scope::Groups };
        let hub = Hub::start(source, &groups.iter().copied().collect::<Vec<_>>(), events).await?;
        let (of, at) = (Some(account.address()), data.clone());
        let subject = Subject { program, account: of, network: network.clone(), client: client.clone(), data: at };
        let vitals = Vitals::new(subject, groups.iter().copied());
        let keeps_copies = false;
        Ok(Self { account, network, client, vitals, tempo, secret, data, first, groups, hub, keeps_copies, _outside: outside, _lock: lock })
    }

    /// Makes copies of the groups too, round by round, and tells of them.
    #[must_use]
    pub fn with_copies(self) -> Self {
        Self { keeps_copies: true, ..self }
    }

    /// Fetches a group's manifest, and says in its log for which account the node speaks.
    ///
    /// # Errors
    /// Whatever is missing or wrong, with what to do about it.
    async fn join(&self, group: GroupId) -> Result<Node> {
        let (account, network, secret) = (self.account.clone(), self.network.clone(), self.secret);
        let feed = self.hub.feed(group).await?;
        let member = Member::join(feed.view(), &self.client).await?;
        let chronicles = self.data.join(CHRONICLES);
        patient("reading the sets of its forebears", || member.inherit(&network, self.first, &chronicles)).await?;
        if self.keeps_copies {
            let (network, client, folder) = (network.clone(), self.client.clone(), chronicles);
            Keeper { network, client, group, first: self.first, folder }.spawn();
        }
        bindings::publish(&member, &account, &network.domain()).await?;
        let (folder, watch) = (own_folder(&self.data, group)?, self.vitals.watch(group));
        Ok(Node { account, network, member, tempo: self.tempo, secret, folder, feed, watch })
    }

    /// Serves all groups until their machines have finished. Where there are several, one that cannot be begun with is said once, and tried
    /// again while the others go on.
    ///
    /// # Errors
    /// Only such as waiting does not cure; of a single group also why it cannot be begun with.
    pub async fn serve<P: Program>(
        self,
        stop: watch::Receiver<Stop>,
        start: impl Fn(Node) -> Result<Shell<P>> + Clone + Send + Sync + 'static,
    ) -> Result<()> {
        let (host, mut tasks) = (Arc::new(self), JoinSet::new());
        for group in host.groups.iter().copied() {
            let (host, mut stop, start) = (host.clone(), stop.clone(), start.clone());
            tasks.spawn(async move {
                match host.begin(group, &mut stop, start).await? {
                    Some(shell) => shell.run(stop).await.with_context(|| format!("group {group}")),
                    None => Ok(()),
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.context("the task of a group ended unexpectedly")??;
        }
        host.client.shutdown().await;
        Ok(())
    }

    /// None if the program is to end before the group can be begun with.
    async fn begin<P: Program>(
        &self,
        group: GroupId,
        stop: &mut watch::Receiver<Stop>,
        start: impl Fn(Node) -> Result<Shell<P>>,
    ) -> Result<Option<Shell<P>>> {
        let mut said = String::new();
        while *stop.borrow() == Stop::GoOn {
            let error = match self.join(group).await.and_then(&start) {
                Ok(shell) => return Ok(Some(shell)),
                Err(error) if self.groups.len() == 1 => return Err(error),
                Err(error) => logging::told(&error),
            };
            if error != said {
                tracing::warn!(group = group.0, "this group cannot be served yet, the others go on; trying again: {error}");
                said = error;
            }
            tokio::select! { () = sleep(AGAIN) => {}, _ = stop.changed() => {} }
        }
        Ok(None)
    }
}

/// The folder of what a node keeps for one group.
fn own_folder(data: &Path, group: GroupId) -> Result<PathBuf> {
    let folder = data.join(group.to_string());
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    Ok(folder)
}

/// Copies files that stand at the top of a data folder, where a node of a single group once kept them, into the folder of a group that
/// has none of its own yet. Of which group they are nobody knows; what is another's is of no use and does no harm.
///
/// # Errors
/// When one cannot be copied.
pub fn adopt(folder: &Path, names: &[&str]) -> Result<()> {
    for name in names {
        let (own, new) = (folder.join(name), folder.join(format!("{name}.new")));
        let Some(old) = folder.parent().map(|data| data.join(name)).filter(|old| old.exists() && !own.exists()) else { continue };
        let copy = || {
            fs::copy(&old, &new)?;
            fs::File::open(&new)?.sync_all()?;
            fs::rename(&new, &own)
        };
        copy().with_context(|| format!("cannot copy {} to {}", old.display(), own.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_of_one_group_kept_goes_on_in_the_folder_of_the_group() {
        let data = tempfile::tempdir().expect("a temporary folder");
        let names = ["commits.log", "run.state"];
        fs::write(data.path().join("commits.log"), "old").expect("written");
        let folders = [1, 4].map(|group| own_folder(data.path(), GroupId(group)).expect("made"));
        folders.iter().for_each(|folder| adopt(folder, &names).expect("copied"));
        assert!(folders.iter().all(|folder| fs::read_to_string(folder.join("commits.log")).expect("there") == "old"));
        fs::write(folders[0].join("commits.log"), "newer").expect("written");
        adopt(&folders[0], &names).expect("nothing to do");
        assert_eq!(fs::read_to_string(folders[0].join("commits.log")).expect("there"), "newer");
        assert!(!folders[0].join("run.state").exists());
    }
}
