//! One period of a steward: what was proposed, who chose what, and what the chain has counted of it.

use std::collections::{BTreeMap, BTreeSet};

use super::MAX_CHOICES;
use crate::{
    chain::{CountedChoice, GroupView},
    eip712::SignedChoice,
    ids::{DeltaNumber, PositionNumber},
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
    /// Sequence numbers of what the contract counted.
    counted: BTreeMap<PositionNumber, u64>,
    /// Open proposals.
    proposals: BTreeSet<DeltaNumber>,
    /// Second since which there is something to bring.
    due_since_s: Option<u64>,
    /// How often an unfinished batch was waited for.
    graces: u32,
    turn: Attempts,
}

/// The newest choice of a position.
#[derive(Debug, Clone)]
struct Ballot {
    choice: SignedChoice,
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
    /// A full list has lost one before by [`Period::displace`].
    pub fn propose(&mut self, delta: DeltaNumber) {
        if self.proposals.len() < MAX_OPEN {
            self.proposals.insert(delta);
        }
    }

    /// A higher bond took the place of `delta`.
    pub fn displace(&mut self, delta: DeltaNumber) {
        self.proposals.remove(&delta);
    }

    pub fn has_proposals(&self) -> bool {
        !self.proposals.is_empty()
    }

    /// A higher sequence number replaces.
    pub fn hear(&mut self, position: PositionNumber, choice: SignedChoice) {
        let new = Ballot { choice, attempts: Attempts::default() };
        let held = self.ballots.entry(position).or_insert(new);
        if held.choice.message.seq < choice.message.seq {
            held.choice = choice;
        }
    }

    /// What the contract would count and nobody has brought: a choice of a position with stake for an open proposal, or
    /// for none of them.
    pub fn open(&self, view: &GroupView) -> BTreeSet<PositionNumber> {
        let has_stake = |number| view.positions.iter().any(|position| position.number == number && !position.live.is_zero());
        let is_open = |delta| delta == DeltaNumber(0) || self.proposals.contains(&delta);
        let is_new = |number, ballot: &Ballot| self.counted.get(number).is_none_or(|seq| *seq < ballot.choice.message.seq);
        let open = self.ballots.iter().filter(|(number, ballot)| is_new(*number, ballot));
        let open = open.filter(|(number, ballot)| has_stake(**number) && is_open(ballot.choice.message.delta));
        open.map(|(number, _)| *number).collect()
    }

    /// These need not be brought again. Whoever brought them may bring what is left: the waiting starts anew.
    pub fn count(&mut self, view: &GroupView, counted: &[CountedChoice], now_s: u64) {
        for CountedChoice { position, seq } in counted {
            let held = self.counted.entry(*position).or_insert(*seq);
            *held = (*held).max(*seq);
        }
        if self.open(view).is_empty() {
            self.due_since_s = None;
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
        let open = self.open(view);
        let ripe = self.ballots.iter_mut().filter(|(number, ballot)| open.contains(number) && now_s >= ballot.attempts.not_before_s);
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
