//! Learns the examples of the last exam by heart, and hopes to meet them again: "learning the set by heart".

use crate::{
    racer::{Moment, Racer},
    world::{
        hands::Hands,
        jobs::Exam,
        vices::{Adversary, Met},
    },
};

#[derive(Default)]
pub(super) struct Memoriser {
    racer: Racer,
    /// The last exam.
    known: Option<Exam>,
}

impl Adversary for Memoriser {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        match self.racer.meet(own, met) {
            Some(Moment::Train(round)) => {
                let (Some(view), Some(known)) = (own.view(), self.known) else { return };
                if let Some(file) = own.memorise(view.checkpoint, known, round) {
                    self.racer.enter(own, 0, round, file);
                }
            }
            Some(Moment::Reveal(exam)) => {
                self.known = Some(exam);
                self.racer.open_best(own, exam);
            }
            _ => {}
        }
    }
}
