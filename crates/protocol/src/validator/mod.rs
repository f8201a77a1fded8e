//! The machine of a validator: it is told facts and asks for effects; the last confirmed block is its clock.

mod io;
mod posting;
mod round;

use std::collections::BTreeMap;

pub use io::{BaseFinding, Config, Effect, Fetched, Finding, Input, RoundReport};

use crate::chain::{Block, ChainEvent, Clock, GroupView, PositionView};
use crate::eip712::SignedVerdict;
use crate::ids::{Digest, RoundNumber};
use crate::seeds::Seeds;
pub use posting::{MAX_LATE_POSTS, MAX_POSTS, MAX_VERDICTS_A_CALL, verdicts_a_call};
use round::Round;
pub use round::{MAX_CLAIMS, MAX_FETCHES};

/// The rounds of one group as one signer judges them.
#[derive(Debug, Clone)]
pub struct Validator {
    config: Config,
    live: bool,
    group: Option<GroupView>,
    seeds: Seeds,
    /// The running round, the one before, to which verdicts are added still, and the next one.
    rounds: BTreeMap<RoundNumber, Round>,
}

/// What a round looks at from outside.
pub(crate) struct View<'a> {
    pub config: &'a Config,
    pub group: &'a GroupView,
    pub now: Block,
    pub clock: Clock,
    pub seed: Option<Digest>,
    /// This validator's position, if it is awake.
    pub own: Option<PositionView>,
}

impl Validator {
    pub fn new(config: Config) -> Self {
        Self { config, live: false, group: None, seeds: Seeds::default(), rounds: BTreeMap::new() }
    }

    /// Takes one fact; returns what is to be done about everything that is known now.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        self.learn(input);
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
            Input::Heard(verdict) => self.heard(verdict),
            Input::Have { round, file, position } if self.is_awake(position) => self.with(round, |round| round.have(file, position)),
            Input::Have { .. } => {}
            Input::BaseMeasured { round, result } => self.with(round, |round| round.base_measured(result)),
            Input::Fetched { round, file, result } => self.fetched(round, file, result),
            Input::Measured { round, claim, finding } => self.with(round, |round| round.measured(claim, finding)),
            Input::Signed(verdict) => {
                self.with(verdict.message.round, |round| round.signed(verdict.message.claim));
                self.heard(verdict);
            }
            Input::Refused { round, reason } => self.with(round, |round| round.refused(reason)),
            Input::Posted { round, result } => self.with(round, |round| round.posting.posted(result)),
        }
    }

    fn block(&mut self, block: Block) {
        if let Some(group) = &self.group {
            self.seeds.block(group, block);
        }
    }

    /// Protocol 3, rounds: what the contracts have fixed, shown and decided.
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

    /// Protocol 3, judge: a verdict counts once for each awake position, whoever brings it.
    fn heard(&mut self, verdict: SignedVerdict) {
        let message = verdict.message;
        if message.group != self.config.group || !self.is_open(message.round) {
            return;
        }
        let Some(group) = &self.group else { return };
        let Ok(signer) = verdict.signer(&self.config.domain) else { return };
        let Some(position) = group.position_of(signer).filter(|position| position.awake) else { return };
        let (number, own) = (position.number, signer == self.config.signer);
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

    fn with(&mut self, number: RoundNumber, change: impl FnOnce(&mut Round)) {
        if self.is_open(number) {
            change(self.rounds.entry(number).or_insert_with(|| Round::new(number)));
        }
    }

    fn advance(&mut self) -> Vec<Effect> {
        let (Some(clock), Some(group), Some(now)) = (self.clock(), &self.group, self.seeds.last()) else { return Vec::new() };
        let own = self.own();
        let mut effects = Vec::new();
        for (number, round) in self.rounds.range_mut(..=clock.round) {
            let view = View { config: &self.config, group, now, clock, seed: self.seeds.of(*number), own };
            effects.extend(if *number < clock.round { round.after(&view) } else { round.advance(&view) });
        }
        self.rounds.retain(|number, _| number.0.saturating_add(1) >= clock.round.0);
        effects
    }
}
