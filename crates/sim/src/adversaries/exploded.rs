//! Commits what has the length of a checkpoint and is none, and claims that it is a tenth better: "NaN, infinite, exploded".

use protocol::{Digest, Micronats, trainer::Measured};

use crate::{
    racer::{Moment, Racer},
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

#[derive(Default)]
pub(super) struct Exploded {
    racer: Racer,
    file: Option<Digest>,
}

impl Adversary for Exploded {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        match self.racer.meet(own, met) {
            Some(Moment::Train(round)) => {
                let file = Digest(own.random("exploded").bytes());
                own.commit(0, round, file);
                self.file = Some(file);
            }
            Some(Moment::Reveal(exam)) => {
                let (Some(file), Some(honest)) = (self.file, own.measure(exam, exam.base)) else { return };
                let loss = Micronats(honest.base.0 / 10 * 9);
                own.reveal(0, exam.round, file, Measured { loss, ..honest });
            }
            _ => {}
        }
    }
}
