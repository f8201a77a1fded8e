//! Is far ahead, and hands out its lead in the smallest steps that count: "drip-feeding".

use protocol::Digest;

use crate::{
    racer::{Moment, Racer},
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

/// The way to its best file is cut into so many steps.
const STEPS: u32 = 16;
/// Commits with which a step has to be certain.
const COMMITS: u64 = 4;

#[derive(Default)]
pub(super) struct DripFeeder {
    racer: Racer,
    /// Its best file, which nobody else has.
    lead: Option<Digest>,
}

impl DripFeeder {
    fn smallest(own: &mut Hands<'_>, base: Digest, lead: Digest) -> Option<Digest> {
        (1..=STEPS).find_map(|step| {
            let file = own.mix(base, lead, f64::from(step) / f64::from(STEPS))?;
            let found = own.estimate(base, file, COMMITS)?;
            (found.is_certain && own.improves(found)).then_some(file)
        })
    }
}

impl Adversary for DripFeeder {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        match self.racer.meet(own, met) {
            Some(Moment::Train(round)) => {
                let Some(base) = own.view().map(|view| view.checkpoint) else { return };
                let from = self.lead.filter(|lead| own.estimate(base, *lead, COMMITS).is_some_and(|found| found.is_certain));
                self.lead = own.train(from.unwrap_or(base), round, 0, 1.0);
                if let Some(file) = self.lead.and_then(|lead| Self::smallest(own, base, lead)) {
                    self.racer.enter(own, 0, round, file);
                }
            }
            Some(Moment::Reveal(exam)) => self.racer.open_best(own, exam),
            _ => {}
        }
    }
}
