//! What the chain holds: accounts and their storage, and what each of the last blocks has changed, to take it back.

use std::collections::VecDeque;
use std::convert::Infallible;

use revm::bytecode::Bytecode;
use revm::primitives::{Address, AddressMap, B256, HashMap, U256};
use revm::state::{Account, AccountInfo};
use revm::{Database, DatabaseCommit};

/// Blocks that can be taken back, or read as they were.
pub const BLOCKS_KEPT: usize = 256;

/// A slot of an account and what was found there.
pub(super) type Slot = (Address, U256, U256);

#[derive(Default)]
pub(super) struct State {
    accounts: AddressMap<Held>,
    /// What stood before each block, the newest last.
    before: VecDeque<Vec<Change>>,
    /// What stood as of an older block, while that is read.
    past: Past,
    /// What is read, while that is noted.
    read: Option<Vec<Slot>>,
}

#[derive(Default)]
struct Held {
    info: AccountInfo,
    storage: HashMap<U256, U256>,
}

/// What stood before something was changed.
enum Change {
    Account(Address, Option<AccountInfo>),
    Slot(Address, U256, U256),
}

#[derive(Default)]
struct Past {
    accounts: AddressMap<Option<AccountInfo>>,
    slots: HashMap<(Address, U256), U256>,
}

impl State {
    /// From now on changes belong to a new block.
    pub fn begin_block(&mut self) {
        self.before.push_back(Vec::new());
        if self.before.len() > BLOCKS_KEPT {
            self.before.pop_front();
        }
    }

    /// Takes back what the last block has changed; `false` if that is no longer known.
    pub fn undo_block(&mut self) -> bool {
        let Some(changes) = self.before.pop_back() else { return false };
        for change in changes.into_iter().rev() {
            match change {
                Change::Account(address, Some(info)) => self.accounts.entry(address).or_default().info = info,
                Change::Account(address, None) => drop(self.accounts.remove(&address)),
                Change::Slot(address, slot, value) => {
                    self.accounts.entry(address).or_default().storage.insert(slot, value);
                }
            }
        }
        true
    }

    /// Shows what stood before the last `blocks` blocks, until [`State::show_present`]; `false` if that is no longer known.
    pub fn show_past(&mut self, blocks: usize) -> bool {
        let Some(first) = self.before.len().checked_sub(blocks) else { return false };
        let mut past = Past::default();
        for change in self.before.range(first..).flatten() {
            match change {
                Change::Account(address, info) => drop(past.accounts.entry(*address).or_insert_with(|| info.clone())),
                Change::Slot(address, slot, value) => drop(past.slots.entry((*address, *slot)).or_insert(*value)),
            }
        }
        self.past = past;
        true
    }

    pub fn show_present(&mut self) {
        self.past = Past::default();
    }

    /// From now on what is read is noted, until [`State::noted`].
    pub fn note_reads(&mut self) {
        self.read = Some(Vec::new());
    }

    pub fn noted(&mut self) -> Vec<Slot> {
        self.read.take().unwrap_or_default()
    }

    pub fn value(&self, address: Address, slot: U256) -> U256 {
        if let Some(value) = self.past.slots.get(&(address, slot)) {
            return *value;
        }
        self.accounts.get(&address).and_then(|held| held.storage.get(&slot)).copied().unwrap_or_default()
    }

    /// Gives an account coins that come from nowhere, before the first block.
    pub fn endow(&mut self, address: Address, coins: U256) {
        self.accounts.entry(address).or_default().info.balance = coins;
    }

    pub fn coins(&self, address: Address) -> U256 {
        self.accounts.get(&address).map(|held| held.info.balance).unwrap_or_default()
    }

    pub fn nonce(&self, address: Address) -> u64 {
        self.accounts.get(&address).map_or(0, |held| held.info.nonce)
    }

    fn note(&mut self, change: Change) {
        // What was there before the first block is never taken back.
        if let Some(changes) = self.before.back_mut() {
            changes.push(change);
        }
    }

    fn change(&mut self, address: Address, account: Account) {
        let held = self.accounts.get(&address);
        if held.is_none() && account.info.is_empty() {
            return;
        }
        if held.is_none_or(|held| held.info != account.info) {
            self.note(Change::Account(address, held.map(|held| held.info.clone())));
            self.accounts.entry(address).or_default().info = account.info;
        }
        for (slot, value) in account.storage.into_iter().filter(|(_, value)| value.is_changed()) {
            self.note(Change::Slot(address, slot, value.original_value));
            self.accounts.entry(address).or_default().storage.insert(slot, value.present_value);
        }
    }
}

impl Database for State {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        let past = self.past.accounts.get(&address);
        Ok(past.cloned().unwrap_or_else(|| self.accounts.get(&address).map(|held| held.info.clone())))
    }

    /// Never asked for: accounts come with their code.
    fn code_by_hash(&mut self, _: B256) -> Result<Bytecode, Infallible> {
        Ok(Bytecode::default())
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Infallible> {
        let value = self.value(address, slot);
        if let Some(read) = &mut self.read {
            read.push((address, slot, value));
        }
        Ok(value)
    }

    /// The contracts do not ask for it.
    fn block_hash(&mut self, _: u64) -> Result<B256, Infallible> {
        Ok(B256::ZERO)
    }
}

impl DatabaseCommit for State {
    fn commit(&mut self, changes: AddressMap<Account>) {
        for (address, account) in changes.into_iter().filter(|(_, account)| account.is_touched()) {
            self.change(address, account);
        }
    }
}
