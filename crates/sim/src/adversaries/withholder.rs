//! Reveals a true claim and gives its file to nobody: "withheld".

use protocol::trainer;

use crate::{
    node::Effect,
    world::{hands::Hands, vices::Adversary},
};

#[derive(Default)]
pub(super) struct Withholder;

impl Adversary for Withholder {
    fn instead(&mut self, own: &mut Hands<'_>, effect: Effect) -> Vec<Effect> {
        if let Effect::Trainer(trainer::Effect::Reveal { file, .. }) = &effect {
            own.give_only(*file, []);
        }
        vec![effect]
    }
}
