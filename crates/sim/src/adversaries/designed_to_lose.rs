//! Commits files that cannot win, under many accounts: each raises the bar of certainty for everybody else in "the bar rises with
//! the commits"; all are conceded, one sixteenth of a deposit dearer each.

use crate::{
    racer::{Moment, Racer},
    world::{
        hands::Hands,
        vices::{Adversary, Met},
    },
};

/// Commits of a round, an account each.
const FILES: usize = 9;

#[derive(Default)]
pub(super) struct DesignedToLose(Racer);

impl Adversary for DesignedToLose {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        if let Some(Moment::Train(round)) = self.0.meet(own, met)
            && let Some(view) = own.view()
        {
            for who in 0..FILES {
                self.0.enter(own, who, round, view.checkpoint);
            }
        }
    }
}
