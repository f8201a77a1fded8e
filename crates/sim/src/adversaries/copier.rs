//! Commits the seal of another and reveals what is behind it first, as soon as the pool shows it: "copying a reveal".

use std::collections::BTreeSet;

use protocol::{RoundNumber, Wei};

use crate::{
    chain::Call,
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

#[derive(Default)]
pub(super) struct Copier {
    committed: BTreeSet<RoundNumber>,
}

impl Adversary for Copier {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        let Met::Waiting { from, call } = met else { return };
        match call {
            Call::Commit { group, round, seal, .. } if self.committed.insert(*round) => {
                own.call(0, Call::Commit { group: *group, round: *round, seal: *seal, max_deposit: Wei(u128::MAX) });
            }
            Call::Reveal { claim, salt } if self.committed.contains(&claim.round) && claim.trainer == from => {
                let claim = protocol::chain::RevealedClaim { trainer: own.account(0), ..*claim };
                own.call(0, Call::Reveal { claim, salt: *salt });
            }
            _ => {}
        }
    }
}
