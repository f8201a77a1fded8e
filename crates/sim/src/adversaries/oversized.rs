//! Reveals a true claim about a file that everybody gets in another length: "oversized or short".

use protocol::trainer;

use crate::{
    node::Effect,
    world::{hands::Hands, vices::Adversary},
};

#[derive(Default)]
pub(super) struct Oversized;

impl Adversary for Oversized {
    fn instead(&mut self, own: &mut Hands<'_>, effect: Effect) -> Vec<Effect> {
        if let Effect::Trainer(trainer::Effect::Reveal { file, .. }) = &effect {
            own.spoil(*file);
        }
        vec![effect]
    }
}
