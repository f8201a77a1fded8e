//! The endpoint of one validator, which tells other hashes than those of the blocks: "a dishonest RPC endpoint".

use crate::world::{
    hands::Hands,
    vices::{Adversary, Met},
};

#[derive(Default)]
pub(super) struct LyingRpc;

impl Adversary for LyingRpc {
    fn meet(&mut self, own: &mut Hands<'_>, _: Met<'_>) {
        let victim = own.validators().first().copied();
        own.deceive(victim);
    }
}
