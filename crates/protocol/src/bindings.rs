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
        self.note_among(author, binding, |_| true);
    }

    /// The same; where there is no room left, nodes are forgotten whose accounts are of no interest.
    pub fn note_among(&mut self, author: NodeId, binding: &Binding, is_of_interest: impl Fn(Address) -> bool) {
        if !self.has_room(author) {
            self.accounts.retain(|_, account| is_of_interest(*account));
        }
        if self.has_room(author) && binding.binds(author, &self.domain) {
            self.accounts.insert(author, binding.account);
        }
    }

    fn has_room(&self, author: NodeId) -> bool {
        self.accounts.len() < MAX_NODES || self.accounts.contains_key(&author)
    }

    /// The account for which a node speaks.
    pub fn account(&self, node: NodeId) -> Option<Address> {
        self.accounts.get(&node).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eip712::{Node, Typed as _, address_of, sign};
    use k256::ecdsa::SigningKey;

    #[test]
    fn strangers_do_not_take_the_places_of_nodes_that_matter() {
        let domain = Domain { chain_id: 1, network: Address([3; 20]) };
        let node = |number: usize| NodeId(std::array::from_fn(|byte| (number >> (8 * byte.min(7))) as u8));
        let (stranger, first) = (Address([9; 20]), Address([8; 20]));
        let mut accounts: BTreeMap<NodeId, Address> = (1..MAX_NODES).map(|number| (node(number), stranger)).collect();
        accounts.insert(node(MAX_NODES), first);
        let mut bindings = Bindings { domain, accounts };
        let key = SigningKey::from_slice(&[7; 32]).expect("a key");
        let (author, account) = (node(0), address_of(key.verifying_key()));
        let binding = Binding { account, signature: sign(Node { node: author }.digest(&domain), &key).expect("signed") };
        bindings.note(author, &binding);
        assert_eq!(bindings.account(author), None, "all matter");
        bindings.note_among(author, &binding, |account| account != stranger);
        assert_eq!((bindings.account(author), bindings.account(node(MAX_NODES))), (Some(account), Some(first)));
        assert_eq!(bindings.account(node(1)), None);
    }
}
