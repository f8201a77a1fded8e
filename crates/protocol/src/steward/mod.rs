//! The machine that keeps weekly votes moving: it brings signed choices to the chain in batches and turns the period.
//!
//! Any validator may do it. All do it in an order drawn from the period, each a little later than the one before, so that
//! one transaction is enough while the first is there, and none is missing when it is not.

mod period;

use std::collections::BTreeMap;

use crate::{
    chain::{Block, ChainEvent, CountedChoice, GroupView},
    eip712::{Domain, SignedChoice},
    ids::{Address, Digest, GroupId, PeriodNumber, PositionNumber, keccak256},
    pace::{Beat, Pace, Tempo},
    rules::last_quarter_s,
};
pub use period::MAX_OPEN;
use period::{Period, Rank};

/// Choices in one transaction.
pub const MAX_CHOICES: usize = 256;
/// Steps, or blocks if those are slower, after which a transaction that was not answered counts as lost.
pub const MAX_FLIGHT_STEPS: u64 = 32;

/// Who stewards what.
#[derive(Debug, Clone)]
pub struct Config {
    /// Group whose periods it ends.
    pub group: GroupId,
    /// Where choices are signed for.
    pub domain: Domain,
    /// The account that sends.
    pub signer: Address,
    /// What it is told of the chain's time.
    pub tempo: Tempo,
}

/// What the steward hears. Order: `Group`, then events as they stand on the chain, those of a block before the block
/// itself; blocks only once history is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Every confirmed block, once history is over: the machine's clock.
    Block(Block),
    /// The group anew: at first, and after events of stake or period.
    Group(GroupView),
    /// An event of the group, since its birth.
    Event(ChainEvent),
    /// A choice from the log; its signature is checked here.
    Heard(SignedChoice),
    /// A transaction failed, or had no effect that is known yet; it is tried again later unless an event tells its effect.
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

/// See the module.
#[derive(Debug, Clone)]
pub struct Steward {
    config: Config,
    view: Option<GroupView>,
    /// The running period and the next: nothing else is kept.
    periods: BTreeMap<PeriodNumber, Period>,
    /// What was sent last.
    sent: Vec<(PositionNumber, Rank)>,
    /// No transaction before this second; until then the last one may still be under way.
    quiet_until_s: u64,
    now_s: u64,
    pace: Pace,
}

impl Steward {
    /// Nothing was heard yet; no time is known before the first block.
    pub fn new(config: Config) -> Self {
        Self { config, view: None, periods: BTreeMap::new(), sent: Vec::new(), quiet_until_s: 0, now_s: 0, pace: Pace::default() }
    }

    /// Takes one input; the answer is at most one transaction.
    pub fn handle(&mut self, input: Input) -> Option<Effect> {
        match input {
            Input::Block(block) => {
                self.pace.block(block);
                self.now_s = self.now_s.max(block.time_s);
                return self.act();
            }
            Input::Group(view) if view.id == self.config.group => {
                self.view = Some(view);
                self.forget();
            }
            Input::Event(event) if event.group() == Some(self.config.group) => self.note(&event),
            Input::Heard(choice) => self.hear(choice),
            Input::Failed => self.quiet_until_s = self.now_s.saturating_add(self.pause_s()),
            Input::Group(_) | Input::Event(_) => {}
        }
        None
    }

    /// Events of history are older than the first view: they never lead back behind it.
    fn note(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Proposed { period, delta, digest, .. } => {
                if let Some(period) = self.period(*period) {
                    period.propose(*delta, *digest);
                }
            }
            ChainEvent::Cast { period, counted, .. } => self.count(*period, counted),
            ChainEvent::Displaced { delta, .. } => self.periods.values_mut().for_each(|period| period.displace(*delta)),
            ChainEvent::Extended { period, period_end_s, .. } => self.extend(*period, *period_end_s),
            ChainEvent::Turned { period, period_s, period_end_s, .. } => {
                if let Some(view) = self.view.as_mut().filter(|view| *period >= view.period_number) {
                    view.period_number = PeriodNumber(period.0.saturating_add(1));
                    (view.period_s, view.period_end_s, view.extended_s) = (*period_s, *period_end_s, 0);
                    self.sent.clear();
                    self.quiet_until_s = self.quiet_until_s.min(self.now_s.saturating_add(self.pause_s()));
                }
                self.forget();
            }
            _ => {}
        }
    }

    /// There is more time to answer late votes; a view may have told it before.
    fn extend(&mut self, number: PeriodNumber, period_end_s: u64) {
        if let Some(view) = self.view.as_mut().filter(|view| view.period_number == number) {
            view.extended_s = view.extended_s.saturating_add(period_end_s.saturating_sub(view.period_end_s));
            view.period_end_s = view.period_end_s.max(period_end_s);
        }
    }

    /// What a batch has counted need not be brought again; if one's own was in it, nothing is under way any more.
    fn count(&mut self, number: PeriodNumber, counted: &[CountedChoice]) {
        let (now_s, pause_s) = (self.now_s, self.pause_s());
        let Some(view) = self.view.as_ref().filter(|view| view.period_number == number) else { return };
        self.periods.entry(number).or_default().count(view, counted, now_s);
        let rank = |choice: &CountedChoice| (choice.position, Rank { by_owner: choice.by_owner, seq: choice.seq });
        if counted.iter().any(|choice| self.sent.contains(&rank(choice))) {
            self.sent.clear();
            self.quiet_until_s = self.quiet_until_s.min(now_s.saturating_add(pause_s));
        }
    }

    /// Signers speak for their position, owners for all of theirs. The proposal may still be under way to here, so it is not
    /// asked for yet.
    fn hear(&mut self, signed: SignedChoice) {
        let choice = signed.message;
        if choice.group != self.config.group || !self.is_kept(choice.period) {
            return;
        }
        let Ok(signer) = signed.signer(&self.config.domain) else { return };
        let positions = self.view.iter().flat_map(|view| view.spoken_for(signer));
        let positions: Vec<_> = positions.map(|(position, by_owner)| (position.number, by_owner)).collect();
        for (position, by_owner) in positions {
            if let Some(period) = self.period(choice.period) {
                period.hear(position, signed, by_owner);
            }
        }
    }

    fn is_kept(&self, number: PeriodNumber) -> bool {
        let current = self.view.as_ref().map(|view| view.period_number);
        current.is_some_and(|current| number == current || Some(number.0) == current.0.checked_add(1))
    }

    fn period(&mut self, number: PeriodNumber) -> Option<&mut Period> {
        self.is_kept(number).then(|| self.periods.entry(number).or_default())
    }

    fn forget(&mut self) {
        let mut periods = std::mem::take(&mut self.periods);
        periods.retain(|number, _| self.is_kept(*number));
        self.periods = periods;
    }

    fn beat(&self) -> Beat {
        self.pace.beat(&self.config.tempo)
    }

    /// Seconds in which what one steward sends is seen by the next.
    fn pause_s(&self) -> u64 {
        self.beat().pause_s()
    }

    /// PROTOCOL 13, Voting: choices go out in the last quarter, when nothing can be proposed any more; the turn follows the end. Without a
    /// proposal neither has an effect.
    fn act(&mut self) -> Option<Effect> {
        let (now_s, beat, pause_s) = (self.now_s, self.beat(), self.pause_s());
        let view = self.view.as_ref()?;
        let period = self.periods.get_mut(&view.period_number).filter(|period| period.has_proposals())?;
        let delay_s = rank(view, self.config.signer)?.saturating_mul(pause_s);
        let stop_s = beat.stop_s(view.period_end_s);
        let effect = if now_s >= view.period_end_s {
            let is_due = now_s >= self.quiet_until_s.max(view.period_end_s.saturating_add(delay_s));
            (is_due && period.may_turn(now_s, pause_s)).then_some(Effect::Turn(view.period_number))
        } else if (casting_s(view)..stop_s).contains(&now_s) {
            let since_s = period.due_since(view, now_s)?;
            // However many are dead before it, a steward does not wait until it is too late.
            let last_s = beat.last_s(view.period_end_s);
            let is_due = now_s >= self.quiet_until_s.max(since_s.saturating_add(delay_s).min(last_s));
            let batch = if is_due { period.batch(view, now_s, pause_s) } else { Vec::new() };
            (!batch.is_empty()).then_some(Effect::Cast(batch))
        } else {
            None
        };
        self.sent = match &effect {
            Some(Effect::Cast(batch)) => batch.iter().filter_map(|(position, _)| Some((*position, period.rank(*position)?))).collect(),
            Some(Effect::Turn(_)) => Vec::new(),
            None => return None,
        };
        self.quiet_until_s =
            now_s.saturating_add(beat.step_s.max(beat.spacing_s).saturating_mul(MAX_FLIGHT_STEPS)).saturating_add(beat.lag_s);
        effect
    }
}

/// Second from which choices are brought.
fn casting_s(view: &GroupView) -> u64 {
    last_quarter_s(view.period_s, view.period_end_s, view.extended_s)
}

/// A signer's place in the order of the period, 0 first; `None` without an awake position.
fn rank(view: &GroupView, signer: Address) -> Option<u64> {
    let place = |number: PositionNumber| -> Digest {
        let (group, period) = (view.id.0.to_be_bytes(), view.period_number.0.to_be_bytes());
        Digest(keccak256(&[group, period, number.0.to_be_bytes()].concat()))
    };
    let own = place(view.position_of(signer).filter(|position| position.awake)?.number);
    let earlier = view.positions.iter().filter(|position| position.awake && place(position.number) < own);
    Some(earlier.count() as u64)
}
