//! The machine that keeps weekly votes moving: it brings signed choices to the chain in one batch and turns the period.
//!
//! Any validator may do it. All do it in an order drawn from the period, each a little later than the one before, so that
//! one transaction is enough while the first is there, and none is missing when it is not.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    chain::{Block, ChainEvent, GroupView},
    eip712::{Domain, SignedChoice},
    ids::{Address, Digest, GroupId, PeriodNumber, PositionNumber, keccak256},
};

/// Periods whose choices are kept: the running one and, around a turn, the next.
const MAX_PERIODS: usize = 2;

/// Who stewards what.
#[derive(Debug, Clone)]
pub struct Config {
    pub group: GroupId,
    pub domain: Domain,
    /// The account that sends.
    pub signer: Address,
    /// Seconds between two stewards' attempts.
    pub step_s: u64,
    /// Seconds before the end of a period in which nothing is sent any more.
    pub edge_s: u64,
}

/// What the steward hears.
#[derive(Debug, Clone)]
pub enum Input {
    Block(Block),
    Group(GroupView),
    Event(ChainEvent),
    /// A choice from the log; its signature is checked here.
    Heard(SignedChoice),
    /// A transaction failed; it is tried again after `step_s`.
    Failed,
}

/// What the steward asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send all these choices in one transaction.
    Cast(Vec<(PositionNumber, SignedChoice)>),
    /// End the period.
    Turn(PeriodNumber),
}

/// What is known of one period.
#[derive(Debug, Clone, Default)]
struct Period {
    /// The newest choice of each position.
    choices: BTreeMap<PositionNumber, SignedChoice>,
    /// Position and sequence number of choices that some batch has counted.
    cast: BTreeSet<(PositionNumber, u64)>,
    /// Whether anything was proposed: only then a turn has an effect.
    has_proposals: bool,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Steward {
    config: Config,
    view: Option<GroupView>,
    periods: BTreeMap<PeriodNumber, Period>,
    /// No transaction before this second.
    quiet_until_s: u64,
    now_s: u64,
}

impl Steward {
    pub fn new(config: Config) -> Self {
        Self { config, view: None, periods: BTreeMap::new(), quiet_until_s: 0, now_s: 0 }
    }

    /// Takes one input; the answer is at most one transaction.
    pub fn handle(&mut self, input: Input) -> Option<Effect> {
        match input {
            Input::Block(block) => {
                self.now_s = self.now_s.max(block.time_s);
                return self.act();
            }
            Input::Group(view) if view.id == self.config.group => self.view = Some(view),
            Input::Event(event) if event.group() == Some(self.config.group) => self.note(&event),
            Input::Heard(choice) => self.hear(choice),
            Input::Failed => self.quiet_until_s = self.now_s.saturating_add(self.config.step_s),
            Input::Group(_) | Input::Event(_) => {}
        }
        None
    }

    fn note(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Proposed { period, .. } => self.period(*period).has_proposals = true,
            ChainEvent::Cast { period, counted, .. } => self.count(*period, *counted),
            ChainEvent::Turned { period, period_end_s, .. } => {
                self.periods.retain(|number, _| number > period);
                if let Some(view) = &mut self.view {
                    view.period_number = PeriodNumber(period.0.saturating_add(1));
                    view.period_end_s = *period_end_s;
                }
            }
            _ => {}
        }
    }

    /// A batch of somebody's counted as many choices as are known here: nothing is left to bring.
    fn count(&mut self, period: PeriodNumber, counted: u64) {
        let period = self.period(period);
        let open: Vec<_> = period.open().map(|(position, choice)| (position, choice.message.seq)).collect();
        if counted >= open.len() as u64 {
            period.cast.extend(open);
        }
    }

    fn hear(&mut self, signed: SignedChoice) {
        let (choice, Some(view)) = (signed.message, &self.view) else { return };
        let is_current = choice.group == self.config.group && choice.period >= view.period_number;
        let Some(signer) = signed.signer(&self.config.domain).ok().filter(|_| is_current) else { return };
        let Some(position) = view.position_of(signer).map(|position| position.number) else { return };
        let known = &mut self.period(choice.period).choices;
        if known.get(&position).is_none_or(|held| held.message.seq < choice.seq) {
            known.insert(position, signed);
        }
    }

    fn period(&mut self, number: PeriodNumber) -> &mut Period {
        while self.periods.len() >= MAX_PERIODS && !self.periods.contains_key(&number) {
            self.periods.pop_first();
        }
        self.periods.entry(number).or_default()
    }

    /// Choices go out in the last quarter, when nothing can be proposed any more; the turn follows the end.
    fn act(&mut self) -> Option<Effect> {
        let view = self.view.as_ref()?;
        let period = self.periods.get(&view.period_number)?;
        let delay_s = self.rank(view)?.saturating_mul(self.config.step_s);
        let (end_s, quarter_s) = (view.period_end_s, view.period_s / 4);
        let effect = if self.now_s >= end_s.saturating_add(delay_s) {
            period.has_proposals.then_some(Effect::Turn(view.period_number))
        } else {
            let starts_s = end_s.saturating_sub(quarter_s).saturating_add(delay_s);
            let may_send = (starts_s..end_s.saturating_sub(self.config.edge_s)).contains(&self.now_s);
            let choices: Vec<_> = period.open().collect();
            (may_send && !choices.is_empty()).then_some(Effect::Cast(choices))
        };
        let effect = effect.filter(|_| self.now_s >= self.quiet_until_s)?;
        self.quiet_until_s = self.now_s.saturating_add(self.config.step_s);
        Some(effect)
    }

    /// This steward's place in the order of the period, 0 first; `None` without an awake position.
    fn rank(&self, view: &GroupView) -> Option<u64> {
        let place = |number: PositionNumber| -> Digest {
            let (group, period) = (view.id.0.to_be_bytes(), view.period_number.0.to_be_bytes());
            Digest(keccak256(&[group, period, number.0.to_be_bytes()].concat()))
        };
        let own = place(view.position_of(self.config.signer).filter(|position| position.awake)?.number);
        let earlier = view.positions.iter().filter(|position| position.awake && place(position.number) < own);
        Some(earlier.count() as u64)
    }
}

impl Period {
    /// Choices that no batch has counted.
    fn open(&self) -> impl Iterator<Item = (PositionNumber, SignedChoice)> {
        let is_open = |position: &PositionNumber, choice: &SignedChoice| !self.cast.contains(&(*position, choice.message.seq));
        self.choices.iter().filter(move |(position, choice)| is_open(position, choice)).map(|(position, choice)| (*position, *choice))
    }
}
