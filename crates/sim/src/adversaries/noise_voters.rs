//! More than half of awake stake: votes noise into the set, whoever fits it is paid, and rolls it back: "noise that members apply,
//! fit and take back".

use protocol::{Digest, chain::ChainEvent, ids::DeltaNumber, machine::Heard, measures::Act};

use super::{Adversary, Met};
use crate::{
    chain::Call,
    hands::Hands,
    racer::{Moment, Racer},
    world::GROUP,
};

#[derive(Default)]
pub(super) struct NoiseVoters {
    racer: Racer,
    period: Option<u64>,
    proposed: Option<(DeltaNumber, Digest)>,
}

impl Adversary for NoiseVoters {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        match met {
            Met::Heard(Heard::Event { event: ChainEvent::Proposed { delta, author, digest, .. }, .. }) if *author == own.account(0) => {
                self.proposed = Some((*delta, *digest));
                own.vote(*delta, *digest);
            }
            _ => {}
        }
        let moment = self.racer.meet(own, met);
        let (Some(Moment::Train(_) | Moment::Judge(_)), Some(view), Some(bond)) = (moment, own.view(), own.least_bond()) else { return };
        if let Some((delta, patch)) = self.proposed.take_if(|(delta, _)| *delta == view.applied) {
            own.enact(&Act::Rollback { group: GROUP, delta, patch });
        } else if view.applied == DeltaNumber(0) && self.period.replace(view.period_number.0) != Some(view.period_number.0) {
            let patch = Digest(own.random("noise").bytes());
            own.hold(patch);
            own.call(0, Call::Propose { group: GROUP, parent: view.head, patch, bond });
        }
    }
}
