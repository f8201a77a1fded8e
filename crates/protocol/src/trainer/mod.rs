//! The machine of a trainer: it is told facts and asks for effects; the last confirmed block is its clock.
//!
//! While a round is judged it asks already to train for the next one, from what will probably have won.

mod io;
mod owed;
mod revealed;
mod rivals;
mod round;

use std::collections::BTreeMap;
use std::fmt;

pub use io::{Config, Effect, Input, Measured, Remembered, RoundReport, Transaction};

use crate::chain::{Block, ChainEvent, Clock, GroupView, Outcome, Phase};
use crate::ids::{Address, Digest, RoundNumber, keccak256};
use crate::machine::{Heard, Machine};
use crate::money::Micronats;
use crate::seeds::Seeds;
use owed::Owed;
pub use revealed::MAX_STARTS;
use revealed::Revealed;
pub use rivals::MAX_RIVALS;
use round::Round;
pub use round::{MAX_ATTEMPTS, MAX_EARLY, MAX_FAILURES};

/// Rounds kept at most: those that still have a deposit or a coinbase to bring home. Beyond it the oldest are dropped.
pub const MAX_ROUNDS: usize = 65_536;
/// Commits remembered at most: more than lie between a commit and its coinbase.
pub const MAX_REMEMBERED: usize = 1024;
/// Coinbases that are collected in one transaction.
pub const MAX_COLLECTS: usize = 32;

/// The rounds of one group as one account runs them.
#[derive(Debug, Clone)]
pub struct Trainer {
    config: Config,
    /// What is on disk.
    remembered: BTreeMap<RoundNumber, (Digest, Digest)>,
    live: bool,
    group: Option<GroupView>,
    seeds: Seeds,
    rounds: BTreeMap<RoundNumber, Round>,
    owed: Owed,
    revealed: Revealed,
    /// Rounds of the group that somebody committed in, and the last of them.
    opened: (u64, Option<RoundNumber>),
    /// The last round that is begun, once an end was asked for.
    last: Option<RoundNumber>,
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
    /// `remembered` is what stands on disk of former runs.
    pub fn new(config: Config, remembered: impl IntoIterator<Item = Remembered>) -> Self {
        let mut all = BTreeMap::new();
        remembered.into_iter().for_each(|one| remember(&mut all, one));
        let rounds = all.iter().map(|(round, (file, salt))| (*round, Round::restored(*round, *file, *salt))).collect();
        Self {
            config,
            remembered: all,
            live: false,
            group: None,
            seeds: Seeds::default(),
            rounds,
            owed: Owed::default(),
            revealed: Revealed::default(),
            opened: (0, None),
            last: None,
        }
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
        let cancelled = self.rounds.values().filter_map(Round::cancel).collect();
        let remembered = self.remembered.iter().map(|(round, (file, salt))| Remembered { round: *round, file: *file, salt: *salt });
        *self = Self { last: self.last, ..Self::new(self.config.clone(), remembered) };
        cancelled
    }

    fn learn(&mut self, input: Input) {
        match input {
            Input::Live => self.live = true,
            Input::Group(group) if group.id == self.config.group => self.group = Some(group),
            Input::Group(_) => {}
            Input::Block(block) => self.block(block),
            Input::Event(event) if event.group() == Some(self.config.group) => self.event(&event),
            Input::Event(_) => {}
            Input::Trained { round, attempt, file, base, loss } => {
                let salt = self.config.salt(round, file);
                let is_enough = self.improves(base, loss);
                self.known(round, |round| round.trained(attempt, file, salt, base, loss, is_enough));
            }
            Input::TrainFailed { round, attempt, reason } => self.known(round, |round| round.train_failed(attempt, reason)),
            Input::Remembered { round, result } => {
                let file = self.rounds.get_mut(&round).and_then(|round| round.remembered(result));
                if let Some((file, salt)) = file {
                    remember(&mut self.remembered, Remembered { round, file, salt });
                }
            }
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
        self.owed.note(event, own);
        match event {
            ChainEvent::Opened { round, .. } => self.opened = (self.opened.0 + u64::from(self.opened.1 < Some(*round)), Some(*round)),
            ChainEvent::Revealed(claim) => self.revealed.note(claim),
            _ => {}
        }
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

    /// The running round; 0 before the first block.
    fn running(&self) -> RoundNumber {
        self.clock().map_or(RoundNumber(0), |clock| clock.round)
    }

    fn may_begin(&self, round: RoundNumber) -> bool {
        let (opened, last) = self.opened;
        let has_room = self.config.rounds.is_none_or(|most| opened < most || last == Some(round));
        has_room && self.last.is_none_or(|last| round <= last)
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
        let may_begin = [clock.round, next].map(|round| (round, self.may_begin(round)));
        let (mut effects, mut ripe) = (Vec::new(), Vec::new());
        let Some(group) = &self.group else { return effects };
        for (number, round) in &mut self.rounds {
            let view = View {
                config: &self.config,
                group,
                now,
                clock,
                seed: self.seeds.of(*number),
                likely: likely.filter(|_| *number == next),
                may_begin: may_begin.contains(&(*number, true)),
                starts: self.revealed.before(*number),
            };
            for effect in round.advance(&view) {
                match effect {
                    // Who failed goes alone, so that none keeps the others back.
                    Effect::Collect { rounds } if !round.has_failed() => ripe.extend(rounds),
                    effect => effects.push(effect),
                }
            }
        }
        effects.extend(ripe.chunks(MAX_COLLECTS).map(|rounds| Effect::Collect { rounds: rounds.to_vec() }));
        self.rounds.retain(|number, round| *number >= clock.round || !round.is_finished());
        effects
    }
}

fn remember(all: &mut BTreeMap<RoundNumber, (Digest, Digest)>, Remembered { round, file, salt }: Remembered) {
    all.insert(round, (file, salt));
    while all.len() > MAX_REMEMBERED {
        all.pop_first();
    }
}

impl Machine for Trainer {
    type Effect = Effect;
    type Answer = Input;

    fn hear(&mut self, heard: Heard) -> Vec<Effect> {
        let told = self.tell(&heard);
        let effects = match heard {
            Heard::Restart => self.restart(),
            Heard::Group(group) => self.handle(Input::Group(group)),
            Heard::Event { event, .. } => self.handle(Input::Event(event)),
            Heard::Block(block) => self.handle(Input::Block(block)),
            Heard::Live => self.handle(Input::Live),
            Heard::Log { .. } => Vec::new(),
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
        let mut effects: Vec<Effect> = later.filter_map(|(_, round)| round.stop()).collect();
        effects.push(Effect::Finishing { coinbases: self.owed.coinbases(), waiting: self.owed.waiting() });
        effects
    }

    fn is_finished(&self) -> bool {
        self.last.is_some_and(|last| self.running() > last) && !self.owed.has_deposits()
    }
}
