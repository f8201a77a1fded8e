//! The contracts of a race, as far as they matter to one trainer and one rival, and what the rival and the validators do.

use std::collections::BTreeMap;

use crate::world::*;
use protocol::chain::{Block, ChainEvent, GroupView, Outcome, Phase, RevealedClaim};
use protocol::rules::rank_key;
use protocol::trainer::Measured;
use protocol::{Address, Digest, Micronats, RoundNumber, Wei};

pub const BASE: Micronats = Micronats(2_000_000);
/// Account of the rival.
const RIVAL: u8 = 50;

/// Choices that were drawn before; when they are used up all is well.
pub struct Tape {
    drawn: Vec<u8>,
    next: usize,
    /// Nothing goes wrong any more, and nobody does anything.
    pub is_calm: bool,
}

impl Tape {
    pub fn new(drawn: Vec<u8>) -> Self {
        Self { drawn, next: 0, is_calm: false }
    }

    /// One of so many; 0 is the good one.
    pub fn draw(&mut self, of: u8) -> u8 {
        self.next += 1;
        self.drawn.get(self.next - 1).filter(|_| !self.is_calm).map_or(0, |drawn| drawn % of)
    }
}

/// A transaction that a block may carry.
#[derive(Debug, Clone)]
pub enum Call {
    Commit(RoundNumber, Digest),
    Reveal(RoundNumber, Measured, Digest),
    Concede(RoundNumber),
    Settle(RoundNumber),
    Collect(RoundNumber),
}

/// What the contracts know of a round.
#[derive(Debug, Default)]
pub struct Facts {
    opened: bool,
    commits: u64,
    pub seal: Option<Digest>,
    pub own: Option<RevealedClaim>,
    pub conceded: bool,
    pub rival: Option<RevealedClaim>,
    outcome: Outcome,
    pub winner: Option<Address>,
    is_decided: bool,
    pub settled: bool,
    pub collected: bool,
}

/// See the module.
pub struct Contracts {
    pub view: GroupView,
    pub facts: BTreeMap<RoundNumber, Facts>,
}

impl Contracts {
    pub fn facts(&mut self, round: RoundNumber) -> &mut Facts {
        self.facts.entry(round).or_default()
    }

    /// What others do: open the round, commit, reveal, judge.
    pub fn others(&mut self, block: Block, tape: &mut Tape) -> Vec<ChainEvent> {
        let clock = self.view.clock(block.time_s);
        let (round, checkpoint) = (clock.round, self.view.checkpoint);
        if tape.is_calm {
            return Vec::new();
        }
        let mut events = Vec::new();
        match clock.phase {
            Phase::Train if !self.facts(round).opened && tape.draw(6) == 1 => {
                events.extend(self.open(round, checkpoint));
                let place = self.place(round);
                events.push(ChainEvent::Committed { group: GROUP, round, trainer: account(RIVAL), number: place, seal: digest("theirs") });
            }
            Phase::Reveal if self.facts(round).rival.is_none() && self.facts(round).opened && tape.draw(4) == 1 => {
                let loss = Micronats([1_800_000, 1_950_000][usize::from(tape.draw(2))]);
                let claim = RevealedClaim { trainer: account(RIVAL), ..claim(round, RIVAL, BASE, loss, "rival") };
                self.facts(round).rival = Some(claim);
                events.push(ChainEvent::Revealed(claim));
            }
            Phase::Judge if !self.facts(round).is_decided && tape.draw(6) == 1 => events.extend(self.decide(round, tape)),
            _ => {}
        }
        events
    }

    fn open(&mut self, round: RoundNumber, checkpoint: Digest) -> Option<ChainEvent> {
        let is_first = !std::mem::replace(&mut self.facts(round).opened, true);
        is_first.then(|| opened_event(round, checkpoint))
    }

    fn place(&mut self, round: RoundNumber) -> u64 {
        self.facts(round).commits += 1;
        self.facts(round).commits
    }

    fn decide(&mut self, round: RoundNumber, tape: &mut Tape) -> Option<ChainEvent> {
        let choice = tape.draw(3);
        let facts = self.facts(round);
        let claims = [facts.own, facts.rival, None];
        let winner = claims[usize::from(choice)];
        if facts.own.is_none() && facts.rival.is_none() || (winner.is_none() && choice < 2) {
            return None;
        }
        facts.is_decided = true;
        facts.outcome = if winner.is_some() { Outcome::Won } else { Outcome::Lost };
        facts.winner = winner.map(|claim| claim.trainer);
        let (outcome, trainer) = (facts.outcome, facts.winner.unwrap_or(Address::ZERO));
        let file = winner.map_or(Digest::ZERO, |claim| claim.file);
        if winner.is_some() {
            self.view.checkpoint = file;
        }
        Some(decided_event(round, outcome, digest("claim"), trainer, file))
    }

    /// Carries a call out, or refuses it.
    pub fn carry(&mut self, call: Call, block: Block) -> Vec<ChainEvent> {
        let clock = self.view.clock(block.time_s);
        let (own, checkpoint, group) = (account(1), self.view.checkpoint, GROUP);
        match call {
            Call::Commit(round, seal) if (round, Phase::Train) == (clock.round, clock.phase) && self.facts(round).seal.is_none() => {
                self.facts(round).seal = Some(seal);
                let (opened, number) = (self.open(round, checkpoint), self.place(round));
                opened.into_iter().chain([ChainEvent::Committed { group, round, trainer: own, number, seal }]).collect()
            }
            Call::Reveal(round, measured, file) if self.can_open(round, block) => {
                let Measured { base, loss, loss_root, .. } = measured;
                let claim = RevealedClaim { group, round, trainer: own, number: 1, file, base, loss, loss_root };
                self.facts(round).own = Some(claim);
                vec![ChainEvent::Revealed(claim)]
            }
            Call::Concede(round) if self.can_open(round, block) => {
                self.facts(round).conceded = true;
                vec![conceded_event(round, 1, 50, 1)]
            }
            Call::Settle(round) if self.can_settle(round, block) => {
                self.facts(round).settled = true;
                vec![settled_event(round, 1)]
            }
            Call::Collect(round) if self.is_mature(round, block) && !self.facts(round).collected => {
                (self.facts(round).settled, self.facts(round).collected) = (true, true);
                vec![ChainEvent::Collected { group, round, winner: own, to: own, asked: REWARD, issued: REWARD, deposit: Wei::nrn(1) }]
            }
            _ => Vec::new(),
        }
    }

    fn can_open(&mut self, round: RoundNumber, block: Block) -> bool {
        let clock = self.view.clock(block.time_s);
        let facts = self.facts(round);
        facts.seal.is_some() && facts.own.is_none() && !facts.conceded && (round, Phase::Reveal) == (clock.round, clock.phase)
    }

    pub fn is_mature(&self, round: RoundNumber, block: Block) -> bool {
        block.time_s >= self.view.times.round_end_s(GENESIS_S, round) + self.view.maturity_s
    }

    pub fn can_settle(&mut self, round: RoundNumber, block: Block) -> bool {
        let is_mature = self.is_mature(round, block);
        let is_over = self.view.clock(block.time_s).round > round;
        let facts = self.facts(round);
        let rank = |claim: RevealedClaim| rank_key(claim.base, claim.loss, claim.number);
        let is_ahead =
            facts.winner == Some(account(RIVAL)) && facts.own.zip(facts.rival).is_some_and(|(own, rival)| rank(own) < rank(rival));
        let waits = facts.own.is_some() && (facts.outcome == Outcome::Lost || is_ahead);
        is_over && !facts.settled && (is_mature || !waits)
    }
}
