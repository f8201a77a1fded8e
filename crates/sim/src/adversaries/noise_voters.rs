//! More than half of awake stake: votes noise into the set, whoever fits it is paid, and rolls it back: "noise that members apply,
//! fit and take back".

use protocol::{Digest, PeriodNumber, chain::ChainEvent, ids::DeltaNumber, machine::Heard, measures::Act};

use crate::world::{
    hands::Hands,
    vices::{Adversary, Met},
};

#[derive(Default)]
pub(super) struct NoiseVoters {
    period: Option<PeriodNumber>,
    proposed: Option<(DeltaNumber, Digest)>,
}

impl NoiseVoters {
    fn go_on(&mut self, own: &mut Hands<'_>) {
        let (Some(view), Some(bond)) = (own.view(), own.least_bond()) else { return };
        if let Some((delta, patch)) = self.proposed.take_if(|(delta, _)| *delta == view.applied) {
            own.enact(&Act::Rollback { group: own.group(), delta, patch });
        } else if own.may_propose() && self.period.replace(view.period_number) != Some(view.period_number) {
            let patch = Digest(own.random("noise").bytes());
            own.propose(0, patch, bond);
        }
    }
}

impl Adversary for NoiseVoters {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        match met {
            Met::Heard(Heard::Event { event: ChainEvent::Proposed { delta, author, digest, .. }, .. }) if *author == own.account(0) => {
                self.proposed = Some((*delta, *digest));
                own.vote(*delta, *digest);
            }
            Met::Heard(Heard::Block(_)) if !own.is_the_end() => self.go_on(own),
            _ => {}
        }
    }
}
