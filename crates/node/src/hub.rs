//! One follower of the chain and one subscriber of the log for all groups of a process; each group has its own [`Feed`].
//!
//! ```text
//! let hub = Hub::start(Source { network, first, folder, client, scope: Scope::Groups }, &groups, messages).await?;
//! let feed: Feed = hub.feed(group).await?;          // once for each group; again, if its machine is to begin anew
//! let heard = feed.spawn();                         // Group(view), history from disk, what came since, Live, …
//! ```
//!
//! `groups` are all that are followed, their numbers fixed for the life of the hub; [`Hub::feed`] fails for one that does not exist, and may
//! be tried again: the others go on. What happened in a group stands in `folder/NUMBER.chronicle` and is written before its feed
//! hears of it, so that a feed tells history from there, whenever it begins. The hub ends when all feeds and all its handles are
//! dropped, or with the peer-to-peer network.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use anyhow::{Context, Result};
use chain::{ChainError, Chronicle, Followed, Follower, Log};
use governance::Network;
use protocol::{
    chain::Block,
    ids::{Digest, GroupId},
};
use swarm::{Client, Event as SwarmEvent};
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::feed::{Feed, Places, Tap};
use crate::patience::patient;

/// Steps along the chain that wait for one group.
const STEPS_LIMIT: usize = 1_024;
/// Feeds that wait to begin.
const ASKED_LIMIT: usize = 16;

/// Which events of the network are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those of the groups.
    Groups,
    /// Those that name no group too: issue, purse, measures. For a program that keeps accounts of a small network.
    Whole,
}

/// Where groups are read from.
#[derive(Clone)]
pub struct Source {
    pub network: Network,
    /// The block that deployed the network.
    pub first: u64,
    /// What was read before stands in it; made if missing.
    pub folder: PathBuf,
    pub client: Client,
    pub scope: Scope,
}

/// Clones share it.
#[derive(Clone)]
pub struct Hub {
    source: Source,
    asked: mpsc::Sender<Ask>,
}

/// A feed that begins.
struct Ask {
    group: GroupId,
    answer: oneshot::Sender<Tap>,
}

impl Source {
    fn follower(&self, groups: &[GroupId]) -> Follower {
        match self.scope {
            Scope::Groups => self.network.follower(groups, self.first),
            Scope::Whole => Follower::new(self.network.chain(), &self.network.followed(), self.first),
        }
    }

    fn is_of(&self, group: GroupId, log: &Log) -> bool {
        self.scope == Scope::Whole || self.network.is_of(group, log)
    }
}

impl Hub {
    /// Opens what was read before, finds out where the chain has gone another way since, and goes on from there in a task.
    ///
    /// # Errors
    /// When the chain does not answer, or the folder cannot be written.
    pub async fn start(source: Source, groups: &[GroupId], messages: mpsc::Receiver<SwarmEvent>) -> Result<Self> {
        let mut lines = BTreeMap::new();
        for group in groups {
            let line = patient("looking for what was read before", || Line::open(&source, *group)).await?;
            lines.insert(*group, line);
        }
        let farthest_back = lines.values().min_by_key(|line| line.chronicle.passed().map(|block| block.number));
        let known: Vec<Block> = farthest_back.into_iter().flat_map(|line| line.chronicle.known()).collect();
        let steps = source.follower(groups).after(known).spawn();
        let (asked, asks) = mpsc::channel(ASKED_LIMIT);
        tokio::spawn(Desk { source: source.clone(), lines }.run(steps, asks, messages));
        Ok(Self { source, asked })
    }

    /// The stream of one of the groups, from its view and its whole history on. An earlier one of that group ends.
    ///
    /// # Errors
    /// When the chain does not answer, or there is no such group.
    pub async fn feed(&self, group: GroupId) -> Result<Feed> {
        let view = patient("reading the group", || async { Ok(Feed::first_view(&self.source.network, group).await?) }).await;
        let view = view.with_context(|| format!("group {group} cannot be read: check its number"))?;
        self.source.client.subscribe(group).await?;
        let (answer, tap) = oneshot::channel();
        let _ = self.asked.send(Ask { group, answer }).await;
        let tap = tap.await.with_context(|| format!("group {group} is not followed, or following has ended"))?;
        let path = governance::chronicle_path(group, &self.source.folder);
        let places = Places { network: self.source.network.clone(), client: self.source.client.clone(), group, path };
        Ok(Feed::new(places, view, tap)?)
    }
}

/// One group: what is kept of it, and who listens.
struct Line {
    chronicle: Chronicle,
    listener: Option<mpsc::Sender<Followed>>,
    log: Arc<Notify>,
    double: watch::Sender<Option<Digest>>,
}

impl Line {
    async fn open(source: &Source, group: GroupId) -> Result<Self> {
        let mut chronicle = source.network.chronicle(group, &source.folder)?;
        let rewound = source.follower(&[group]).after(chronicle.known()).rewind().await?;
        if let Some(from) = rewound {
            chronicle.rewind(from)?;
        }
        Ok(Self { chronicle, listener: None, log: Arc::default(), double: watch::Sender::default() })
    }

    /// Connects a feed.
    fn tap(&mut self) -> Tap {
        let (sender, steps) = mpsc::channel(STEPS_LIMIT);
        self.listener = Some(sender);
        Tap { steps, passed: self.chronicle.passed(), log: self.log.clone(), double: self.double.subscribe() }
    }

    /// Once a process: the first message says it all.
    fn tell_double(&self, message: Digest) {
        self.double.send_if_modified(|told| told.is_none() && told.replace(message).is_none());
    }

    /// Writes a step and tells it, unless it was known. A feed that has ended is forgotten.
    async fn take(&mut self, network: &Network, followed: Followed) {
        let is_new = keep(network, &mut self.chronicle, &followed).await;
        if let Some(listener) = self.listener.as_ref().filter(|_| is_new)
            && listener.send(followed).await.is_err()
        {
            self.listener = None;
        }
    }
}

/// Tries until the step is on disk; says whether it is news.
async fn keep(network: &Network, chronicle: &mut Chronicle, followed: &Followed) -> bool {
    let mut trouble = network.chain().trouble("keeping what was read of the chain");
    loop {
        let kept: Result<bool, ChainError> = match followed {
            Followed::Block { block, logs } => chronicle.append(*block, logs),
            Followed::Reorganised { from } => chronicle.rewind(*from).map(|()| true),
        };
        match kept {
            Ok(is_new) => return is_new,
            Err(error) => trouble.wait(&error).await,
        }
    }
}

/// The task of a hub.
struct Desk {
    source: Source,
    lines: BTreeMap<GroupId, Line>,
}

impl Desk {
    async fn run(mut self, mut steps: mpsc::Receiver<Followed>, mut asks: mpsc::Receiver<Ask>, mut messages: mpsc::Receiver<SwarmEvent>) {
        let mut has_handles = true;
        while has_handles || self.lines.values().any(|line| line.listener.as_ref().is_some_and(|listener| !listener.is_closed())) {
            tokio::select! {
                followed = steps.recv() => match followed {
                    Some(followed) => self.distribute(followed).await,
                    None => return,
                },
                ask = asks.recv(), if has_handles => match ask {
                    Some(Ask { group, answer }) => {
                        let tap = self.lines.get_mut(&group).map(Line::tap);
                        // Who asked may have given up.
                        let _ = tap.map(|tap| answer.send(tap));
                    }
                    None => has_handles = false,
                },
                message = messages.recv() => match message {
                    Some(message) => self.wake(message),
                    None => return,
                },
            }
        }
    }

    async fn distribute(&mut self, followed: Followed) {
        for (group, line) in &mut self.lines {
            let step = match &followed {
                Followed::Block { block, logs } => {
                    let logs = logs.iter().filter(|log| self.source.is_of(*group, log)).cloned().collect();
                    Followed::Block { block: *block, logs }
                }
                Followed::Reorganised { from } => Followed::Reorganised { from: *from },
            };
            line.take(&self.source.network, step).await;
        }
    }

    fn wake(&self, message: SwarmEvent) {
        match message {
            SwarmEvent::Envelope { group, .. } => self.lines.get(&group).into_iter().for_each(|line| line.log.notify_one()),
            SwarmEvent::Lagged => self.lines.values().for_each(|line| line.log.notify_one()),
            SwarmEvent::Double { group, message } => self.lines.get(&group).into_iter().for_each(|line| line.tell_double(message)),
            SwarmEvent::Evidence { author, .. } => tracing::warn!(%author, "a node signed two messages for one place"),
            // Said by the network itself.
            SwarmEvent::StoreFull { .. } => {}
            other => tracing::debug!(?other, "network"),
        }
    }
}
