//! What became of the deltas of a group, and how its choices stand, from its events alone.

use std::collections::BTreeMap;

use crate::chain::ChainEvent;
use crate::ids::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber};
use crate::money::Wei;

/// Where a delta stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Choices for it are counted.
    Open,
    /// Another one took its place.
    Displaced,
    /// Its period ended without it.
    Dropped,
    /// It is in the set.
    Applied,
    /// A measure took it out again.
    Taken,
    /// It is in the set for good, and settled.
    Settled,
}

/// A delta as events tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Who proposed it.
    pub author: Address,
    /// Of its patch.
    pub patch: Digest,
    /// The period in which it was proposed.
    pub period: PeriodNumber,
    /// What was staked on it, wei.
    pub bond: Wei,
    /// Where it stands.
    pub fate: Fate,
    /// Stake behind it when choices were counted last, wei.
    pub votes: Wei,
}

/// The deltas of one group.
#[derive(Debug, Clone, Default)]
pub struct Ballots {
    deltas: BTreeMap<DeltaNumber, Told>,
    /// Of the running period: what each position chose last, and with which weight.
    choices: BTreeMap<PositionNumber, (DeltaNumber, Wei)>,
}

impl Ballots {
    /// Learns all that the events tell of `group`.
    pub fn of<'a>(group: GroupId, events: impl IntoIterator<Item = &'a ChainEvent>) -> Self {
        let mut ballots = Self::default();
        events.into_iter().filter(|event| event.group() == Some(group)).for_each(|event| ballots.note(event));
        ballots
    }

    /// All deltas ever proposed, by number.
    pub fn deltas(&self) -> impl Iterator<Item = (DeltaNumber, &Told)> {
        self.deltas.iter().map(|(number, told)| (*number, told))
    }

    /// Stake that would keep the set as it is, wei.
    pub fn keep(&self) -> Wei {
        self.votes(DeltaNumber(0))
    }

    fn votes(&self, delta: DeltaNumber) -> Wei {
        self.choices.values().filter(|(chosen, _)| *chosen == delta).map(|(_, weight)| *weight).sum()
    }

    fn note(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Proposed { delta, author, digest, period, bond, .. } => {
                let told = Told { author: *author, patch: *digest, period: *period, bond: *bond, fate: Fate::Open, votes: Wei::ZERO };
                self.deltas.insert(*delta, told);
            }
            ChainEvent::Cast { counted, .. } => {
                for choice in counted {
                    self.choices.insert(choice.position, (choice.delta, choice.weight));
                }
                self.count();
            }
            ChainEvent::Turned { applied, .. } => self.turn(*applied),
            ChainEvent::Displaced { delta, .. } => self.end(*delta, Fate::Displaced),
            ChainEvent::Taken { delta, .. } => self.end(*delta, Fate::Taken),
            ChainEvent::Refunded { delta, .. } if self.deltas.get(delta).is_some_and(|told| told.fate == Fate::Applied) => {
                self.end(*delta, Fate::Settled);
            }
            _ => {}
        }
    }

    fn count(&mut self) {
        for number in self.deltas.keys().copied().collect::<Vec<_>>() {
            let votes = self.votes(number);
            if let Some(told) = self.deltas.get_mut(&number).filter(|told| told.fate == Fate::Open) {
                told.votes = votes;
            }
        }
    }

    fn turn(&mut self, applied: DeltaNumber) {
        for (number, told) in self.deltas.iter_mut().filter(|(_, told)| told.fate == Fate::Open) {
            told.fate = if *number == applied { Fate::Applied } else { Fate::Dropped };
        }
        self.choices.clear();
    }

    fn end(&mut self, delta: DeltaNumber, fate: Fate) {
        if let Some(told) = self.deltas.get_mut(&delta) {
            told.fate = fate;
        }
    }
}
