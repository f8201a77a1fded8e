//! Which node speaks for which account: each says so of the other.

use std::collections::BTreeMap;

use crate::eip712::Domain;
use crate::ids::{Address, NodeId};
use crate::log::Binding;

/// Nodes that are remembered.
const MAX_NODES: usize = 4096;

/// What was heard, checked.
#[derive(Debug, Clone)]
pub struct Bindings {
    domain: Domain,
    accounts: BTreeMap<NodeId, Address>,
}

impl Bindings {
    /// Nothing was heard yet.
    pub fn new(domain: Domain) -> Self {
        Self { domain, accounts: BTreeMap::new() }
    }

    /// Takes a binding from a message that `author` signed.
    pub fn note(&mut self, author: NodeId, binding: &Binding) {
        let has_room = self.accounts.len() < MAX_NODES || self.accounts.contains_key(&author);
        if has_room && binding.binds(author, &self.domain) {
            self.accounts.insert(author, binding.account);
        }
    }

    /// The account for which a node speaks.
    pub fn account(&self, node: NodeId) -> Option<Address> {
        self.accounts.get(&node).copied()
    }
}
