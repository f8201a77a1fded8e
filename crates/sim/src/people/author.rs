//! Proposes a patch in most periods, for the least bond and a sixteenth more, and takes home what comes back of it.

use std::collections::BTreeMap;

use protocol::{DeltaNumber, Digest, Wei, chain::ChainEvent, rules};

use crate::{
    plan::Plan,
    random::Random,
    world::{hands::Hands, people::Person},
};

/// What patches are worth: those that help, those that change nothing, and those that were a mistake.
const WORTH: [f64; 5] = [0.05, 0.1, 0.2, 0.0, -0.6];
/// Of a period so small a part lies between two looks, and so many of these between two proposals.
const LOOK_PART: u64 = 16;
const PROPOSE_PARTS: (u64, u64) = (12, 24);

/// How far a delta of one's own is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Own {
    Open,
    Applied { stands_s: u64 },
    Dropped,
}

/// See the module.
pub(super) struct Author {
    random: Random,
    deltas: BTreeMap<DeltaNumber, Own>,
    /// Number of the next block whose events were not looked at.
    next: u64,
    look_s: u64,
    propose_s: u64,
}

impl Author {
    pub fn new(plan: &Plan, node: usize) -> Self {
        let random = Random::new(plan.seed, "author", node as u64);
        Self { random, deltas: BTreeMap::new(), next: 0, look_s: 0, propose_s: 0 }
    }

    fn learn(&mut self, event: &ChainEvent, own: &Hands<'_>) {
        match event {
            ChainEvent::Proposed { group, delta, author, .. } if (*group, *author) == (own.group(), own.account(0)) => {
                self.deltas.insert(*delta, Own::Open);
            }
            ChainEvent::Turned { group, applied, period_end_s, .. } if *group == own.group() => {
                for (delta, state) in self.deltas.iter_mut().filter(|(_, state)| **state == Own::Open) {
                    *state = if delta == applied { Own::Applied { stands_s: *period_end_s } } else { Own::Dropped };
                }
            }
            ChainEvent::Displaced { group, delta, .. } if *group == own.group() => {
                self.deltas.entry(*delta).and_modify(|state| *state = Own::Dropped);
            }
            ChainEvent::Taken { group, delta, .. } | ChainEvent::Refunded { group, delta, .. } if *group == own.group() => {
                self.deltas.remove(delta);
            }
            _ => {}
        }
    }

    fn collect(&self, own: &mut Hands<'_>, now_s: u64) {
        let is_due = |state: &Own| matches!(*state, Own::Dropped) || matches!(*state, Own::Applied { stands_s } if stands_s <= now_s);
        let deltas: Vec<DeltaNumber> = self.deltas.iter().filter(|(_, state)| is_due(state)).map(|(delta, _)| *delta).collect();
        if !deltas.is_empty() {
            own.refund(deltas);
        }
    }

    /// Nothing that could not be brought home before the end is begun.
    fn propose(&mut self, own: &mut Hands<'_>, now_s: u64) {
        let (Some(view), Some(least)) = (own.view(), own.least_bond()) else { return };
        let is_over = now_s >= view.period_end_s;
        let is_time = is_over || rules::may_propose(now_s, view.period_s, view.period_end_s, view.extended_s);
        if !is_time || now_s < self.propose_s || now_s + 4 * view.period_s > own.end_s() {
            return;
        }
        self.propose_s = now_s + view.period_s * self.random.within(PROPOSE_PARTS.0, PROPOSE_PARTS.1) / LOOK_PART;
        let (patch, worth) = (Digest(self.random.bytes()), self.random.pick(&WORTH).copied().unwrap_or(0.0));
        own.write_patch(patch, worth);
        own.propose(0, patch, Wei(least.0 + least.0 / 16));
    }
}

impl Person for Author {
    fn look(&mut self, own: &mut Hands<'_>) {
        let now_s = own.now_s();
        if now_s < self.look_s {
            return;
        }
        let Some(period_s) = own.view().map(|view| view.period_s) else { return };
        self.look_s = now_s + period_s / LOOK_PART;
        for event in own.news(&mut self.next) {
            self.learn(&event, own);
        }
        self.collect(own, now_s);
        self.propose(own, now_s);
    }
}
