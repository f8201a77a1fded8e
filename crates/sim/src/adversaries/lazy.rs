//! Measures nothing and signs what another has signed, with his probe: "a lazy or copied verdict".

use protocol::{RoundNumber, eip712::Verdict, log::Body, machine::Heard, panel, validator::Effect as Asked};

use crate::{
    node::Effect,
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

#[derive(Default)]
pub(super) struct Lazy {
    signed: Option<RoundNumber>,
}

impl Adversary for Lazy {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        let Met::Heard(Heard::Log { body: Body::Verdict(heard), .. }) = met else { return };
        let Verdict { round, .. } = heard.message;
        if self.signed < Some(round) && own.clock().is_some_and(|clock| clock.round == round) {
            self.signed = Some(round);
            own.sign(0, heard.message).into_iter().for_each(|signed| own.say(Body::Verdict(signed)));
        }
    }

    fn instead(&mut self, _: &mut Hands<'_>, effect: Effect) -> Vec<Effect> {
        let is_work = matches!(
            effect,
            Effect::Validator(panel::Effect::Validator(
                Asked::MeasureBase { .. } | Asked::Fetch { .. } | Asked::Measure { .. } | Asked::Sign(_)
            ))
        );
        if is_work { Vec::new() } else { vec![effect] }
    }
}
