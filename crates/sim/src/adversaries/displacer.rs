//! Sixteen accounts with higher bonds push out what another has proposed, in the last seconds before proposals close: "sixteen higher
//! bonds in the last second". The other is its own first account, which proposes the same again for a higher bond.

use protocol::{Digest, PeriodNumber, Wei, keccak256, machine::Heard, rules};

use crate::world::{
    hands::Hands,
    vices::{Adversary, Met},
};

/// Deltas that a group keeps open.
const OPEN: usize = 16;

/// How far it has come in a period.
#[derive(Default, PartialEq, Eq)]
enum Step {
    #[default]
    Nothing,
    Proposed,
    Displaced,
    Again,
}

#[derive(Default)]
pub(super) struct Displacer {
    period: PeriodNumber,
    step: Step,
}

impl Displacer {
    fn propose(&self, own: &mut Hands<'_>, who: usize, bond: Wei) {
        own.propose(who, Digest(keccak256(&[self.period.0.to_be_bytes(), (who as u64).to_be_bytes()].concat())), bond);
    }
}

impl Adversary for Displacer {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        let Met::Heard(Heard::Block(_)) = met else { return };
        let may_propose = own.may_propose();
        let (Some(view), Some(bond)) = (own.view(), own.least_bond()) else { return };
        if self.period != view.period_number {
            *self = Self { period: view.period_number, step: Step::Nothing };
        }
        let closes_s = rules::last_quarter_s(view.period_s, view.period_end_s, view.extended_s);
        let is_late = own.now_s() + (4 * own.block_ms()).div_ceil(1000) >= closes_s;
        self.step = match self.step {
            Step::Nothing if may_propose && !is_late && !own.is_the_end() => {
                self.propose(own, 0, bond);
                Step::Proposed
            }
            Step::Proposed if may_propose && is_late => {
                (1..=OPEN).for_each(|who| self.propose(own, who, Wei(2 * bond.0)));
                Step::Displaced
            }
            Step::Displaced if own.now_s() > closes_s && !may_propose => {
                self.propose(own, 0, Wei(4 * bond.0));
                Step::Again
            }
            _ => return,
        };
    }
}
