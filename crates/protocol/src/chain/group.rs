//! A group and its positions at one block.

use serde::{Deserialize, Serialize};

use super::{Clock, Times};
use crate::bounty::Calendar;
use crate::ids::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber};
use crate::money::{Micronats, Wei};
use crate::rules::{ABSENCES, NEWEST, most_loss};

/// A group as the contracts hold it at one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupView {
    /// Its number.
    pub id: GroupId,
    /// What measures call it by.
    pub name: Digest,
    /// Second from which rounds are counted: the deployment of `Network`.
    pub genesis_s: u64,
    /// Lengths of the phases of its rounds.
    pub times: Times,
    /// A winner is better by `max(1, base >> improve, least)`.
    pub improve: u8,
    /// See `improve`; a measure can lower it.
    pub least: Micronats,
    /// File that fixes model, data and evaluation, for good (PROTOCOL 12, Manifest).
    pub manifest: Digest,
    /// The file that won last, base of the next round.
    pub checkpoint: Digest,
    /// Names the training set (PROTOCOL 11, Heads).
    pub head: Digest,
    /// Whether its rounds are paid.
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
    /// The running period of the training set.
    pub period_number: PeriodNumber,
    /// First second at which it can be turned, extensions included.
    pub period_end_s: u64,
    /// Seconds by which late votes have put the end off.
    pub extended_s: u64,
    /// Seconds from the end of a round until its coinbase can be collected.
    pub maturity_s: u64,
    /// Least that a commit or a delta costs, wei.
    pub min_deposit: Wei,
    /// What a commit costs in the running round, or in the next one if none was made in it.
    pub least_deposit: Wei,
    /// Seconds of an epoch, counted from genesis.
    pub epoch_s: u64,
    /// Seconds from the end of an epoch until what was unbonded in it can be withdrawn.
    pub exit_s: u64,
    /// All of its positions.
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

    /// Whether an awake position may be put to sleep: it has been awake since before the [`ABSENCES`] counted rounds that are
    /// `recent` (any order), and was `present` in none of them. Those of the [`NEWEST`] rounds after them do not count.
    pub fn is_absent(&self, position: &PositionView, mut present: impl FnMut(RoundNumber) -> bool) -> bool {
        let since = |round: &RoundNumber| self.epoch_of(*round) >= position.woken_at;
        let enough = self.counted >= (ABSENCES + NEWEST) as u64 && self.recent.len() >= ABSENCES;
        position.awake_next && enough && self.recent.iter().all(|round| since(round) && !present(*round))
    }

    /// Whether two claims signed in `round` can still be shown at `now_s`: the round did not begin in or before an epoch of
    /// such a slash, and its end is not older than an exit.
    pub fn may_slash_double(&self, position: &PositionView, round: RoundNumber, now_s: u64) -> bool {
        let start_s = self.times.round_start_s(self.genesis_s, round);
        let last_s = start_s.saturating_add(self.times.length_s()).saturating_add(self.exit_s);
        position.forgiven_until_s <= start_s && start_s <= now_s && now_s <= last_s
    }

    /// The position that `signer` signs for.
    pub fn position_of(&self, signer: Address) -> Option<&PositionView> {
        self.positions.iter().find(|position| position.signer == signer)
    }
}

impl From<&GroupView> for Calendar {
    fn from(group: &GroupView) -> Self {
        Self { genesis_s: group.genesis_s, length_s: group.times.length_s(), epoch_s: group.epoch_s }
    }
}

/// A stake position in the current epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PositionView {
    /// Its number in the group.
    pub number: PositionNumber,
    /// Who has the stake and may move it; votes before the signer.
    pub owner: Address,
    /// To whom the owner offers it, zero if to nobody.
    pub offered: Address,
    /// The key that signs for it in this epoch.
    pub signer: Address,
    /// The key that signs from the next epoch on.
    pub signer_next: Address,
    /// Wei that count in this epoch.
    pub live: Wei,
    /// Wei that count from the next epoch on.
    pub next: Wei,
    /// Whether it may sign in this epoch.
    pub awake: bool,
    /// Whether it may from the next epoch on.
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
