//! The machine of a validator's side of bounties: it measures hidden sets, signs what it finds, brings what others found to the chain,
//! and sees to it that all are paid.
//!
//! Any validator may send its transactions. All do it in an order drawn from the matter, each a little later than the one before, so
//! that one is enough while the first is there, and none is missing when it is not.

mod case;
mod io;
mod window;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::bounty::{Calendar, Term};
use crate::chain::{Block, ChainEvent, GroupView, PositionView};
use crate::ids::{BountyNumber, DeltaNumber, Digest, PositionNumber, RoundNumber};
use crate::log::FindingBody;
use crate::money::Micronats;
use crate::order::rank;
use crate::pace::{Beat, Pace, answer_until_s, event_s};
use case::{Case, Due, Matter, Sealed};
pub use io::{Config, Effect, Fetched, Input, Task, Won};

/// Bounties of a group that are looked after at a time: of more those of the greatest amounts, of the same the oldest.
pub const MAX_CASES: usize = 256;
/// Hidden sets that were measured, remembered at most.
pub const MAX_SETS: usize = 4096;
/// How often the wait before the next attempt is made longer.
const MAX_FAILURES: u64 = 64;
/// Failures after which evidence is left to others.
const MAX_SLASH_FAILURES: u64 = 3;

/// See the module.
#[derive(Debug, Clone)]
pub struct Jury {
    config: Config,
    /// Second of the last block of history.
    live_since_s: Option<u64>,
    group: Option<GroupView>,
    pace: Pace,
    cases: BTreeMap<BountyNumber, Case>,
    /// Hidden sets of bounties that are over and were measured.
    sets: Vec<Digest>,
    /// Deltas that can be voted for now, and the least improvement that the group asks for now.
    proposed: BTreeMap<DeltaNumber, Digest>,
    least: Micronats,
    /// What is to be sent next about each matter.
    waiting: BTreeMap<Matter, Waiting>,
    /// The matter whose transaction is under way, and the second by which an answer comes or never.
    sending: Option<(Matter, u64)>,
}

/// A transaction that others may send before.
#[derive(Debug, Clone)]
struct Waiting {
    effect: Effect,
    since_s: u64,
    failures: u64,
    /// Whether it is the one under way.
    is_sent: bool,
}

/// What a case looks at from outside.
pub(crate) struct View<'a> {
    /// Settings of the juror.
    pub config: &'a Config,
    /// The group at the last change that was told.
    pub group: &'a GroupView,
    /// Lengths of its rounds and epochs.
    pub calendar: Calendar,
    /// The last confirmed block.
    pub now: Block,
    /// What others announced before was maybe not heard.
    pub live_since_s: u64,
    /// What follows from the chain's pace.
    pub beat: Beat,
    /// This juror's position, if it is awake.
    pub own: Option<PositionView>,
}

impl<'a> View<'a> {
    fn new(config: &'a Config, group: &'a GroupView, pace: &Pace, live_since_s: u64) -> Option<Self> {
        let own = group.position_of(config.signer).filter(|own| own.awake && !own.live.is_zero());
        let (now, beat) = (pace.last()?, pace.beat(&config.tempo));
        Some(Self { config, group, calendar: Calendar::from(group), now, live_since_s, beat, own: own.copied() })
    }

    /// Seconds in which what one juror sends is seen by the next.
    fn pause_s(&self) -> u64 {
        self.beat.pause_s()
    }

    /// Whether a window that ends then is nearly over.
    fn is_late(&self, end_s: u64) -> bool {
        self.beat.is_over(self.now.time_s, end_s)
    }

    /// Findings, rounds or positions in one transaction at most.
    fn most(&self) -> usize {
        self.config.findings_a_call.max(1)
    }

    /// Whether a round can no longer be struck.
    fn is_mature(&self, round: RoundNumber) -> bool {
        let end_s = self.group.times.round_end_s(self.group.genesis_s, round);
        self.now.time_s >= end_s.saturating_add(self.group.maturity_s)
    }
}

impl Jury {
    /// Nothing was heard yet.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            live_since_s: None,
            group: None,
            pace: Pace::default(),
            cases: BTreeMap::new(),
            sets: Vec::new(),
            proposed: BTreeMap::new(),
            least: Micronats(0),
            waiting: BTreeMap::new(),
            sending: None,
        }
    }

    /// Takes one fact; returns what is to be done about everything that is known now. Transactions are asked for with a block only, when
    /// all is known that it did.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let is_block = matches!(input, Input::Block(_));
        self.learn(input);
        self.forget();
        let (Some(group), Some(live_since_s)) = (&self.group, self.live_since_s) else { return Vec::new() };
        let Some(view) = View::new(&self.config, group, &self.pace, live_since_s) else { return Vec::new() };
        let mut effects: Vec<Effect> = self.cases.values_mut().flat_map(|case| case.advance(&view)).collect();
        if is_block {
            effects.extend(self.send());
        }
        effects
    }

    /// Terms of the bounties that are looked after.
    pub fn terms(&self) -> impl Iterator<Item = (BountyNumber, Term)> {
        self.cases.iter().map(|(bounty, case)| (*bounty, case.term()))
    }

    fn learn(&mut self, input: Input) {
        match input {
            Input::Live => self.live_since_s = self.live_since_s.or(Some(self.pace.last().map_or(0, |block| block.time_s))),
            Input::Group(group) if group.id == self.config.group => self.group = Some(group),
            Input::Group(_) => {}
            Input::Block(block) => self.block(block),
            Input::Event(event) => self.event(&event),
            Input::Heard(body) => self.heard(body),
            Input::Have { round, file, position } => {
                let cases = self.cases.values_mut().filter(|case| case.term().last == round);
                cases.for_each(|case| case.have(file, position));
            }
            Input::Fetched { bounty, result } => {
                let (own, now) = (self.view().and_then(|view| view.own), self.pace.last().map_or(0, |block| block.number));
                self.with(bounty, |case| case.fetched(&result, own.map(|own| own.number), now));
            }
            Input::Measured { bounty, window, result } => {
                let again_s =
                    self.view().map_or(0, |view| view.now.time_s.saturating_add(view.pause_s().saturating_mul(case::RETRY_PAUSES)));
                self.with(bounty, |case| case.measured(window, result, again_s));
            }
            Input::Refused { bounty, window } => self.with(bounty, |case| case.refused(window)),
            Input::Sent(result) => self.sent(&result),
        }
    }

    fn with(&mut self, bounty: BountyNumber, change: impl FnOnce(&mut Case)) {
        if let Some(case) = self.cases.get_mut(&bounty) {
            change(case);
        }
    }

    fn block(&mut self, block: Block) {
        let Some(before) = self.pace.block(block) else { return };
        let before_s = before.filter(|before| before.number.checked_add(1) == Some(block.number)).map(|before| before.time_s);
        if let Some(group) = &self.group {
            let calendar = Calendar::from(group);
            self.cases.values_mut().for_each(|case| case.block(before_s, block, calendar));
        }
    }

    fn event(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Unsealed { bounty, .. }
            | ChainEvent::Found { bounty, .. }
            | ChainEvent::FoundTwice { bounty, .. }
            | ChainEvent::Resolved { bounty, .. }
            | ChainEvent::BountyPaid { bounty, .. }
            | ChainEvent::FinderPaid { bounty, .. }
            | ChainEvent::Returned { bounty, .. } => self.with(*bounty, |case| case.event(event)),
            _ if event.group() == Some(self.config.group) => self.of_group(event),
            _ => {}
        }
    }

    fn of_group(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Created { birth, .. } => self.least = birth.least,
            ChainEvent::LeastSet { least, .. } => self.least = *least,
            ChainEvent::Proposed { delta, digest, .. } => {
                self.proposed.insert(*delta, *digest);
            }
            ChainEvent::Displaced { delta, .. } => {
                self.proposed.remove(delta);
            }
            ChainEvent::Turned { applied, .. } => {
                self.proposed.clear();
                self.cases.values_mut().for_each(|case| case.turned(*applied));
            }
            ChainEvent::Taken { delta, .. } => self.cases.values_mut().for_each(|case| case.taken(*delta)),
            ChainEvent::Funded { bounty, root, count, amount, head, first, last, windows, .. } => {
                let earlier = self.sets.iter().copied().chain(self.cases.values().filter_map(Case::measured_set)).collect();
                let (proposed, least) = (self.proposed.clone(), self.least);
                let term = Term { first: *first, last: *last, windows: *windows };
                let (bounty, root, count, amount, head) = (*bounty, *root, *count, *amount, *head);
                self.cases.insert(bounty, Case::new(Sealed { bounty, root, count, amount, head, proposed, earlier, least, term }));
                self.make_room();
            }
            _ => {
                let Some(round) = event.round() else { return };
                self.cases.values_mut().for_each(|case| case.round(round, event));
            }
        }
    }

    fn make_room(&mut self) {
        let least = self.cases.iter().min_by_key(|(bounty, case)| (case.amount(), Reverse(**bounty))).map(|(bounty, _)| *bounty);
        let pushed_out = least.filter(|_| self.cases.len() > MAX_CASES).and_then(|bounty| self.cases.remove(&bounty));
        let measured = pushed_out.and_then(|case| case.measured_set());
        self.sets.extend(measured.filter(|_| self.sets.len() < MAX_SETS));
    }

    fn heard(&mut self, body: FindingBody) {
        let (Some(group), Some(signed)) = (&self.group, body.signed()) else { return };
        let Ok(signer) = signed.signer(&self.config.domain) else { return };
        let Some(position) = group.position_of(signer).map(|position| position.number) else { return };
        let is_own = signer == self.config.signer;
        self.with(signed.message.bounty, |case| case.heard(position, signer, signed, body.findings, is_own));
    }

    /// After a failure all others go first; after a success its events may take a while.
    fn sent(&mut self, result: &Result<(), String>) {
        let Some((now_s, pause_s)) = self.view().map(|view| (view.now.time_s, view.pause_s())) else { return };
        let sent = self.sending.take().and_then(|(matter, _)| self.waiting.get_mut(&matter)).filter(|waiting| waiting.is_sent);
        let Some(waiting) = sent else { return };
        waiting.is_sent = false;
        match result {
            Ok(()) => waiting.since_s = now_s.saturating_add(event_s(pause_s)),
            Err(_) => (waiting.since_s, waiting.failures) = (now_s, waiting.failures.saturating_add(1).min(MAX_FAILURES)),
        }
    }

    /// What is over is forgotten, but for the examples that were measured.
    fn forget(&mut self) {
        let (cases, sets) = (&mut self.cases, &mut self.sets);
        cases.retain(|_, case| {
            let is_over = case.is_over();
            sets.extend(case.measured_set().filter(|_| is_over && sets.len() < MAX_SETS));
            !is_over
        });
    }

    fn view(&self) -> Option<View<'_>> {
        View::new(&self.config, self.group.as_ref()?, &self.pace, self.live_since_s.unwrap_or(u64::MAX))
    }

    /// The transaction whose turn it is. What can be too late goes before all else.
    fn send(&mut self) -> Option<Effect> {
        let now_s = self.pace.last()?.time_s;
        if self.sending.is_some_and(|(_, until_s)| until_s <= now_s) {
            self.sent(&Err("no answer came".into()));
        }
        let view = View::new(&self.config, self.group.as_ref()?, &self.pace, self.live_since_s?)?;
        let own = view.own?.number;
        let due: BTreeMap<Matter, Due> = self.cases.values().flat_map(|case| case.due(&view)).map(|due| (due.matter, due)).collect();
        self.waiting.retain(|matter, waiting| due.get(matter).is_some_and(|due| due.effect == waiting.effect));
        let last_s = due.values().filter_map(|due| due.until_s).min();
        let until_s = answer_until_s(now_s, view.pause_s(), last_s);
        let mut ripe = Vec::new();
        for (matter, due) in &due {
            let new = || Waiting { effect: due.effect.clone(), since_s: now_s, failures: 0, is_sent: false };
            let waiting = self.waiting.entry(*matter).or_insert_with(new);
            if turn_s(&view, own, due, waiting).is_some_and(|turn_s| now_s >= turn_s) {
                ripe.push((due.until_s.unwrap_or(u64::MAX), *matter));
            }
        }
        let (_, matter) = ripe.into_iter().min().filter(|_| self.sending.is_none())?;
        let waiting = self.waiting.get_mut(&matter)?;
        (self.sending, waiting.is_sent) = (Some((matter, until_s)), true);
        Some(waiting.effect.clone())
    }
}

/// Second from which this juror sends what is due; before the end of a window nobody waits until it is too late, unless it has failed
/// then already. None if evidence is left to others.
fn turn_s(view: &View<'_>, own: PositionNumber, due: &Due, waiting: &Waiting) -> Option<u64> {
    if matches!(due.matter, Matter::Double(..)) && waiting.failures >= MAX_SLASH_FAILURES {
        return None;
    }
    let (rank, count) = rank(due.matter.seed(), view.group, own);
    let places = rank.saturating_add(waiting.failures.saturating_mul(count));
    let turn_s = waiting.since_s.max(due.from_s).saturating_add(places.saturating_mul(view.pause_s()));
    let last_s = due.until_s.filter(|until_s| waiting.failures == 0 || waiting.since_s < *until_s);
    Some(last_s.map_or(turn_s, |until_s| turn_s.min(until_s.max(waiting.since_s))))
}
