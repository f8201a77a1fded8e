//! Keeps what it has trained for itself and reveals it in one leap after some rounds: the opposite of drip-feeding.

use protocol::Digest;

use crate::{
    racer::{Moment, Racer},
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

/// Rounds that one leap takes.
const ROUNDS: u32 = 4;

#[derive(Default)]
pub(super) struct Hoarder {
    racer: Racer,
    lead: Option<Digest>,
    kept: u32,
}

impl Adversary for Hoarder {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        match self.racer.meet(own, met) {
            Some(Moment::Train(round)) => {
                let Some(base) = own.view().map(|view| view.checkpoint) else { return };
                self.lead = own.train(self.lead.unwrap_or(base), round, 0, 1.0);
                self.kept += 1;
                if let Some(file) = self.lead.take_if(|_| self.kept.is_multiple_of(ROUNDS)) {
                    self.racer.enter(own, 0, round, file);
                }
            }
            Some(Moment::Reveal(exam)) => self.racer.open_best(own, exam),
            _ => {}
        }
    }
}
