//! Less than a tenth of stake, and proposes poison in every period and votes for it: "a poisoned delta".

use protocol::{Digest, PeriodNumber, chain::ChainEvent, machine::Heard};

use crate::world::{
    hands::Hands,
    vices::{Adversary, Met},
};

#[derive(Default)]
pub(super) struct Poisoner {
    /// The last period in which it has proposed.
    period: Option<PeriodNumber>,
}

impl Adversary for Poisoner {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        match met {
            Met::Heard(Heard::Event { event: ChainEvent::Proposed { delta, author, digest, .. }, .. }) if *author == own.account(0) => {
                own.vote(*delta, *digest);
            }
            Met::Heard(Heard::Block(_)) if !own.is_the_end() && own.may_propose() => {
                let (Some(view), Some(bond)) = (own.view(), own.least_bond()) else { return };
                if self.period.replace(view.period_number) != Some(view.period_number) {
                    let patch = Digest(own.random("poison").bytes());
                    own.propose(0, patch, bond);
                }
            }
            _ => {}
        }
    }
}
