//! The machine of a trainer: it is told facts and asks for effects; the last confirmed block is its clock.
//!
//! While a round is judged it asks already to train for the next one, from what will probably have won.

mod debts;
mod io;
mod outlook;
mod rivals;
mod round;
mod sending;
mod states;

use std::collections::BTreeMap;
use std::fmt;

pub use debts::{MAX_COLLECTS, MAX_DEBTS};
pub use io::{Config, Effect, Failed, Input, Measured, RaceReport, Remembered, Transaction};
pub use rivals::MAX_RIVALS;
pub use round::{MAX_ATTEMPTS, MAX_EARLY};

use crate::chain::{Block, ChainEvent, Clock, GroupView, Outcome, Phase};
use crate::ids::{Address, Digest, RoundNumber, keccak256};
use crate::machine::{Heard, Machine};
use crate::money::Micronats;
use crate::pace::Beat;
use crate::seeds::Seeds;
use debts::{Debts, Kind};
use round::Race;
use states::{Opened, Told};

/// Commits remembered at most: more than lie between a commit and its coinbase.
pub const MAX_REMEMBERED: usize = 1024;
/// Revealed files of a round that the training of the next one may start from at most.
pub const MAX_STARTS: usize = 16;

/// The rounds of one group as one account runs them.
#[derive(Debug, Clone)]
pub struct Trainer {
    config: Config,
    /// What is on disk, oldest first.
    remembered: Vec<Remembered>,
    live: bool,
    group: Option<GroupView>,
    seeds: Seeds,
    /// The running round, the one before, and the next one.
    rounds: BTreeMap<RoundNumber, Race>,
    debts: Debts,
    /// Rounds of the group that somebody committed in, and the last of them.
    opened: (u64, Option<RoundNumber>),
    /// The last round that is begun, once an end was asked for.
    last: Option<RoundNumber>,
    /// Whether it was told that another process has the node's key.
    is_doubled: bool,
}

/// What a round looks at from outside.
pub(crate) struct View<'a> {
    /// Settings of the trainer.
    pub config: &'a Config,
    /// The group at the last change that was told.
    pub group: &'a GroupView,
    /// The last confirmed block.
    pub now: Block,
    /// Round and phase at its time.
    pub clock: Clock,
    /// What follows from the chain's pace.
    pub beat: Beat,
    /// Draws the examples of the round, once it is known (PROTOCOL 13, Seed).
    pub seed: Option<Digest>,
    /// What the next round, if this is it, will probably start from: while the running one is judged, once that can be said.
    pub likely: Option<Digest>,
    /// Whether neither a request to end nor the number of rounds stands against beginning this one.
    pub may_begin: bool,
    /// What was revealed in the round before, best first.
    pub starts: Vec<Digest>,
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
    /// `remembered` is what stands on disk of former runs, oldest first.
    pub fn new(config: Config, remembered: impl IntoIterator<Item = Remembered>) -> Self {
        let remembered: Vec<_> = remembered.into_iter().collect();
        let surplus = remembered.len().saturating_sub(MAX_REMEMBERED);
        Self {
            config,
            remembered: remembered.into_iter().skip(surplus).collect(),
            live: false,
            group: None,
            seeds: Seeds::default(),
            rounds: BTreeMap::new(),
            debts: Debts::default(),
            opened: (0, None),
            last: None,
            is_doubled: false,
        }
    }

    /// Takes one fact; returns what is to be done about everything that is known now.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = self.learn(input);
        if self.live {
            effects.extend(self.advance());
        }
        effects
    }

    /// What the log is told of what is heard.
    fn tell(&self, heard: &Heard) -> Option<Effect> {
        let head = match heard {
            Heard::Live => self.group.as_ref()?.head,
            Heard::Event { event: ChainEvent::Turned { head, .. } | ChainEvent::Taken { head, .. }, .. } if self.live => *head,
            Heard::Event { event: ChainEvent::Revealed(claim), .. } if claim.trainer == self.config.account => {
                return Some(Effect::Publish { round: claim.round, file: claim.file });
            }
            _ => return None,
        };
        Some(Effect::TellRoot { head })
    }

    /// History is told anew; what was promised to whoever asked for an end holds.
    fn restart(&mut self) -> Vec<Effect> {
        let cancelled = self.rounds.values().filter_map(Race::cancel).collect();
        *self =
            Self { last: self.last, is_doubled: self.is_doubled, ..Self::new(self.config.clone(), std::mem::take(&mut self.remembered)) };
        cancelled
    }

    /// Two that race with one account and one folder's salts waste deposits; whether that is meant is for people to say.
    fn doubled(&mut self, message: Digest) -> Vec<Effect> {
        let is_known = std::mem::replace(&mut self.is_doubled, true);
        if is_known { Vec::new() } else { vec![Effect::Doubled { message }] }
    }

    fn learn(&mut self, input: Input) -> Vec<Effect> {
        let now_s = self.now_s();
        match input {
            Input::Live => self.live = true,
            Input::Group(group) if group.id == self.config.group => self.group = Some(group),
            Input::Group(_) => {}
            Input::Block(block) => self.block(block),
            Input::Event(event) if event.group() == Some(self.config.group) => return self.event(&event),
            Input::Event(_) => {}
            Input::Trained { round, attempt, file, base, loss } => {
                let (own, is_enough) = ((file, self.config.salt(round, file)), self.improves(base, loss));
                return self.told(round, Told::Trained { attempt, own, base, loss, is_enough });
            }
            Input::TrainFailed { round, attempt, reason } => return self.told(round, Told::TrainFailed { attempt, reason }),
            Input::Remembered { round, result } => {
                self.told(round, Told::Remembered(result));
                self.remember(round);
            }
            Input::Measured { round, result } => {
                let is_enough = result.as_ref().is_ok_and(|measured| self.improves(measured.base, measured.loss));
                return self.told(round, Told::Measured { result, is_enough, now_s });
            }
            Input::Checked { round, claim, result } => self.known(round, |round| round.rivals.checked(claim, result == Ok(true))),
            Input::Sent { what: Transaction::Settle | Transaction::Collect, round, result: Err(_) } => self.debts.failed(round, now_s),
            Input::Sent { what, round, result } => return self.told(round, Told::Sent { what, result, now_s }),
        }
        Vec::new()
    }

    fn improves(&self, base: Micronats, loss: Micronats) -> bool {
        self.group.as_ref().is_some_and(|group| group.improves(base, loss))
    }

    fn block(&mut self, block: Block) {
        if let Some(group) = &self.group {
            self.seeds.block(group, block);
        }
        let before = RoundNumber(self.running().0.saturating_sub(1));
        while self.rounds.first_key_value().is_some_and(|(round, _)| *round < before) {
            self.rounds.pop_first();
        }
    }

    /// What the chain says about this account counts more than what was sent.
    fn event(&mut self, event: &ChainEvent) -> Vec<Effect> {
        let (Some(number), own, group) = (event.round(), self.config.account, self.config.group) else { return Vec::new() };
        self.owe(event);
        match event {
            ChainEvent::Opened { checkpoint, head, reward, deposit, .. } => {
                self.opened = (self.opened.0 + u64::from(self.opened.1 < Some(number)), Some(number));
                let opened = Opened { base: (*checkpoint, *head), reward: *reward, deposit: *deposit };
                self.begun(number);
                self.known(number, |round| round.opened(opened));
            }
            ChainEvent::Committed { trainer, seal, number: place, .. } => {
                self.begun(number);
                self.known(number, |round| round.sealed(*place));
                if *trainer == own {
                    return self.told(number, Told::Committed(*seal, own, group));
                }
            }
            ChainEvent::Revealed(claim) if claim.trainer == own => return self.told(number, Told::Revealed(*claim)),
            ChainEvent::Revealed(claim) => self.known(number, |round| round.rivals.revealed(*claim)),
            ChainEvent::Conceded { trainer, .. } if *trainer == own => return self.told(number, Told::Conceded),
            ChainEvent::Decided { outcome, winner, file, .. } => self.known(number, |round| round.decided(*outcome, *file, *winner)),
            ChainEvent::Struck { .. } => self.known(number, |round| round.decided(Outcome::Struck, Digest::ZERO, Address::ZERO)),
            _ => {}
        }
        Vec::new()
    }

    /// What an event means for what is owed.
    fn owe(&mut self, event: &ChainEvent) {
        use debts::Told as T;
        let (Some(number), own) = (event.round(), self.config.account) else { return };
        let told = match event {
            ChainEvent::Committed { trainer, .. } if *trainer == own => T::Committed,
            ChainEvent::Decided { outcome: Outcome::Won, winner, .. } if *winner == own => T::Won,
            ChainEvent::Decided { outcome, winner, .. } => {
                let waits = self.rounds.get(&number).is_some_and(|round| round.would_wait(*outcome, *winner));
                if waits { T::Waits } else { return }
            }
            ChainEvent::Struck { .. } => T::Struck,
            ChainEvent::Settled { trainer, .. } if *trainer == own => T::Settled,
            ChainEvent::Collected { winner, .. } if *winner == own => T::Collected,
            _ => return,
        };
        if let Some(group) = &self.group {
            self.debts.told(number, told, group);
        }
    }

    fn now_s(&self) -> u64 {
        self.seeds.last().map_or(0, |block| block.time_s)
    }

    fn clock(&self) -> Option<Clock> {
        Some(self.group.as_ref()?.clock(self.seeds.last()?.time_s))
    }

    /// The running round; 0 before the first block.
    fn running(&self) -> RoundNumber {
        self.clock().map_or(RoundNumber(0), |clock| clock.round)
    }

    fn may_begin(&self, round: RoundNumber) -> bool {
        let (opened, last) = self.opened;
        let has_room = self.config.rounds.is_none_or(|most| opened < most || last == Some(round));
        has_room && self.last.is_none_or(|last| round <= last)
    }

    /// A round that is not over; its first block may not be told yet.
    fn begun(&mut self, number: RoundNumber) {
        if number >= self.running() && !self.rounds.contains_key(&number) {
            let files = self.remembered.iter().filter(|one| one.round == number).map(|one| (one.file, one.salt));
            self.rounds.insert(number, Race::new(number, files.collect()));
        }
    }

    fn known(&mut self, number: RoundNumber, change: impl FnOnce(&mut Race)) {
        if let Some(round) = self.rounds.get_mut(&number) {
            change(round);
        }
    }

    fn told(&mut self, number: RoundNumber, told: Told<'_>) -> Vec<Effect> {
        self.rounds.get_mut(&number).map(|round| round.told(told)).unwrap_or_default()
    }

    fn remember(&mut self, number: RoundNumber) {
        let newest = self.rounds.get(&number).and_then(Race::newest);
        let newest = newest.map(|(file, salt)| Remembered { round: number, file, salt });
        self.remembered.extend(newest.filter(|newest| !self.remembered.contains(newest)));
        self.remembered.drain(..self.remembered.len().saturating_sub(MAX_REMEMBERED));
    }

    fn advance(&mut self) -> Vec<Effect> {
        let Some(clock) = self.clock() else { return Vec::new() };
        let next = RoundNumber(clock.round.0.saturating_add(1));
        self.begun(clock.round);
        self.begun(next);
        let (Some(group), Some(now)) = (&self.group, self.seeds.last()) else { return Vec::new() };
        let likely = self.rounds.get(&clock.round).filter(|_| clock.phase == Phase::Judge).and_then(|round| round.likely(group));
        let beat = self.seeds.pace().beat(&self.config.tempo);
        let mut effects = Vec::new();
        for number in [RoundNumber(clock.round.0.saturating_sub(1)), clock.round, next] {
            let before = number.0.checked_sub(1).and_then(|before| self.rounds.get(&RoundNumber(before)));
            let view = View {
                config: &self.config,
                group,
                now,
                clock,
                beat,
                seed: self.seeds.of(number),
                likely: likely.filter(|_| number == next),
                may_begin: self.may_begin(number),
                starts: before.map(|round| round.best(MAX_STARTS)).unwrap_or_default(),
            };
            effects.extend(self.rounds.get_mut(&number).map(|round| round.told(Told::Now(&view))).unwrap_or_default());
        }
        effects.extend(self.debts.ask(now.time_s, beat));
        effects
    }
}

impl Machine for Trainer {
    type Effect = Effect;
    type Answer = Input;

    fn hear(&mut self, heard: Heard) -> Vec<Effect> {
        let told = self.tell(&heard);
        let effects = match heard {
            Heard::Restart => self.restart(),
            // What is to be done is asked for with the block that follows: alone they are half of the story.
            Heard::Group(group) => self.learn(Input::Group(group)),
            Heard::Event { event, .. } => self.learn(Input::Event(event)),
            Heard::Block(block) => self.handle(Input::Block(block)),
            Heard::Live => self.handle(Input::Live),
            Heard::Log { .. } => Vec::new(),
            Heard::Double { message } => self.doubled(message),
        };
        told.into_iter().chain(effects).collect()
    }

    fn answer(&mut self, answer: Input) -> Vec<Effect> {
        self.handle(answer)
    }

    /// The running round and its deposit are brought home; what only time brings is left for a later start.
    fn finish(&mut self) -> Vec<Effect> {
        let last = *self.last.get_or_insert(self.running());
        let later = self.rounds.range_mut(RoundNumber(last.0.saturating_add(1))..);
        let mut effects: Vec<Effect> = later.flat_map(|(_, round)| round.told(Told::Finish)).collect();
        let (coinbases, waiting) = (self.debts.coinbases(), self.debts.count(Kind::Waiting));
        effects.push(Effect::Finishing { coinbases, waiting });
        effects
    }

    fn is_finished(&self) -> bool {
        self.last.is_some_and(|last| self.running() > last) && !self.debts.has_deposits()
    }
}
