//! Confirmed blocks with the logs of chosen contracts, in order, through reorganisations and long absences.

use std::collections::{BTreeMap, VecDeque};

use alloy::rpc::types::{Filter, Log};
use protocol::chain::Block;
use protocol::ids::Address;
use tokio::sync::mpsc;

use crate::convert;
use crate::error::ChainError;
use crate::header::Header;
use crate::reader::Reader;

/// Blocks that are remembered to notice and undo a reorganisation.
const KNOWN_BLOCKS_LIMIT: usize = 1_024;
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
    addresses: Vec<Address>,
    /// Number of the block after the last one given or made ready.
    next: u64,
    known: VecDeque<Block>,
    ready: VecDeque<Followed>,
}

impl Follower {
    /// Follows the logs of `addresses`, which must not be empty, from block number `first` on.
    pub fn new(reader: &Reader, addresses: &[Address], first: u64) -> Self {
        let addresses = addresses.to_vec();
        Self { reader: reader.clone(), addresses, next: first, known: VecDeque::new(), ready: VecDeque::new() }
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
            if !self.advance().await? {
                tokio::time::sleep(self.reader.settings().poll()).await;
            }
        }
    }

    /// Makes steps ready if there are any. State changes only after the last answer has come.
    async fn advance(&mut self) -> Result<bool, ChainError> {
        let tip = self.reader.confirmed_number().await?;
        if tip < self.next {
            return self.check_tip(tip).await;
        }
        let near = self.reader.settings().every_block_within;
        if tip - self.next > near {
            return self.leap(tip - near - 1).await;
        }
        self.walk(tip.min(self.next + CHUNK_BLOCKS - 1)).await
    }

    /// A tip that did not grow may belong to another branch.
    async fn check_tip(&mut self, tip: u64) -> Result<bool, ChainError> {
        let Some(known) = self.known.iter().rev().find(|block| block.number <= tip).copied() else { return Ok(false) };
        let same = self.reader.block(known.number).await?.hash == known.hash;
        if same { Ok(false) } else { self.go_back().await }
    }

    /// Takes every block up to number `last`, as far as one query for logs goes.
    async fn walk(&mut self, last: u64) -> Result<bool, ChainError> {
        let filter = self.filter();
        let (logs, last) = self.reader.logs_from(&filter, self.next, last).await?;
        let headers = self.reader.headers(self.next..=last).await?;
        if !self.continues(&headers) {
            return self.go_back().await;
        }
        let Some(logs) = self.checked(&headers, by_block(logs)).await? else { return Ok(false) };
        self.give(&headers, logs);
        Ok(true)
    }

    /// Whether the headers hang together and on the last known block.
    fn continues(&self, headers: &[Header]) -> bool {
        let on_known = match (self.known.back(), headers.first()) {
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
                None if header.may_have(&self.filter()) => {
                    let of_block = self.filter().at_block_hash(header.hash);
                    logs.insert(header.number(), self.reader.logs(&of_block).await?);
                }
                None => {}
            }
        }
        Ok(Some(logs))
    }

    fn filter(&self) -> Filter {
        Filter::new().address(self.addresses.iter().copied().map(convert::to_eth).collect::<Vec<_>>())
    }

    /// Takes the blocks with logs up to number `last`, as far as one query goes, and the last of them.
    async fn leap(&mut self, last: u64) -> Result<bool, ChainError> {
        let filter = self.filter();
        let (logs, last) = self.reader.sure_logs_from(&filter, self.next, last).await?;
        let mut logs = by_block(logs);
        logs.entry(last).or_default();
        let headers = self.reader.headers(logs.keys().copied()).await?;
        self.give(&headers, logs);
        Ok(true)
    }

    fn give(&mut self, headers: &[Header], mut logs: BTreeMap<u64, Vec<Log>>) {
        for header in headers {
            let (block, logs) = (header.block(), logs.remove(&header.number()).unwrap_or_default());
            self.next = block.number + 1;
            self.known.push_back(block);
            self.ready.push_back(Followed::Block { block, logs });
        }
        let forgotten = self.known.len().saturating_sub(KNOWN_BLOCKS_LIMIT);
        self.known.drain(..forgotten);
    }

    /// Returns to the last known block that is still part of the chain; past the memory, to its oldest block.
    async fn go_back(&mut self) -> Result<bool, ChainError> {
        let tip = self.reader.confirmed_number().await?;
        let mut kept = self.known.len();
        while let Some(block) = kept.checked_sub(1).and_then(|index| self.known.get(index)) {
            if block.number <= tip && self.reader.block(block.number).await?.hash == block.hash {
                break;
            }
            kept -= 1;
        }
        let Some(first_lost) = self.known.get(kept) else { return Ok(false) };
        let from = first_lost.number;
        tracing::warn!(from, "the chain was reorganised");
        self.known.truncate(kept);
        self.next = from;
        self.ready.push_back(Followed::Reorganised { from });
        Ok(true)
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
