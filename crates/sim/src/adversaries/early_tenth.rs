//! Much stake, which tries by itself what takes a majority of all: to slash every other position, to admit, to strike. "A tenth of
//! the supply that counts before all other stake decides about it".

use protocol::{chain::ChainEvent, machine::Heard, measures::Act, rules::claim_hash};

use crate::{
    racer::{Moment, Racer},
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

/// What one slash takes at most.
const BASIS_POINTS: u64 = 1000;

#[derive(Default)]
pub(super) struct EarlyTenth(Racer);

impl Adversary for EarlyTenth {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        if let Met::Heard(Heard::Event { event: ChainEvent::Revealed(claim), .. }) = met {
            let name = claim_hash(claim.file, claim.base, claim.loss, claim.loss_root);
            own.enact(&Act::Strike { group: own.group(), round: claim.round, claim: name, restore: true });
        }
        let Some(Moment::Judge) = self.0.meet(own, met) else { return };
        let Some(view) = own.view() else { return };
        let account = own.account(0);
        for other in view.positions.iter().filter(|other| other.signer != account) {
            let (position, signer) = (other.number, other.signer);
            own.enact(&Act::Slash { group: own.group(), position, signer, basis_points: BASIS_POINTS });
        }
    }
}
