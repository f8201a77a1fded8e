//! Makes the blocks, and gives the one that draws the examples the hash of all it may have that flatters its own file, half as well trained as others: "a
//! block producer who chooses the seed's block".

use protocol::{Digest, RoundNumber, chain::Phase};

use crate::{
    racer::{Moment, Racer},
    world::{
        hands::Hands,
        jobs::Exam,
        vices::{Adversary, Met},
    },
};

/// What part of a full run it makes.
const EFFORT: f64 = 0.5;

#[derive(Default)]
pub(super) struct Sequencer {
    racer: Racer,
    file: Option<Digest>,
    drawn: Option<RoundNumber>,
}

impl Sequencer {
    /// The place of the hash under which the file looks best.
    fn best(own: &mut Hands<'_>, exam: Exam, file: Digest, hashes: &[Digest]) -> Option<usize> {
        let found = hashes.iter().enumerate().filter_map(|(place, seed)| {
            let found = own.measure(Exam { seed: *seed, ..exam }, file)?;
            Some((i64::from(found.loss.0) - i64::from(found.base.0), place))
        });
        found.min().map(|(_, place)| place)
    }
}

impl Adversary for Sequencer {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        match self.racer.meet(own, met) {
            Some(Moment::Train(round)) => {
                let base = own.view().map(|view| view.checkpoint);
                self.file = base.and_then(|base| own.train(base, round, 0, EFFORT));
                if let Some(file) = self.file {
                    self.racer.enter(own, 0, round, file);
                }
            }
            Some(Moment::Reveal(exam)) => self.racer.open_best(own, exam),
            _ => {}
        }
        if let (Met::Hashes { time_s, hashes }, Some(file)) = (met, self.file)
            && let Some(clock) = own.view().map(|view| view.clock(time_s))
            && clock.phase == Phase::Reveal
            && self.drawn.replace(clock.round) != Some(clock.round)
            && let Some(exam) = own.exam_to_be(clock.round)
            && let Some(place) = Self::best(own, exam, file, hashes)
        {
            own.choose(place);
        }
    }
}
