//! The machine that keeps a group's validators present and honest: it records who judged a round and was not counted, puts
//! the absent to rest, shows double signatures, replays the probes of others, and makes one's own pay stake.

mod doubles;
mod io;
mod presence;
mod round;

use std::collections::{BTreeMap, BTreeSet};

pub use doubles::MAX_CASES;
pub use io::{Config, Duty, Effect, Input, Replay};
pub use round::MAX_BATCHES;

use crate::chain::{Block, ChainEvent, Clock, GroupView};
use crate::eip712::SignedVerdict;
use crate::ids::{Address, Digest, PositionNumber, RoundNumber};
use crate::order::{rank, seed_of};
use crate::seeds::Seeds;
use doubles::Doubles;
use presence::Presence;
use round::Round;

/// Verdicts kept at most; of more the oldest rounds are dropped.
pub const MAX_VERDICTS: usize = 65_536;
/// Keys remembered at most, those that sign no longer included.
const MAX_SIGNERS: usize = 16_384;
/// Alarms remembered at most.
const MAX_ALARMS: usize = 4096;

/// See the module.
#[derive(Debug, Clone)]
pub struct Warden {
    config: Config,
    live: bool,
    group: Option<GroupView>,
    seeds: Seeds,
    /// Position of every key that has signed for one.
    signers: BTreeMap<Address, PositionNumber>,
    rounds: BTreeMap<RoundNumber, Round>,
    presence: Presence,
    doubles: Doubles,
    /// Wrong verdicts, and the second since which they are known here.
    alarms: BTreeMap<(RoundNumber, Address), (SignedVerdict, String, u64)>,
    /// Verdicts about which the log holds an alarm.
    told: BTreeSet<(RoundNumber, Address)>,
    /// The round in which pay was made stake last.
    compounded: Option<RoundNumber>,
}

/// What the parts look at from outside.
pub(crate) struct View<'a> {
    pub config: &'a Config,
    pub group: &'a GroupView,
    pub now: Block,
    pub clock: Clock,
    /// Seed of the round before the running one.
    pub seed: Option<Digest>,
    /// This warden's position, which is awake.
    pub own: PositionNumber,
}

impl View<'_> {
    /// Second from which it is one's turn, for what can be done since `since_s`; after a failure all others go first.
    fn turn_s(&self, seed: Digest, since_s: u64, failures: u64) -> u64 {
        let (rank, count) = rank(seed, self.group, self.own);
        let places = rank.saturating_add(failures.saturating_mul(count));
        since_s.saturating_add(places.saturating_mul(self.config.step_s.saturating_add(1)))
    }

    /// Whether the round is nearly over.
    fn is_late(&self) -> bool {
        let end_s = self.group.times.round_end_s(self.group.genesis_s, self.clock.round);
        self.now.time_s.saturating_add(self.config.edge_s) >= end_s
    }
}

impl Warden {
    pub fn new(config: Config) -> Self {
        Self {
            config,
            live: false,
            group: None,
            seeds: Seeds::default(),
            signers: BTreeMap::new(),
            rounds: BTreeMap::new(),
            presence: Presence::default(),
            doubles: Doubles::default(),
            alarms: BTreeMap::new(),
            told: BTreeSet::new(),
            compounded: None,
        }
    }

    /// Takes one fact; returns what is to be done about everything that is known now.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        self.learn(input);
        self.forget();
        match self.live {
            true => self.advance(),
            false => Vec::new(),
        }
    }

    fn learn(&mut self, input: Input) {
        match input {
            Input::Live => self.live = true,
            Input::Group(group) if group.id == self.config.group => self.group(group),
            Input::Group(_) => {}
            Input::Block(block) => self.block(block),
            Input::Event(event) if event.group() == Some(self.config.group) => self.event(&event),
            Input::Event(_) => {}
            Input::Heard(verdict) => self.heard(verdict),
            Input::Alarmed(verdict) => self.alarmed(&verdict),
            Input::Absent(result) => {
                let now_s = self.seeds.last().map_or(0, |block| block.time_s);
                self.presence.absent(result, now_s);
            }
            Input::Replayed { round, wrong } => self.replayed(round, wrong),
            Input::Sent { duty: Duty::Attend(round), result } => {
                if let Some(round) = self.rounds.get_mut(&round) {
                    round.sent(result);
                }
            }
            Input::Sent { duty: Duty::Slash(position, round), result } => self.doubles.sent(position, round, result),
            // What they did is seen in the next view; they are tried again after another round.
            Input::Sent { duty: Duty::Doze(_) | Duty::Compound(_), .. } => {}
        }
    }

    fn group(&mut self, group: GroupView) {
        for position in group.positions.iter().take(MAX_SIGNERS.saturating_sub(self.signers.len())) {
            self.signers.insert(position.signer, position.number);
        }
        self.group = Some(group);
    }

    fn block(&mut self, block: Block) {
        if let Some(group) = &self.group {
            self.seeds.block(group, block);
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
    fn heard(&mut self, verdict: SignedVerdict) {
        let message = verdict.message;
        if message.group != self.config.group || !self.is_kept(message.round) {
            return;
        }
        let Ok(signer) = verdict.signer(&self.config.domain) else { return };
        let Some(position) = self.signers.get(&signer).copied() else { return };
        if let Some(first) = self.rounds.entry(message.round).or_default().hear(signer, verdict) {
            self.doubles.note(position, first, verdict);
        }
    }

    fn alarmed(&mut self, verdict: &SignedVerdict) {
        let Ok(signer) = verdict.signer(&self.config.domain) else { return };
        self.alarms.remove(&(verdict.message.round, signer));
        if self.told.len() < MAX_ALARMS {
            self.told.insert((verdict.message.round, signer));
        }
    }

    fn replayed(&mut self, number: RoundNumber, wrong: Vec<(SignedVerdict, String)>) {
        let now_s = self.seeds.last().map_or(0, |block| block.time_s);
        for (verdict, reason) in wrong {
            let Ok(signer) = verdict.signer(&self.config.domain) else { continue };
            let key = (number, signer);
            if !self.told.contains(&key) && self.alarms.len() < MAX_ALARMS {
                self.alarms.insert(key, (verdict, reason, now_s));
            }
        }
        if let Some(round) = self.rounds.get_mut(&number) {
            round.replay_done();
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
        let verdicts: usize = self.rounds.values().map(|round| round.verdicts.len()).sum();
        if !self.is_kept(first) || verdicts > MAX_VERDICTS {
            self.rounds.remove(&first);
        }
        if self.told.len() >= MAX_ALARMS {
            self.told.pop_first();
        }
    }

    fn advance(&mut self) -> Vec<Effect> {
        let (Some(clock), Some(group), Some(now)) = (self.clock(), &self.group, self.seeds.last()) else { return Vec::new() };
        let Some(own) = group.position_of(self.config.signer).filter(|own| own.awake && !own.live.is_zero()) else { return Vec::new() };
        let past = clock.round.0.checked_sub(1).map(RoundNumber);
        let seed = past.and_then(|past| self.seeds.of(past));
        let view = View { config: &self.config, group, now, clock, seed, own: own.number };
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
        effects.extend(due_alarms(&mut self.alarms, &mut self.told, &view));
        effects
    }
}

/// One after the other, so that one alarm about a verdict is usually enough.
fn due_alarms(
    alarms: &mut BTreeMap<(RoundNumber, Address), (SignedVerdict, String, u64)>,
    told: &mut BTreeSet<(RoundNumber, Address)>,
    view: &View<'_>,
) -> Vec<Effect> {
    let seed = |round: &RoundNumber| seed_of("alarm", &[round.0]);
    let is_due = |(round, _): &(RoundNumber, Address), since_s: u64| view.now.time_s >= view.turn_s(seed(round), since_s, 0);
    let due: Vec<_> = alarms.iter().filter(|(key, (_, _, since_s))| is_due(key, *since_s)).map(|(key, _)| *key).collect();
    told.extend(due.iter().copied());
    let alarm = |key| alarms.remove(&key).map(|(verdict, reason, _)| Effect::Alarm { verdict, reason });
    due.into_iter().filter_map(alarm).collect()
}
