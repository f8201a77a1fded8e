//! Confirmed blocks with the logs of chosen contracts, in order, through reorganisations and long absences.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::time::Instant;

use alloy::primitives::B256;
use alloy::rpc::types::{Filter, Log};
use protocol::chain::Block;
use protocol::ids::Address;
use tokio::sync::mpsc;

use crate::convert;
use crate::error::ChainError;
use crate::header::Header;
use crate::known::Known;
use crate::reader::Reader;
use crate::sight::Sight;

/// Blocks that are fetched one by one in one go.
const CHUNK_BLOCKS: u64 = 32;
/// Items that wait between the following task and its listener.
const FOLLOWED_LIMIT: usize = 64;

/// One step along the chain.
#[derive(Clone, Debug)]
pub enum Followed {
    /// A confirmed block and what the followed contracts wrote in it. Farther from the tip than
    /// [`crate::Settings::every_block_within`] blocks without logs are left out, but for the last of each query.
    Block { block: Block, logs: Vec<Log> },
    /// Blocks from number `from` on, given earlier, are no longer part of the chain; their successors come next.
    Reorganised { from: u64 },
}

/// A place on the chain, from which is read on.
pub struct Follower {
    reader: Reader,
    filter: Filter,
    first: u64,
    /// Number of the block after the last one given or made ready.
    next: u64,
    known: Known,
    /// Whether the last known block is known to be part of the chain still, though the next one is far from it.
    is_sure: bool,
    /// Number of the newest confirmed block when it was looked at last; that need not be done again while it is far.
    tip: u64,
    sight: Sight,
    ready: VecDeque<Followed>,
}

impl Follower {
    /// Follows the logs of `addresses`, which must not be empty, from block number `first` on.
    pub fn new(reader: &Reader, addresses: &[Address], first: u64) -> Self {
        let filter = Filter::new().address(addresses.iter().copied().map(convert::to_eth).collect::<Vec<_>>());
        let (known, sight, ready) = (Known::default(), Sight::default(), VecDeque::new());
        Self { reader: reader.clone(), filter, first, next: first, known, is_sure: false, tip: 0, sight, ready }
    }

    /// Only logs whose first indexed field is one of `topics`; all where there is none.
    #[must_use]
    pub fn with_topics(mut self, topics: impl IntoIterator<Item = B256>) -> Self {
        self.filter = self.filter.topic1(topics.into_iter().collect::<Vec<_>>());
        self
    }

    /// Goes on behind blocks that were given in an earlier run, the oldest first. If the last of them are no part of the chain any
    /// more, the first step says so.
    #[must_use]
    pub fn after(mut self, known: impl IntoIterator<Item = Block>) -> Self {
        self.known = known.into_iter().collect();
        self.next = self.known.last().map_or(self.first, |last| last.number + 1);
        self
    }

    /// Number of the next block that is given or left out.
    pub fn place(&self) -> u64 {
        match self.ready.front() {
            Some(Followed::Block { block, .. }) => block.number,
            Some(Followed::Reorganised { from }) => *from,
            None => self.next,
        }
    }

    /// Where the chain has gone another way than the known blocks, if it has: their place is that of the fork then. As the first
    /// step would tell it; for whoever acts upon what he knows before that.
    pub async fn rewind(&mut self) -> Result<Option<u64>, ChainError> {
        if self.is_on_chain().await? {
            return Ok(None);
        }
        self.go_back().await?;
        Ok(self.ready.pop_back().map(|_| self.next))
    }

    /// Follows in a task of its own, which ends when the receiver is dropped. It never gives up: a chain that does not answer is
    /// said once, and so is its return.
    pub fn spawn(mut self) -> mpsc::Receiver<Followed> {
        let (sender, receiver) = mpsc::channel(FOLLOWED_LIMIT);
        tokio::spawn(async move {
            while !sender.is_closed() {
                let followed = tokio::select! {
                    followed = self.persist() => followed,
                    () = sender.closed() => return,
                };
                if sender.send(followed).await.is_err() {
                    return;
                }
            }
        });
        receiver
    }

    async fn persist(&mut self) -> Followed {
        let mut trouble = self.reader.trouble("following the chain");
        loop {
            match self.next().await {
                Ok(followed) => return followed,
                Err(error) => trouble.wait(&error).await,
            }
        }
    }

    /// The next step; waits for the chain to grow. Dropping the future loses nothing but the request under way: where
    /// that happens often, use [`Follower::spawn`]. After an error the same step is tried again by the next call.
    pub async fn next(&mut self) -> Result<Followed, ChainError> {
        loop {
            if let Some(followed) = self.ready.pop_front() {
                return Ok(followed);
            }
            self.sight.wait().await;
            self.advance().await?;
        }
    }

    /// Makes steps ready if there are any. State changes only after the last answer has come.
    async fn advance(&mut self) -> Result<(), ChainError> {
        let near = self.reader.settings().every_block_within;
        let is_far = self.tip.saturating_sub(self.next) > near;
        let tip = if is_far { self.tip } else { self.look().await? };
        let before = self.next;
        match tip.checked_sub(self.next) {
            None => self.check_tip(tip).await?,
            Some(behind) if behind > near => return self.leap(tip - near - 1).await,
            Some(_) => self.walk(tip.min(self.next + CHUNK_BLOCKS - 1)).await?,
        }
        if self.next == before || self.next > tip {
            self.sight.rest(self.next > before, self.reader.settings().poll(), Instant::now());
        }
        Ok(())
    }

    /// Number of the newest confirmed block.
    async fn look(&mut self) -> Result<u64, ChainError> {
        let newest = self.reader.newest().await?;
        let behind = self.reader.settings().confirmations.max(1) - 1;
        let tip = newest.number().saturating_sub(behind);
        self.sight.see(newest, Instant::now());
        self.tip = tip;
        Ok(tip)
    }

    /// A tip that did not grow may belong to another branch.
    async fn check_tip(&mut self, tip: u64) -> Result<(), ChainError> {
        match self.known.last_at(tip) {
            Some(known) if !self.has(known).await? => self.go_back().await,
            _ => Ok(()),
        }
    }

    /// Whether the block is part of the chain.
    async fn has(&self, block: Block) -> Result<bool, ChainError> {
        let hash = match self.sight.header(block.number) {
            Some(header) => header.block().hash,
            None => self.reader.block(block.number).await?.hash,
        };
        Ok(hash == block.hash)
    }

    /// Takes every block up to number `last`, as far as one query for logs goes.
    async fn walk(&mut self, last: u64) -> Result<(), ChainError> {
        let (logs, last) = self.reader.logs_from(&self.filter, self.next, last).await?;
        let headers = self.headers(self.next..=last).await?;
        if !self.continues(&headers) {
            return self.go_back().await;
        }
        if let Some(logs) = self.checked(&headers, by_block(logs)).await? {
            self.is_sure = false;
            self.give(&headers, logs);
        }
        Ok(())
    }

    /// Those that were seen at the tip are not asked for again.
    async fn headers(&self, numbers: RangeInclusive<u64>) -> Result<Vec<Header>, ChainError> {
        let seen: Option<Vec<Header>> = numbers.clone().map(|number| self.sight.header(number).cloned()).collect();
        match seen {
            Some(seen) => Ok(seen),
            None => self.reader.headers(numbers).await,
        }
    }

    /// Whether the headers hang together and on the last known block.
    fn continues(&self, headers: &[Header]) -> bool {
        let on_known = match (self.known.last(), headers.first()) {
            (Some(known), Some(first)) if known.number + 1 == first.number() => convert::to_b256(known.hash) == first.parent_hash,
            _ => true,
        };
        on_known && headers.windows(2).all(|pair| pair[0].hash == pair[1].parent_hash)
    }

    /// The logs again; `None` if they are of other blocks. A server that has a block but not yet its logs is found out by
    /// the block's bloom filter and asked again by hash, which it cannot answer wrongly.
    async fn checked(&self, headers: &[Header], mut logs: BTreeMap<u64, Vec<Log>>) -> Result<Option<BTreeMap<u64, Vec<Log>>>, ChainError> {
        for header in headers {
            let belongs = |log: &Log| log.block_hash == Some(header.hash);
            match logs.get(&header.number()) {
                Some(found) if !found.iter().all(belongs) => return Ok(None),
                Some(_) => {}
                None if header.may_have(&self.filter) => {
                    let of_block = self.filter.clone().at_block_hash(header.hash);
                    logs.insert(header.number(), self.reader.logs(&of_block).await?);
                }
                None => {}
            }
        }
        Ok(Some(logs))
    }

    /// Takes the blocks with logs up to number `last`, as far as one query goes, and the last of them.
    async fn leap(&mut self, last: u64) -> Result<(), ChainError> {
        if !self.is_sure && !self.is_on_chain().await? {
            return self.go_back().await;
        }
        let (logs, last) = self.reader.sure_logs_from(&self.filter, self.next, last).await?;
        let mut logs = by_block(logs);
        logs.entry(last).or_default();
        let headers = self.reader.headers(logs.keys().copied()).await?;
        self.is_sure = true;
        self.give(&headers, logs);
        Ok(())
    }

    /// Whether the last known block is part of the chain, as far as the chain reaches.
    async fn is_on_chain(&self) -> Result<bool, ChainError> {
        if self.known.len() == 0 {
            return Ok(true);
        }
        let tip = self.reader.confirmed_number().await?;
        match self.known.last_at(tip) {
            Some(known) => self.has(known).await,
            None => Ok(true),
        }
    }

    fn give(&mut self, headers: &[Header], mut logs: BTreeMap<u64, Vec<Log>>) {
        for header in headers {
            let (block, logs) = (header.block(), logs.remove(&header.number()).unwrap_or_default());
            self.next = block.number + 1;
            self.known.push(block);
            self.ready.push_back(Followed::Block { block, logs });
        }
    }

    /// Returns to behind the last known block that is still part of the chain; where there is none, to the beginning.
    async fn go_back(&mut self) -> Result<(), ChainError> {
        let tip = self.reader.confirmed_number().await?;
        // The chain has all of the first ones, and none of those from the fork on.
        let (mut kept, mut lost) = (0, self.known.count_to(tip));
        while kept < lost {
            let middle = kept + (lost - kept) / 2;
            let Some(block) = self.known.get(middle) else { break };
            if self.reader.block(block.number).await?.hash == block.hash { kept = middle + 1 } else { lost = middle }
        }
        if kept == self.known.len() {
            return Ok(());
        }
        self.known.truncate(kept);
        self.next = self.known.last().map_or(self.first, |last| last.number + 1);
        tracing::warn!(from = self.next, "the chain was reorganised");
        (self.is_sure, self.tip) = (false, 0);
        self.ready.push_back(Followed::Reorganised { from: self.next });
        Ok(())
    }
}

fn by_block(logs: Vec<Log>) -> BTreeMap<u64, Vec<Log>> {
    let mut blocks: BTreeMap<u64, Vec<Log>> = BTreeMap::new();
    for log in logs.into_iter().filter(|log| !log.removed) {
        if let Some(number) = log.block_number {
            blocks.entry(number).or_default().push(log);
        }
    }
    blocks
}
