//! One round of a validator: which claim is the first true one.

use std::collections::{BTreeMap, BTreeSet};

use super::io::{BaseFinding, Effect, Fetched, Finding, RecheckReport};
use super::posting::Posting;
use super::{Pause, View};
use crate::attempts::Attempts;
use crate::chain::{Outcome, Phase, RevealedClaim};
use crate::eip712::Verdict;
use crate::holders::{File, Holders};
use crate::ids::{Digest, PositionNumber, RoundNumber};
use crate::pace::event_s;
use crate::rules::{claim_hash, rank_key};

/// Claims of a round that are kept: the best ones.
pub const MAX_CLAIMS: usize = 1024;
/// Files fetched at a time.
pub const MAX_FETCHES: usize = 4;

/// Everything known of a round.
#[derive(Debug, Clone)]
pub(crate) struct Recheck {
    number: RoundNumber,
    /// Checkpoint and head that the first commit fixed.
    opened: Option<(Digest, Digest)>,
    /// Seals that stand on chain: the more, the higher the bar (PROTOCOL 12, Certainty).
    commits: u64,
    /// Best first.
    claims: BTreeMap<(u32, u64), (Digest, RevealedClaim)>,
    findings: BTreeMap<Digest, Progress>,
    files: BTreeMap<Digest, File>,
    /// Those for which there was no room here when they were asked for last.
    unkept: BTreeSet<Digest>,
    holders: Holders,
    base: Base,
    signing: Signing,
    /// Verdicts of all, and how they come to the chain.
    pub posting: Posting,
    outcome: Outcome,
    decided: Digest,
    reported: bool,
    trouble: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Base {
    /// Asked for, perhaps, and not answered, or not yet with what it is.
    Unknown(Attempts),
    Known(BaseFinding),
}

/// What is known of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Asked for, and not answered, or not yet with what it is.
    Unknown(Attempts),
    True(Digest),
    False,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signing {
    Not,
    /// This verdict is signed and told, or nothing is.
    Asked(Verdict, Attempts),
    Done(Digest),
    Refused,
}

/// The first true claim, as far as one can know.
enum Judgement {
    Waiting,
    Measure(Digest, RevealedClaim, Attempts),
    Ready { claim: Digest, probe: Digest },
}

impl Recheck {
    /// Nothing is known of it.
    pub fn new(number: RoundNumber) -> Self {
        Self {
            number,
            opened: None,
            commits: 0,
            claims: BTreeMap::new(),
            findings: BTreeMap::new(),
            files: BTreeMap::new(),
            unkept: BTreeSet::new(),
            holders: Holders::default(),
            base: Base::Unknown(Attempts::default()),
            signing: Signing::Not,
            posting: Posting::default(),
            outcome: Outcome::None,
            decided: Digest::ZERO,
            reported: false,
            trouble: None,
        }
    }

    /// Takes base and head that the first commit fixed.
    pub fn opened(&mut self, checkpoint: Digest, head: Digest) {
        self.opened = Some((checkpoint, head));
    }

    /// The commit with that place in the round, from 1.
    pub fn committed(&mut self, place: u64) {
        self.commits = self.commits.max(place);
    }

    /// PROTOCOL 6, Judge: the order of claims; beyond the limit the worst are forgotten.
    pub fn revealed(&mut self, claim: RevealedClaim) {
        let hash = claim_hash(claim.file, claim.base, claim.loss, claim.loss_root);
        self.claims.insert(rank_key(claim.base, claim.loss, claim.number), (hash, claim));
        if self.claims.len() > MAX_CLAIMS {
            self.claims.pop_last();
        }
    }

    /// Takes the end of the round.
    pub fn decided(&mut self, outcome: Outcome, claim: Digest) {
        (self.outcome, self.decided) = (outcome, claim);
        self.posting.decided(claim);
    }

    /// A `have` may come before the reveal that it is about.
    pub fn have(&mut self, file: Digest, position: PositionNumber) {
        self.holders.have(file, position, MAX_CLAIMS);
    }

    /// What failed is asked for again after `pause`.
    pub fn base_measured(&mut self, result: Result<BaseFinding, String>, now_s: u64, pause: Pause) {
        match (result, &mut self.base) {
            (Ok(finding), base) => *base = Base::Known(finding),
            (Err(reason), Base::Unknown(attempts)) => {
                attempts.failed(now_s, pause.least_s, pause.most_s);
                self.trouble = Some(reason);
            }
            (Err(_), Base::Known(_)) => {}
        }
    }

    /// Takes how a fetch ended; a file that is missing is asked for again after block `now`.
    pub fn fetched(&mut self, file: Digest, result: Fetched, own: Option<PositionNumber>, now: u64) {
        if !self.files.contains_key(&file) {
            return;
        }
        let is_kept = !matches!(result, Fetched::NotKept(_));
        _ = if is_kept { self.unkept.remove(&file) } else { self.unkept.insert(file) };
        let state = match result {
            Fetched::Held => {
                own.into_iter().for_each(|own| self.holders.hold(file, own));
                File::Held { announced: Attempts::default() }
            }
            Fetched::Wrong(reason) => {
                self.trouble = Some(reason);
                File::Wrong
            }
            Fetched::Missing(reason) | Fetched::NotKept(reason) => {
                self.trouble = Some(reason);
                File::Missing(now)
            }
        };
        self.files.insert(file, state);
    }

    /// What failed is asked for again after `pause`.
    pub fn measured(&mut self, claim: Digest, finding: Finding, now_s: u64, pause: Pause) {
        let Some(Progress::Unknown(attempts)) = self.findings.get_mut(&claim) else { return };
        let progress = match finding {
            Finding::True { probe } => Progress::True(probe),
            Finding::False { reason } => {
                self.trouble = Some(reason);
                Progress::False
            }
            Finding::Failed { reason } => {
                self.trouble = Some(reason);
                attempts.failed(now_s, pause.least_s, pause.most_s);
                return;
            }
        };
        self.findings.insert(claim, progress);
    }

    /// Notes that one's verdict is recorded, signed and in the log.
    pub fn signed(&mut self, claim: Digest) {
        if !matches!(self.signing, Signing::Done(_)) {
            self.signing = Signing::Done(claim);
        }
    }

    /// Notes that nothing may be signed in this round, for good.
    pub fn refused(&mut self, reason: String) {
        self.trouble = Some(reason);
        if matches!(self.signing, Signing::Asked(..)) {
            self.signing = Signing::Refused;
        }
    }

    /// The very same verdict is asked for again after `pause`.
    pub fn untold(&mut self, reason: String, now_s: u64, pause: Pause) {
        self.trouble = Some(reason);
        if let Signing::Asked(_, attempts) = &mut self.signing {
            attempts.failed(now_s, pause.least_s, pause.most_s);
        }
    }

    /// What to log at the end, once; nothing of a round that was never opened.
    fn report(&mut self) -> Option<RecheckReport> {
        if self.opened.is_none() || std::mem::replace(&mut self.reported, true) {
            return None;
        }
        let signed = match self.signing {
            Signing::Done(claim) => Some(claim),
            _ => None,
        };
        let (claims, outcome, decided) = (self.claims.len(), self.outcome, self.decided);
        Some(RecheckReport { round: self.number, claims, signed, outcome, decided, trouble: self.trouble.clone() })
    }

    /// What to do once the round is over.
    pub fn after(&mut self, view: &View<'_>) -> Vec<Effect> {
        let report = self.report().map(Effect::Done);
        let is_last = self.number.0.saturating_add(1) == view.clock.round.0;
        let own = view.own.filter(|_| is_last && view.clock.phase == Phase::Train);
        report.into_iter().chain(own.and_then(|own| self.posting.late(view, self.number, own.number))).collect()
    }

    /// What to do now; a signer without awake stake does nothing.
    pub fn advance(&mut self, view: &View<'_>) -> Vec<Effect> {
        let Some(own) = view.own else { return Vec::new() };
        match view.clock.phase {
            Phase::Train => Vec::new(),
            // The base is measured once, during REVEAL; files are fetched as they are shown.
            Phase::Reveal => self.measure_base(view).into_iter().chain(self.fetch(view)).collect(),
            Phase::Judge => {
                let mut effects: Vec<_> = self.measure_base(view).into_iter().chain(self.fetch(view)).collect();
                effects.extend(self.judge(view));
                let known = self.claims.values().map(|(hash, _)| *hash).chain([Digest::ZERO]).collect();
                effects.extend(self.posting.advance(view, self.number, own.number, &known));
                effects
            }
        }
    }

    fn measure_base(&mut self, view: &View<'_>) -> Option<Effect> {
        let ((checkpoint, head), seed) = (self.opened?, view.seed?);
        let Base::Unknown(attempts) = &mut self.base else { return None };
        attempts.are_due(view.now.time_s).then(|| {
            attempts.ask(view.now.time_s, view.patience_s());
            Effect::MeasureBase { round: self.number, checkpoint, head, seed }
        })
    }

    /// Best claims first; nothing more once the verdict is out.
    fn fetch(&mut self, view: &View<'_>) -> Vec<Effect> {
        let mut effects = self.announce(view);
        if self.signing != Signing::Not {
            return effects;
        }
        let until_s = view.now.time_s.saturating_add(view.patience_s());
        let is_under_way = |file: &File| matches!(file, File::Asked(until_s) if *until_s > view.now.time_s);
        let mut free = MAX_FETCHES.saturating_sub(self.files.values().filter(|file| is_under_way(file)).count());
        let base = self.base;
        let hopeless = |claim: &RevealedClaim| matches!(base, Base::Known(finding) if finding.base != claim.base);
        for (_, claim) in self.claims.values().filter(|(_, claim)| !hopeless(claim)) {
            if free > 0 && File::is_wanted(self.files.get(&claim.file), view.now) {
                free -= 1;
                self.files.insert(claim.file, File::Asked(until_s));
                effects.push(Effect::Fetch { round: self.number, file: claim.file });
            }
        }
        effects
    }

    fn announce(&mut self, view: &View<'_>) -> Vec<Effect> {
        let Some(own) = view.own else { return Vec::new() };
        let (holders, wait_s) = (&self.holders, event_s(view.beat.pause_s()));
        let new = self.files.iter_mut().filter_map(|(file, state)| {
            let is_due = state.announces(holders.is_told(file, own.number), view.now.time_s, wait_s);
            is_due.then_some(Effect::Announce { round: self.number, file: *file })
        });
        new.collect()
    }

    /// PROTOCOL 13, Which claim to sign: once, ever, and only in JUDGE.
    fn judge(&mut self, view: &View<'_>) -> Option<Effect> {
        let (Base::Known(base), Some((_, head)), Some(seed)) = (self.base, self.opened, view.seed) else { return None };
        self.settle_availability(view);
        if !view.may_sign {
            return None;
        }
        if let Signing::Asked(verdict, attempts) = &mut self.signing {
            return sign(*verdict, attempts, view);
        }
        if self.signing != Signing::Not || self.claims.is_empty() {
            return None;
        }
        match self.first_true(base, view.now.time_s) {
            Judgement::Waiting => None,
            Judgement::Measure(hash, claim, mut attempts) => {
                attempts.ask(view.now.time_s, view.patience_s());
                self.findings.insert(hash, Progress::Unknown(attempts));
                Some(Effect::Measure { claim, hash, head, seed, commits: self.commits })
            }
            Judgement::Ready { claim, probe } => {
                let (verdict, mut attempts) = (Verdict { group: view.group.id, round: self.number, claim, probe }, Attempts::default());
                let effect = sign(verdict, &mut attempts, view);
                self.signing = Signing::Asked(verdict, attempts);
                effect
            }
        }
    }

    /// PROTOCOL 13, Available: files must be held by half of JUDGE. Who was not there when JUDGE began has maybe not heard who
    /// held one in time: two thirds tell it that nobody did, when they decide for a claim that comes later in the order.
    fn settle_availability(&mut self, view: &View<'_>) {
        let (end_s, judge_s) = (view.clock.phase_end_s, view.group.times.judge_s);
        let is_past = view.now.time_s >= end_s.saturating_sub(judge_s / 2);
        let was_there = view.live_since_s < end_s.saturating_sub(judge_s);
        let mut passed_over = self.outcome != Outcome::None;
        for (hash, claim) in self.claims.values() {
            passed_over &= *hash != self.decided;
            // What finds no room here may be held by whoever had waited for this node.
            let is_late = is_past && !self.unkept.contains(&claim.file);
            self.holders.settle(claim.file, view.group, is_late && (was_there || passed_over));
        }
    }

    /// PROTOCOL 6, Judge: claims are judged from the best down; the first true one wins, worse ones are never read.
    fn first_true(&self, base: BaseFinding, now_s: u64) -> Judgement {
        for (hash, claim) in self.claims.values() {
            let held = matches!(self.files.get(&claim.file), Some(File::Held { .. }));
            let wrong = self.files.get(&claim.file) == Some(&File::Wrong) || claim.base != base.base;
            match (self.findings.get(hash), self.holders.is_available(&claim.file)) {
                _ if wrong => {}
                (Some(Progress::False), _) | (_, Some(false)) => {}
                (Some(Progress::True(probe)), Some(true)) => return Judgement::Ready { claim: *hash, probe: *probe },
                (None, _) if held => return Judgement::Measure(*hash, *claim, Attempts::default()),
                (Some(Progress::Unknown(attempts)), _) if attempts.are_due(now_s) => return Judgement::Measure(*hash, *claim, *attempts),
                // Still measured, not yet available, not yet here; or it could not be measured here, then it is not signed about.
                _ => return Judgement::Waiting,
            }
        }
        Judgement::Ready { claim: Digest::ZERO, probe: base.probe }
    }
}

/// Asks for it, again perhaps: to sign the very same verdict twice tells nothing new.
fn sign(verdict: Verdict, attempts: &mut Attempts, view: &View<'_>) -> Option<Effect> {
    attempts.are_due(view.now.time_s).then(|| {
        attempts.ask(view.now.time_s, event_s(view.beat.pause_s()));
        Effect::Sign(verdict)
    })
}
