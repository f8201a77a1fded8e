//! The machine of a trainer: it is told facts and asks for effects; the last confirmed block is its clock.
//!
//! While a round is judged it asks already to train for the next one, from what will probably have won.

mod io;
mod rivals;
mod round;

use std::collections::BTreeMap;
use std::fmt;

pub use io::{Config, Effect, Input, Measured, RoundReport, Transaction};

use crate::chain::{Block, ChainEvent, Clock, GroupView, Outcome, Phase};
use crate::ids::{Address, Digest, RoundNumber, keccak256};
use crate::money::Micronats;
use crate::seeds::Seeds;
pub use rivals::MAX_RIVALS;
use round::Round;
pub use round::{MAX_ATTEMPTS, MAX_EARLY, MAX_FAILURES};

/// Rounds kept at most: those that still have a deposit or a coinbase to bring home. Beyond it the oldest are dropped.
pub const MAX_ROUNDS: usize = 65_536;

/// The rounds of one group as one account runs them.
#[derive(Debug, Clone)]
pub struct Trainer {
    config: Config,
    live: bool,
    group: Option<GroupView>,
    seeds: Seeds,
    rounds: BTreeMap<RoundNumber, Round>,
}

/// What a round looks at from outside.
pub(crate) struct View<'a> {
    pub config: &'a Config,
    pub group: &'a GroupView,
    pub now: Block,
    pub clock: Clock,
    pub seed: Option<Digest>,
    /// What the next round, if this is it, will probably start from: while the running one is judged, once that can be said.
    pub likely: Option<Digest>,
}

impl View<'_> {
    /// Whether to race here at all.
    pub fn is_wanted(&self) -> bool {
        self.group.admitted || self.config.unpaid
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Config").field("group", &self.group).field("account", &self.account).finish_non_exhaustive()
    }
}

impl Config {
    /// Salt of a file in a round: nobody can guess a file behind its seal, and it can be computed anew.
    pub(crate) fn salt(&self, round: RoundNumber, file: Digest) -> Digest {
        let parts = [&b"neuron salt 1\n"[..], &self.secret, &self.group.0.to_be_bytes(), &round.0.to_be_bytes(), &file.0];
        Digest(keccak256(&parts.concat()))
    }
}

impl Trainer {
    pub fn new(config: Config) -> Self {
        Self { config, live: false, group: None, seeds: Seeds::default(), rounds: BTreeMap::new() }
    }

    /// Takes one fact; returns what is to be done about everything that is known now.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        self.learn(input);
        self.bound();
        match self.live {
            true => self.advance(),
            false => Vec::new(),
        }
    }

    fn learn(&mut self, input: Input) {
        match input {
            Input::Live => self.live = true,
            Input::Group(group) if group.id == self.config.group => self.group = Some(group),
            Input::Group(_) => {}
            Input::Block(block) => self.block(block),
            Input::Event(event) if event.group() == Some(self.config.group) => self.event(&event),
            Input::Event(_) => {}
            Input::Restored { round, file, salt } => self.round(round).restored(file, salt),
            Input::Trained { round, attempt, file, base, loss } => {
                let salt = self.config.salt(round, file);
                let is_enough = self.improves(base, loss);
                self.known(round, |round| round.trained(attempt, file, salt, base, loss, is_enough));
            }
            Input::TrainFailed { round, attempt, reason } => self.known(round, |round| round.train_failed(attempt, reason)),
            Input::Remembered { round, result } => self.known(round, |round| round.remembered(result)),
            Input::Measured { round, result } => {
                let is_enough = result.as_ref().is_ok_and(|measured| self.improves(measured.base, measured.loss));
                let now = self.now_s();
                self.known(round, |round| round.measured(result, is_enough, now));
            }
            Input::Checked { round, claim, result } => self.known(round, |round| round.rivals.checked(claim, result == Ok(true))),
            Input::Sent { what, round, result } => {
                let now = self.now_s();
                self.known(round, |round| round.sent(what, result, now));
            }
        }
    }

    fn improves(&self, base: Micronats, loss: Micronats) -> bool {
        self.group.as_ref().is_some_and(|group| group.improves(base, loss))
    }

    fn block(&mut self, block: Block) {
        if let Some(group) = &self.group {
            self.seeds.block(group, block);
        }
    }

    /// Protocol 3, rounds: what the chain says about this account counts more than what was sent.
    fn event(&mut self, event: &ChainEvent) {
        let (Some(number), own) = (event.round(), self.config.account) else { return };
        match event {
            ChainEvent::Opened { checkpoint, head, reward, deposit, .. } if self.is_current(number) => {
                self.round(number).opened(*checkpoint, *head, *reward, *deposit);
            }
            ChainEvent::Committed { trainer, seal, number: place, .. } => {
                self.known(number, |round| round.sealed(*place));
                if *trainer == own {
                    self.round(number).committed(*seal, *place);
                }
            }
            ChainEvent::Revealed(claim) if claim.trainer == own => self.known(number, |round| round.revealed(*claim)),
            ChainEvent::Revealed(claim) => self.known(number, |round| round.rivals.revealed(*claim)),
            ChainEvent::Conceded { trainer, .. } if *trainer == own => self.known(number, Round::conceded),
            ChainEvent::Decided { outcome, winner, file, .. } => {
                self.known(number, |round| round.decided(*outcome, *file, *winner, *winner == own));
            }
            ChainEvent::Struck { .. } => {
                self.known(number, |round| round.decided(Outcome::Struck, Digest::ZERO, Address::ZERO, false));
            }
            ChainEvent::Settled { trainer, .. } if *trainer == own => self.known(number, Round::settled),
            ChainEvent::Collected { winner, .. } if *winner == own => self.known(number, Round::collected),
            _ => {}
        }
    }

    fn now_s(&self) -> u64 {
        self.seeds.last().map_or(0, |block| block.time_s)
    }

    fn clock(&self) -> Option<Clock> {
        Some(self.group.as_ref()?.clock(self.seeds.last()?.time_s))
    }

    /// The running round, or the next one, whose first block is not told yet.
    fn is_current(&self, round: RoundNumber) -> bool {
        self.clock().is_some_and(|clock| round == clock.round || Some(round.0) == clock.round.0.checked_add(1))
    }

    fn round(&mut self, number: RoundNumber) -> &mut Round {
        self.rounds.entry(number).or_insert_with(|| Round::new(number))
    }

    fn known(&mut self, number: RoundNumber, change: impl FnOnce(&mut Round)) {
        if let Some(round) = self.rounds.get_mut(&number) {
            change(round);
        }
    }

    fn bound(&mut self) {
        while self.rounds.len() > MAX_ROUNDS {
            self.rounds.pop_first();
        }
    }

    fn advance(&mut self) -> Vec<Effect> {
        let (Some(clock), Some(group), Some(now)) = (self.clock(), &self.group, self.seeds.last()) else { return Vec::new() };
        let current = self.rounds.entry(clock.round).or_insert_with(|| Round::new(clock.round));
        let likely = (clock.phase == Phase::Judge).then(|| current.likely(group)).flatten();
        let next = RoundNumber(clock.round.0.saturating_add(1));
        self.rounds.entry(next).or_insert_with(|| Round::new(next));
        let mut effects = Vec::new();
        for (number, round) in &mut self.rounds {
            let view =
                View { config: &self.config, group, now, clock, seed: self.seeds.of(*number), likely: likely.filter(|_| *number == next) };
            effects.extend(round.advance(&view));
        }
        self.rounds.retain(|number, round| *number >= clock.round || !round.is_finished());
        effects
    }
}
