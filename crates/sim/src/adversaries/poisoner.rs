//! Less than a tenth of stake, and proposes poison in every period and votes for it: "a poisoned delta".

use protocol::{Digest, chain::ChainEvent, machine::Heard};

use super::{Adversary, Met};
use crate::{
    chain::Call,
    hands::Hands,
    racer::{Moment, Racer},
    world::GROUP,
};

#[derive(Default)]
pub(super) struct Poisoner {
    racer: Racer,
    /// The last period in which it has proposed.
    period: Option<u64>,
}

impl Adversary for Poisoner {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        if let Met::Heard(Heard::Event { event: ChainEvent::Proposed { delta, author, digest, .. }, .. }) = met
            && *author == own.account(0)
        {
            own.vote(*delta, *digest);
        }
        if let Some(Moment::Train(_) | Moment::Judge(_)) = self.racer.meet(own, met)
            && let (Some(view), Some(bond)) = (own.view(), own.least_bond())
            && self.period.replace(view.period_number.0) != Some(view.period_number.0)
        {
            let patch = Digest(own.random("poison").bytes());
            own.hold(patch);
            own.call(0, Call::Propose { group: GROUP, parent: view.head, patch, bond });
        }
    }
}
