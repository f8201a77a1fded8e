//! One stream of what a node hears: blocks, events and views of its group from the chain, messages from its log.

use std::collections::{BTreeSet, VecDeque};

use anyhow::{Context, Result};
use chain::{ChainError, Followed, Follower, Log};
use governance::Network;
use network::{Client, Event as NetworkEvent};
use protocol::{
    bounty::{Calendar, Term},
    chain::{Block, ChainEvent, GroupView},
    ids::{GroupId, NodeId, RoundNumber},
    log::Body,
};
use tokio::sync::mpsc;

/// Things heard that wait for the machine.
const HEARD_LIMIT: usize = 256;

/// One thing heard.
#[derive(Clone, Debug)]
pub enum Heard {
    /// Forget everything: history is told anew, because a reorganisation went deeper than the confirmations.
    Restart,
    /// The group as it is; first of all, at each new round, and after what changes it.
    Group(GroupView),
    Event {
        block: Block,
        event: ChainEvent,
    },
    Block(Block),
    /// History is over.
    Live,
    /// A message of the log; its envelope was signed by `author`.
    Log {
        author: NodeId,
        body: Body,
    },
}

/// See the module.
pub struct Feed {
    network: Network,
    first: u64,
    group: GroupId,
    client: Client,
    blocks: mpsc::Receiver<Result<Followed, ChainError>>,
    messages: mpsc::Receiver<NetworkEvent>,
    queue: VecDeque<Heard>,
    view: GroupView,
    round: Option<RoundNumber>,
    /// Number of the block at which history ends; none once that was told.
    live_from: Option<u64>,
    /// Messages of the log that were read.
    cursor: u64,
    /// Number of the last block that was told.
    told: Option<u64>,
    /// Seconds of which the first block from then on decides something, and must be told though nothing happened in it.
    moments: BTreeSet<u64>,
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
        messages: mpsc::Receiver<NetworkEvent>,
    ) -> Result<Self> {
        let tip = network.chain().confirmed_number().await?;
        let view = network.view_at(group, tip).await.with_context(|| format!("group {group} cannot be read: check its number"))?;
        client.subscribe(group).await?;
        let queue = VecDeque::from([Heard::Group(view.clone())]);
        let (network, client, blocks) = (network.clone(), client.clone(), follow(network, first));
        let (live_from, told, moments) = (Some(tip), None, BTreeSet::new());
        Ok(Self { network, first, group, client, blocks, messages, queue, view, round: None, live_from, cursor: 0, told, moments })
    }

    /// The newest view.
    pub fn view(&self) -> &GroupView {
        &self.view
    }

    /// Goes on in a task of its own, which ends when the receiver is dropped or after an error that waiting does not cure.
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
                followed = self.blocks.recv() => match followed.context("following the chain has ended")?? {
                    Followed::Block { block, logs } => self.take_block(block, &logs).await?,
                    Followed::Reorganised { from } => self.restart(from).await?,
                },
                event = self.messages.recv() => match event.context("the network has ended")? {
                    NetworkEvent::Envelope { .. } | NetworkEvent::Lagged => self.read_log().await?,
                    NetworkEvent::Evidence { author, .. } => tracing::warn!(%author, "a node signed two messages for one place"),
                    other => tracing::debug!(?other, "network"),
                },
            }
        }
    }

    async fn take_block(&mut self, block: Block, logs: &[Log]) -> Result<()> {
        let events =
            logs.iter().filter_map(|log| self.network.event(log)).filter(|event| event.group().is_none_or(|group| group == self.group));
        let events: Vec<ChainEvent> = events.collect();
        self.tell_moments(block).await?;
        let round = self.view.clock(block.time_s).round;
        let is_live = self.live_from.is_none_or(|tip| block.number >= tip);
        if is_live && (self.round != Some(round) || events.iter().any(changes_the_view)) {
            self.view = self.network.view_at(self.group, block.number).await?;
            self.round = Some(round);
            self.queue.push_back(Heard::Group(self.view.clone()));
        }
        let calendar = Calendar::from(&self.view);
        self.moments.extend(events.iter().filter_map(term).flat_map(|term| term.moments_s(calendar)));
        self.queue.extend(events.into_iter().map(|event| Heard::Event { block, event }));
        self.queue.push_back(Heard::Block(block));
        if is_live && self.live_from.take().is_some() {
            self.queue.push_back(Heard::Live);
            self.read_log().await?;
        }
        Ok(())
    }

    /// Of long ago the blocks in which nothing happened are left out: those that decide something are told before `block`, each
    /// with the one before it, by which it is known.
    async fn tell_moments(&mut self, block: Block) -> Result<()> {
        let later = self.moments.split_off(&block.time_s.saturating_add(1));
        for moment_s in std::mem::replace(&mut self.moments, later) {
            if self.told.is_none_or(|told| told + 1 == block.number) {
                break;
            }
            let decisive = self.network.chain().first_block_since(moment_s).await?;
            if let Some(decisive) = decisive.filter(|decisive| self.told < Some(decisive.number) && decisive.number < block.number) {
                if let Some(before) = decisive.number.checked_sub(1).filter(|before| self.told < Some(*before)) {
                    self.queue.push_back(Heard::Block(self.network.chain().block(before).await?));
                }
                self.told = Some(decisive.number);
                self.queue.push_back(Heard::Block(decisive));
            }
        }
        self.told = Some(block.number);
        Ok(())
    }

    async fn restart(&mut self, from: u64) -> Result<()> {
        tracing::warn!(from, "the chain was reorganised below the confirmations: reading it again");
        let tip = self.network.chain().confirmed_number().await?;
        self.blocks = follow(&self.network, self.first);
        self.view = self.network.view_at(self.group, tip).await?;
        (self.round, self.live_from, self.cursor, self.told) = (None, Some(tip), 0, None);
        self.moments.clear();
        self.queue = VecDeque::from([Heard::Restart, Heard::Group(self.view.clone())]);
        Ok(())
    }

    /// Messages wait until history is over: a machine that has not seen a round cannot place them.
    async fn read_log(&mut self) -> Result<()> {
        while self.live_from.is_none() {
            let entries = self.client.log(self.group, self.cursor).await?;
            if entries.is_empty() {
                break;
            }
            for network::Entry { number, envelope } in entries {
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

fn follow(network: &Network, first: u64) -> mpsc::Receiver<Result<Followed, ChainError>> {
    Follower::new(network.chain(), &network.followed(), first).spawn()
}

/// The term of a bounty that is funded.
fn term(event: &ChainEvent) -> Option<Term> {
    match event {
        ChainEvent::Funded { first, last, windows, .. } => Some(Term { first: *first, last: *last, windows: *windows }),
        _ => None,
    }
}

/// Whether the group, its stake, its period or who was present is another after this event.
fn changes_the_view(event: &ChainEvent) -> bool {
    use ChainEvent as E;
    let of_stake = matches!(
        event,
        E::Seated { .. }
            | E::Bonded { .. }
            | E::Offered { .. }
            | E::OwnerChanged { .. }
            | E::Woken { .. }
            | E::Rested { .. }
            | E::Rotated { .. }
            | E::Unbonded { .. }
            | E::Compounded { .. }
            | E::Moved { .. }
            | E::Slashed { .. }
            | E::Dozed { .. }
    );
    let of_group = matches!(event, E::Created { .. } | E::Admitted { .. } | E::Revoked { .. } | E::PeriodSet { .. } | E::LeastSet { .. });
    let of_rounds = matches!(event, E::Decided { .. } | E::Attended { .. } | E::Struck { .. } | E::DoubleSigned { .. });
    of_stake || of_group || of_rounds || matches!(event, E::Turned { .. } | E::Extended { .. } | E::Taken { .. })
}
