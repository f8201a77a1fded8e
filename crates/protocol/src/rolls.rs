//! Who signs for which position, epoch by epoch: what was signed in one epoch may be heard in the next.

use std::collections::BTreeMap;

use crate::chain::{Block, GroupView, Phase, PositionView};
use crate::ids::{Address, PositionNumber, RoundNumber};

/// Epochs whose positions are kept: the running one and the one before.
const MAX_EPOCHS: usize = 2;

/// The positions of a group as the contract counts them in an epoch; within one only a slash changes them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rolls {
    epochs: BTreeMap<u64, Vec<PositionView>>,
    /// Whether the group was told anew since its positions were noted.
    is_new: bool,
}

impl Rolls {
    /// The group is told anew: whether in this epoch or for the next one, the next block says.
    pub fn group(&mut self) {
        self.is_new = true;
    }

    /// Notes the positions of the running epoch, once history is over: they are not those of older ones. In TRAIN the view may
    /// still be that of the epoch before.
    pub fn block(&mut self, group: &GroupView, block: Block) {
        let epoch = group.epoch(block.time_s);
        let is_known = !self.is_new && self.epochs.contains_key(&epoch);
        if is_known || group.clock(block.time_s).phase == Phase::Train {
            return;
        }
        self.is_new = false;
        self.epochs.insert(epoch, group.positions.clone());
        if self.epochs.len() > MAX_EPOCHS {
            self.epochs.pop_first();
        }
    }

    /// The positions that sign in `round`, as they were in its epoch, if they were awake; none of an epoch that one was not there.
    fn awake_in<'a>(&'a self, group: &'a GroupView, now_s: u64, round: RoundNumber) -> impl Iterator<Item = &'a PositionView> {
        self.positions_in(group, now_s, round).into_iter().flatten().filter(|position| position.awake)
    }

    fn positions_in<'a>(&'a self, group: &'a GroupView, now_s: u64, round: RoundNumber) -> Option<&'a Vec<PositionView>> {
        let epoch = group.epoch_of(round);
        if epoch == group.epoch(now_s) { Some(&group.positions) } else { self.epochs.get(&epoch) }
    }

    /// Whether `signer` signs for a position in `round`, awake or not, where the epoch of the round is known.
    pub fn signs_in(&self, group: &GroupView, now_s: u64, round: RoundNumber, signer: Address) -> Option<bool> {
        Some(self.positions_in(group, now_s, round)?.iter().any(|position| position.signer == signer))
    }

    /// The position that `signer` signs for in `round`.
    pub fn position_of(&self, group: &GroupView, now_s: u64, round: RoundNumber, signer: Address) -> Option<PositionNumber> {
        self.awake_in(group, now_s, round).find(|position| position.signer == signer).map(|position| position.number)
    }

    /// Which key signs for which position in `round`.
    pub fn signers_in(&self, group: &GroupView, now_s: u64, round: RoundNumber) -> BTreeMap<PositionNumber, Address> {
        self.awake_in(group, now_s, round).map(|position| (position.number, position.signer)).collect()
    }
}
