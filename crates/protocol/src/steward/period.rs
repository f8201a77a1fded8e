//! One period of a steward: what was proposed, who chose what, and what the chain has counted of it.

use std::collections::{BTreeMap, BTreeSet};

use super::MAX_CHOICES;
use crate::{
    attempts::Attempts,
    chain::{CountedChoice, GroupView},
    eip712::SignedChoice,
    ids::{DeltaNumber, Digest, PositionNumber},
};

/// Proposals open at a time, as in the contract.
pub const MAX_OPEN: usize = 16;
/// How often a batch that leaves something open starts the waiting anew: nobody can put the others off for ever.
const MAX_GRACES: u32 = 8;

/// What is known of one period.
#[derive(Debug, Clone, Default)]
pub(super) struct Period {
    ballots: BTreeMap<PositionNumber, Ballot>,
    /// What the contract counted.
    counted: BTreeMap<PositionNumber, Rank>,
    /// Open proposals and their patches.
    proposals: BTreeMap<DeltaNumber, Digest>,
    /// Second since which there is something to bring.
    due_since_s: Option<u64>,
    /// How often an unfinished batch was waited for.
    graces: u32,
    turn: Attempts,
}

/// A choice of higher rank replaces: the owner's word the signer's, then the higher sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// An owner's choice outranks those of the signer.
    pub by_owner: bool,
    /// Of one person's choices the highest counts.
    pub seq: u128,
}

/// The choice of a position that counts.
#[derive(Debug, Clone)]
struct Ballot {
    choice: SignedChoice,
    rank: Rank,
    /// For all choices of the position together: who changes its mind all the time costs nobody much.
    attempts: Attempts,
}

impl Period {
    /// A full list has lost one before by [`Period::displace`].
    pub fn propose(&mut self, delta: DeltaNumber, patch: Digest) {
        if self.proposals.len() < MAX_OPEN {
            self.proposals.insert(delta, patch);
        }
    }

    /// A higher bond took the place of `delta`.
    pub fn displace(&mut self, delta: DeltaNumber) {
        self.proposals.remove(&delta);
    }

    /// Whether there is anything to vote about.
    pub fn has_proposals(&self) -> bool {
        !self.proposals.is_empty()
    }

    /// Keeps it if it outranks what the position has chosen before.
    pub fn hear(&mut self, position: PositionNumber, choice: SignedChoice, by_owner: bool) {
        let rank = Rank { by_owner, seq: choice.message.seq.into() };
        let new = Ballot { choice, rank, attempts: Attempts::default() };
        let held = self.ballots.entry(position).or_insert(new);
        if held.rank < rank {
            (held.choice, held.rank) = (choice, rank);
        }
    }

    /// What the contract would count and nobody has brought: a choice of a position with stake for an open proposal and its
    /// patch, or for none of them.
    pub fn open(&self, view: &GroupView) -> BTreeSet<PositionNumber> {
        let has_stake = |number| view.positions.iter().any(|position| position.number == number && !position.live.is_zero());
        let is_open =
            |delta, patch: Digest| if delta == DeltaNumber(0) { patch.is_zero() } else { self.proposals.get(&delta) == Some(&patch) };
        let is_new = |number, ballot: &Ballot| self.counted.get(number).is_none_or(|rank| *rank < ballot.rank);
        let open = self.ballots.iter().filter(|(number, ballot)| is_new(*number, ballot));
        let open = open.filter(|(number, ballot)| has_stake(**number) && is_open(ballot.choice.message.delta, ballot.choice.message.patch));
        open.map(|(number, _)| *number).collect()
    }

    /// The rank of a position's choice as it was heard here.
    pub fn rank(&self, position: PositionNumber) -> Option<Rank> {
        self.ballots.get(&position).map(|ballot| ballot.rank)
    }

    /// These need not be brought again. Whoever brought them may bring what is left: the waiting starts anew.
    pub fn count(&mut self, view: &GroupView, counted: &[CountedChoice], now_s: u64) {
        for choice in counted {
            let rank = Rank { by_owner: choice.by_owner, seq: choice.seq };
            let held = self.counted.entry(choice.position).or_insert(rank);
            *held = (*held).max(rank);
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
        let ripe = self.ballots.iter_mut().filter(|(number, ballot)| open.contains(number) && ballot.attempts.are_due(now_s));
        let mut ripe: Vec<_> = ripe.collect();
        ripe.sort_by_key(|(_, ballot)| ballot.attempts.count());
        let send = |(number, ballot): (&PositionNumber, &mut Ballot)| {
            ballot.attempts.note(now_s, pause_s);
            (*number, ballot.choice)
        };
        ripe.into_iter().take(MAX_CHOICES).map(send).collect()
    }

    /// Whether it is time to try the turn, again perhaps; if so, that is noted.
    pub fn may_turn(&mut self, now_s: u64, pause_s: u64) -> bool {
        let is_time = self.turn.are_due(now_s);
        if is_time {
            self.turn.note(now_s, pause_s);
        }
        is_time
    }
}
