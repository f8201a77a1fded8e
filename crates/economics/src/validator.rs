//! Validators: how they come to what they sign, and what they believe that it brings.

use protocol::{Wei, rules};

use crate::ledger::Ledger;

/// How a validator comes to what it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Runs the models.
    Checks,
    /// Signs what most of those have signed who speak first.
    Copies,
    /// Signs the first claim unread.
    Lazy,
    /// Signs a friend's false claim, runs the models where there is none.
    Colludes,
}

/// Those among which who wants to earn more chooses.
pub const CHOICES: [Manner; 3] = [Manner::Checks, Manner::Copies, Manner::Lazy];

impl Manner {
    /// Its place among sums of each manner.
    pub fn place(self) -> usize {
        match self {
            Self::Checks => 0,
            Self::Copies => 1,
            Self::Lazy => 2,
            Self::Colludes => 3,
        }
    }

    /// Whether its probes are right, so that no alarm is raised.
    pub fn runs_models(self) -> bool {
        matches!(self, Self::Checks | Self::Colludes)
    }
}

/// Whether and how a validator goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    Never,
    /// Puts its position to rest.
    Rests,
    /// Switches the machine off.
    Silent,
}

/// A position and who keeps it.
#[derive(Debug, Clone)]
pub struct Validator {
    pub stake: Wei,
    pub manner: Manner,
    /// Whether it changes its manner when another pays more.
    pub is_free: bool,
    pub leaving: Leaving,
    /// Dollars a round for the machine, and for each measurement of a model.
    pub machine: f64,
    pub check: f64,
    pub is_running: bool,
    /// In this epoch, and from the next one on.
    pub is_awake: bool,
    pub wakes: bool,
    /// Counted rounds in a row without its verdict.
    pub absent: usize,
    /// First epoch in which it may be awake, and how often its sleep was doubled.
    pub until: u64,
    pub dozed: u64,
    /// First epoch in which something could be shown against it that is not atoned for.
    pub accused: Option<u64>,
    /// What it signed in this round: a claim's place, or their number for claim 0.
    pub signed: Option<usize>,
    pub ledger: Ledger,
}

impl Validator {
    /// Running and awake, with the usual costs; it stays whatever it earns.
    pub fn new(stake: Wei, manner: Manner) -> Self {
        Self {
            stake,
            manner,
            is_free: false,
            leaving: Leaving::Never,
            machine: 0.05,
            check: 0.001,
            is_running: true,
            is_awake: true,
            wakes: true,
            absent: 0,
            until: 0,
            dozed: 0,
            accused: None,
            signed: None,
            ledger: Ledger::default(),
        }
    }

    /// Whether it takes part in the decision of this round.
    pub fn speaks(&self) -> bool {
        self.is_running && self.is_awake
    }

    /// Counts a round of which presence is known.
    pub fn attend(&mut self, epoch: u64) {
        if !self.is_awake {
            return;
        }
        self.absent = if self.signed.is_some() { 0 } else { self.absent + 1 };
        if self.wakes && self.absent >= rules::ABSENCES + rules::NEWEST {
            self.dozed = rules::next_dozed(epoch, self.until, self.dozed);
            self.until = rules::sleeps_until(epoch, self.dozed);
            self.wakes = false;
        }
    }

    /// Begins an epoch: what was wanted counts now; who sleeps and runs wants to wake.
    pub fn begin(&mut self, epoch: u64) {
        self.is_awake = self.wakes;
        if !self.is_awake {
            self.absent = 0;
            self.wakes = self.is_running && epoch + 1 >= self.until;
        }
    }

    /// Loses `basis_points` of its stake.
    pub fn slash(&mut self, basis_points: u128) -> Wei {
        let lost = rules::whole_gweis(self.stake.mul_div(basis_points, 10_000));
        self.stake = self.stake.saturating_sub(lost);
        self.ledger.lose(lost);
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_silent_in_ten_counted_rounds_sleeps_twice_as_long_the_next_time() {
        let mut validator = Validator::new(Wei::nrn(1), Manner::Checks);
        (0..10).for_each(|_| validator.attend(5));
        assert!(!validator.wakes && validator.until == 7);
        validator.begin(6);
        assert!(!validator.is_awake && validator.wakes);
        validator.begin(7);
        (0..9).for_each(|_| validator.attend(7));
        assert!(validator.is_awake && validator.wakes);
        validator.attend(7);
        assert!(!validator.wakes && validator.until == 10);
        validator.begin(8);
        assert!(!validator.is_awake && !validator.wakes);
        validator.begin(9);
        assert!(!validator.is_awake && validator.wakes);
    }
}
