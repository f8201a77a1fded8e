//! One chain in virtual time: blocks come when they are asked for, and go when they are asked to.
//!
//! The contracts are the committed bytecode. Transactions need no signatures: whoever submits one says who sends it. What
//! happens follows from the seed and the calls alone.

mod books;
mod call;
mod engine;
mod folded;
mod genesis;
mod history;
mod known;
mod ledger;
mod pool;
mod reads;
mod sent;
mod state;

use std::collections::BTreeMap;
use std::sync::Arc;

use ::chain::{ChainError, Log, Revert};
use governance::Addresses;
use protocol::chain::{Block, ChainEvent, GroupView, Times};
use protocol::eip712::Domain;
use protocol::ids::{Address, Digest, GroupId};
use protocol::money::Wei;

pub use books::Books;
pub use call::{Call, Place};
pub use engine::Engine;
pub use genesis::{Beginning, COINS, Founding, Seat};
pub use pool::{Offer, TransactionId};
pub use sent::Sent;
pub use state::BLOCKS_KEPT;

use history::History;
use pool::{Payload, Pool, Transaction};

/// Why something cannot be done with a chain.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SimError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error("block {0} is not there, or no longer: the last {BLOCKS_KEPT} can be read and taken back, none before the beginning")]
    Block(u64),
    #[error("transaction {0:?} waits nowhere: it was mined, dropped or replaced")]
    NotWaiting(TransactionId),
    #[error("a replacement has to pay a tenth more than {0} wei, in fee and tip")]
    TooCheap(Wei),
    #[error("the books are wrong: {0}; play the seed again and look at what happened last")]
    Books(String),
    #[error("the beginning failed: {0}; mend the terms")]
    Beginning(String),
}

/// What every block of this time has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// Wei of the chain's coin that a unit of gas costs at least.
    pub base_fee: u64,
    /// Units of gas that a block holds.
    pub gas_limit: u64,
}

impl Default for Conditions {
    fn default() -> Self {
        Self { base_fee: 1_000_000_000, gas_limit: 60_000_000 }
    }
}

/// What became of a transaction in a block; gone with the block if that is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub id: TransactionId,
    pub hash: Digest,
    /// Number of its block.
    pub block: u64,
    pub gas_used: u64,
    /// The refusal of a contract, which cost gas all the same.
    pub result: Result<(), Revert>,
}

/// A block with all that is in it.
#[derive(Clone, Debug)]
pub struct Mined {
    pub block: Block,
    /// Of the network's contracts, in their order.
    pub events: Vec<ChainEvent>,
    /// Of its transactions, in their order.
    pub receipts: Vec<Receipt>,
    /// Of all contracts.
    pub logs: Vec<Log>,
    transactions: Vec<Transaction>,
    /// Changes with each block that changes something.
    version: u64,
}

impl Mined {
    fn new(block: Block, version: u64) -> Self {
        Self { block, events: Vec::new(), receipts: Vec::new(), logs: Vec::new(), transactions: Vec::new(), version }
    }
}

/// See the module.
pub struct Chain {
    engine: Engine,
    pool: Pool,
    conditions: Conditions,
    history: History,
    /// Where receipts are: number of the block and place in it.
    receipts: BTreeMap<TransactionId, (u64, usize)>,
    /// Number of the last block that cannot be taken back.
    first: u64,
    submitted: u64,
    versions: u64,
    /// Which of the hashes that it may have the next block gets.
    preferred: u64,
    /// By version and time.
    views: BTreeMap<(u64, GroupId, known::Time), Arc<GroupView>>,
    times: BTreeMap<GroupId, Times>,
}

impl Chain {
    fn new(seed: Digest, engine: Engine, time_s: u64) -> Self {
        Self {
            engine,
            pool: Pool::default(),
            conditions: Conditions::default(),
            history: History::new(seed, time_s),
            receipts: BTreeMap::new(),
            first: 0,
            submitted: 0,
            versions: 0,
            preferred: 0,
            views: BTreeMap::new(),
            times: BTreeMap::new(),
        }
    }

    /// Where the contracts stand.
    pub fn addresses(&self) -> &Addresses {
        &self.engine.at
    }

    /// Where signed messages count.
    pub fn domain(&self) -> Domain {
        Domain { chain_id: self.engine.chain_id(), network: self.engine.at.network }
    }

    /// The newest block.
    pub fn head(&self) -> &Mined {
        self.history.head()
    }

    /// The block of that number, if it is one of the last [`BLOCKS_KEPT`], or the one before them.
    pub fn block(&self, number: u64) -> Option<&Mined> {
        self.history.whole(number)
    }

    /// The block of that number, if there is one.
    pub fn told(&self, number: u64) -> Option<Block> {
        self.history.find(number)
    }

    /// What happened in the block of that number; nothing if there is none.
    pub fn events(&self, number: u64) -> &[ChainEvent] {
        self.history.events(number)
    }

    /// The first block that is no older than `time_s`, up to the head.
    pub fn first_block_since(&self, time_s: u64) -> Option<Block> {
        self.told(self.history.first_since(time_s)?)
    }

    /// Hashes that whoever makes the next block can give it.
    pub fn hashes(&self, count: u64) -> Vec<Digest> {
        (0..count).map(|place| self.hash_of_next(place)).collect()
    }

    /// Gives the next block the hash at that place of [`Chain::hashes`].
    pub fn prefer(&mut self, place: u64) {
        self.preferred = place;
    }

    fn hash_of_next(&self, place: u64) -> Digest {
        let next = self.head().block.number + 1;
        self.history.named("block", next, place << 48 | next)
    }

    /// From the next block on.
    pub fn set_conditions(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// Puts a call into the pool, with the account's lowest nonce that is free: that of a transaction that was dropped if
    /// there is one.
    pub fn submit(&mut self, from: Address, call: &Call, offer: Offer) -> TransactionId {
        let payload = call.payload(&self.engine.at);
        self.submit_payload(from, payload, offer)
    }

    fn submit_payload(&mut self, from: Address, payload: Payload, offer: Offer) -> TransactionId {
        let mined = self.engine.state().nonce(::chain::convert::to_eth(from));
        let transaction = self.transaction(from, self.pool.free_nonce(from, mined), payload, offer);
        self.put(transaction)
    }

    fn put(&mut self, transaction: Transaction) -> TransactionId {
        let id = transaction.id;
        self.submitted += 1;
        self.pool.put(transaction);
        id
    }

    fn transaction(&self, from: Address, nonce: u64, payload: Payload, offer: Offer) -> Transaction {
        let id = TransactionId(self.submitted);
        Transaction { id, hash: self.history.named("transaction", self.head().block.number, id.0), from, nonce, payload, offer }
    }

    /// What the call would cost if it were mined in the head: units of gas.
    ///
    /// # Errors
    /// [`ChainError::Reverted`] with the refusal, [`ChainError::CannotPay`] for want of coins.
    pub fn attempt(&mut self, from: Address, call: &Call, offer: Offer) -> Result<u64, ChainError> {
        let payload = call.payload(&self.engine.at);
        let nonce = self.engine.state().nonce(::chain::convert::to_eth(from));
        let transaction = self.transaction(from, nonce, payload, offer);
        let done = self.engine.attempt(&transaction)?;
        done.result.map(|()| done.gas_used).map_err(|revert| Revert { transaction: None, ..revert }.into())
    }

    /// Offers more for a transaction that waits: another takes its place.
    ///
    /// # Errors
    /// If it does not wait, or the offer is not a tenth higher.
    pub fn replace(&mut self, id: TransactionId, offer: Offer) -> Result<TransactionId, SimError> {
        let old = self.pool.get(id).ok_or(SimError::NotWaiting(id))?;
        let is_less = |new: Wei, old: Wei| new < old.saturating_add(Wei(old.0.div_ceil(10)));
        if is_less(offer.fee, old.offer.fee) || is_less(offer.tip, old.offer.tip) {
            return Err(SimError::TooCheap(old.offer.fee));
        }
        let new = self.transaction(old.from, old.nonce, old.payload.clone(), offer);
        Ok(self.put(new))
    }

    /// Drops a transaction from the pool; those of its account that follow it wait until its nonce is used.
    ///
    /// # Errors
    /// If it does not wait.
    pub fn drop_waiting(&mut self, id: TransactionId) -> Result<(), SimError> {
        self.pool.take(id).map(drop).ok_or(SimError::NotWaiting(id))
    }

    /// The transaction that was submitted last, if any was.
    pub fn newest(&self) -> Option<TransactionId> {
        self.submitted.checked_sub(1).map(TransactionId)
    }

    /// Keeps a transaction that waits out of blocks until it is released.
    pub fn hold(&mut self, id: TransactionId) {
        self.pool.hold(id, true);
    }

    /// Lets a held transaction into blocks again.
    pub fn release(&mut self, id: TransactionId) {
        self.pool.hold(id, false);
    }

    /// Whether the transaction waits in the pool.
    pub fn waits(&self, id: TransactionId) -> bool {
        self.pool.get(id).is_some()
    }

    /// Transactions that wait.
    pub fn waiting(&self) -> usize {
        self.pool.len()
    }

    /// What became of a transaction, if it is in one of the last [`BLOCKS_KEPT`] blocks.
    pub fn receipt(&self, id: TransactionId) -> Option<&Receipt> {
        let (block, place) = *self.receipts.get(&id)?;
        self.block(block)?.receipts.get(place)
    }

    /// The next block, with that timestamp or its parent's if that is later.
    pub fn mine(&mut self, time_s: u64) -> &Mined {
        let parent = self.head();
        let (number, time_s, version) = (parent.block.number + 1, time_s.max(parent.block.time_s), parent.version);
        let place = std::mem::take(&mut self.preferred);
        let block = Block { number, time_s, hash: self.hash_of_next(place) };
        let mut mined = Mined::new(block, version);
        self.engine.state().begin_block();
        self.enter(block);
        self.fill(&mut mined);
        if !mined.transactions.is_empty() {
            self.versions += 1;
            mined.version = self.versions;
        }
        let places = mined.receipts.iter().enumerate().map(|(place, receipt)| (receipt.id, (number, place)));
        self.receipts.extend(places);
        for receipt in self.history.push(mined).iter().flat_map(|old| &old.receipts) {
            self.receipts.remove(&receipt.id);
        }
        self.head()
    }

    fn enter(&mut self, block: Block) {
        self.engine.enter(&block, self.conditions.base_fee, self.conditions.gas_limit);
    }

    /// The best-paid first, each account's in the order of its nonces, as long as there is gas.
    fn fill(&mut self, mined: &mut Mined) {
        let Conditions { base_fee, gas_limit: mut gas } = self.conditions;
        let state = self.engine.state();
        let mut heads = self.pool.heads(base_fee, |from| state.nonce(::chain::convert::to_eth(from)));
        while let Some(head) = heads.pop() {
            let Some(transaction) = self.pool.get(head.id.0).filter(|transaction| transaction.offer.gas <= gas) else { continue };
            let Some(done) = self.engine.run(transaction) else { continue };
            gas -= done.gas_used;
            let Some(transaction) = self.pool.take(head.id.0) else { continue };
            heads.extend(self.pool.head(transaction.from, transaction.nonce + 1, base_fee));
            self.write(mined, transaction, done);
        }
    }

    fn write(&self, mined: &mut Mined, transaction: Transaction, done: engine::Done) {
        let Block { number, time_s, .. } = mined.block;
        let place = |inner| Log { inner, block_number: Some(number), block_timestamp: Some(time_s), ..Log::default() };
        let logs = done.logs.into_iter().map(place);
        let (id, hash) = (transaction.id, transaction.hash);
        let before = mined.logs.len();
        mined.logs.extend(logs);
        mined.events.extend(mined.logs[before..].iter().filter_map(|log| self.engine.at.event(log)));
        mined.receipts.push(Receipt { id, hash, block: number, gas_used: done.gas_used, result: done.result });
        mined.transactions.push(transaction);
    }

    /// Takes the last `depth` blocks back; others will come in their place, under other hashes. Their transactions wait again.
    /// Returns the block that is the head now.
    ///
    /// # Errors
    /// If some of them are older than the last [`BLOCKS_KEPT`], or than the beginning's last.
    pub fn reorganise(&mut self, depth: u64) -> Result<Block, SimError> {
        let head = self.head().block.number;
        let left = head.checked_sub(depth).filter(|left| *left >= self.first).ok_or(SimError::Block(head.saturating_sub(depth)))?;
        if depth > BLOCKS_KEPT as u64 {
            return Err(SimError::Block(left));
        }
        for lost in self.history.take_back(depth as usize) {
            self.engine.state().undo_block();
            for transaction in lost.transactions {
                self.receipts.remove(&transaction.id);
                self.pool.put(transaction);
            }
        }
        let block = self.head().block;
        self.enter(block);
        Ok(block)
    }
}
