//! One period of a steward: what was proposed, who chose what, and what the chain has counted of it.

use std::collections::BTreeMap;

use super::MAX_CHOICES;
use crate::{
    chain::GroupView,
    eip712::SignedChoice,
    ids::{DeltaNumber, PositionNumber},
    money::Wei,
};

/// Proposals open at a time, as in the contract.
pub const MAX_OPEN: usize = 16;
/// How often the wait before the next attempt doubles.
const MAX_DOUBLINGS: u32 = 12;
/// How often a batch that leaves something open starts the waiting anew: nobody can put the others off for ever.
const MAX_GRACES: u32 = 8;

/// What is known of one period.
#[derive(Debug, Clone, Default)]
pub(super) struct Period {
    ballots: BTreeMap<PositionNumber, Ballot>,
    /// Open proposals and their bonds, in the contract's order.
    proposals: Vec<(DeltaNumber, Wei)>,
    /// Second since which there is something to bring.
    due_since_s: Option<u64>,
    /// Choices that others' batches counted since all was brought last.
    believed: u64,
    /// How often an unfinished batch of somebody else was waited for.
    graces: u32,
    turn: Attempts,
}

/// The newest choice of a position.
#[derive(Debug, Clone)]
struct Ballot {
    choice: SignedChoice,
    /// Sequence number of the last choice that need not be brought any more.
    counted: Option<u64>,
    /// For all choices of the position together: who changes its mind all the time costs nobody much.
    attempts: Attempts,
}

#[derive(Debug, Clone, Copy, Default)]
struct Attempts {
    count: u32,
    not_before_s: u64,
}

impl Attempts {
    /// The next one is `pause_s` away, then twice as far, four times …
    fn note(&mut self, now_s: u64, pause_s: u64) {
        let wait_s = pause_s.saturating_mul(1 << self.count.min(MAX_DOUBLINGS));
        self.not_before_s = now_s.saturating_add(wait_s);
        self.count = self.count.saturating_add(1);
    }
}

impl Period {
    /// A full list loses the first of its lowest bonds, as in the contract.
    pub fn propose(&mut self, delta: DeltaNumber, bond: Wei) {
        if self.proposals.iter().any(|(known, _)| *known == delta) {
            return;
        }
        if self.proposals.len() < MAX_OPEN {
            self.proposals.push((delta, bond));
        } else if let Some(lowest) = self.proposals.iter_mut().min_by_key(|(_, bond)| *bond) {
            *lowest = (delta, bond);
        }
    }

    pub fn has_proposals(&self) -> bool {
        !self.proposals.is_empty()
    }

    /// A higher sequence number replaces.
    pub fn hear(&mut self, position: PositionNumber, choice: SignedChoice) {
        let new = Ballot { choice, counted: None, attempts: Attempts::default() };
        let held = self.ballots.entry(position).or_insert(new);
        if held.choice.message.seq < choice.message.seq {
            held.choice = choice;
        }
    }

    /// What the contract would count and nobody has brought: a choice of a position with stake for an open proposal, or
    /// for none of them.
    pub fn open(&self, view: &GroupView) -> Vec<(PositionNumber, u64)> {
        let has_stake = |number| view.positions.iter().any(|position| position.number == number && !position.live.is_zero());
        let is_open = |delta| delta == DeltaNumber(0) || self.proposals.iter().any(|(open, _)| *open == delta);
        let open = self.ballots.iter().filter(|(_, ballot)| ballot.counted.is_none_or(|seq| seq < ballot.choice.message.seq));
        let open = open.filter(|(number, ballot)| has_stake(**number) && is_open(ballot.choice.message.delta));
        open.map(|(number, ballot)| (*number, ballot.choice.message.seq)).collect()
    }

    /// These need not be brought again.
    pub fn count(&mut self, counted: &[(PositionNumber, u64)]) {
        for (position, seq) in counted {
            if let Some(ballot) = self.ballots.get_mut(position) {
                ballot.counted = ballot.counted.max(Some(*seq));
            }
        }
    }

    /// Others' batches counted `counted` choices more: nothing is left once they are as many as are open here. Until then
    /// whoever brought these may bring the rest.
    pub fn believe(&mut self, view: &GroupView, counted: u64, now_s: u64) {
        let open = self.open(view);
        self.believed = self.believed.saturating_add(counted);
        if self.believed >= open.len() as u64 {
            self.count(&open);
            (self.believed, self.due_since_s) = (0, None);
        } else if self.due_since_s.is_some() && self.graces < MAX_GRACES {
            self.graces += 1;
            self.due_since_s = Some(now_s);
        }
    }

    /// Since when there is something to bring, `None` if there is nothing.
    pub fn due_since(&mut self, view: &GroupView, now_s: u64) -> Option<u64> {
        self.due_since_s = match self.open(view).is_empty() {
            true => None,
            false => self.due_since_s.or(Some(now_s)),
        };
        self.due_since_s
    }

    /// Open choices whose last attempt is long enough ago, those that were tried least first.
    pub fn batch(&mut self, view: &GroupView, now_s: u64, pause_s: u64) -> Vec<(PositionNumber, SignedChoice)> {
        let open: BTreeMap<_, _> = self.open(view).into_iter().collect();
        let ripe = self.ballots.iter_mut().filter(|(number, ballot)| open.contains_key(number) && now_s >= ballot.attempts.not_before_s);
        let mut ripe: Vec<_> = ripe.collect();
        ripe.sort_by_key(|(_, ballot)| ballot.attempts.count);
        let send = |(number, ballot): (&PositionNumber, &mut Ballot)| {
            ballot.attempts.note(now_s, pause_s);
            (*number, ballot.choice)
        };
        ripe.into_iter().take(MAX_CHOICES).map(send).collect()
    }

    /// Whether it is time to try the turn, again perhaps; if so, that is noted.
    pub fn may_turn(&mut self, now_s: u64, pause_s: u64) -> bool {
        let is_time = now_s >= self.turn.not_before_s;
        if is_time {
            self.turn.note(now_s, pause_s);
        }
        is_time
    }
}
