//! The machine that keeps a group's validators present and honest: it records who judged a round and was not counted, puts
//! the absent to rest, shows double signatures, replays the probes of others, and makes one's own pay stake.

mod alarms;
mod doubles;
mod errand;
mod io;
mod presence;
mod round;

use std::collections::BTreeMap;

pub use doubles::MAX_CASES;
pub use io::{Config, Duty, Effect, Input, Replay};
pub use round::MAX_BATCHES;

use crate::chain::{Block, ChainEvent, Clock, GroupView};
use crate::eip712::SignedVerdict;
use crate::ids::{Address, Digest, PositionNumber, RoundNumber};
use crate::order::rank;
use crate::pace::{Beat, event_s};
use crate::rolls::Rolls;
use crate::seeds::Seeds;
use alarms::Alarms;
use doubles::Doubles;
use presence::Presence;
use round::Aftermath;

/// Verdicts kept at most; of more the oldest rounds are dropped.
pub const MAX_VERDICTS: usize = 65_536;
/// Keys remembered at most, those that sign no longer included.
const MAX_SIGNERS: usize = 16_384;

/// See the module.
#[derive(Debug, Clone)]
pub struct Warden {
    config: Config,
    live: bool,
    group: Option<GroupView>,
    seeds: Seeds,
    /// Position of every key that has signed for one.
    signers: BTreeMap<Address, PositionNumber>,
    rolls: Rolls,
    rounds: BTreeMap<RoundNumber, Aftermath>,
    /// Verdicts in all rounds.
    verdicts: usize,
    presence: Presence,
    doubles: Doubles,
    alarms: Alarms,
    /// The round in which pay was made stake last.
    compounded: Option<RoundNumber>,
}

/// What the parts look at from outside.
pub(crate) struct View<'a> {
    /// Settings of the warden.
    pub config: &'a Config,
    /// The group at the last change that was told.
    pub group: &'a GroupView,
    /// The last confirmed block.
    pub now: Block,
    /// Round and phase at its time.
    pub clock: Clock,
    /// Seed of the round before the running one.
    pub seed: Option<Digest>,
    /// Who signed for which position in that round.
    pub signers: BTreeMap<PositionNumber, Address>,
    /// What follows from the chain's pace.
    pub beat: Beat,
    /// This warden's position, which is awake.
    pub own: PositionNumber,
}

impl View<'_> {
    /// Second from which it is one's turn, for what can be done since `since_s`; after a failure all others go first.
    fn turn_s(&self, seed: Digest, since_s: u64, failures: u64) -> u64 {
        let (rank, count) = rank(seed, self.group, self.own);
        let places = rank.saturating_add(failures.saturating_mul(count));
        since_s.saturating_add(places.saturating_mul(self.beat.pause_s()))
    }

    /// Whether the round is nearly over.
    fn is_late(&self) -> bool {
        let end_s = self.group.times.round_end_s(self.group.genesis_s, self.clock.round);
        self.beat.is_over(self.now.time_s, end_s)
    }
}

impl Warden {
    /// Nothing was heard yet.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            live: false,
            group: None,
            seeds: Seeds::default(),
            signers: BTreeMap::new(),
            rolls: Rolls::default(),
            rounds: BTreeMap::new(),
            verdicts: 0,
            presence: Presence::default(),
            doubles: Doubles::default(),
            alarms: Alarms::default(),
            compounded: None,
        }
    }

    /// Takes one fact; returns what is to be done about everything that is known now.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        self.learn(input);
        self.go_on()
    }

    /// Takes [`Input::Heard`] from whoever can tell who signed it.
    pub(crate) fn hear(&mut self, verdict: SignedVerdict, signer: impl FnOnce() -> Option<Address>) -> Vec<Effect> {
        self.heard(verdict, signer);
        self.go_on()
    }

    fn go_on(&mut self) -> Vec<Effect> {
        self.forget();
        match self.live {
            true => self.advance(),
            false => Vec::new(),
        }
    }

    fn learn(&mut self, input: Input) {
        match input {
            Input::Live => {
                self.live = true;
                self.seeds.last().into_iter().for_each(|block| self.note(block));
            }
            Input::Group(group) if group.id == self.config.group => self.group(group),
            Input::Group(_) => {}
            Input::Block(block) => self.block(block),
            Input::Event(event) if event.group() == Some(self.config.group) => self.event(&event),
            Input::Event(_) => {}
            Input::Heard(verdict) => {
                let domain = self.config.domain;
                self.heard(verdict, || verdict.signer(&domain).ok());
            }
            Input::Alarmed(verdict) => self.alarmed(&verdict),
            Input::Absent(result) => self.presence.absent(result),
            Input::Replayed { round, wrong } => self.replayed(round, wrong),
            Input::NotReplayed { round, .. } => {
                let (now_s, pause_s) = self.pace();
                self.rounds.entry(round).and_modify(|round| round.not_replayed(now_s, pause_s));
            }
            Input::Sent { duty, result } => self.sent(duty, result.is_ok()),
        }
    }

    fn sent(&mut self, duty: Duty, is_done: bool) {
        let (now_s, pause_s) = self.pace();
        match duty {
            Duty::Attend(round) => {
                let until_s = now_s.saturating_add(event_s(pause_s));
                self.rounds.entry(round).and_modify(|round| round.sent(is_done, until_s));
            }
            Duty::Doze(position) => self.presence.sent(position, is_done, now_s, pause_s),
            Duty::Slash(position, round) => self.doubles.sent(position, round, is_done, now_s, pause_s),
            // What it did is seen in the next view; it is tried again after another round.
            Duty::Compound(_) => {}
        }
    }

    /// The last block's second, and those in which what one warden sends is seen by the next.
    fn pace(&self) -> (u64, u64) {
        (self.seeds.last().map_or(0, |block| block.time_s), self.seeds.pace().beat(&self.config.tempo).pause_s())
    }

    fn group(&mut self, group: GroupView) {
        for position in &group.positions {
            if self.signers.len() < MAX_SIGNERS || self.signers.contains_key(&position.signer) {
                self.signers.insert(position.signer, position.number);
            }
        }
        self.rolls.group();
        self.group = Some(group);
    }

    fn block(&mut self, block: Block) {
        if let Some(group) = &self.group {
            self.seeds.block(group, block);
        }
        self.note(block);
    }

    /// Who signs now, once history is over.
    fn note(&mut self, block: Block) {
        if let Some(group) = self.group.as_ref().filter(|_| self.live) {
            self.rolls.block(group, block);
        }
    }

    fn event(&mut self, event: &ChainEvent) {
        if let ChainEvent::DoubleSigned { position, .. } = event {
            self.doubles.slashed(*position);
        }
        let Some(number) = event.round().filter(|round| self.is_kept(*round)) else { return };
        let round = self.rounds.entry(number).or_default();
        match event {
            ChainEvent::Opened { checkpoint, head, .. } => round.opened(*checkpoint, *head),
            ChainEvent::Revealed(claim) => round.revealed(claim),
            ChainEvent::Decided { claim, .. } => round.decided(*claim),
            ChainEvent::Judged { claim, positions, .. } => round.judged(*claim, positions),
            ChainEvent::Attended { counts, positions, .. } => round.attended(*counts, positions),
            _ => {}
        }
    }

    /// PROTOCOL 4, Who signs twice: the second verdict of a signer in one round is evidence if it says something else.
    fn heard(&mut self, verdict: SignedVerdict, signer: impl FnOnce() -> Option<Address>) {
        let message = verdict.message;
        if message.group != self.config.group || !self.is_kept(message.round) {
            return;
        }
        let Some(signer) = signer() else { return };
        let Some(position) = self.signers.get(&signer).copied().filter(|_| self.may_have_signed(signer, message.round)) else { return };
        let round = self.rounds.entry(message.round).or_default();
        let before = round.verdicts.len();
        let first = round.hear(signer, verdict);
        self.verdicts += round.verdicts.len() - before;
        if let Some(first) = first {
            self.doubles.note(position, first, verdict);
        }
    }

    /// Whether the key signed for its position in the epoch of the round, as far as that is known here: else it shows nothing.
    fn may_have_signed(&self, signer: Address, round: RoundNumber) -> bool {
        let (Some(group), Some(now)) = (&self.group, self.seeds.last()) else { return true };
        self.rolls.signs_in(group, now.time_s, round, signer).unwrap_or(true)
    }

    /// An alarm about what nobody here could have signed says nothing.
    fn alarmed(&mut self, verdict: &SignedVerdict) {
        let message = verdict.message;
        if message.group != self.config.group || !self.is_kept(message.round) {
            return;
        }
        let Ok(signer) = verdict.signer(&self.config.domain) else { return };
        if self.signers.contains_key(&signer) {
            self.alarms.told(message.round, signer);
        }
    }

    fn replayed(&mut self, number: RoundNumber, wrong: Vec<(SignedVerdict, String)>) {
        let Some(round) = self.rounds.get_mut(&number) else { return };
        round.replay_done();
        for (verdict, reason) in wrong.into_iter().filter(|(verdict, _)| verdict.message.round == number) {
            if let Ok(signer) = verdict.signer(&self.config.domain) {
                self.alarms.found(signer, verdict, reason);
            }
        }
    }

    fn clock(&self) -> Option<Clock> {
        Some(self.group.as_ref()?.clock(self.seeds.last()?.time_s))
    }

    /// Whether facts about `round` are kept: it is the next one at most, and what was signed in it can still be shown.
    fn is_kept(&self, round: RoundNumber) -> bool {
        let (Some(group), Some(now)) = (&self.group, self.seeds.last()) else { return false };
        let last_s = group.times.round_end_s(group.genesis_s, round).saturating_add(group.exit_s);
        round.0 <= group.clock(now.time_s).round.0.saturating_add(1) && now.time_s <= last_s
    }

    fn forget(&mut self) {
        let Some(first) = self.rounds.first_key_value().map(|(round, _)| *round) else { return };
        if self.is_kept(first) && self.verdicts <= MAX_VERDICTS {
            return;
        }
        if let Some(round) = self.rounds.remove(&first) {
            self.verdicts -= round.verdicts.len();
            self.alarms.forget(RoundNumber(first.0.saturating_add(1)));
        }
    }

    fn advance(&mut self) -> Vec<Effect> {
        let (Some(clock), Some(group), Some(now)) = (self.clock(), &self.group, self.seeds.last()) else { return Vec::new() };
        let Some(own) = group.position_of(self.config.signer).filter(|own| own.awake && !own.live.is_zero()) else { return Vec::new() };
        let past = clock.round.0.checked_sub(1).map(RoundNumber);
        let seed = past.and_then(|past| self.seeds.of(past));
        let signers = past.map(|past| self.rolls.signers_in(group, now.time_s, past)).unwrap_or_default();
        let beat = self.seeds.pace().beat(&self.config.tempo);
        let view = View { config: &self.config, group, now, clock, seed, signers, beat, own: own.number };
        let mut effects = Vec::new();
        if let Some((past, round)) = past.and_then(|past| Some((past, self.rounds.get_mut(&past)?))) {
            effects.extend(round.attend(&view, past));
            effects.extend(round.replay(&view, past));
        }
        effects.extend(self.doubles.advance(&view));
        effects.extend(self.presence.advance(&view));
        let part = self.config.compound_part;
        let is_worth_it = part > 0 && !own.earned.is_zero() && own.earned.0.saturating_mul(part.into()) >= own.next.0;
        if is_worth_it && self.compounded != Some(clock.round) && !view.is_late() {
            self.compounded = Some(clock.round);
            effects.push(Effect::Compound { position: own.number });
        }
        effects.extend(self.alarms.advance(&view));
        effects
    }
}
