//! One stream of what a node hears: blocks, events and views of its group from the chain, messages from its log.

use std::collections::VecDeque;

use anyhow::{Context, Result};
use chain::{ChainError, Failure, Followed, Follower, Log};
use governance::Network;
use protocol::{
    chain::{Block, ChainEvent, GroupView},
    feed::Teller,
    ids::GroupId,
    log::Body,
};
use swarm::{Client, Event as SwarmEvent};
use tokio::sync::mpsc;

pub use protocol::machine::Heard;

use crate::patience::patient;

/// Things heard that wait for the machine.
const HEARD_LIMIT: usize = 256;

/// Blocks behind the tip of which every server keeps the state; full nodes keep 128.
const KEPT_VIEWS: u64 = 64;
/// How often the view at an older block is asked for before it is taken for forgotten: servers have many words for that.
const TRIES_OF_OLD_VIEWS: u32 = 3;

/// See the module.
pub struct Feed {
    network: Network,
    first: u64,
    group: GroupId,
    client: Client,
    blocks: mpsc::Receiver<Followed>,
    messages: mpsc::Receiver<SwarmEvent>,
    queue: VecDeque<Heard>,
    teller: Teller,
    /// Messages of the log that were read.
    cursor: u64,
}

impl Feed {
    /// Begins with the group's view, its whole history, and the log from its first message.
    ///
    /// # Errors
    /// When the chain does not answer or the group does not exist.
    pub async fn start(
        network: &Network,
        first: u64,
        group: GroupId,
        client: &Client,
        messages: mpsc::Receiver<SwarmEvent>,
    ) -> Result<Self> {
        let teller = patient("reading the group", async || Ok(teller(network, group).await?))
            .await
            .with_context(|| format!("group {group} cannot be read: check its number"))?;
        client.subscribe(group).await?;
        let queue = VecDeque::from([Heard::Group(teller.view().clone())]);
        let (network, client, blocks) = (network.clone(), client.clone(), follow(network, first));
        Ok(Self { network, first, group, client, blocks, messages, queue, teller, cursor: 0 })
    }

    /// The newest view.
    pub fn view(&self) -> &GroupView {
        self.teller.view()
    }

    /// Goes on in a task of its own, which ends when the receiver is dropped, or when the peer-to-peer network has ended; never because of
    /// the chain.
    pub fn spawn(mut self) -> mpsc::Receiver<Result<Heard>> {
        let (sender, receiver) = mpsc::channel(HEARD_LIMIT);
        tokio::spawn(async move {
            loop {
                let heard = self.next().await;
                let last = heard.is_err();
                if sender.send(heard).await.is_err() || last {
                    return;
                }
            }
        });
        receiver
    }

    async fn next(&mut self) -> Result<Heard> {
        loop {
            if let Some(heard) = self.queue.pop_front() {
                return Ok(heard);
            }
            tokio::select! {
                followed = self.blocks.recv() => match followed.context("following the chain has ended")? {
                    Followed::Block { block, logs } => self.take_block(block, &logs).await?,
                    Followed::Reorganised { from } => {
                        tracing::warn!(from, "the chain was reorganised below the confirmations: reading it again");
                        self.restart().await;
                    }
                },
                event = self.messages.recv() => match event.context("the network has ended")? {
                    SwarmEvent::Envelope { .. } | SwarmEvent::Lagged => self.read_log().await?,
                    SwarmEvent::Evidence { author, .. } => tracing::warn!(%author, "a node signed two messages for one place"),
                    other => tracing::debug!(?other, "network"),
                },
            }
        }
    }

    async fn take_block(&mut self, block: Block, logs: &[Log]) -> Result<()> {
        let events = logs.iter().filter_map(|log| self.network.event(log)).filter(|event| self.teller.concerns(event));
        let events: Vec<ChainEvent> = events.collect();
        self.tell_moments(block).await;
        let view = match self.teller.wants_view(block, &events) {
            true => match self.view_of(block).await {
                None => {
                    self.restart().await;
                    return Ok(());
                }
                view => view,
            },
            false => None,
        };
        let was_live = self.teller.is_live();
        self.queue.extend(self.teller.tell(block, events, view));
        if was_live { Ok(()) } else { self.read_log().await }
    }

    /// The view at a block, asked for until it comes; none if no endpoint keeps a state that old.
    async fn view_of(&self, block: Block) -> Option<GroupView> {
        let (chain, mut failures) = (self.network.chain(), 0);
        let mut trouble = chain.trouble("reading the group");
        loop {
            let error = match self.network.view_at(self.group, block.number).await {
                Ok(view) => return Some(view),
                Err(error) => error,
            };
            failures += 1;
            let is_gone = error.failure() == Failure::Forgotten || failures >= TRIES_OF_OLD_VIEWS;
            if is_gone && chain.confirmed_number().await.is_ok_and(|tip| block.number.saturating_add(KEPT_VIEWS) < tip) {
                tracing::warn!(block = block.number, "the endpoint has forgotten what the group was then: reading the chain again");
                return None;
            }
            trouble.wait(&error).await;
        }
    }

    /// A block decides something only beside the one before it: alone nobody knows that it is the first since that second.
    async fn tell_moments(&mut self, block: Block) {
        for moment_s in self.teller.moments_before(block) {
            let quiet = insist(&self.network, "looking for the block of a moment", || self.pair_since(moment_s)).await;
            self.queue.extend(quiet.into_iter().filter_map(|quiet| self.teller.tell_between(quiet, block)));
        }
    }

    /// The first block since a second, behind the one before it; nothing while there is none.
    async fn pair_since(&self, moment_s: u64) -> Result<Vec<Block>, ChainError> {
        let chain = self.network.chain();
        let Some(decisive) = chain.first_block_since(moment_s).await? else { return Ok(Vec::new()) };
        let Some(number) = decisive.number.checked_sub(1) else { return Ok(vec![decisive]) };
        Ok(vec![chain.block(number).await?, decisive])
    }

    /// Tells everything anew: what lies between is history, and is not acted upon.
    async fn restart(&mut self) {
        self.teller = insist(&self.network, "reading the group", || teller(&self.network, self.group)).await;
        self.blocks = follow(&self.network, self.first);
        self.cursor = 0;
        self.queue = VecDeque::from([Heard::Restart, Heard::Group(self.view().clone())]);
    }

    /// Messages wait until history is over: a machine that has not seen a round cannot place them.
    async fn read_log(&mut self) -> Result<()> {
        while self.teller.is_live() {
            let entries = self.client.log(self.group, self.cursor).await?;
            if entries.is_empty() {
                break;
            }
            for swarm::Entry { number, envelope } in entries {
                self.cursor = number + 1;
                match Body::from_bytes(envelope.kind(), envelope.body()) {
                    Ok(body) => self.queue.push_back(Heard::Log { author: envelope.author(), body }),
                    Err(error) => tracing::debug!(author = %envelope.author(), %error, "a message of the log is of no use"),
                }
            }
        }
        Ok(())
    }
}

fn follow(network: &Network, first: u64) -> mpsc::Receiver<Followed> {
    Follower::new(network.chain(), &network.followed(), first).spawn()
}

/// Asks until there is an answer.
async fn insist<T, F: Future<Output = Result<T, ChainError>>>(network: &Network, what: &'static str, ask: impl Fn() -> F) -> T {
    let mut trouble = network.chain().trouble(what);
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => trouble.wait(&error).await,
        }
    }
}

/// From the newest confirmed block on what is heard is no history.
async fn teller(network: &Network, group: GroupId) -> Result<Teller, ChainError> {
    let chain = network.chain();
    let tip = chain.block(chain.confirmed_number().await?).await?;
    Ok(Teller::new(network.view_at(group, tip.number).await?, tip))
}
