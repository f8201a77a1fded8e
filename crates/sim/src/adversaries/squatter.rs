//! Commits a file that leaked from its finder, behind him, and reveals it before him: "squatting".

use protocol::{RoundNumber, chain::ChainEvent, machine::Heard};

use crate::{
    racer::{Moment, Racer},
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

#[derive(Default)]
pub(super) struct Squatter {
    racer: Racer,
    squatted: Option<RoundNumber>,
}

impl Adversary for Squatter {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        if let Some(Moment::Reveal(exam)) = self.racer.meet(own, met) {
            self.racer.open_best(own, exam);
        }
        if let Met::Heard(Heard::Event { event: ChainEvent::Committed { round, trainer, .. }, .. }) = met
            && self.squatted != Some(*round)
            && let Some(file) = own.leaked(*trainer, *round)
        {
            self.squatted = Some(*round);
            self.racer.enter(own, 0, *round, file);
        }
    }
}
