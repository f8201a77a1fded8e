//! Bonds a gwei to each of many keys and would like to be awake, and bonds dust to the keys of others: "positions too many", "a
//! stranger bonds dust to my signer".

use protocol::Wei;

use crate::{
    chain::{Call, Place},
    racer::{Moment, Racer},
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

const DUST: Wei = Wei(1_000_000_000);
/// Its keys.
const KEYS: usize = 4;

#[derive(Default)]
pub(super) struct DustStaker(Racer);

impl Adversary for DustStaker {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        let Some(Moment::Train(_)) = self.0.meet(own, met) else { return };
        let Some(view) = own.view() else { return };
        for who in 0..KEYS {
            match view.position_of(own.account(who)) {
                Some(own_position) => own.call(who, Call::Wake(Place(own.group(), own_position.number))),
                None => own.call(who, Call::Bond { group: own.group(), signer: own.account(who), amount: DUST, consent: None }),
            }
        }
        for other in view.positions.iter().take(1) {
            own.call(0, Call::Bond { group: own.group(), signer: other.signer, amount: DUST, consent: None });
        }
    }
}
