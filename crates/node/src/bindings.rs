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

/// Says in the group's log that this node speaks for `account`, and that the account agrees.
///
/// # Errors
/// When the log cannot be written.
pub async fn publish(member: &Member, account: &Account, domain: &Domain) -> Result<()> {
    let signature = account.sign(Node { node: member.client.node_id() }, domain)?.signature;
    let body = Body::Binding(Binding { account: account.address(), signature });
    member.client.append(member.group, body).await?;
    Ok(())
}
