//! A group and its positions at one block.

use serde::{Deserialize, Serialize};

use super::{Clock, Times};
use crate::ids::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber};
use crate::money::{Micronats, Wei};
use crate::rules::most_loss;

/// A group as the contracts hold it at one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupView {
    pub id: GroupId,
    /// What measures call it by.
    pub name: Digest,
    /// Second from which rounds are counted: the deployment of `Network`.
    pub genesis_s: u64,
    pub times: Times,
    /// A winner is better by `max(1, base >> improve, least)`.
    pub improve: u8,
    pub least: Micronats,
    pub manifest: Digest,
    pub checkpoint: Digest,
    pub head: Digest,
    pub admitted: bool,
    /// The group that it was forked from; number 0 if it was created.
    pub parent: GroupId,
    /// Void rounds in a row at the opening of the last round, 8 at most; 0 after a decision.
    pub voids: u64,
    /// The round that somebody committed in last.
    pub opened: Option<RoundNumber>,
    /// Rounds that were decided or attended, ever.
    pub counted: u64,
    /// The last two of them, the latest first: absence is not judged by them yet.
    pub newest: Vec<RoundNumber>,
    /// Those before, at most eight, the latest first: absence is judged by them.
    pub recent: Vec<RoundNumber>,
    /// The delta on trial in this period, number 0 if there is none.
    pub applied: DeltaNumber,
    /// Length of the running period, its extensions left aside.
    pub period_s: u64,
    /// Length of the periods that begin with the next turn.
    pub period_next_s: u64,
    pub period_number: PeriodNumber,
    pub period_end_s: u64,
    /// Seconds by which late votes have put the end off.
    pub extended_s: u64,
    /// Seconds from the end of a round until its coinbase can be collected.
    pub maturity_s: u64,
    pub min_deposit: Wei,
    /// What a commit costs in the running round, or in the next one if none was made in it.
    pub least_deposit: Wei,
    /// Seconds of an epoch, counted from genesis.
    pub epoch_s: u64,
    /// Seconds from the end of an epoch until what was unbonded in it can be withdrawn.
    pub exit_s: u64,
    pub positions: Vec<PositionView>,
}

impl GroupView {
    /// Round and phase at `now_s`.
    pub fn clock(&self, now_s: u64) -> Clock {
        self.times.clock(self.genesis_s, now_s)
    }

    /// The epoch at `now_s`.
    pub fn epoch(&self, now_s: u64) -> u64 {
        now_s.saturating_sub(self.genesis_s) / self.epoch_s.max(1)
    }

    /// The epoch that holds `round`.
    pub fn epoch_of(&self, round: RoundNumber) -> u64 {
        round.0.saturating_mul(self.times.length_s()) / self.epoch_s.max(1)
    }

    /// Whether a claim with these losses may be revealed.
    pub fn improves(&self, base: Micronats, loss: Micronats) -> bool {
        most_loss(base, self.improve, self.least).is_some_and(|most| loss <= most)
    }

    /// The position with that number.
    pub fn position(&self, number: PositionNumber) -> Option<&PositionView> {
        self.positions.iter().find(|position| position.number == number)
    }

    /// Stake that may sign.
    pub fn awake(&self) -> Wei {
        self.positions.iter().filter(|position| position.awake).map(|position| position.live).sum()
    }

    /// Stake bonded, awake or not.
    pub fn bonded(&self) -> Wei {
        self.positions.iter().map(|position| position.live).sum()
    }

    /// Positions for which `account` speaks in votes, and whether as their owner; who is both speaks as the signer.
    pub fn spoken_for(&self, account: Address) -> impl Iterator<Item = (&PositionView, bool)> {
        let speaks = move |position: &&PositionView| position.signer == account || position.owner == account;
        self.positions.iter().filter(speaks).map(move |position| (position, position.signer != account))
    }

    /// The position that `signer` signs for.
    pub fn position_of(&self, signer: Address) -> Option<&PositionView> {
        self.positions.iter().find(|position| position.signer == signer)
    }
}

/// A stake position in the current epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PositionView {
    pub number: PositionNumber,
    pub owner: Address,
    /// To whom the owner offers it, zero if to nobody.
    pub offered: Address,
    pub signer: Address,
    /// The key that signs from the next epoch on.
    pub signer_next: Address,
    /// Wei that count in this epoch.
    pub live: Wei,
    /// Wei that count from the next epoch on.
    pub next: Wei,
    pub awake: bool,
    pub awake_next: bool,
    /// The epoch from which it has been awake since it was woken last.
    pub woken_at: u64,
    /// The epoch from which it may be awake again after it was put to sleep, 0 if it never was.
    pub sleeps_until: u64,
    /// How often its sleep was doubled.
    pub dozed: u64,
    /// Pay that becomes stake when the position is next touched, or by `compound`.
    pub earned: Wei,
    /// End of the epoch of the last slash for signing twice: rounds that began before are forgiven.
    pub forgiven_until_s: u64,
}
