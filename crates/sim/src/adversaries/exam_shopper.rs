//! Commits many files that were hardly trained, reveals the one that the draw flatters most, concedes the others: "many commits,
//! the luckiest revealed".

use crate::{
    racer::{Moment, Racer},
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

/// Files of a round, an account each.
const FILES: usize = 8;
/// What part of a full run each of them is.
const EFFORT: f64 = 0.1;

#[derive(Default)]
pub(super) struct ExamShopper(Racer);

impl Adversary for ExamShopper {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        match self.0.meet(own, met) {
            Some(Moment::Train(round)) => {
                let Some(view) = own.view() else { return };
                for who in 0..FILES {
                    if let Some(file) = own.train(view.checkpoint, round, who as u32, EFFORT) {
                        self.0.enter(own, who, round, file);
                    }
                }
            }
            Some(Moment::Reveal(exam)) => self.0.open_best(own, exam),
            _ => {}
        }
    }
}
