//! People behind honest nodes: when they look at their node, and what they can do there beside what everybody can.

use governance::Offer;
use protocol::{
    BountyNumber, DeltaNumber, Digest,
    chain::{ChainEvent, GroupView},
    eip712::Choice,
    log::Body,
};

use super::{World, hands::Hands};
use crate::{chain::Call, hidden, noticed::Said, plan::MAX_DEPTH};

/// Somebody behind an honest node.
pub trait Person: Send {
    /// His node was told a block, and has come to the end of history.
    fn look(&mut self, own: &mut Hands<'_>);
}

impl World {
    /// Lets the person behind a node look at it, once history is over.
    pub(crate) fn look_at(&mut self, node: usize) {
        let is_live = self.nodes[node].process.as_ref().is_some_and(|process| process.teller.is_live());
        let Some(mut person) = is_live.then(|| self.people.remove(&node)).flatten() else { return };
        let mut hands = Hands::new(self, node);
        person.look(&mut hands);
        let said = hands.said();
        self.people.insert(node, person);
        said.iter().for_each(|body| self.tell_log(node, body));
    }
}

impl Hands<'_> {
    /// The last second in which something new may be begun.
    pub fn end_s(&self) -> u64 {
        self.world.ledger.second(self.world.plan.rounds * self.world.plan.round_ms())
    }

    /// What has happened from block `next` on in blocks that nobody takes back; then `next` is the one after them.
    pub fn news(&self, next: &mut u64) -> Vec<ChainEvent> {
        let ledger = &self.world.ledger;
        let settled = (ledger.tip() + 1).saturating_sub(MAX_DEPTH);
        let news = (*next..settled).flat_map(|number| ledger.events(number).iter().cloned()).collect();
        *next = settled.max(*next);
        news
    }

    /// Whether the node holds a file.
    pub fn holds(&self, file: Digest) -> bool {
        self.world.files.holds(self.node, file)
    }

    /// Makes a patch that is worth so much.
    pub fn write_patch(&mut self, patch: Digest, worth: f64) {
        self.world.sets.write(patch, worth);
    }

    /// By how much runs gain more on a set with that patch, as whoever holds it can find out.
    pub fn worth_of(&self, patch: Digest) -> f64 {
        self.world.sets.worth(patch)
    }

    /// What can be voted for in the running period, on the head as it is.
    pub fn proposals(&self, view: &GroupView) -> Vec<(DeltaNumber, Digest)> {
        let ledger = &self.world.ledger;
        let start_s = view.period_end_s.saturating_sub(view.extended_s + view.period_s);
        let first = ledger.chain.first_block_since(start_s).map_or(0, |block| block.number);
        let mut open = Vec::new();
        for event in (first..=ledger.tip()).flat_map(|number| ledger.events(number)) {
            match event {
                ChainEvent::Proposed { group, delta, digest, parent, period, .. }
                    if (*group, *period, *parent) == (view.id, view.period_number, view.head) =>
                {
                    open.push((*delta, *digest));
                }
                ChainEvent::Displaced { group, delta, .. } if *group == view.id => open.retain(|(number, _)| number != delta),
                _ => {}
            }
        }
        open
    }

    /// Says in the log for which delta one's position votes, and what that seemed to be worth; 0 and no patch: for none.
    pub fn choose_delta(&mut self, delta: DeltaNumber, patch: Digest, measured: f64) {
        let Some(view) = self.view() else { return };
        let choice = Choice { group: view.id, period: view.period_number, delta, patch, seq: self.now_s() };
        if let Some(signed) = self.sign(0, choice) {
            self.say(Body::Choice(signed));
            self.world.note(self.node, &format!("votes in period {} for delta {delta}, which seems worth {measured:.3}", choice.period));
            let said = Said { node: self.node, at_ms: self.world.now_ms(), choice, measured, period_end_s: view.period_end_s };
            self.world.checks.choices.push(said);
        }
    }

    /// Takes back what lies behind deltas of one's own.
    pub fn refund(&mut self, deltas: Vec<DeltaNumber>) {
        self.call(0, Call::Refund { group: self.group(), deltas });
    }
}

impl Hands<'_> {
    /// Makes a hidden set, and keeps its file to oneself.
    pub fn seal_hidden(&mut self, file: Digest, root: Digest) {
        self.world.hidden.seal(file, root);
    }

    /// Whether a checkpoint knows more of a hidden set than a guess.
    pub fn is_learnable(&mut self, file: Digest, checkpoint: Digest) -> bool {
        hidden::is_learnable(&mut self.world.training, file, checkpoint)
    }

    pub fn fund(&mut self, offer: Offer) {
        self.call(0, Call::Fund(offer));
    }

    /// Opens a hidden set, and serves it from now on.
    pub fn unseal(&mut self, bounty: BountyNumber, file: Digest) {
        self.hold(file);
        self.call(0, Call::Unseal { bounty, file });
    }
}
