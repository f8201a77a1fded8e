//! Transactions that wait to be mined: in the order of their nonces, the best tip first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use alloy::primitives::Bytes;
use protocol::ids::{Address, Digest};
use protocol::money::Wei;

/// Names a transaction for good, mined or not, in the order of submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId(pub u64);

/// What a sender offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The most units of gas that it pays for; what is left is paid back.
    pub gas: u64,
    /// The most wei of the chain's coin for a unit of gas, the tip included.
    pub fee: Wei,
    /// Wei of it for whoever takes the transaction into a block.
    pub tip: Wei,
}

impl Default for Offer {
    /// Enough for everything that nodes of a small group send.
    fn default() -> Self {
        Self { gas: 6_000_000, fee: Wei(100_000_000_000), tip: Wei(1_000_000_000) }
    }
}

impl Offer {
    /// What it pays beyond a base fee; `None` if it does not pay that much.
    fn tip_above(&self, base_fee: u64) -> Option<u128> {
        Some(self.tip.0.min(self.fee.0.checked_sub(base_fee.into())?))
    }
}

/// A call of a contract, or without a receiver a new one.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    /// Name in errors, like `commit`.
    pub what: &'static str,
    pub to: Option<Address>,
    pub data: Bytes,
    /// Wei of the chain's coin that go along.
    pub value: Wei,
}

#[derive(Clone, Debug)]
pub(super) struct Transaction {
    pub id: TransactionId,
    pub hash: Digest,
    pub from: Address,
    pub nonce: u64,
    pub payload: Payload,
    pub offer: Offer,
}

#[derive(Default)]
pub(super) struct Pool {
    waiting: BTreeMap<Address, BTreeMap<u64, Transaction>>,
    places: BTreeMap<TransactionId, (Address, u64)>,
    held: BTreeSet<TransactionId>,
}

impl Pool {
    /// The first nonce from `mined` on that no waiting transaction of the account has.
    pub fn free_nonce(&self, from: Address, mined: u64) -> u64 {
        let taken = self.waiting.get(&from);
        (mined..).find(|nonce| taken.is_none_or(|taken| !taken.contains_key(nonce))).unwrap_or(mined)
    }

    /// Takes a transaction in, in the place of one with its nonce, which is returned.
    pub fn put(&mut self, transaction: Transaction) -> Option<Transaction> {
        let (id, place) = (transaction.id, (transaction.from, transaction.nonce));
        let replaced = self.waiting.entry(place.0).or_default().insert(place.1, transaction);
        replaced.iter().for_each(|replaced| self.forget(replaced.id));
        self.places.insert(id, place);
        replaced
    }

    pub fn get(&self, id: TransactionId) -> Option<&Transaction> {
        let (from, nonce) = self.places.get(&id)?;
        self.waiting.get(from)?.get(nonce)
    }

    pub fn take(&mut self, id: TransactionId) -> Option<Transaction> {
        let (from, nonce) = *self.places.get(&id)?;
        self.forget(id);
        let queue = self.waiting.get_mut(&from)?;
        let taken = queue.remove(&nonce);
        if queue.is_empty() {
            self.waiting.remove(&from);
        }
        taken
    }

    fn forget(&mut self, id: TransactionId) {
        self.places.remove(&id);
        self.held.remove(&id);
    }

    /// Keeps a transaction, and those of its account after it, out of blocks until it is released.
    pub fn hold(&mut self, id: TransactionId, held: bool) {
        match held && self.places.contains_key(&id) {
            true => drop(self.held.insert(id)),
            false => drop(self.held.remove(&id)),
        }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Those that the next block can begin with, one of each account; `mined` tells an account's next nonce.
    pub fn heads(&self, base_fee: u64, mut mined: impl FnMut(Address) -> u64) -> BinaryHeap<Head> {
        self.waiting.keys().filter_map(|from| self.head(*from, mined(*from), base_fee)).collect()
    }

    /// The transaction of an account with that nonce, if a block can take it.
    pub fn head(&self, from: Address, nonce: u64, base_fee: u64) -> Option<Head> {
        let transaction = self.waiting.get(&from)?.get(&nonce).filter(|transaction| !self.held.contains(&transaction.id))?;
        Some(Head { tip: transaction.offer.tip_above(base_fee)?, id: Reverse(transaction.id) })
    }
}

/// The next transaction of an account, in the order in which blocks take them.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Head {
    tip: u128,
    pub id: Reverse<TransactionId>,
}
