//! Commits weights that are no numbers, too great, as great as they may be, or far too many, in turn, and claims that they are a
//! tenth better: "NaN, infinite, exploded", and whatever would be dear to measure.

use protocol::{Micronats, trainer::Measured};

use crate::{
    forgery::Forgery,
    racer::{Moment, Racer},
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

const MONSTERS: [Forgery; 4] = [Forgery::NotFinite, Forgery::TooGreat, Forgery::Huge, Forgery::Larger];

#[derive(Default)]
pub(super) struct Monster(Racer);

impl Adversary for Monster {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        match self.0.meet(own, met) {
            Some(Moment::Train(round)) => {
                let forgery = MONSTERS[round.0 as usize % MONSTERS.len()];
                let file = own.view().and_then(|view| own.forge(view.checkpoint, forgery));
                if let Some(file) = file {
                    self.0.enter(own, 0, round, file);
                }
            }
            Some(Moment::Reveal(exam)) => {
                let Some(honest) = own.measure(exam, exam.base) else { return };
                let loss = Micronats(honest.base.0 / 10 * 9);
                self.0.open(own, exam.round, 0, Measured { loss, ..honest });
            }
            _ => {}
        }
    }
}
