//! Adversaries among the nodes: when they act, and what they are left with.

use protocol::{Address, Digest, RoundNumber, chain::ChainEvent, eip712::SignedVerdict, machine::Heard};

use super::{World, hands::Hands};
use crate::{
    chain::Call,
    node::{Asked, Effect},
    vice::Vice,
};

/// What an adversary meets.
#[derive(Debug, Clone, Copy)]
pub enum Met<'a> {
    /// Its node is told something, as honest ones are.
    Heard(&'a Heard),
    /// Somebody's transaction waits in the pool, for everybody to see.
    Waiting { from: Address, call: &'a Call },
    /// The next block, of that second, may have any of these hashes; [`Hands::choose`] says which.
    Hashes { time_s: u64, hashes: &'a [Digest] },
}

/// Whoever does something else than the rules foresee.
pub trait Adversary: Send {
    /// Something happens.
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        let _ = (own, met);
    }

    /// What is done in the place of an effect that the honest machine of the node asks for.
    fn instead(&mut self, own: &mut Hands<'_>, effect: Effect) -> Vec<Effect> {
        let _ = own;
        vec![effect]
    }
}

/// Hashes among which whoever makes a block has the time to choose.
const HASHES: u64 = 16;

impl World {
    /// Lets the adversary of a node act, if it has one that does not act already.
    fn with_adversary<T>(&mut self, node: usize, act: impl FnOnce(&mut dyn Adversary, &mut Hands<'_>) -> T) -> Option<T> {
        let mut adversary = self.adversaries.remove(&node)?;
        let mut hands = Hands::new(self, node);
        let done = act(adversary.as_mut(), &mut hands);
        let said = hands.said();
        self.adversaries.insert(node, adversary);
        said.iter().for_each(|body| self.tell_log(node, body));
        Some(done)
    }

    pub(crate) fn meet(&mut self, node: usize, met: Met<'_>) {
        self.with_adversary(node, |adversary, own| adversary.meet(own, met));
    }

    /// Something that is open to all.
    pub(crate) fn meet_all(&mut self, met: Met<'_>) {
        let all: Vec<usize> = self.adversaries.keys().copied().collect();
        all.into_iter().for_each(|node| self.meet(node, met));
    }

    /// Whoever makes blocks says which hash the next one has.
    pub(crate) fn let_draw(&mut self, time_s: u64) {
        if self.plan.vices.contains(&Vice::Sequencer) {
            let hashes = self.ledger.chain.hashes(HASHES);
            self.meet_all(Met::Hashes { time_s, hashes: &hashes });
        }
    }

    pub(crate) fn instead(&mut self, node: usize, effect: Effect) -> Vec<Effect> {
        if !self.adversaries.contains_key(&node) {
            return vec![effect];
        }
        self.with_adversary(node, |adversary, own| adversary.instead(own, effect)).unwrap_or_default()
    }

    /// Whether a node has signed this that is honest and knows what happens.
    pub(crate) fn is_honest(&self, verdict: &SignedVerdict) -> bool {
        let signer = verdict.signer(&self.domain);
        let signed = self.nodes.iter().position(|node| node.is_honest && Ok(node.account) == signer);
        signed.is_some_and(|node| self.deceived != Some(node))
    }

    /// Whatever came back to an adversary, or can, is brought home: deposits, coinbases, bonds.
    pub(crate) fn reckon(&mut self) {
        let adversaries: Vec<usize> = (0..self.nodes.len()).filter(|node| !self.nodes[*node].is_honest).collect();
        for node in adversaries {
            for account in self.nodes[node].accounts() {
                for call in self.owed(account) {
                    // Whoever is killed over it has an end of its own.
                    let _ = self.ask_from(node, account, call, Asked::Nobody);
                }
            }
        }
    }

    fn owed(&self, account: Address) -> Vec<Call> {
        let events = || self.ledger.history().map(|(_, event)| event);
        let settle = |group, round: RoundNumber| Call::Settle { group, round, trainers: vec![account] };
        events()
            .filter_map(|event| match event {
                ChainEvent::Committed { group, round, trainer, .. } if *trainer == account => Some(settle(*group, *round)),
                ChainEvent::Decided { group, round, winner, .. } if *winner == account => {
                    Some(Call::Collect { group: *group, rounds: vec![*round], to: account })
                }
                ChainEvent::Proposed { group, delta, author, .. } if *author == account => {
                    Some(Call::Refund { group: *group, deltas: vec![*delta] })
                }
                _ => None,
            })
            .collect()
    }
}
