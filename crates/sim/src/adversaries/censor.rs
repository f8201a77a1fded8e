//! Makes the blocks, and keeps commits, reveals, concessions and batches of verdicts out of the next one or two, or takes others
//! first: "a block producer who leaves transactions out of some blocks".

use crate::{
    chain::Call,
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

/// Blocks that it keeps one transaction out of: trainers and posters leave room for two.
const BLOCKS: (u64, u64) = (1, 2);
/// Of a thousand transactions, how many it keeps out.
const KEPT_OUT: u64 = 500;

#[derive(Default)]
pub(super) struct Censor;

impl Adversary for Censor {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        use Call as C;
        let Met::Waiting { call: C::Commit { .. } | C::Reveal { .. } | C::Concede { .. } | C::Judge { .. } | C::Attend { .. }, .. } = met
        else {
            return;
        };
        let mut random = own.random("censored");
        if random.chance(KEPT_OUT) {
            own.keep_out(random.within(BLOCKS.0, BLOCKS.1));
        }
    }
}
