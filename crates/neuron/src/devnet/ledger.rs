//! The devnet's book: what each round and period brought, taken from the chain's events alone.

use std::collections::BTreeMap;

use protocol::{
    chain::{Block, ChainEvent, Outcome, RevealedClaim},
    ids::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, RoundNumber},
    money::{Micronats, Wei},
};

/// What is known of one round.
#[derive(Clone, Debug)]
pub struct Round {
    pub opened_at_s: u64,
    pub awake: Wei,
    pub total: Wei,
    pub supply: Wei,
    pub reward: Wei,
    pub outcome: Outcome,
    pub decided_at_s: Option<u64>,
    pub winner: Address,
    pub file: Digest,
    pub claims: Vec<RevealedClaim>,
    pub commits: u64,
    pub settled: u64,
    pub verdicts: u64,
    pub validators: Wei,
    pub burned: Wei,
    /// Asked and issued when the coinbase was collected.
    pub collected: Option<(Wei, Wei)>,
}

impl Round {
    /// The claim that won.
    pub fn winning(&self) -> Option<&RevealedClaim> {
        let of_winner = |claim: &&RevealedClaim| claim.trainer == self.winner && claim.file == self.file;
        self.claims.iter().find(of_winner).filter(|_| self.outcome == Outcome::Won)
    }

    /// Losses of the base and of the winner.
    pub fn losses(&self) -> Option<(Micronats, Micronats)> {
        self.winning().map(|claim| (claim.base, claim.loss))
    }

    /// Whether nothing is left to be settled or collected.
    pub fn is_closed(&self) -> bool {
        let is_paid = self.outcome != Outcome::Won || self.reward.is_zero() || self.collected.is_some();
        self.settled == self.commits && is_paid
    }
}

/// What is known of one delta.
#[derive(Clone, Debug)]
pub struct Delta {
    pub period: PeriodNumber,
    pub applied: bool,
    pub refunded: Option<Wei>,
}

/// One period that ended.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    pub number: PeriodNumber,
    pub applied: DeltaNumber,
    pub head: Digest,
    pub reward: Wei,
}

/// Everything that was heard of one group.
#[derive(Clone, Debug)]
pub struct Ledger {
    group: GroupId,
    pub rounds: BTreeMap<RoundNumber, Round>,
    pub deltas: BTreeMap<DeltaNumber, Delta>,
    pub periods: Vec<Period>,
    pub minted: Wei,
}

impl Ledger {
    /// An empty book about `group`.
    pub fn new(group: GroupId) -> Self {
        Self { group, rounds: BTreeMap::new(), deltas: BTreeMap::new(), periods: Vec::new(), minted: Wei::ZERO }
    }

    /// Writes down one event; those of other groups are left out.
    pub fn note(&mut self, event: &ChainEvent, block: &Block) {
        if let ChainEvent::Issued { issued, .. } = event {
            self.minted = self.minted.saturating_add(*issued);
        }
        if event.group() != Some(self.group) {
            return;
        }
        if let ChainEvent::Opened { round, reward, awake, total, supply, .. } = event {
            self.rounds.insert(*round, opened(block, *reward, *awake, *total, *supply));
        }
        match event.round().and_then(|round| self.rounds.get_mut(&round)) {
            Some(round) => note_round(round, event, block),
            None => self.note_dataset(event),
        }
    }

    fn note_dataset(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Proposed { delta, period, .. } => {
                self.deltas.insert(*delta, Delta { period: *period, applied: false, refunded: None });
            }
            ChainEvent::Turned { period, applied, head, reward, .. } => self.turn(*period, *applied, *head, *reward),
            ChainEvent::Refunded { delta, issued, .. } => {
                if let Some(delta) = self.deltas.get_mut(delta) {
                    delta.refunded = Some(*issued);
                }
            }
            _ => {}
        }
    }

    fn turn(&mut self, number: PeriodNumber, applied: DeltaNumber, head: Digest, reward: Wei) {
        self.periods.push(Period { number, applied, head, reward });
        for (delta, entry) in self.deltas.iter_mut().filter(|(_, entry)| entry.period == number) {
            entry.applied = *delta == applied;
        }
    }
}

fn opened(block: &Block, reward: Wei, awake: Wei, total: Wei, supply: Wei) -> Round {
    Round {
        opened_at_s: block.time_s,
        awake,
        total,
        supply,
        reward,
        outcome: Outcome::None,
        decided_at_s: None,
        winner: Address::ZERO,
        file: Digest::ZERO,
        claims: Vec::new(),
        commits: 0,
        settled: 0,
        verdicts: 0,
        validators: Wei::ZERO,
        burned: Wei::ZERO,
        collected: None,
    }
}

fn note_round(round: &mut Round, event: &ChainEvent, block: &Block) {
    match event {
        ChainEvent::Committed { .. } => round.commits += 1,
        ChainEvent::Revealed(claim) => round.claims.push(*claim),
        ChainEvent::Decided { outcome, winner, file, .. } => {
            (round.outcome, round.winner, round.file) = (*outcome, *winner, *file);
            round.decided_at_s = Some(block.time_s);
        }
        ChainEvent::Judged { counted, amount, .. } => {
            round.verdicts += counted;
            round.validators = round.validators.saturating_add(*amount);
        }
        ChainEvent::Settled { burned, .. } => {
            round.settled += 1;
            round.burned = round.burned.saturating_add(*burned);
        }
        ChainEvent::Collected { asked, issued, .. } => round.collected = Some((*asked, *issued)),
        _ => {}
    }
}
