//! One bounty of a jury: what was sealed, what was opened, and what is found.

mod due;

use std::collections::{BTreeMap, BTreeSet};

use super::io::{Effect, Fetched, Task, Won};
use super::window::{Standing, Window};
use super::{MAX_CASES, View};
use crate::attempts::Attempts;
use crate::bounty::{Calendar, Findings, Term, WINDOWS};
use crate::chain::{Block, ChainEvent, Outcome};
use crate::eip712::{Finding, SignedFinding};
use crate::holders::{File, Holders};
use crate::ids::{Address, BountyNumber, DeltaNumber, Digest, PositionNumber, RoundNumber};
use crate::money::{Micronats, Wei};
use crate::pace::event_s;
use crate::validator::MAX_CLAIMS;
pub(super) use due::{Due, Matter};

/// Files that a position may say to hold in the last round of a term: one for each bounty of that term, and each claim of that round.
const MAX_FILES: usize = MAX_CASES + MAX_CLAIMS;
/// Part of an epoch after which a fetch that was not answered is asked for again.
const FETCH_PART: u64 = 4;
/// Pauses after which a measurement that failed is tried again.
pub(super) const RETRY_PAUSES: u64 = 32;

/// What was fixed when the bounty was sealed.
#[derive(Debug, Clone)]
pub(super) struct Sealed {
    /// Which bounty.
    pub bounty: BountyNumber,
    /// Merkle root of the salted examples.
    pub root: Digest,
    /// How many there are.
    pub count: u32,
    /// What is to be won, wei.
    pub amount: Wei,
    /// Training set at the seal.
    pub head: Digest,
    /// Deltas that could be voted for.
    pub proposed: BTreeMap<DeltaNumber, Digest>,
    /// Hidden sets measured before the seal.
    pub earlier: Vec<Digest>,
    /// Least improvement of the group at the seal.
    pub least: Micronats,
    /// Rounds that count, and windows.
    pub term: Term,
}

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Case {
    sealed: Sealed,
    /// The hidden set, and the second of its block once that is known.
    opened: Option<(Digest, Option<u64>)>,
    seed: Option<Digest>,
    /// What was proposed at the seal and applied in the term, and not taken back.
    applied: BTreeMap<DeltaNumber, Digest>,
    base: Option<Digest>,
    /// Won rounds of the term, as they stand now.
    won: BTreeMap<RoundNumber, Won>,
    windows: [Window; WINDOWS as usize],
    file: Option<File>,
    holders: Holders,
    exam: Exam,
    decided: Option<Decided>,
    paid_rounds: BTreeSet<RoundNumber>,
    paid_positions: BTreeSet<PositionNumber>,
    is_returned: bool,
}

/// What more than two thirds found, and the window.
#[derive(Debug, Clone)]
struct Decided {
    window: u64,
    result: Digest,
    findings: Findings,
}

/// The measurement of the hidden set.
#[derive(Debug, Clone)]
enum Exam {
    /// To be asked for, not before this second.
    Open(u64),
    Asked(u64),
    /// Of this; findings and own probe.
    Done(Standing, Findings, Digest),
}

impl Case {
    /// A bounty that was funded just now.
    pub fn new(sealed: Sealed) -> Self {
        Self {
            sealed,
            opened: None,
            seed: None,
            applied: BTreeMap::new(),
            base: None,
            won: BTreeMap::new(),
            windows: Default::default(),
            file: None,
            holders: Holders::default(),
            exam: Exam::Open(0),
            decided: None,
            paid_rounds: BTreeSet::new(),
            paid_positions: BTreeSet::new(),
            is_returned: false,
        }
    }

    /// Rounds that count, and windows.
    pub fn term(&self) -> Term {
        self.sealed.term
    }

    /// The hidden set, if it was measured: no later bounty pays for these examples again.
    pub fn measured_set(&self) -> Option<Digest> {
        let is_measured = self.decided.as_ref().is_some_and(|decided| !decided.findings.failed);
        self.opened.filter(|_| is_measured).map(|(file, _)| file)
    }

    /// Whether nothing is left to do; two results that somebody signed are shown until then.
    pub fn is_over(&self) -> bool {
        self.is_returned && self.unpaid_rounds().next().is_none() && self.unpaid_positions().next().is_none()
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
                self.won.insert(number, Won { round: number, file: *file, stands: true });
            }
            ChainEvent::Struck { .. } => {
                if let Some(won) = self.won.get_mut(&number) {
                    won.stands = false;
                }
            }
            _ => {}
        }
    }

    /// A period of the group ended with this delta.
    pub fn turned(&mut self, applied: DeltaNumber) {
        if let Some(patch) = self.sealed.proposed.get(&applied).filter(|_| self.seed.is_none()) {
            self.applied.insert(applied, *patch);
        }
    }

    /// A delta is out of the set again: maybe because nobody has its file.
    pub fn taken(&mut self, delta: DeltaNumber) {
        self.applied.remove(&delta);
    }

    /// More valuable bounties push out others.
    pub fn amount(&self) -> Wei {
        self.sealed.amount
    }

    /// What happened to the bounty itself.
    pub fn event(&mut self, event: &ChainEvent) {
        match event {
            ChainEvent::Unsealed { file, .. } => self.opened = Some((*file, None)),
            ChainEvent::Found { window, result, positions, .. } => self.with(*window, |window| window.count(*result, positions)),
            ChainEvent::FoundTwice { window, position, .. } => self.with(*window, |window| window.slashed(*position)),
            ChainEvent::Resolved { window, result, findings, .. } => {
                self.decided = Some(Decided { window: *window, result: *result, findings: findings.clone() });
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

    /// PROTOCOL 18, Windows: the first block from a moment on decides what was so at that moment. Whether it is the first one its predecessor says, if
    /// that was told: nothing is guessed.
    pub fn block(&mut self, before_s: Option<u64>, block: Block, calendar: Calendar) {
        let is_first = |moment_s| before_s.is_some_and(|before_s| before_s < moment_s) && moment_s <= block.time_s;
        let term = self.sealed.term;
        if is_first(term.end_s(calendar)) {
            self.seed.get_or_insert(block.hash);
        }
        for (number, window) in (0..).zip(&mut self.windows) {
            if window.standing.is_none() && is_first(term.window_start_s(number, calendar)) {
                let (won, applied) = (self.won.values().copied().collect(), self.applied.values().copied().collect());
                window.standing = Some(Standing { won, applied });
                self.holders.reopen();
            }
        }
        if let Some((_, opened_s)) = &mut self.opened {
            opened_s.get_or_insert(block.time_s);
        }
    }

    /// Takes who announced to hold which file.
    pub fn have(&mut self, file: Digest, position: PositionNumber) {
        self.holders.have(file, position, MAX_FILES);
    }

    /// Takes a finding whose signature was checked; `is_own` if it is this juror's.
    pub fn heard(&mut self, position: PositionNumber, signer: Address, signed: SignedFinding, findings: Findings, is_own: bool) {
        self.with(signed.message.window, |window| {
            window.is_signed |= is_own;
            window.heard(position, signer, signed, findings);
        });
    }

    /// Takes how the fetch of the hidden set ended.
    pub fn fetched(&mut self, result: &Fetched, own: Option<PositionNumber>, now: u64) {
        if let (Fetched::Held, Some(own), Some((file, _))) = (result, own, self.opened) {
            self.holders.hold(file, own);
        }
        self.file = Some(match result {
            Fetched::Held => File::Held { announced: Attempts::default() },
            Fetched::Wrong(_) => File::Wrong,
            Fetched::Missing(_) | Fetched::NotKept(_) => File::Missing(now),
        });
    }

    /// Takes what was measured for a window; a failure is tried again from `again_s` on.
    pub fn measured(&mut self, number: u64, result: Result<(Findings, Digest), String>, again_s: u64) {
        if !matches!(self.exam, Exam::Asked(asked) if asked == number) {
            return;
        }
        let standing = self.at(number).and_then(|window| window.standing.clone());
        self.exam = match (result, standing) {
            (Ok((findings, probe)), Some(standing)) => Exam::Done(standing, findings, probe),
            _ => Exam::Open(again_s),
        };
    }

    /// Nothing else is signed in that window.
    pub fn refused(&mut self, window: u64) {
        self.with(window, |window| window.is_signed = true);
    }

    fn with(&mut self, number: u64, change: impl FnOnce(&mut Window)) {
        if let Some(window) = usize::try_from(number).ok().and_then(|number| self.windows.get_mut(number)) {
            change(window);
        }
    }

    fn at(&self, number: u64) -> Option<&Window> {
        self.windows.get(usize::try_from(number).ok()?)
    }

    /// Everything but transactions; nothing once the window is over that decided.
    pub fn advance(&mut self, view: &View<'_>) -> Vec<Effect> {
        let window = self.sealed.term.window_at(view.now.time_s, view.calendar);
        let is_over = view.now.time_s >= self.sealed.term.window_start_s(WINDOWS, view.calendar);
        let is_past = is_over || self.decided.as_ref().is_some_and(|decided| window != Some(decided.window));
        if is_past || view.own.is_none() {
            return Vec::new();
        }
        let mut effects: Vec<Effect> = self.fetch(view).into_iter().chain(self.announce(view)).collect();
        if let Some(window) = window {
            effects.extend(self.measure(view, window));
            effects.extend(self.sign(view, window));
        }
        effects
    }

    fn fetch(&mut self, view: &View<'_>) -> Option<Effect> {
        let (file, _) = self.opened?;
        File::is_wanted(self.file.as_ref(), view.now).then(|| {
            self.file = Some(File::Asked(view.now.time_s.saturating_add(view.group.epoch_s / FETCH_PART)));
            Effect::Fetch { bounty: self.sealed.bounty, file }
        })
    }

    fn announce(&mut self, view: &View<'_>) -> Option<Effect> {
        let ((file, _), own) = (self.opened?, view.own?);
        let is_told = self.holders.is_told(&file, own.number);
        let is_due = self.file.as_mut()?.announces(is_told, view.now.time_s, event_s(view.pause_s()));
        is_due.then_some(Effect::Announce { round: self.sealed.term.last, file })
    }

    /// The window in which the set is measured first.
    fn first_window(&self, calendar: Calendar) -> Option<u64> {
        self.sealed.term.measured_in(self.opened?.1?, calendar)
    }

    /// Once a window, and not again if the same rounds stand won as in the one before.
    fn measure(&mut self, view: &View<'_>, number: u64) -> Option<Effect> {
        let (file, _) = self.opened?;
        let (seed, standing) = (self.seed?, self.at(number)?.standing.clone()?);
        let is_open = match &self.exam {
            Exam::Open(from_s) => *from_s <= view.now.time_s,
            Exam::Asked(asked) => *asked < number,
            Exam::Done(before, ..) => *before != standing,
        };
        let is_held = matches!(self.file, Some(File::Held { .. }));
        if !is_open || !is_held || self.at(number)?.is_judged() {
            return None;
        }
        self.exam = Exam::Asked(number);
        let Sealed { bounty, root, count, head, earlier, least, .. } = self.sealed.clone();
        Some(Effect::Measure(Task {
            bounty,
            window: number,
            root,
            count,
            file,
            head,
            proposed: standing.applied,
            earlier,
            seed,
            base: self.base,
            won: standing.won,
            least,
        }))
    }

    /// One result a window, ever; it is asked for again, the very same, until it is heard.
    fn sign(&mut self, view: &View<'_>, number: u64) -> Option<Effect> {
        let end_s = self.sealed.term.window_start_s(number + 1, view.calendar);
        if self.at(number)?.is_signed || view.is_late(end_s) {
            return None;
        }
        if !self.at(number)?.is_judged() {
            let (findings, probe) = self.found(view, number)?;
            let message = Finding { bounty: self.sealed.bounty, window: number, result: findings.hash(), probe };
            self.with(number, |window| window.judged = Some((message, findings, Attempts::default())));
        }
        let window = usize::try_from(number).ok().and_then(|number| self.windows.get_mut(number))?;
        window.sign(view.now.time_s, event_s(view.pause_s()))
    }

    /// What is so as far as anybody can know by now: who holds a file that too few hold says what those say who do not.
    fn found(&mut self, view: &View<'_>, number: u64) -> Option<(Findings, Digest)> {
        let (term, now_s) = (self.sealed.term, view.now.time_s);
        let rounds: Vec<RoundNumber> = self.at(number)?.standing.as_ref()?.won.iter().map(|won| won.round).collect();
        let failed = (Findings::failed(&rounds), Digest::ZERO);
        let Some(((file, _), first)) = self.opened.zip(self.first_window(view.calendar)) else {
            return (now_s >= term.middle_s(WINDOWS - 1, view.calendar)).then_some(failed);
        };
        if number < first {
            return None;
        }
        // Who was not there long before the middle has maybe not heard who held it by then.
        let (start_s, middle_s) = (term.window_start_s(number, view.calendar), term.middle_s(number, view.calendar));
        self.holders.settle(file, view.group, now_s >= middle_s && view.live_since_s < start_s.midpoint(middle_s));
        match (self.holders.is_available(&file), &self.exam) {
            _ if self.file == Some(File::Wrong) => Some(failed),
            (Some(false), _) => Some(failed),
            (Some(true), Exam::Done(_, findings, probe)) => Some((findings.clone(), *probe)),
            _ => None,
        }
    }
}
