//! More than a third of awake stake, and signs nothing: "1/3 silent for ever".

use protocol::{panel, validator};

use crate::{
    node::Effect,
    world::{hands::Hands, vices::Adversary},
};

#[derive(Default)]
pub(super) struct Silent;

impl Adversary for Silent {
    fn instead(&mut self, _: &mut Hands<'_>, effect: Effect) -> Vec<Effect> {
        let signs = matches!(effect, Effect::Validator(panel::Effect::Validator(validator::Effect::Sign(_))));
        if signs { Vec::new() } else { vec![effect] }
    }
}
