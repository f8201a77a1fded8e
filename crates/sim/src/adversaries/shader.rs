//! Claims a micronat more than its file is worth, or shades one example under the same means: "one micronat too good".

use protocol::trainer;

use crate::{
    node::Effect,
    world::{hands::Hands, vices::Adversary},
};

#[derive(Default)]
pub(super) struct Shader;

impl Adversary for Shader {
    fn instead(&mut self, own: &mut Hands<'_>, effect: Effect) -> Vec<Effect> {
        let Effect::Trainer(trainer::Effect::Reveal { round, salt, file, mut measured }) = effect else { return vec![effect] };
        if own.random("shade").chance(500) {
            measured.loss.0 -= 1;
        } else {
            measured.loss_root.0[0] ^= 1;
        }
        vec![Effect::Trainer(trainer::Effect::Reveal { round, salt, file, measured })]
    }
}
