//! What a running node shows of itself: gathered in one place, told as JSON and as metrics.
//!
//! What a machine hears is noted as it is heard. Everything else is looked at when somebody asks, and not again before a few seconds
//! have passed, so that whoever asks often costs no more than one who asks seldom; the chain is asked for the account's coin once a
//! minute at most.

mod look;
mod metrics;
mod readiness;
pub mod state;
mod story;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use governance::Network;
use protocol::{
    ids::{Address, GroupId},
    machine::Heard,
};
use swarm::Client;

use crate::{system, traces::Running};
use look::Looked;
use story::{Own, Story};

pub use metrics::{METRICS, Metric, text};
pub use state::State;
pub use story::Waiting;

/// A call of a round, and the gas that it needs as long as none was measured.
pub type Call = (&'static str, u64);

/// What a program is, and what it needs.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// What it is called.
    pub name: &'static str,
    /// What its account sends in a round.
    pub calls: &'static [Call],
    /// Whether it is of no use without a peer.
    pub needs_peers: bool,
}

/// Whose state it is.
pub struct Subject {
    /// What runs.
    pub program: Program,
    /// For whom it acts.
    pub account: Option<Address>,
    /// Where.
    pub network: Network,
    /// Its part of the peer-to-peer network.
    pub client: Client,
    /// Its data folder.
    pub data: PathBuf,
}

/// See the module. Clones share it.
#[derive(Clone)]
pub struct Vitals(Arc<Shared>);

struct Shared {
    subject: Subject,
    started_s: u64,
    stories: Mutex<BTreeMap<GroupId, Option<Story>>>,
    looked: tokio::sync::Mutex<Looked>,
}

impl Vitals {
    /// Of a node that is to serve these groups.
    pub fn new(subject: Subject, groups: impl IntoIterator<Item = GroupId>) -> Self {
        let stories = Mutex::new(groups.into_iter().map(|group| (group, None)).collect());
        Self(Arc::new(Shared { subject, started_s: system::now_s(), stories, looked: tokio::sync::Mutex::default() }))
    }

    /// A group begins to be followed, until what is returned is dropped.
    pub fn watch(&self, group: GroupId) -> Watch {
        let own = Own { account: self.0.subject.account, node: self.0.subject.client.node_id() };
        self.stories().insert(group, Some(Story::new(group, own)));
        Watch { vitals: self.clone(), group, running: Mutex::new(Running::new(group)) }
    }

    fn stories(&self) -> MutexGuard<'_, BTreeMap<GroupId, Option<Story>>> {
        self.0.stories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Second of the start, since 1970.
    pub fn started_s(&self) -> u64 {
        self.0.started_s
    }

    /// Whether the parts that run for all groups answer.
    ///
    /// # Errors
    /// What does not, in words.
    pub async fn health(&self) -> Result<(), String> {
        match tokio::time::timeout(look::PATIENCE, self.0.subject.client.listen_addresses()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err("the peer-to-peer network of this node has ended: start the node again".into()),
            Err(_) => Err("the peer-to-peer network of this node does not answer: if that stays so, start the node again".into()),
        }
    }

    /// The node now.
    pub async fn state(&self) -> State {
        let subject = &self.0.subject;
        let looked = {
            let mut looked = self.0.looked.lock().await;
            looked.renew(subject).await;
            looked.clone()
        };
        let (chain, now_s, at) = (subject.network.chain(), system::now_s(), Instant::now());
        let newest = chain.seen_number();
        let mut state = State {
            version: state::VERSION,
            program: subject.program.name.to_owned(),
            build: env!("CARGO_PKG_VERSION").to_owned(),
            peer: subject.client.peer_id().to_string(),
            account: subject.account,
            started_s: self.0.started_s,
            now_s,
            groups: self.groups(newest, now_s, at),
            chain: looked.chain(chain, newest),
            peers: looked.peers(&subject.client),
            store: looked.store(&subject.client),
            machine: looked.machine,
            degraded: Vec::new(),
            not_ready: Vec::new(),
        };
        state.degraded = readiness::troubles(&state, &chain.degraded().borrow(), subject.program.needs_peers, self.is_doubled());
        state.not_ready = readiness::missing(&state, subject.program.needs_peers);
        state
    }

    fn groups(&self, newest: Option<u64>, now_s: u64, at: Instant) -> Vec<state::Group> {
        let stories = self.stories();
        let told = stories.iter().map(|(group, story)| match story {
            Some(story) => story.state(newest, now_s, at),
            None => state::Group { group: *group, ..state::Group::default() },
        });
        told.collect()
    }

    fn is_doubled(&self) -> bool {
        self.stories().values().flatten().any(|story| story.is_doubled)
    }
}

/// Notes what the machine of a group hears; dropped, the group is followed no longer.
pub struct Watch {
    vitals: Vitals,
    group: GroupId,
    running: Mutex<Running>,
}

impl Watch {
    /// Takes what the machine is told, and what waits behind it.
    pub fn hear(&self, heard: &Heard, waiting: Waiting) {
        if let Some(Some(story)) = self.vitals.stories().get_mut(&self.group) {
            story.hear(heard, waiting, Instant::now());
            self.running.lock().unwrap_or_else(PoisonError::into_inner).pass(story.at());
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.vitals.stories().insert(self.group, None);
    }
}
