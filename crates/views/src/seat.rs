//! What is kept of a position, of the keys that sign for positions, and of sums over them.

use protocol::ids::{Address, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::money::Wei;

use crate::amounts::taken;
use crate::log::{Fit, Misfit};
use crate::read::{signed, unsigned};
use crate::shown::Totals;

/// A position: what counts from the epoch `turns_at` on, and in `before` what counted until then.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seat {
    /// Owners and the seconds since which they are, the first one first.
    pub owners: Vec<(u64, Address)>,
    pub offered: Address,
    pub now: Stand,
    pub before: Stand,
    pub turns_at: u64,
    pub woken_at: u64,
    pub sleeps_until: u64,
    pub dozed: u64,
    pub exiting: Exit,
    pub exiting_later: Exit,
    pub forgiven_until_s: u64,
    pub slashed_in: u64,
    pub heir: (GroupId, PositionNumber),
    pub moved: Wei,
    pub moved_at: u64,
    pub pay: Pay,
}

/// What a signature is weighed by.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stand {
    pub signer: Address,
    pub stake: Wei,
    pub awake: bool,
}

/// Stake on its way out; a second of 0 if none was.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Exit {
    pub amount: Wei,
    pub at_s: u64,
}

/// Pay for verdicts: what was noted less what became stake, and verdicts whose round was not decided when they came, or
/// whose pay can still be read off the stake. Within a call the log of a cut may come before that of the verdict.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pay {
    pub noted: i128,
    pub pending: Vec<(RoundNumber, Digest)>,
    pub compounded: Wei,
}

/// A key signs for its position from the epoch `from` on and before `until`, for good if that is 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub position: PositionNumber,
    pub from: u64,
    pub until: u64,
    /// It can sign verdicts.
    pub judges: bool,
}

/// Sums over positions in `epoch`, and from the next one on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    epoch: u64,
    now: Change,
}

/// By how much sums change.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Change {
    pub bonded: i128,
    pub bonded_next: i128,
    pub awake: i128,
    pub awake_next: i128,
}

impl Seat {
    pub fn new(owner: Address, signer: Address, time_s: u64) -> Self {
        let now = Stand { signer, ..Stand::default() };
        Self { owners: vec![(time_s, owner)], now, ..Self::default() }
    }

    pub fn owner(&self) -> Address {
        self.owners.last().map(|(_, owner)| *owner).unwrap_or_default()
    }

    /// Who owned it at that time.
    pub fn owner_at(&self, time_s: u64) -> Address {
        let owner = self.owners.iter().rev().find(|(since_s, _)| *since_s <= time_s);
        owner.map(|(_, owner)| *owner).unwrap_or_default()
    }

    /// What counts in `epoch`, which is not before the one of the last change.
    pub fn in_epoch(&self, epoch: u64) -> &Stand {
        if self.turns_at > epoch { &self.before } else { &self.now }
    }

    /// From now on changes count from the epoch after `epoch` on.
    pub fn preserve(&mut self, epoch: u64) {
        if self.turns_at != epoch + 1 {
            (self.before, self.turns_at) = (self.now, epoch + 1);
        }
    }

    /// Sets what counts from the next epoch on. Returns how sums change.
    pub fn change(&mut self, stake: Wei, awake: bool, epoch: u64) -> Change {
        self.preserve(epoch);
        let old = self.now;
        (self.now.stake, self.now.awake) = (stake, awake);
        let (bonded_next, before) = (signed(stake) - signed(old.stake), awake_part(old.awake, old.stake));
        Change { bonded_next, awake_next: awake_part(awake, stake) - before, ..Change::default() }
    }

    /// Takes what a slash took of this epoch's stake and of the next one's. Returns how sums change.
    pub fn slash(&mut self, live: Wei, next: Wei, epoch: u64) -> Fit<Change> {
        let awake = self.in_epoch(epoch).awake;
        let change = Change {
            bonded: -signed(live),
            bonded_next: -signed(next),
            awake: -awake_part(awake, live),
            awake_next: -awake_part(self.now.awake, next),
        };
        if self.turns_at > epoch {
            self.before.stake = taken(self.before.stake, live)?;
        }
        self.now.stake = taken(self.now.stake, next)?;
        Ok(change)
    }

    /// Takes what a slash took of the exits.
    pub fn slash_exits(&mut self, [first, later]: [Wei; 2]) -> Fit {
        self.exiting.amount = taken(self.exiting.amount, first)?;
        self.exiting_later.amount = taken(self.exiting_later.amount, later)?;
        if self.exiting.amount.is_zero() && !self.exiting_later.amount.is_zero() {
            self.move_up();
        }
        Ok(())
    }

    /// Puts `amount` on its way out until `at_s`: beside an exit that goes already, or with the later one of two.
    pub fn unbond(&mut self, amount: Wei, at_s: u64) {
        let first = self.exiting.amount.is_zero() || (self.exiting.at_s == at_s && self.exiting_later.amount.is_zero());
        let exit = if first { &mut self.exiting } else { &mut self.exiting_later };
        *exit = Exit { amount: exit.amount.saturating_add(amount), at_s };
    }

    /// What has left at `now_s` is paid, the rest moves up.
    pub fn withdraw(&mut self, now_s: u64) {
        self.move_up();
        if !self.exiting.amount.is_zero() && now_s >= self.exiting.at_s {
            self.move_up();
        }
    }

    fn move_up(&mut self) {
        self.exiting = std::mem::take(&mut self.exiting_later);
    }
}

impl Key {
    /// A key that was replaced in the epoch in which it was named never signs.
    pub fn signs(&self, epoch: u64) -> bool {
        self.until == 0 || (self.from < self.until && epoch < self.until)
    }
}

impl Sums {
    /// What holds in `epoch`.
    fn rolled(&self, epoch: u64) -> Change {
        match self.epoch == epoch {
            true => self.now,
            false => Change { bonded: self.now.bonded_next, awake: self.now.awake_next, ..self.now },
        }
    }

    pub fn shift(&mut self, change: &Change, epoch: u64) {
        let now = self.rolled(epoch);
        self.epoch = epoch;
        self.now = Change {
            bonded: now.bonded.saturating_add(change.bonded),
            bonded_next: now.bonded_next.saturating_add(change.bonded_next),
            awake: now.awake.saturating_add(change.awake),
            awake_next: now.awake_next.saturating_add(change.awake_next),
        };
    }

    /// The awake stake of these sums, or what takes it away.
    pub fn awake_as_change(&self, epoch: u64, sign: i128) -> Change {
        let now = self.rolled(epoch);
        Change { awake: sign * now.awake, awake_next: sign * now.awake_next, ..Change::default() }
    }

    pub fn totals(&self, epoch: u64) -> Totals {
        let now = self.rolled(epoch);
        Totals {
            bonded: unsigned(now.bonded),
            bonded_next: unsigned(now.bonded_next),
            awake: unsigned(now.awake),
            awake_next: unsigned(now.awake_next),
        }
    }
}

fn awake_part(awake: bool, amount: Wei) -> i128 {
    if awake { signed(amount) } else { 0 }
}

pub(crate) const NO_POSITION: Misfit = Misfit("speaks of a position that was not made");
