//! The machine of a validator: it is told facts and asks for effects; the last confirmed block is its clock.

mod caution;
mod io;
mod posting;
mod round;

use std::collections::BTreeMap;

use caution::{Caution, is_after};
pub use io::{BaseFinding, Config, Doubt, Effect, Fetched, Finding, Input, RecheckReport};

use crate::chain::{Block, ChainEvent, Clock, GroupView, PositionView};
use crate::eip712::SignedVerdict;
use crate::ids::{Address, Digest, RoundNumber};
use crate::pace::{Beat, event_s};
use crate::rolls::Rolls;
use crate::seeds::Seeds;
pub use posting::{MAX_LATE_POSTS, MAX_POSTS, MAX_VERDICTS_A_CALL, verdicts_a_call};
use round::Recheck;
pub use round::{MAX_CLAIMS, MAX_FETCHES};

/// The rounds of one group as one signer judges them.
#[derive(Debug, Clone)]
pub struct Validator {
    config: Config,
    /// Second of the last block of history.
    live_since_s: Option<u64>,
    group: Option<GroupView>,
    seeds: Seeds,
    rolls: Rolls,
    /// The running round, the one before, to which verdicts are added still, and the next one.
    rounds: BTreeMap<RoundNumber, Recheck>,
    caution: Caution,
}

/// What a round looks at from outside.
pub(crate) struct View<'a> {
    /// Settings of the validator.
    pub config: &'a Config,
    /// The group at the last change that was told.
    pub group: &'a GroupView,
    /// The last confirmed block.
    pub now: Block,
    /// Round and phase at its time.
    pub clock: Clock,
    /// Draws the examples of the round, once it is known.
    pub seed: Option<Digest>,
    /// What others announced before was maybe not heard.
    pub live_since_s: u64,
    /// What follows from the chain's pace.
    pub beat: Beat,
    /// This validator's position, if it is awake.
    pub own: Option<PositionView>,
    /// Whether nobody else signs with this key, as far as one can see.
    pub may_sign: bool,
}

impl View<'_> {
    /// Seconds after which a file or a measurement that was asked for is asked for again, though no answer has come.
    fn patience_s(&self) -> u64 {
        self.group.times.judge_s / 2
    }
}

/// How long what failed is left alone: twice as long with each failure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pause {
    least_s: u64,
    most_s: u64,
}

impl Validator {
    /// Nothing was heard yet.
    pub fn new(mut config: Config) -> Self {
        let (seeds, rolls) = (Seeds::default(), Rolls::default());
        let caution = Caution::new(config.group, std::mem::take(&mut config.signed), config.doppelganger_check);
        Self { config, live_since_s: None, group: None, seeds, rolls, rounds: BTreeMap::new(), caution }
    }

    /// Nothing was heard yet, and what was signed since the start is known.
    pub(crate) fn anew(&self) -> Self {
        Self { caution: self.caution.anew(), ..Self::new(self.config.clone()) }
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
        self.live_since_s.map_or_else(Vec::new, |live_since_s| self.advance(live_since_s))
    }

    fn learn(&mut self, input: Input) {
        match input {
            Input::Live => {
                self.live_since_s = self.live_since_s.or(Some(self.now_s()));
                self.seeds.last().into_iter().for_each(|block| self.note(block));
            }
            Input::Group(group) if group.id == self.config.group => {
                self.rolls.group();
                self.group = Some(group);
            }
            Input::Group(_) => {}
            Input::Block(block) => self.block(block),
            Input::Event(event) if event.group() == Some(self.config.group) => {
                self.watch(&event);
                self.event(&event);
            }
            Input::Event(_) => {}
            Input::Heard(verdict) => {
                let domain = self.config.domain;
                self.heard(verdict, || verdict.signer(&domain).ok());
            }
            Input::Double { message } => self.caution.doubled(message),
            Input::Have { round, file, position } if self.is_awake(position) => self.with(round, |round| round.have(file, position)),
            Input::Have { .. } => {}
            Input::BaseMeasured { round, result } => self.answer(round, |round, now_s, pause| round.base_measured(result, now_s, pause)),
            Input::Fetched { round, file, result } => self.fetched(round, file, result),
            Input::Measured { round, claim, finding } => {
                self.answer(round, |round, now_s, pause| round.measured(claim, finding, now_s, pause));
            }
            Input::Signed(verdict) => {
                self.with(verdict.message.round, |round| round.signed(verdict.message.claim));
                let signer = self.config.signer;
                self.heard(verdict, || Some(signer));
            }
            Input::Refused { round, reason } => self.with(round, |round| round.refused(reason)),
            Input::Untold { round, reason } => self.answer(round, |round, now_s, pause| round.untold(reason, now_s, pause)),
            Input::Posted { round, result } => {
                self.answer(round, |round, now_s, pause| round.posting.posted(&result, now_s.saturating_add(event_s(pause.least_s))));
            }
        }
    }

    fn now_s(&self) -> u64 {
        self.seeds.last().map_or(0, |block| block.time_s)
    }

    /// Takes an answer; what failed is asked for again after a pause.
    fn answer(&mut self, round: RoundNumber, take: impl FnOnce(&mut Recheck, u64, Pause)) {
        let (now_s, least_s) = (self.now_s(), self.seeds.pace().beat(&self.config.tempo).pause_s());
        let judge_s = self.group.as_ref().map_or(0, |group| group.times.judge_s);
        let pause = Pause { least_s, most_s: (judge_s / 8).max(least_s) };
        self.with(round, |round| take(round, now_s, pause));
    }

    fn block(&mut self, block: Block) {
        if let Some(group) = &self.group {
            self.seeds.block(group, block);
        }
        self.note(block);
    }

    /// Who signs now, once history is over.
    fn note(&mut self, block: Block) {
        if let (Some(group), Some(_)) = (&self.group, self.live_since_s) {
            self.rolls.block(group, block);
        }
    }

    /// PROTOCOL 6: what the contracts have fixed, shown and decided.
    fn event(&mut self, event: &ChainEvent) {
        let Some(round) = event.round() else { return };
        self.with(round, |round| match event {
            ChainEvent::Opened { checkpoint, head, .. } => round.opened(*checkpoint, *head),
            ChainEvent::Committed { number: place, .. } => round.committed(*place),
            ChainEvent::Revealed(claim) => round.revealed(*claim),
            ChainEvent::Decided { outcome, claim, .. } => round.decided(*outcome, *claim),
            ChainEvent::Judged { claim, positions, .. } => round.posting.judged(*claim, positions),
            ChainEvent::Struck { .. } => round.posting.struck(),
            _ => {}
        });
    }

    /// PROTOCOL 16, Signing log: verdicts of one's own that the chain shows.
    fn watch(&mut self, event: &ChainEvent) {
        let (round, claim, positions) = match event {
            ChainEvent::Judged { round, claim, positions, .. } => (*round, Some(*claim), positions),
            ChainEvent::Attended { round, positions, .. } => (*round, None, positions),
            ChainEvent::Rotated { signer, .. } if *signer == self.config.signer => return self.caution.took_over(),
            _ => return,
        };
        let Some(group) = &self.group else { return };
        let own = match self.live_since_s {
            Some(_) => self.rolls.position_of(group, self.now_s(), round, self.config.signer),
            None => group.position_of(self.config.signer).map(|position| position.number),
        };
        if own.is_some_and(|own| positions.contains(&own)) {
            self.saw_own(round, claim);
        }
    }

    fn saw_own(&mut self, round: RoundNumber, claim: Option<Digest>) {
        let is_new = self.group.as_ref().zip(self.live_since_s).is_some_and(|(group, since_s)| is_after(group, since_s, round));
        self.caution.saw(round, claim, is_new);
    }

    /// Why nothing may be signed now.
    fn doubt(&self) -> Option<Doubt> {
        self.caution.doubt(self.group.as_ref()?, self.live_since_s?, self.clock()?.round)
    }

    /// Whether nobody else signs with this key, as far as one can see.
    pub(crate) fn may_sign(&self) -> bool {
        self.doubt().is_none()
    }

    /// PROTOCOL 6, Judge: a verdict counts once for each position that was awake in the round's epoch, whoever brings it.
    fn heard(&mut self, verdict: SignedVerdict, signer: impl FnOnce() -> Option<Address>) {
        let message = verdict.message;
        if message.group != self.config.group || !self.is_open(message.round) {
            return;
        }
        let Some(signer) = signer() else { return };
        let own = signer == self.config.signer;
        if own {
            self.saw_own(message.round, Some(message.claim));
        }
        let Some(group) = &self.group else { return };
        let Some(number) = self.rolls.position_of(group, self.now_s(), message.round, signer) else { return };
        self.with(message.round, |round| {
            round.posting.heard(number, verdict);
            own.then(|| round.signed(message.claim));
        });
    }

    fn fetched(&mut self, round: RoundNumber, file: Digest, result: Fetched) {
        let own = self.own().map(|position| position.number);
        let now = self.seeds.last().map_or(0, |block| block.number);
        self.with(round, |round| round.fetched(file, result, own, now));
    }

    fn is_awake(&self, position: crate::ids::PositionNumber) -> bool {
        let positions = self.group.iter().flat_map(|group| &group.positions);
        positions.into_iter().any(|other| other.number == position && other.awake)
    }

    fn own(&self) -> Option<PositionView> {
        let position = self.group.as_ref()?.position_of(self.config.signer)?;
        (position.awake && !position.live.is_zero()).then_some(*position)
    }

    fn clock(&self) -> Option<Clock> {
        Some(self.group.as_ref()?.clock(self.seeds.last()?.time_s))
    }

    /// Whether facts about `round` are kept: it is running, was the last one, or is next.
    fn is_open(&self, round: RoundNumber) -> bool {
        self.clock().is_some_and(|clock| round.0.abs_diff(clock.round.0) <= 1)
    }

    fn with(&mut self, number: RoundNumber, change: impl FnOnce(&mut Recheck)) {
        if self.is_open(number) {
            change(self.rounds.entry(number).or_insert_with(|| Recheck::new(number)));
        }
    }

    fn advance(&mut self, live_since_s: u64) -> Vec<Effect> {
        let doubt = self.doubt();
        let told = doubt.and_then(|doubt| self.caution.tell(doubt));
        let (Some(clock), Some(group), Some(now)) = (self.clock(), &self.group, self.seeds.last()) else { return Vec::new() };
        let own = self.own();
        let beat = self.seeds.pace().beat(&self.config.tempo);
        let mut effects: Vec<Effect> = told.map(Effect::Doubt).into_iter().collect();
        for (number, round) in self.rounds.range_mut(..=clock.round) {
            let seed = self.seeds.of(*number);
            let view = View { config: &self.config, group, now, clock, seed, live_since_s, beat, own, may_sign: doubt.is_none() };
            effects.extend(if *number < clock.round { round.after(&view) } else { round.advance(&view) });
        }
        self.rounds.retain(|number, _| number.0.saturating_add(1) >= clock.round.0);
        for effect in &effects {
            if let Effect::Sign(verdict) = effect {
                self.caution.signs(*verdict);
            }
        }
        effects
    }
}
