//! Commits what has the length of a checkpoint and is none, and claims that it is as good as its own: "NaN, infinite, exploded".

use std::collections::BTreeMap;

use protocol::{Digest, RoundNumber, keccak256, rules, trainer};

use super::Adversary;
use crate::{hands::Hands, node::Effect, world::GROUP};

#[derive(Default)]
pub(super) struct Exploded(BTreeMap<RoundNumber, Digest>);

impl Adversary for Exploded {
    fn instead(&mut self, own: &mut Hands<'_>, effect: Effect) -> Vec<Effect> {
        let changed = match effect {
            Effect::Trainer(trainer::Effect::Remember { round, file, salt }) => {
                let exploded = Digest(keccak256(&file.0));
                own.hold(exploded);
                self.0.insert(round, rules::seal(GROUP, round, exploded, own.account(0), salt));
                Effect::Trainer(trainer::Effect::Remember { round, file, salt })
            }
            Effect::Trainer(trainer::Effect::Commit { round, seal, max_deposit }) => {
                let seal = self.0.remove(&round).unwrap_or(seal);
                Effect::Trainer(trainer::Effect::Commit { round, seal, max_deposit })
            }
            Effect::Trainer(trainer::Effect::Reveal { round, salt, file, measured }) => {
                Effect::Trainer(trainer::Effect::Reveal { round, salt, file: Digest(keccak256(&file.0)), measured })
            }
            other => other,
        };
        vec![changed]
    }
}
