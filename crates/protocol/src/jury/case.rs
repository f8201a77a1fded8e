//! One bounty of a jury: what was sealed, what was opened, what is found, and what is still to be paid.

use std::collections::{BTreeMap, BTreeSet};

use super::View;
use super::io::{Effect, Fetched, Task};
use crate::bounty::{Calendar, Findings, Term, WINDOWS};
use crate::chain::{Block, ChainEvent, Outcome};
use crate::eip712::{Finding, SignedFinding};
use crate::holders::{File, Holders};
use crate::ids::{BountyNumber, Digest, PositionNumber, RoundNumber};
use crate::money::{Micronats, Wei};
use crate::order::awake;
use crate::rules::is_quorum;

/// Files that positions may say to hold in one last round.
const MAX_FILES: usize = 1024;
/// Results of a bounty whose findings are kept, the decided one left aside.
const MAX_RESULTS: usize = 64;
/// Steps after which a measurement that failed is tried again.
pub(super) const RETRY_STEPS: u64 = 32;

/// What was fixed when the bounty was sealed.
#[derive(Debug, Clone)]
pub(super) struct Sealed {
    pub bounty: BountyNumber,
    pub root: Digest,
    pub count: u32,
    pub head: Digest,
    pub proposed: Vec<Digest>,
    pub earlier: Vec<Digest>,
    pub least: Micronats,
    pub term: Term,
}

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Case {
    sealed: Sealed,
    /// The hidden set, and the second of its block once that is known.
    opened: Option<(Digest, Option<u64>)>,
    seed: Option<Digest>,
    base: Option<Digest>,
    /// Won rounds of the term that stand now, and their files.
    won: BTreeMap<RoundNumber, Digest>,
    windows: [Window; WINDOWS as usize],
    file: Option<File>,
    holders: Holders,
    exam: Exam,
    /// Findings by their hash.
    known: BTreeMap<Digest, Findings>,
    decided: Option<(u64, Digest)>,
    paid_rounds: BTreeSet<RoundNumber>,
    paid_positions: BTreeSet<PositionNumber>,
    is_returned: bool,
}

#[derive(Debug, Clone, Default)]
struct Window {
    /// Won rounds that stood when it began.
    won: Option<Vec<(RoundNumber, Digest)>>,
    is_signed: bool,
    heard: BTreeMap<PositionNumber, SignedFinding>,
    counted: BTreeSet<(Digest, PositionNumber)>,
}

/// The measurement of the hidden set.
#[derive(Debug, Clone)]
enum Exam {
    /// To be asked for, not before this second.
    Open(u64),
    Asked(u64),
    /// Of these won rounds; findings and own probe.
    Done(Vec<(RoundNumber, Digest)>, Findings, Digest),
}

/// A transaction that somebody should send.
pub(super) struct Due {
    pub effect: Effect,
    /// Nobody sends it before.
    pub from_s: u64,
    /// However many wait, it is sent before this second.
    pub until_s: Option<u64>,
}

impl Case {
    pub fn new(sealed: Sealed) -> Self {
        Self {
            sealed,
            opened: None,
            seed: None,
            base: None,
            won: BTreeMap::new(),
            windows: Default::default(),
            file: None,
            holders: Holders::default(),
            exam: Exam::Open(0),
            known: BTreeMap::new(),
            decided: None,
            paid_rounds: BTreeSet::new(),
            paid_positions: BTreeSet::new(),
            is_returned: false,
        }
    }

    pub fn term(&self) -> Term {
        self.sealed.term
    }

    /// The hidden set, if it was measured: no later bounty pays for these examples again.
    pub fn measured_set(&self) -> Option<Digest> {
        let (window, result) = self.decided?;
        let failed = Findings::failed(&self.rounds(window)).hash();
        self.opened.filter(|_| result != failed).map(|(file, _)| file)
    }

    /// Whether nothing is left to do.
    pub fn is_over(&self) -> bool {
        self.is_returned && self.unpaid_rounds().is_empty() && self.unpaid_positions().is_empty()
    }

    /// What happened in a round of the group.
    pub fn round(&mut self, number: RoundNumber, event: &ChainEvent) {
        if !(self.sealed.term.first..=self.sealed.term.last).contains(&number) {
            return;
        }
        match event {
            ChainEvent::Opened { checkpoint, .. } => {
                self.base.get_or_insert(*checkpoint);
            }
            ChainEvent::Decided { outcome: Outcome::Won, file, .. } => {
                self.won.insert(number, *file);
            }
            ChainEvent::Struck { .. } => {
                self.won.remove(&number);
            }
            _ => {}
        }
    }

    /// What happened to the bounty itself.
    pub fn event(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Unsealed { file, .. } => self.opened = Some((*file, None)),
            ChainEvent::Found { window, result, positions, .. } => {
                if let Some(window) = self.window(*window) {
                    window.counted.extend(positions.iter().map(|position| (*result, *position)));
                }
            }
            ChainEvent::Resolved { window, result, .. } => {
                self.decided = Some((*window, *result));
                self.learn(Findings::failed(&self.rounds(*window)));
            }
            ChainEvent::BountyPaid { round, .. } => {
                self.paid_rounds.insert(*round);
            }
            ChainEvent::FinderPaid { position, .. } => {
                self.paid_positions.insert(*position);
            }
            ChainEvent::Returned { .. } => self.is_returned = true,
            _ => {}
        }
    }

    /// The first block from a moment on decides what was so at that moment.
    pub fn block(&mut self, before_s: Option<u64>, block: Block, calendar: Calendar) {
        let is_first = |moment_s| before_s.is_some_and(|before_s| before_s < moment_s) && moment_s <= block.time_s;
        let term = self.sealed.term;
        if is_first(term.end_s(calendar)) {
            self.seed = Some(block.hash);
        }
        for (number, window) in (0..).zip(&mut self.windows) {
            if is_first(term.window_start_s(number, calendar)) {
                window.won = Some(self.won.iter().map(|(round, file)| (*round, *file)).collect());
            }
        }
        if let Some((_, opened_s)) = &mut self.opened {
            opened_s.get_or_insert(block.time_s);
        }
    }

    pub fn have(&mut self, file: Digest, position: PositionNumber) {
        self.holders.have(file, position, MAX_FILES);
    }

    /// Anybody may say what a result is made of; findings count for positions that are awake in their window.
    pub fn heard(&mut self, findings: Findings, position: PositionNumber, signed: SignedFinding, is_own: bool, is_open: bool) {
        self.learn(findings);
        let Some(window) = self.window(signed.message.window) else { return };
        window.is_signed |= is_own;
        if is_open {
            window.heard.entry(position).or_insert(signed);
        }
    }

    fn learn(&mut self, findings: Findings) {
        let hash = findings.hash();
        let is_decided = self.decided.is_some_and(|(_, result)| result == hash);
        if is_decided || self.known.len() < MAX_RESULTS {
            self.known.insert(hash, findings);
        }
    }

    pub fn fetched(&mut self, result: &Fetched, own: Option<PositionNumber>, now: u64) {
        if let (Fetched::Held, Some(own), Some((file, _))) = (result, own, self.opened) {
            self.have(file, own);
        }
        self.file = Some(match result {
            Fetched::Held => File::Held { announced: false },
            Fetched::Wrong(_) => File::Wrong,
            Fetched::Missing(_) => File::Missing(now),
        });
    }

    pub fn measured(&mut self, number: u64, result: Result<(Findings, Digest), String>, again_s: u64) {
        if !matches!(self.exam, Exam::Asked(asked) if asked == number) {
            return;
        }
        let won = self.window(number).and_then(|window| window.won.clone());
        self.exam = match (result, won) {
            (Ok((findings, probe)), Some(won)) => Exam::Done(won, findings, probe),
            _ => Exam::Open(again_s),
        };
    }

    /// Nothing else is signed in that window.
    pub fn refused(&mut self, window: u64) {
        if let Some(window) = self.window(window) {
            window.is_signed = true;
        }
    }

    fn window(&mut self, number: u64) -> Option<&mut Window> {
        self.windows.get_mut(usize::try_from(number).ok()?)
    }

    fn at(&self, number: u64) -> Option<&Window> {
        self.windows.get(usize::try_from(number).ok()?)
    }

    /// Rounds that stood won when the window began.
    fn rounds(&self, window: u64) -> Vec<RoundNumber> {
        let won = self.at(window).and_then(|window| window.won.as_ref());
        won.into_iter().flatten().map(|(round, _)| *round).collect()
    }

    /// Everything but transactions; nothing once it is decided.
    pub fn advance(&mut self, view: &View<'_>) -> Vec<Effect> {
        if self.decided.is_some() || view.own.is_none() {
            return Vec::new();
        }
        let mut effects: Vec<Effect> = self.fetch(view).into_iter().chain(self.announce()).collect();
        if let Some(window) = self.sealed.term.window_at(view.now.time_s, view.calendar) {
            effects.extend(self.measure(view, window));
            effects.extend(self.sign(view, window));
        }
        effects
    }

    fn fetch(&mut self, view: &View<'_>) -> Option<Effect> {
        let (file, _) = self.opened?;
        let is_wanted = match self.file {
            None => true,
            Some(File::Missing(block)) => block < view.now.number,
            Some(_) => false,
        };
        is_wanted.then(|| {
            self.file = Some(File::Asked);
            Effect::Fetch { bounty: self.sealed.bounty, file }
        })
    }

    fn announce(&mut self) -> Option<Effect> {
        let (file, _) = self.opened?;
        (self.file == Some(File::Held { announced: false })).then(|| {
            self.file = Some(File::Held { announced: true });
            Effect::Announce { round: self.sealed.term.last, file }
        })
    }

    /// The window in which the set is measured first.
    fn first_window(&self, calendar: Calendar) -> Option<u64> {
        self.sealed.term.measured_in(self.opened?.1?, calendar)
    }

    /// Once a window, and not again if the same rounds stand won as in the one before.
    fn measure(&mut self, view: &View<'_>, number: u64) -> Option<Effect> {
        let (file, _) = self.opened?;
        let (seed, won) = (self.seed?, self.at(number)?.won.clone()?);
        let is_open = match &self.exam {
            Exam::Open(from_s) => *from_s <= view.now.time_s,
            Exam::Asked(asked) => *asked < number,
            Exam::Done(before, ..) => *before != won,
        };
        let is_held = matches!(self.file, Some(File::Held { .. }));
        if !is_open || !is_held || self.at(number)?.is_signed || number < self.first_window(view.calendar)? {
            return None;
        }
        self.exam = Exam::Asked(number);
        let Sealed { bounty, root, count, head, proposed, earlier, least, .. } = self.sealed.clone();
        Some(Effect::Measure(Task {
            bounty,
            window: number,
            root,
            count,
            file,
            head,
            proposed,
            earlier,
            seed,
            base: self.base,
            won,
            least,
        }))
    }

    /// One result a window, ever.
    fn sign(&mut self, view: &View<'_>, number: u64) -> Option<Effect> {
        let end_s = self.sealed.term.window_start_s(number + 1, view.calendar);
        if self.at(number)?.is_signed || view.is_late(end_s) {
            return None;
        }
        let (findings, probe) = self.found(view, number)?;
        self.window(number)?.is_signed = true;
        let message = Finding { bounty: self.sealed.bounty, window: number, result: findings.hash(), probe };
        Some(Effect::Sign { message, findings })
    }

    /// What is so as far as anybody can know by now: who holds a file that too few hold says what those say who do not.
    fn found(&mut self, view: &View<'_>, number: u64) -> Option<(Findings, Digest)> {
        let (term, now_s) = (self.sealed.term, view.now.time_s);
        let won = self.at(number)?.won.clone()?;
        let failed = (Findings::failed(&self.rounds(number)), Digest::ZERO);
        let Some((file, _)) = self.opened else {
            return (now_s >= term.middle_s(WINDOWS - 1, view.calendar)).then_some(failed);
        };
        let first = self.first_window(view.calendar).filter(|first| *first <= number)?;
        self.holders.settle(file, view.group, now_s >= term.middle_s(first, view.calendar));
        match (self.holders.is_available(&file), &self.exam) {
            _ if self.file == Some(File::Wrong) => Some(failed),
            (Some(false), _) => Some(failed),
            (Some(true), Exam::Done(of, findings, probe)) if *of == won => Some((findings.clone(), *probe)),
            _ => None,
        }
    }

    /// The transaction that is to be sent next, if there is one.
    pub fn due(&self, view: &View<'_>) -> Option<Due> {
        self.post(view).or_else(|| {
            let effect = self.reward(view).or_else(|| self.pay_finders(view)).or_else(|| self.settle(view))?;
            Some(Due { effect, from_s: 0, until_s: None })
        })
    }

    /// What was found by more than two thirds, and what others found so until the window ends. Once all are in, or at half of the
    /// window.
    fn post(&self, view: &View<'_>) -> Option<Due> {
        let (term, size) = (self.sealed.term, view.config.findings_a_call.max(1));
        let number = term.window_at(view.now.time_s, view.calendar)?;
        let (window, end_s) = (self.at(number)?, term.window_start_s(number + 1, view.calendar));
        let result = match self.decided {
            Some((decided, result)) => (decided == number).then_some(result)?,
            None => window.ripe(view)?,
        };
        let is_new = |position: &PositionNumber| !window.counted.contains(&(result, *position));
        let fits = |(position, signed): &(&PositionNumber, &SignedFinding)| signed.message.result == result && is_new(position);
        let fresh = window.heard.iter().filter(fits).map(|(position, signed)| (*position, *signed));
        let findings: Vec<_> = fresh.take(size).collect();
        if findings.is_empty() || view.is_late(end_s) {
            return None;
        }
        let all_in = awake(view.group).all(|position| window.heard.contains_key(&position.number));
        let from_s = if all_in { 0 } else { term.middle_s(number, view.calendar).saturating_add(view.config.step_s) };
        let until_s = end_s.saturating_sub(view.config.edge_s).saturating_sub(view.config.step_s);
        let effect = Effect::Post { bounty: self.sealed.bounty, window: number, result, findings };
        Some(Due { effect, from_s: from_s.min(until_s), until_s: Some(until_s) })
    }

    fn reward(&self, view: &View<'_>) -> Option<Effect> {
        let findings = self.known.get(&self.decided?.1)?.clone();
        let unpaid = self.unpaid_rounds().into_iter().filter(|round| view.is_mature(*round));
        let rounds: Vec<RoundNumber> = unpaid.take(view.config.findings_a_call.max(1)).collect();
        (!rounds.is_empty()).then_some(Effect::Reward { bounty: self.sealed.bounty, findings, rounds })
    }

    fn pay_finders(&self, view: &View<'_>) -> Option<Effect> {
        let (window, _) = self.decided?;
        let is_over = view.now.time_s >= self.sealed.term.window_start_s(window + 1, view.calendar);
        let positions: Vec<_> = self.unpaid_positions().into_iter().take(view.config.findings_a_call.max(1)).collect();
        (is_over && !positions.is_empty()).then_some(Effect::PayFinders { bounty: self.sealed.bounty, positions })
    }

    fn settle(&self, view: &View<'_>) -> Option<Effect> {
        let (window, findings) = match self.decided {
            Some((window, result)) => (window, self.known.get(&result)?.clone()),
            None => (WINDOWS - 1, Findings::failed(&[])),
        };
        let is_over = view.now.time_s >= self.sealed.term.window_start_s(window + 1, view.calendar);
        let is_due = !self.is_returned && is_over && view.is_mature(self.sealed.term.last);
        is_due.then_some(Effect::Settle { bounty: self.sealed.bounty, findings })
    }

    fn unpaid_rounds(&self) -> Vec<RoundNumber> {
        let rounds = self.decided.map_or_else(Vec::new, |(window, _)| self.rounds(window));
        rounds.into_iter().filter(|round| !self.paid_rounds.contains(round)).collect()
    }

    fn unpaid_positions(&self) -> Vec<PositionNumber> {
        let Some((number, result)) = self.decided else { return Vec::new() };
        let counted = self.at(number).into_iter().flat_map(|window| &window.counted);
        let counted = counted.filter(|(found, position)| *found == result && !self.paid_positions.contains(position));
        counted.map(|(_, position)| *position).collect()
    }
}

impl Window {
    /// The result that more than two thirds of awake stake found, as far as it was heard or counted.
    fn ripe(&self, view: &View<'_>) -> Option<Digest> {
        let heard = self.heard.iter().map(|(position, signed)| (signed.message.result, *position));
        let votes: BTreeSet<(Digest, PositionNumber)> = heard.chain(self.counted.iter().copied()).collect();
        let results: BTreeSet<Digest> = votes.iter().map(|(result, _)| *result).collect();
        results.into_iter().find(|result| {
            let found = awake(view.group).filter(|position| votes.contains(&(*result, position.number)));
            let stake: Wei = found.map(|position| position.live).sum();
            is_quorum(stake, view.group.awake())
        })
    }
}
