//! Racing by hand: files committed, the best revealed, the others conceded.

use protocol::{
    Digest, RoundNumber,
    chain::{ChainEvent, Phase},
    machine::Heard,
    trainer::Measured,
};

use crate::world::{hands::Hands, jobs::Exam, vices::Met};

/// A moment of a round at which whoever races by himself does something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Moment {
    Train(RoundNumber),
    /// The examples are drawn.
    Reveal(Exam),
    Judge,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Racer {
    told: Option<(RoundNumber, Phase)>,
    /// Accounts and what they have committed and not opened yet.
    sealed: Vec<(usize, Digest)>,
}

impl Racer {
    /// The moment that has come with a block, each once a round; seals are conceded as soon as somebody has revealed.
    pub fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) -> Option<Moment> {
        match met {
            Met::Heard(Heard::Event { event: ChainEvent::Revealed(claim), .. }) => {
                for (who, file) in std::mem::take(&mut self.sealed) {
                    own.concede(who, claim.round, file, claim.trainer);
                }
                None
            }
            Met::Heard(Heard::Block(_)) => self.next(own),
            _ => None,
        }
    }

    fn next(&mut self, own: &mut Hands<'_>) -> Option<Moment> {
        let clock = own.clock()?;
        let now = (clock.round, clock.phase);
        if self.told.replace(now) == Some(now) {
            return None;
        }
        match clock.phase {
            Phase::Train => {
                self.sealed.clear();
                (!own.is_the_end()).then_some(Moment::Train(clock.round))
            }
            Phase::Reveal => own.exam(clock.round).map(Moment::Reveal),
            Phase::Judge => Some(Moment::Judge),
        }
    }

    pub fn enter(&mut self, own: &mut Hands<'_>, who: usize, round: RoundNumber, file: Digest) {
        own.commit(who, round, file);
        self.sealed.push((who, file));
    }

    /// Reveals the best file, if it is good enough.
    pub fn open_best(&mut self, own: &mut Hands<'_>, exam: Exam) {
        let measured = self.sealed.iter().filter_map(|(who, file)| Some((*who, own.measure(exam, *file)?)));
        let good = measured.filter(|(_, measured)| measured.is_certain).collect::<Vec<_>>();
        let best = good.into_iter().min_by_key(|(_, measured)| measured.loss);
        if let Some((who, measured)) = best.filter(|(_, measured)| own.improves(*measured)) {
            self.open(own, exam.round, who, measured);
        }
    }

    /// Reveals what an account has sealed, and says that of it.
    pub fn open(&mut self, own: &mut Hands<'_>, round: RoundNumber, who: usize, measured: Measured) {
        for (_, file) in self.sealed.extract_if(.., |(sealed, _)| *sealed == who) {
            own.reveal(who, round, file, measured);
        }
    }
}
