//! Gives the file of a true claim to some validators only, and late: "served to some only".

use protocol::trainer;

use crate::{
    node::Effect,
    world::{hands::Hands, vices::Adversary},
};

#[derive(Default)]
pub(super) struct ServerToSome;

impl Adversary for ServerToSome {
    fn instead(&mut self, own: &mut Hands<'_>, effect: Effect) -> Vec<Effect> {
        if let Effect::Trainer(trainer::Effect::Reveal { file, .. }) = &effect {
            let (mut random, validators) = (own.random("some"), own.validators());
            own.give_only(*file, validators.into_iter().filter(|_| random.chance(300)));
        }
        vec![effect]
    }
}
