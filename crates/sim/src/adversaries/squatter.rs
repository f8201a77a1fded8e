//! Commits a file that leaked from its finder, behind him, and reveals it before him: "squatting".

use std::collections::BTreeMap;

use protocol::{Digest, RoundNumber, chain::ChainEvent, machine::Heard};

use super::{Adversary, Met, Moment, Pace};
use crate::hands::Hands;

#[derive(Default)]
pub(super) struct Squatter {
    pace: Pace,
    squatted: BTreeMap<RoundNumber, Digest>,
}

impl Adversary for Squatter {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        if let Met::Heard(Heard::Event { event: ChainEvent::Committed { round, trainer, .. }, .. }) = met
            && !self.squatted.contains_key(round)
            && let Some(file) = own.leaked(*trainer, *round)
        {
            own.commit(0, *round, file);
            self.squatted.insert(*round, file);
        }
        if let Some(Moment::Reveal(exam)) = self.pace.meet(own, met)
            && let Some(file) = self.squatted.remove(&exam.round)
            && let Some(measured) = own.measure(exam, file)
        {
            own.reveal(0, exam.round, file, measured);
        }
    }
}
