//! Which node speaks for which account: each says so of the other.

use std::collections::BTreeMap;

use anyhow::Result;
use chain::Account;
use protocol::{
    Address, NodeId,
    eip712::{Domain, Node},
    log::{Binding, Body},
};

use crate::member::Member;

/// Nodes that are remembered.
const MAX_NODES: usize = 4096;

/// What was heard, checked.
pub struct Bindings {
    domain: Domain,
    accounts: BTreeMap<NodeId, Address>,
}

impl Bindings {
    /// Publishes one's own binding and begins to listen for those of others.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub async fn publish(member: &Member, account: &Account, domain: Domain) -> Result<Self> {
        let node = member.client.node_id();
        let signature = account.sign(Node { node }, &domain)?.signature;
        let body = Body::Binding(Binding { account: account.address(), signature });
        member.client.append(member.group, body).await?;
        Ok(Self { domain, accounts: BTreeMap::new() })
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
