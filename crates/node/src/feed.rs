//! One stream of what a node hears: blocks, events and views of its group from the chain, messages from its log.

use std::{
    collections::VecDeque,
    future::ready,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use chain::{ChainError, Failure, Followed, Log, Past, Record};
use governance::Network;
use protocol::{
    chain::{Block, ChainEvent, GroupView},
    feed::Teller,
    ids::{Digest, GroupId},
    log::Body,
};
use swarm::Client;
use tokio::sync::{Notify, mpsc, watch};

use crate::standing::Stands;

pub use protocol::machine::Heard;

/// Things heard that wait for the machine.
const HEARD_LIMIT: usize = 256;

/// Blocks behind the tip of which every server keeps the state; full nodes keep 128.
const KEPT_VIEWS: u64 = 64;
/// How often the view at an older block is asked for before it is taken for forgotten: servers have many words for that.
const TRIES_OF_OLD_VIEWS: u32 = 3;

/// Where a feed reads.
pub(crate) struct Places {
    pub(crate) network: Network,
    pub(crate) client: Client,
    pub(crate) group: GroupId,
    /// The group's chronicle.
    pub(crate) path: PathBuf,
}

/// What is told of a chronicle: the blocks up to a number, and at last that one, if it is known, though nothing happened in it.
struct Recall {
    past: Past,
    until: u64,
    last: Option<Block>,
}

impl Recall {
    fn open(path: &Path, until: Option<u64>, last: Option<Block>) -> Result<Option<Self>, ChainError> {
        until.map(|until| Ok(Self { past: Past::open(path)?, until, last })).transpose()
    }

    fn next(&mut self) -> Option<Record> {
        let record = self.past.record().filter(|(block, _)| block.number <= self.until);
        if record.as_ref().is_some_and(|(block, _)| Some(block.number) == self.last.map(|last| last.number)) {
            self.last = None;
        }
        record.or_else(|| Some((self.last.take()?, Vec::new())))
    }
}

/// What a feed draws from.
pub(crate) struct Tap {
    /// What comes after the block that was passed last.
    pub(crate) steps: mpsc::Receiver<Followed>,
    pub(crate) passed: Option<Block>,
    /// Wakes who reads the log.
    pub(crate) log: Arc<Notify>,
    /// A message that another process wrote with this node's key.
    pub(crate) double: watch::Receiver<Option<Digest>>,
}

/// See the module.
pub struct Feed {
    places: Places,
    tap: Tap,
    /// History that is still to be told.
    recall: Option<Recall>,
    queue: VecDeque<Heard>,
    teller: Teller,
    /// What the log is told of accounts.
    stands: Stands,
    /// Number of the last block that was taken.
    taken: Option<u64>,
    /// Messages of the log that were read.
    cursor: u64,
}

impl Feed {
    /// The group at the newest confirmed block.
    pub(crate) async fn first_view(network: &Network, group: GroupId) -> Result<(GroupView, Block), ChainError> {
        let chain = network.chain();
        let tip = chain.block(chain.confirmed_number().await?).await?;
        Ok((network.view_at(group, tip.number).await?, tip))
    }

    /// Begins with the group's view, its whole history, and the log from its first message.
    pub(crate) fn new(places: Places, view: (GroupView, Block), tap: Tap) -> Result<Self, ChainError> {
        let until = tap.passed.map(|passed| passed.number);
        let recall = Recall::open(&places.path, until, tap.passed)?;
        let teller = teller(view, tap.passed);
        let queue = VecDeque::from([Heard::Group(teller.view().clone())]);
        let stands = Stands::new(places.network.domain());
        Ok(Self { places, tap, recall, queue, teller, stands, taken: None, cursor: 0 })
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
                if let Some(standing) = self.stands.hear(&heard) {
                    self.places.client.stand(self.places.group, standing).await?;
                }
                return Ok(heard);
            }
            if let Some(recall) = &mut self.recall {
                match recall.next() {
                    Some((block, logs)) => self.take_block(block, &logs).await?,
                    None => self.recall = None,
                }
                continue;
            }
            tokio::select! {
                followed = self.tap.steps.recv() => match followed.context("following the chain, or the network, has ended")? {
                    Followed::Block { block, logs } => self.take_block(block, &logs).await?,
                    Followed::Reorganised { from } => {
                        tracing::warn!(from, "the chain was reorganised below the confirmations: telling it again");
                        self.restart(from.checked_sub(1), None).await;
                    }
                },
                () = self.tap.log.notified() => self.read_log().await?,
                Ok(()) = self.tap.double.changed() => {
                    let message = *self.tap.double.borrow_and_update();
                    self.queue.extend(message.map(|message| Heard::Double { message }));
                }
            }
        }
    }

    async fn take_block(&mut self, block: Block, logs: &[Log]) -> Result<()> {
        let before = self.taken.replace(block.number);
        if self.teller.is_live() && before.is_some_and(|before| before + 1 < block.number) {
            tracing::warn!(block = block.number, "blocks were passed over in a long pause: telling what happened as history");
            self.restart(Some(block.number), Some(block)).await;
            return Ok(());
        }
        let events = logs.iter().filter_map(|log| self.places.network.event(log)).filter(|event| self.teller.concerns(event));
        let events: Vec<ChainEvent> = events.collect();
        self.tell_moments(block).await;
        let view = match self.teller.wants_view(block, &events) {
            true => match self.view_of(block).await {
                None => {
                    self.restart(Some(block.number), Some(block)).await;
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
        let (chain, mut failures) = (self.places.network.chain(), 0);
        let mut trouble = chain.trouble("reading the group");
        loop {
            let error = match self.places.network.view_at(self.places.group, block.number).await {
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
            let quiet = insist(&self.places.network, "looking for the block of a moment", || self.pair_since(moment_s)).await;
            self.queue.extend(quiet.into_iter().filter_map(|quiet| self.teller.tell_between(quiet, block)));
        }
    }

    /// The first block since a second, behind the one before it; nothing while there is none.
    async fn pair_since(&self, moment_s: u64) -> Result<Vec<Block>, ChainError> {
        let chain = self.places.network.chain();
        let Some(decisive) = chain.first_block_since(moment_s).await? else { return Ok(Vec::new()) };
        let Some(number) = decisive.number.checked_sub(1) else { return Ok(vec![decisive]) };
        Ok(vec![chain.block(number).await?, decisive])
    }

    /// Tells everything anew, up to a block that was heard of: what lies between is history, and is not acted upon.
    async fn restart(&mut self, until: Option<u64>, last: Option<Block>) {
        let Places { network, group, path, .. } = &self.places;
        let view = insist(network, "reading the group", || Self::first_view(network, *group)).await;
        self.recall = insist(network, "reading history", || ready(Recall::open(path, until, last))).await;
        self.teller = teller(view, last);
        self.cursor = 0;
        self.queue = VecDeque::from([Heard::Restart, Heard::Group(self.view().clone())]);
    }

    /// Messages wait until history is over: a machine that has not seen a round cannot place them.
    async fn read_log(&mut self) -> Result<()> {
        while self.teller.is_live() {
            let entries = self.places.client.log(self.places.group, self.cursor).await?;
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

/// From the newest confirmed block on what is heard is no history; nor is what comes after the last one that was heard of.
fn teller((view, tip): (GroupView, Block), passed: Option<Block>) -> Teller {
    let history_ends = passed.filter(|passed| passed.number > tip.number).unwrap_or(tip);
    Teller::new(view, history_ends)
}
