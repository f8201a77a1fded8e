//! Signs what it found, and that nothing was true, in every round: "signing both ways".

use protocol::{Digest, eip712::Verdict, log::Body, panel, validator};

use crate::{
    node::Effect,
    world::{hands::Hands, vices::Adversary},
};

#[derive(Default)]
pub(super) struct Equivocator;

impl Adversary for Equivocator {
    fn instead(&mut self, own: &mut Hands<'_>, effect: Effect) -> Vec<Effect> {
        if let Effect::Validator(panel::Effect::Validator(validator::Effect::Sign(verdict))) = &effect {
            let claim = if verdict.claim == Digest::ZERO { Digest([1; 32]) } else { Digest::ZERO };
            own.sign(0, Verdict { claim, ..*verdict }).into_iter().for_each(|signed| own.say(Body::Verdict(signed)));
        }
        vec![effect]
    }
}
