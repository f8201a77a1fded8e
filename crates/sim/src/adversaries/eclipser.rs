//! Is all that one validator hears, and all that hears it, and passes nothing on: an eclipse.

use crate::{
    racer::{Moment, Racer},
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

/// Rounds that it begins after, so that everybody knows whom nodes speak for.
const AFTER: u32 = 2;

#[derive(Default)]
pub(super) struct Eclipser {
    racer: Racer,
    rounds: u32,
    is_over: bool,
}

impl Adversary for Eclipser {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        let moment = self.racer.meet(own, met);
        let victims = own.validators();
        let Some(victim) = victims.first().copied() else { return };
        if own.is_the_end() && !std::mem::replace(&mut self.is_over, own.is_the_end()) {
            own.link(victim, false);
        } else if let Some(Moment::Judge) = moment {
            self.rounds += 1;
            if self.rounds == AFTER {
                own.link(victim, true);
            }
        }
    }
}
