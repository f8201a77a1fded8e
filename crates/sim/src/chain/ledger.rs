//! What the network has to hold and what has been issued and burned, from its events alone.

use std::collections::BTreeMap;

use protocol::chain::{ChainEvent, Outcome};
use protocol::ids::{Address, Digest, GroupId, RoundNumber};
use protocol::money::Wei;

/// A sum that grows and shrinks; below zero is a fault of the books, which the next comparison shows.
pub(super) type Sum = i128;

/// Sums in wei.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    network: Address,
    pub sold: Sum,
    pub issued: Sum,
    pub burned: Sum,
    /// Of deposits, bonds of deltas, and bounties: what lies with the network.
    pub deposits: Sum,
    pub bonds: Sum,
    pub bounties: Sum,
    /// Pay for won rounds that positions have earned and that is issued when it is written down.
    pub to_issue: Sum,
    /// Whether stake was slashed: then pay that nobody gets may lie with the network.
    pub is_slashed: bool,
    rounds: BTreeMap<(GroupId, RoundNumber), Round>,
}

#[derive(Clone, Debug, Default)]
struct Round {
    deposit: Wei,
    outcome: Outcome,
    decided: Digest,
    /// What verdicts for each claim earn if it is decided.
    pay: BTreeMap<Digest, Wei>,
}

fn sum(amount: Wei) -> Sum {
    i128::try_from(amount.0).unwrap_or(i128::MAX)
}

impl Ledger {
    pub fn new(network: Address) -> Self {
        Self { network, ..Self::default() }
    }

    pub fn note(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::ScheduleOpened { supply, .. } => self.sold = sum(*supply),
            ChainEvent::Issued { to, issued, .. } => {
                self.issued += sum(*issued);
                // Nothing else is issued to the network itself.
                self.to_issue -= if *to == self.network { sum(*issued) } else { 0 };
            }
            ChainEvent::Slashed { next, exiting, exiting_later, .. } => {
                self.burned += [*next, *exiting, *exiting_later].map(sum).iter().sum::<Sum>();
                self.is_slashed = true;
            }
            ChainEvent::DoubleSigned { reward, .. } | ChainEvent::FoundTwice { reward, .. } => self.burned -= sum(*reward),
            other => self.note_rounds(other),
        }
    }

    fn note_rounds(&mut self, event: &ChainEvent) {
        match *event {
            ChainEvent::Opened { group, round, deposit, .. } => {
                self.rounds.insert((group, round), Round { deposit, ..Round::default() });
            }
            ChainEvent::Committed { group, round, .. } => {
                self.deposits += self.rounds.get(&(group, round)).map_or(0, |round| sum(round.deposit));
            }
            ChainEvent::Decided { group, round, outcome, claim, .. } => self.decide((group, round), outcome, claim),
            ChainEvent::Judged { group, round, claim, amount, .. } => self.judge((group, round), claim, amount),
            ChainEvent::PayCut { asked, given, .. } => self.to_issue -= sum(asked) - sum(given),
            ChainEvent::Settled { refunded, burned, .. } => {
                self.deposits -= sum(refunded) + sum(burned);
                self.burned += sum(burned);
            }
            ChainEvent::Collected { deposit, .. } => self.deposits -= sum(deposit),
            ChainEvent::Struck { issued, burned, .. } => {
                // What stands in for deposits was issued, but not for won rounds.
                self.to_issue += sum(issued);
                self.deposits += sum(issued) - sum(burned);
                self.burned += sum(burned);
            }
            _ => self.note_bonds(event),
        }
    }

    fn note_bonds(&mut self, event: &ChainEvent) {
        match *event {
            ChainEvent::Proposed { bond, .. } => self.bonds += sum(bond),
            ChainEvent::Charged { burned, .. } | ChainEvent::Taken { burned, .. } => {
                self.bonds -= sum(burned);
                self.burned += sum(burned);
            }
            ChainEvent::Refunded { bond, .. } => self.bonds -= sum(bond),
            ChainEvent::Funded { amount, bond, .. } => self.bounties += sum(amount) + sum(bond),
            ChainEvent::BountyPaid { amount, burned, .. } => {
                self.bounties -= sum(amount);
                self.burned += if burned { sum(amount) } else { 0 };
            }
            ChainEvent::FinderPaid { amount, .. } => self.bounties -= sum(amount),
            ChainEvent::Returned { amount, burned, .. } => {
                self.bounties -= sum(amount) + sum(burned);
                self.burned += sum(burned);
            }
            _ => {}
        }
    }

    fn decide(&mut self, round: (GroupId, RoundNumber), outcome: Outcome, claim: Digest) {
        let entry = self.rounds.entry(round).or_default();
        (entry.outcome, entry.decided) = (outcome, claim);
        let pay = entry.pay.get(&claim).copied().unwrap_or_default();
        self.owe(outcome, pay);
    }

    fn judge(&mut self, round: (GroupId, RoundNumber), claim: Digest, amount: Wei) {
        let entry = self.rounds.entry(round).or_default();
        let pay = entry.pay.entry(claim).or_default();
        *pay = pay.saturating_add(amount);
        if entry.outcome != Outcome::None && entry.decided == claim {
            let outcome = entry.outcome;
            self.owe(outcome, amount);
        }
    }

    /// Validators of a won round are paid by the issue, those of a lost one out of deposits.
    fn owe(&mut self, outcome: Outcome, pay: Wei) {
        match outcome {
            Outcome::Won => self.to_issue += sum(pay),
            Outcome::Lost => self.deposits -= sum(pay),
            Outcome::None | Outcome::Struck => {}
        }
    }
}
