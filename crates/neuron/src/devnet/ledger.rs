//! The devnet's book: what each round and period brought, taken from the chain's events alone.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    chain::{Block, ChainEvent, Outcome, RevealedClaim},
    ids::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber},
    money::{Micronats, Wei},
};

/// What is known of one round.
#[derive(Clone, Debug, Default)]
pub struct Round {
    pub opened_at_s: u64,
    /// Base and set that the first commit fixed.
    pub checkpoint: Digest,
    pub head: Digest,
    pub awake: Wei,
    pub total: Wei,
    pub supply: Wei,
    pub reward: Wei,
    pub outcome: Outcome,
    pub decided_at_s: Option<u64>,
    pub winner: Address,
    pub file: Digest,
    pub claims: Vec<RevealedClaim>,
    /// Who committed.
    pub trainers: BTreeSet<Address>,
    pub conceded: u64,
    pub settled: u64,
    pub verdicts: u64,
    /// Stake whose presence was recorded for want of a decision.
    pub attended: Wei,
    pub validators: Wei,
    pub burned: Wei,
    /// Asked and issued when the coinbase was collected.
    pub collected: Option<(Wei, Wei)>,
}

impl Round {
    /// The claim that won, struck afterwards or not.
    pub fn winning(&self) -> Option<&RevealedClaim> {
        let of_winner = |claim: &&RevealedClaim| claim.trainer == self.winner && claim.file == self.file;
        self.claims.iter().find(of_winner).filter(|_| matches!(self.outcome, Outcome::Won | Outcome::Struck))
    }

    /// Losses of the base and of the winner.
    pub fn losses(&self) -> Option<(Micronats, Micronats)> {
        self.winning().map(|claim| (claim.base, claim.loss))
    }

    /// Whether nothing is left to be settled or collected.
    pub fn is_closed(&self) -> bool {
        let is_paid = self.outcome != Outcome::Won || self.reward.is_zero() || self.collected.is_some();
        self.settled == self.commits() && is_paid
    }

    pub fn commits(&self) -> u64 {
        self.trainers.len() as u64
    }
}

/// What is known of one delta.
#[derive(Clone, Debug)]
pub struct Delta {
    pub period: PeriodNumber,
    pub author: Address,
    pub bond: Wei,
    pub applied: bool,
    pub refunded: Option<Wei>,
    /// What was paid and what was burned of its bond when a measure took it back.
    pub taken: Option<(Wei, Wei)>,
}

/// One period that ended.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    pub number: PeriodNumber,
    pub applied: DeltaNumber,
    pub head: Digest,
    pub reward: Wei,
}

/// A position that lost stake.
#[derive(Clone, Copy, Debug)]
pub struct Slash {
    pub position: PositionNumber,
    pub amount: Wei,
    /// Of that, what went to whoever showed it; the rest was burned.
    pub reward: Wei,
}

/// Everything that was heard of one group.
#[derive(Clone, Debug)]
pub struct Ledger {
    group: GroupId,
    pub rounds: BTreeMap<RoundNumber, Round>,
    pub deltas: BTreeMap<DeltaNumber, Delta>,
    pub periods: Vec<Period>,
    pub slashes: Vec<Slash>,
    /// Positions that were put to rest for their absence.
    pub dozed: Vec<PositionNumber>,
    pub minted: Wei,
    /// What the purse paid back for gas, of the chain's coin, in how many calls.
    pub paid_back: (Wei, u64),
}

impl Ledger {
    /// An empty book about `group`.
    pub fn new(group: GroupId) -> Self {
        Self {
            group,
            rounds: BTreeMap::new(),
            deltas: BTreeMap::new(),
            periods: Vec::new(),
            slashes: Vec::new(),
            dozed: Vec::new(),
            minted: Wei::ZERO,
            paid_back: (Wei::ZERO, 0),
        }
    }

    /// Writes down one event; those of other groups are left out.
    pub fn note(&mut self, event: &ChainEvent, block: &Block) {
        self.note_money(event);
        if event.group() != Some(self.group) {
            return;
        }
        if let ChainEvent::Opened { round, .. } = event {
            self.rounds.insert(*round, opened(event, block));
        }
        match event.round().and_then(|round| self.rounds.get_mut(&round)) {
            Some(round) => note_round(round, event, block),
            None => self.note_dataset(event),
        }
        self.note_stake(event);
    }

    fn note_money(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Issued { issued, .. } => self.minted = self.minted.saturating_add(*issued),
            ChainEvent::PaidBack { amount, .. } => {
                self.paid_back = (self.paid_back.0.saturating_add(*amount), self.paid_back.1 + 1);
            }
            _ => {}
        }
    }

    fn note_stake(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Slashed { position, amount, .. } => {
                self.slashes.push(Slash { position: *position, amount: *amount, reward: Wei::ZERO });
            }
            ChainEvent::DoubleSigned { position, reward, .. } => {
                let slash = self.slashes.iter_mut().rev().find(|slash| slash.position == *position);
                slash.into_iter().for_each(|slash| slash.reward = *reward);
            }
            ChainEvent::Dozed { position, .. } => self.dozed.push(*position),
            _ => {}
        }
    }

    fn note_dataset(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Proposed { delta, period, author, bond, .. } => {
                let entry = Delta { period: *period, author: *author, bond: *bond, applied: false, refunded: None, taken: None };
                self.deltas.insert(*delta, entry);
            }
            ChainEvent::Turned { period, applied, head, reward, .. } => self.turn(*period, *applied, *head, *reward),
            ChainEvent::Refunded { delta, issued, .. } => self.with(*delta, |delta| delta.refunded = Some(*issued)),
            ChainEvent::Taken { delta, paid, burned, .. } => self.with(*delta, |delta| delta.taken = Some((*paid, *burned))),
            _ => {}
        }
    }

    fn with(&mut self, delta: DeltaNumber, change: impl FnOnce(&mut Delta)) {
        if let Some(delta) = self.deltas.get_mut(&delta) {
            change(delta);
        }
    }

    fn turn(&mut self, number: PeriodNumber, applied: DeltaNumber, head: Digest, reward: Wei) {
        self.periods.push(Period { number, applied, head, reward });
        for (delta, entry) in self.deltas.iter_mut().filter(|(_, entry)| entry.period == number) {
            entry.applied = *delta == applied;
        }
    }

    /// Everything that was burned: of deposits, of slashed stake, of bonds.
    pub fn burned(&self) -> Wei {
        let deposits: Wei = self.rounds.values().map(|round| round.burned).sum();
        let slashes: Wei = self.slashes.iter().map(|slash| slash.amount.saturating_sub(slash.reward)).sum();
        let bonds: Wei = self.deltas.values().filter_map(|delta| delta.taken).map(|(_, burned)| burned).sum();
        [deposits, slashes, bonds].into_iter().sum()
    }

    /// Bonds that still lie with the contract.
    pub fn bonds(&self) -> Wei {
        let open = self.deltas.values().filter(|delta| delta.refunded.is_none() && delta.taken.is_none());
        open.map(|delta| delta.bond).sum()
    }
}

fn opened(event: &ChainEvent, block: &Block) -> Round {
    let ChainEvent::Opened { checkpoint, head, reward, awake, total, supply, .. } = *event else { return Round::default() };
    Round { opened_at_s: block.time_s, checkpoint, head, awake, total, supply, reward, ..Round::default() }
}

fn note_round(round: &mut Round, event: &ChainEvent, block: &Block) {
    match event {
        ChainEvent::Committed { trainer, .. } => drop(round.trainers.insert(*trainer)),
        ChainEvent::Revealed(claim) => round.claims.push(*claim),
        ChainEvent::Conceded { .. } => round.conceded += 1,
        ChainEvent::Decided { outcome, winner, file, .. } => {
            (round.outcome, round.winner, round.file) = (*outcome, *winner, *file);
            round.decided_at_s = Some(block.time_s);
        }
        ChainEvent::Judged { counted, amount, .. } => {
            round.verdicts += counted;
            round.validators = round.validators.saturating_add(*amount);
        }
        ChainEvent::Attended { stake, .. } => round.attended = round.attended.saturating_add(*stake),
        ChainEvent::Settled { burned, .. } => {
            round.settled += 1;
            round.burned = round.burned.saturating_add(*burned);
        }
        ChainEvent::Collected { asked, issued, .. } => round.collected = Some((*asked, *issued)),
        ChainEvent::Struck { .. } => round.outcome = Outcome::Struck,
        _ => {}
    }
}
