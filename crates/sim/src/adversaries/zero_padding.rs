//! Commits one set of weights in several files, each under an account of its own and the padded ones first, and claims for each what
//! the weights are worth: "one set of weights in several files".

use protocol::{Digest, RoundNumber};

use crate::{
    forgery::Forgery,
    racer::{Moment, Racer},
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

/// Files beside the plain one.
const PADDED: [Forgery; 2] = [Forgery::Padded, Forgery::Spaced];

#[derive(Default)]
pub(super) struct ZeroPadding {
    racer: Racer,
    plain: Option<Digest>,
}

impl ZeroPadding {
    fn enter(&mut self, own: &mut Hands<'_>, round: RoundNumber) -> Option<()> {
        let base = own.view()?.checkpoint;
        let plain = own.train(base, round, 0, 1.0)?;
        for (who, forgery) in (1..).zip(PADDED) {
            let padded = own.forge(plain, forgery)?;
            self.racer.enter(own, who, round, padded);
        }
        self.racer.enter(own, 0, round, plain);
        self.plain = Some(plain);
        Some(())
    }
}

impl Adversary for ZeroPadding {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        match self.racer.meet(own, met) {
            // What cannot be made is not entered.
            Some(Moment::Train(round)) => drop(self.enter(own, round)),
            Some(Moment::Reveal(exam)) => {
                let measured = self.plain.take().and_then(|plain| own.measure(exam, plain));
                if let Some(measured) = measured.filter(|measured| measured.is_certain && own.improves(*measured)) {
                    (0..=PADDED.len()).for_each(|who| self.racer.open(own, exam.round, who, measured));
                }
            }
            _ => {}
        }
    }
}
