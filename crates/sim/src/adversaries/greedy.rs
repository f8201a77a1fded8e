//! More than a third of awake stake, and signs for nobody but a friend: whoever else wins wins nothing. "Stall it and be present".

use std::collections::BTreeSet;

use protocol::{Address, Digest, chain::ChainEvent, machine::Heard, panel, rules::claim_hash, validator};

use crate::{
    node::Effect,
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

#[derive(Default)]
pub(super) struct Greedy {
    /// Whoever commits first of all.
    friend: Option<Address>,
    wanted: BTreeSet<Digest>,
}

impl Adversary for Greedy {
    fn meet(&mut self, _: &mut Hands<'_>, met: Met<'_>) {
        let Met::Heard(Heard::Event { event, .. }) = met else { return };
        match event {
            ChainEvent::Committed { trainer, .. } => drop(self.friend.get_or_insert(*trainer)),
            ChainEvent::Revealed(claim) if Some(claim.trainer) == self.friend => {
                self.wanted.insert(claim_hash(claim.file, claim.base, claim.loss, claim.loss_root));
            }
            _ => {}
        }
    }

    fn instead(&mut self, _: &mut Hands<'_>, effect: Effect) -> Vec<Effect> {
        match &effect {
            Effect::Validator(panel::Effect::Validator(validator::Effect::Sign(verdict))) if !self.wanted.contains(&verdict.claim) => {
                Vec::new()
            }
            _ => vec![effect],
        }
    }
}
