//! Sixteen accounts with higher bonds push out what another has proposed, in the last seconds before proposals close: "sixteen higher
//! bonds in the last second". The other is its own first account, which proposes it again.

use protocol::{Digest, Wei, keccak256, rules};

use super::{Adversary, Met};
use crate::{chain::Call, hands::Hands, world::GROUP};

/// Deltas that a group keeps open.
const OPEN: usize = 16;

#[derive(Default)]
pub(super) struct Displacer {
    /// The period, and how far it has come in it.
    period: (u64, u8),
}

impl Displacer {
    fn propose(own: &mut Hands<'_>, who: usize, parent: Digest, name: (u64, usize), bond: Wei) {
        let patch = Digest(keccak256(&[name.0.to_be_bytes(), (name.1 as u64).to_be_bytes()].concat()));
        own.hold(patch);
        own.call(who, Call::Propose { group: GROUP, parent, patch, bond });
    }
}

impl Adversary for Displacer {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        let Met::Heard(protocol::machine::Heard::Block(_)) = met else { return };
        let (Some(view), Some(bond)) = (own.view(), own.least_bond()) else { return };
        let period = view.period_number.0;
        if self.period.0 != period {
            self.period = (period, 0);
        }
        let closes_s = rules::last_quarter_s(view.period_s, view.period_end_s, view.extended_s);
        let is_late = own.now_s() + (3 * own.block_ms()).div_ceil(1000) >= closes_s;
        let double = Wei(2 * bond.0);
        match self.period.1 {
            0 if !own.is_the_end() => Self::propose(own, 0, view.head, (period, 0), bond),
            1 if is_late => (1..=OPEN).for_each(|who| Self::propose(own, who, view.head, (period, who), double)),
            2 if own.now_s() > closes_s => Self::propose(own, 0, view.head, (period, 0), Wei(4 * bond.0)),
            _ => return,
        }
        self.period.1 += 1;
    }
}
