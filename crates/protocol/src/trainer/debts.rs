//! What the chain owes a trainer after its rounds: deposits to be settled, coinbases to be collected.

use std::collections::{BTreeMap, BTreeSet};

use super::io::Effect;
use crate::chain::GroupView;
use crate::ids::RoundNumber;
use crate::pace::Beat;

/// Rounds that still owe something, at most. Beyond it the oldest are dropped.
pub const MAX_DEBTS: usize = 65_536;
/// Debts that are asked for with one block at most; as many coinbases are collected in one transaction.
pub const MAX_COLLECTS: usize = 32;
/// Blocks after which a transaction whose event has not come is asked for again.
const PATIENCE: u64 = 16;
/// Doublings of the pause after a failure: an hour and a bit at most.
const MAX_DOUBLINGS: u32 = 12;

/// All debts, and when each can be asked for: what lies far ahead costs nothing until then.
#[derive(Debug, Clone, Default)]
pub(super) struct Debts {
    debts: BTreeMap<RoundNumber, Debt>,
    queue: BTreeSet<(u64, RoundNumber)>,
    /// How many there are of each kind.
    counts: BTreeMap<Kind, usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Debt {
    kind: Kind,
    /// Second from which the contract gives it.
    ready_s: u64,
    /// Second from which it is asked for.
    due_s: u64,
    failures: u32,
}

/// What a round owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The deposit, which can be settled once the round is over.
    Deposit,
    /// The same, and the coinbase after it.
    Won,
    /// The deposit of a claim that a strike would save: not before the round is mature.
    Waiting,
    /// The coinbase, with the rest of the deposit, once the round is mature.
    Coinbase,
}

/// What is told about a round in which a deposit was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Committed,
    Won,
    /// A strike would save the deposit.
    Waits,
    Struck,
    Settled,
    Collected,
}

impl Debts {
    /// PROTOCOL 6, Settle and collect: what a strike could change waits until the round is mature.
    pub fn told(&mut self, round: RoundNumber, told: Told, group: &GroupView) {
        let kind = match (self.debts.get(&round).map(|debt| debt.kind), told) {
            (None, Told::Committed) => Some(Kind::Deposit),
            (Some(Kind::Deposit), Told::Won) => Some(Kind::Won),
            (Some(Kind::Deposit), Told::Waits) => Some(Kind::Waiting),
            (Some(Kind::Won | Kind::Waiting), Told::Struck) => Some(Kind::Deposit),
            (Some(Kind::Won), Told::Settled) => Some(Kind::Coinbase),
            // What was struck has no coinbase; what was not settled comes with it.
            (Some(Kind::Coinbase), Told::Struck) | (_, Told::Settled | Told::Collected) => None,
            (kind, _) => kind,
        };
        let end_s = group.times.round_end_s(group.genesis_s, round);
        let debt = |kind: Kind| {
            let ready_s = kind.ready_s(end_s, group.maturity_s);
            Debt { kind, ready_s, due_s: ready_s, failures: 0 }
        };
        self.set(round, kind.map(debt));
        while self.debts.len() > MAX_DEBTS {
            let Some(oldest) = self.debts.first_key_value().map(|(round, _)| *round) else { return };
            self.set(oldest, None);
        }
    }

    fn set(&mut self, round: RoundNumber, debt: Option<Debt>) {
        if let Some(Debt { kind, due_s, .. }) = self.debts.remove(&round) {
            self.queue.remove(&(due_s, round));
            *self.counts.entry(kind).or_default() -= 1;
        }
        if let Some(debt) = debt {
            self.queue.insert((debt.due_s, round));
            *self.counts.entry(debt.kind).or_default() += 1;
            self.debts.insert(round, debt);
        }
    }

    /// A good answer is only believed when its event is there; a bad one is followed by a pause of one second, two, four … It may
    /// be about what was settled meanwhile: a coinbase waits for its second all the same.
    pub fn failed(&mut self, round: RoundNumber, now_s: u64) {
        if let Some(debt) = self.debts.get(&round).copied().filter(|debt| debt.due_s > now_s) {
            let due_s = now_s.saturating_add(1 << debt.failures.min(MAX_DOUBLINGS)).max(debt.ready_s);
            self.set(round, Some(Debt { due_s, failures: debt.failures.saturating_add(1), ..debt }));
        }
    }

    /// Asks for what can be had now.
    pub fn ask(&mut self, now_s: u64, beat: Beat) -> Vec<Effect> {
        let (mut effects, mut rounds) = (Vec::new(), Vec::new());
        let due: Vec<_> = self.queue.range(..=(now_s, RoundNumber(u64::MAX))).take(MAX_COLLECTS).map(|(_, round)| *round).collect();
        for round in due {
            let Some(debt) = self.debts.get(&round).copied() else { continue };
            self.set(round, Some(Debt { due_s: beat.after(now_s, PATIENCE), ..debt }));
            match debt.kind {
                Kind::Deposit | Kind::Won | Kind::Waiting => effects.push(Effect::Settle { round }),
                Kind::Coinbase if debt.failures == 0 => rounds.push(round),
                // Who failed goes alone, so that none keeps the others back.
                Kind::Coinbase => effects.push(Effect::Collect { rounds: vec![round] }),
            }
        }
        if !rounds.is_empty() {
            effects.push(Effect::Collect { rounds });
        }
        effects
    }

    /// Whether a deposit can be settled as soon as its round is over. Others wait for a later start, as coinbases do.
    pub fn has_deposits(&self) -> bool {
        self.count(Kind::Deposit) + self.count(Kind::Won) > 0
    }

    /// Rounds won and not collected.
    pub fn coinbases(&self) -> usize {
        self.count(Kind::Won) + self.count(Kind::Coinbase)
    }

    /// How many there are of a kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.counts.get(&kind).copied().unwrap_or_default()
    }
}

impl Kind {
    fn ready_s(self, end_s: u64, maturity_s: u64) -> u64 {
        match self {
            Self::Deposit | Self::Won => end_s,
            Self::Waiting | Self::Coinbase => end_s.saturating_add(maturity_s),
        }
    }
}
