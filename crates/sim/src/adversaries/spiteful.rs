//! More than a third of awake stake, and signs when it is too late to decide: "a silent third that shows itself".

use protocol::{chain::Phase, eip712::Verdict, log::Body, machine::Heard, panel, validator};

use crate::{
    node::Effect,
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

#[derive(Default)]
pub(super) struct Spiteful(Option<Verdict>);

impl Adversary for Spiteful {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        if let (Met::Heard(Heard::Block(_)), Some(clock)) = (met, own.clock())
            && clock.phase == Phase::Train
            && let Some(late) = self.0.take_if(|verdict| verdict.round < clock.round)
        {
            own.sign(0, late).into_iter().for_each(|signed| own.say(Body::Verdict(signed)));
        }
    }

    fn instead(&mut self, _: &mut Hands<'_>, effect: Effect) -> Vec<Effect> {
        let Effect::Validator(panel::Effect::Validator(validator::Effect::Sign(verdict))) = effect else { return vec![effect] };
        self.0 = Some(verdict);
        Vec::new()
    }
}
