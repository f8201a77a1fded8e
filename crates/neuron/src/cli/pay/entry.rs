//! What one account got for one thing, and why.

use protocol::{Address, GroupId, PositionNumber, Wei};
use views::{Reason, Receipt, Subject};

/// As what an account took part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Trainer,
    /// The owner of a position for which `signer` signs.
    Validator {
        position: PositionNumber,
        signer: Address,
    },
    /// Of a finding about a bounty.
    Finder {
        position: PositionNumber,
    },
    Author,
    Sponsor,
    /// Who showed that somebody had signed twice.
    Reporter,
}

/// A round, delta or bounty, and what one account has of it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub group: GroupId,
    pub of: Subject,
    pub account: Address,
    pub role: Role,
    /// Why it was paid, or was not.
    pub reason: String,
    pub sums: Sums,
    /// What was won and waits to be collected.
    pub due: Wei,
    /// Of a round: stake whose verdicts counted, and awake stake.
    pub counted: Option<(Wei, Wei)>,
    pub receipts: Vec<Receipt>,
}

/// What was earned as what, and what became of money that was put down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Issued for won rounds.
    pub winner: Wei,
    /// Earned by verdicts.
    pub validator: Wei,
    /// Issued for deltas that stand.
    pub author: Wei,
    /// Paid by sponsors.
    pub bounty: Wei,
    /// For showing who signed twice.
    pub reporter: Wei,
    /// Put down: deposits, bonds, bounties.
    pub put: Wei,
    /// Of that, what came back.
    pub back: Wei,
    /// Of that, what was burned, or went to validators.
    pub lost: Wei,
}

impl Sums {
    /// All that was earned.
    pub fn earned(&self) -> Wei {
        [self.winner, self.validator, self.author, self.bounty, self.reporter].into_iter().sum()
    }

    /// All of some receipts.
    pub fn of<'a>(receipts: impl IntoIterator<Item = &'a Receipt>) -> Self {
        receipts.into_iter().map(|receipt| Self::one(&receipt.why)).sum()
    }

    fn one(why: &Reason) -> Self {
        let none = Self::default();
        match *why {
            Reason::Committed { deposit, .. } => Self { put: deposit, ..none },
            Reason::Settled { refunded, burned, charged } => Self { back: refunded, lost: burned.saturating_add(charged), ..none },
            Reason::Won { issued, deposit, .. } => Self { winner: issued, back: deposit, ..none },
            Reason::Struck { burned } | Reason::Charged { burned } | Reason::Taken { burned } => Self { lost: burned, ..none },
            Reason::Judged { earned, cut, .. } => Self { validator: earned.saturating_sub(cut), ..none },
            Reason::Attended { .. } => none,
            Reason::Reported { reward, .. } => Self { reporter: reward, ..none },
            Reason::Proposed { bond } => Self { put: bond, ..none },
            Reason::Refunded { bond, issued, .. } => Self { author: issued, back: bond, ..none },
            Reason::Funded { amount, bond } => Self { put: amount.saturating_add(bond), ..none },
            Reason::Prized { amount, burned, .. } => Self { bounty: if burned { Wei::ZERO } else { amount }, ..none },
            Reason::Found { amount, .. } => Self { bounty: amount, ..none },
            Reason::Returned { returned, burned } => Self { back: returned, lost: burned, ..none },
        }
    }
}

impl std::iter::Sum for Sums {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            winner: sum.winner.saturating_add(one.winner),
            validator: sum.validator.saturating_add(one.validator),
            author: sum.author.saturating_add(one.author),
            bounty: sum.bounty.saturating_add(one.bounty),
            reporter: sum.reporter.saturating_add(one.reporter),
            put: sum.put.saturating_add(one.put),
            back: sum.back.saturating_add(one.back),
            lost: sum.lost.saturating_add(one.lost),
        })
    }
}

impl Entry {
    /// Its sums follow from its receipts.
    pub fn new(group: GroupId, of: Subject, account: Address, role: Role, reason: String, receipts: Vec<Receipt>) -> Self {
        Self { group, of, account, role, reason, sums: Sums::of(&receipts), due: Wei::ZERO, counted: None, receipts }
    }

    /// With the stake whose verdicts counted, of that which was awake.
    #[must_use]
    pub fn counted(self, judged: Wei, awake: Wei) -> Self {
        Self { counted: Some((judged, awake)), ..self }
    }

    /// With what was won and waits.
    #[must_use]
    pub fn due(self, due: Wei) -> Self {
        Self { due, ..self }
    }

    /// Whether it earned anything.
    pub fn is_paid(&self) -> bool {
        !self.sums.earned().is_zero()
    }

    /// Whether it is about this account: as the one that is paid, or as the signer.
    pub fn is_of(&self, account: Address) -> bool {
        self.account == account || matches!(self.role, Role::Validator { signer, .. } if signer == account)
    }

    /// The command by which anybody can check it.
    pub fn proof(&self) -> String {
        let group = self.group;
        match self.of {
            Subject::Round(round) => format!("neuron replay --round {round} --group {group}"),
            Subject::Delta(delta) => format!("neuron delta show {delta} --group {group}"),
            Subject::Bounty(bounty) => format!("neuron bounty show {bounty}"),
        }
    }
}

impl Role {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Trainer => "trainer",
            Self::Validator { .. } => "validator",
            Self::Finder { .. } => "finder",
            Self::Author => "author",
            Self::Sponsor => "sponsor",
            Self::Reporter => "reporter",
        }
    }

    /// The position by which it took part.
    pub fn position(self) -> Option<PositionNumber> {
        match self {
            Self::Validator { position, .. } | Self::Finder { position } => Some(position),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Digest, RoundNumber};

    #[test]
    fn every_reason_goes_into_the_sum_that_it_belongs_to() {
        let (none, nrn, position) = (Sums::default(), Wei::nrn, PositionNumber(1));
        for (why, wanted) in [
            (Reason::Committed { number: 1, deposit: nrn(2) }, Sums { put: nrn(2), ..none }),
            (Reason::Settled { refunded: nrn(1), burned: nrn(2), charged: nrn(3) }, Sums { back: nrn(1), lost: nrn(5), ..none }),
            (
                Reason::Won { to: Address([1; 20]), asked: nrn(9), issued: nrn(8), deposit: nrn(1) },
                Sums { winner: nrn(8), back: nrn(1), ..none },
            ),
            (Reason::Struck { burned: nrn(1) }, Sums { lost: nrn(1), ..none }),
            (
                Reason::Judged { position, claim: Digest::ZERO, stake: nrn(7), earned: nrn(3), cut: nrn(1) },
                Sums { validator: nrn(2), ..none },
            ),
            (Reason::Attended { position, stake: nrn(7) }, none),
            (Reason::Reported { position, burned: nrn(7), reward: nrn(1) }, Sums { reporter: nrn(1), ..none }),
            (Reason::Proposed { bond: nrn(4) }, Sums { put: nrn(4), ..none }),
            (Reason::Charged { burned: nrn(1) }, Sums { lost: nrn(1), ..none }),
            (Reason::Refunded { bond: nrn(4), asked: nrn(2), issued: nrn(1) }, Sums { author: nrn(1), back: nrn(4), ..none }),
            (Reason::Taken { burned: nrn(4) }, Sums { lost: nrn(4), ..none }),
            (Reason::Funded { amount: nrn(8), bond: nrn(1) }, Sums { put: nrn(9), ..none }),
            (Reason::Prized { round: RoundNumber(1), amount: nrn(2), burned: false }, Sums { bounty: nrn(2), ..none }),
            (Reason::Prized { round: RoundNumber(1), amount: nrn(2), burned: true }, none),
            (Reason::Found { position, stake: nrn(7), amount: nrn(2) }, Sums { bounty: nrn(2), ..none }),
            (Reason::Returned { returned: nrn(3), burned: nrn(2) }, Sums { back: nrn(3), lost: nrn(2), ..none }),
        ] {
            assert_eq!(Sums::one(&why), wanted, "{why:?}");
        }
    }
}
