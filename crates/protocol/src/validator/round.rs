//! One round of a validator: which claim is the first true one.

use std::collections::BTreeMap;

use super::View;
use super::io::{BaseFinding, Effect, Fetched, Finding, RoundReport};
use super::posting::Posting;
use crate::chain::{Outcome, Phase, RevealedClaim};
use crate::eip712::Verdict;
use crate::holders::{File, Holders};
use crate::ids::{Digest, PositionNumber, RoundNumber};
use crate::rules::{claim_hash, rank_key};

/// Claims of a round that are kept: the best ones.
pub const MAX_CLAIMS: usize = 1024;
/// Files fetched at a time.
pub const MAX_FETCHES: usize = 4;

/// Everything known of a round.
#[derive(Debug, Clone)]
pub(crate) struct Round {
    number: RoundNumber,
    /// Checkpoint and head that the first commit fixed.
    opened: Option<(Digest, Digest)>,
    /// Seals that stand on chain: the more, the higher the bar (Protocol 12).
    commits: u64,
    /// Best first.
    claims: BTreeMap<(u32, u64), (Digest, RevealedClaim)>,
    findings: BTreeMap<Digest, Progress>,
    files: BTreeMap<Digest, File>,
    holders: Holders,
    base: Base,
    signing: Signing,
    pub posting: Posting,
    outcome: Outcome,
    decided: Digest,
    reported: bool,
    trouble: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Base {
    Unknown,
    Asked,
    Known(BaseFinding),
    Failed,
}

/// What is known of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Asked,
    True(Digest),
    False,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signing {
    Not,
    Asked,
    Done(Digest),
    Refused,
}

/// The first true claim, as far as one can know.
enum Judgement {
    Waiting,
    Measure(Digest, RevealedClaim),
    Ready { claim: Digest, probe: Digest },
}

impl Round {
    pub fn new(number: RoundNumber) -> Self {
        Self {
            number,
            opened: None,
            commits: 0,
            claims: BTreeMap::new(),
            findings: BTreeMap::new(),
            files: BTreeMap::new(),
            holders: Holders::default(),
            base: Base::Unknown,
            signing: Signing::Not,
            posting: Posting::default(),
            outcome: Outcome::None,
            decided: Digest::ZERO,
            reported: false,
            trouble: None,
        }
    }

    pub fn opened(&mut self, checkpoint: Digest, head: Digest) {
        self.opened = Some((checkpoint, head));
    }

    /// The commit with that place in the round, from 1.
    pub fn committed(&mut self, place: u64) {
        self.commits = self.commits.max(place);
    }

    /// Protocol 3: order of judging; beyond the limit the worst are forgotten.
    pub fn revealed(&mut self, claim: RevealedClaim) {
        let hash = claim_hash(claim.file, claim.base, claim.loss, claim.loss_root);
        self.claims.insert(rank_key(claim.base, claim.loss, claim.number), (hash, claim));
        if self.claims.len() > MAX_CLAIMS {
            self.claims.pop_last();
        }
    }

    pub fn decided(&mut self, outcome: Outcome, claim: Digest) {
        (self.outcome, self.decided) = (outcome, claim);
        self.posting.decided(claim);
    }

    /// A `have` may come before the reveal that it is about.
    pub fn have(&mut self, file: Digest, position: PositionNumber) {
        self.holders.have(file, position, MAX_CLAIMS);
    }

    pub fn base_measured(&mut self, result: Result<BaseFinding, String>) {
        self.base = match result {
            Ok(finding) => Base::Known(finding),
            Err(reason) => {
                self.trouble = Some(reason);
                Base::Failed
            }
        };
    }

    pub fn fetched(&mut self, file: Digest, result: Fetched, own: Option<PositionNumber>, now: u64) {
        if !self.files.contains_key(&file) {
            return;
        }
        let state = match result {
            Fetched::Held => {
                own.into_iter().for_each(|own| self.have(file, own));
                File::Held { announced: false }
            }
            Fetched::Wrong(reason) => {
                self.trouble = Some(reason);
                File::Wrong
            }
            Fetched::Missing(reason) => {
                self.trouble = Some(reason);
                File::Missing(now)
            }
        };
        self.files.insert(file, state);
    }

    pub fn measured(&mut self, claim: Digest, finding: Finding) {
        if self.findings.get(&claim) != Some(&Progress::Asked) {
            return;
        }
        let progress = match finding {
            Finding::True { probe } => Progress::True(probe),
            Finding::False { reason } => {
                self.trouble = Some(reason);
                Progress::False
            }
            Finding::Failed { reason } => {
                self.trouble = Some(reason);
                Progress::Failed
            }
        };
        self.findings.insert(claim, progress);
    }

    pub fn signed(&mut self, claim: Digest) {
        if !matches!(self.signing, Signing::Done(_)) {
            self.signing = Signing::Done(claim);
        }
    }

    pub fn refused(&mut self, reason: String) {
        self.trouble = Some(reason);
        if self.signing == Signing::Asked {
            self.signing = Signing::Refused;
        }
    }

    /// What to log at the end, once; nothing of a round that was never opened.
    fn report(&mut self) -> Option<RoundReport> {
        if self.opened.is_none() || std::mem::replace(&mut self.reported, true) {
            return None;
        }
        let signed = match self.signing {
            Signing::Done(claim) => Some(claim),
            _ => None,
        };
        let (claims, outcome, decided) = (self.claims.len(), self.outcome, self.decided);
        Some(RoundReport { round: self.number, claims, signed, outcome, decided, trouble: self.trouble.clone() })
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
            // Protocol 4: the base side is computed once, during REVEAL; files are fetched as they are shown.
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
        (self.base == Base::Unknown).then(|| {
            self.base = Base::Asked;
            Effect::MeasureBase { round: self.number, checkpoint, head, seed }
        })
    }

    /// Best claims first; nothing more once the verdict is out.
    fn fetch(&mut self, view: &View<'_>) -> Vec<Effect> {
        let mut effects = self.announce();
        if self.signing != Signing::Not {
            return effects;
        }
        let mut free = MAX_FETCHES.saturating_sub(self.files.values().filter(|file| **file == File::Asked).count());
        let base = self.base;
        let hopeless = |claim: &RevealedClaim| matches!(base, Base::Known(finding) if finding.base != claim.base);
        for (_, claim) in self.claims.values().filter(|(_, claim)| !hopeless(claim)) {
            let wanted = match self.files.get(&claim.file) {
                None => true,
                Some(File::Missing(block)) => *block < view.now.number,
                Some(_) => false,
            };
            if wanted && free > 0 {
                free -= 1;
                self.files.insert(claim.file, File::Asked);
                effects.push(Effect::Fetch { round: self.number, file: claim.file });
            }
        }
        effects
    }

    fn announce(&mut self) -> Vec<Effect> {
        let new = self.files.iter_mut().filter(|(_, file)| **file == File::Held { announced: false });
        let announce = |(file, state): (&Digest, &mut File)| {
            *state = File::Held { announced: true };
            Effect::Announce { round: self.number, file: *file }
        };
        new.map(announce).collect()
    }

    /// Protocol 4, a validator's check: signs once, ever, and only in JUDGE.
    fn judge(&mut self, view: &View<'_>) -> Option<Effect> {
        let (Base::Known(base), Some((_, head)), Some(seed)) = (self.base, self.opened, view.seed) else { return None };
        self.settle_availability(view);
        if self.signing != Signing::Not || self.claims.is_empty() {
            return None;
        }
        match self.first_true(base) {
            Judgement::Waiting => None,
            Judgement::Measure(hash, claim) => {
                self.findings.insert(hash, Progress::Asked);
                Some(Effect::Measure { claim, hash, head, seed, commits: self.commits })
            }
            Judgement::Ready { claim, probe } => {
                self.signing = Signing::Asked;
                Some(Effect::Sign(Verdict { group: view.group.id, round: self.number, claim, probe }))
            }
        }
    }

    /// Protocol 4: files must be held by half of JUDGE.
    fn settle_availability(&mut self, view: &View<'_>) {
        let half_s = view.clock.phase_end_s.saturating_sub(view.group.times.judge_s / 2);
        for file in self.claims.values().map(|(_, claim)| claim.file) {
            self.holders.settle(file, view.group, view.now.time_s >= half_s);
        }
    }

    /// Protocol 3: claims are judged from the best down; the first true one wins, worse ones are never read.
    fn first_true(&self, base: BaseFinding) -> Judgement {
        for (hash, claim) in self.claims.values() {
            let held = matches!(self.files.get(&claim.file), Some(File::Held { .. }));
            let wrong = self.files.get(&claim.file) == Some(&File::Wrong) || claim.base != base.base;
            match (self.findings.get(hash), self.holders.is_available(&claim.file)) {
                _ if wrong => {}
                (Some(Progress::False), _) | (_, Some(false)) => {}
                (Some(Progress::True(probe)), Some(true)) => return Judgement::Ready { claim: *hash, probe: *probe },
                (None, _) if held => return Judgement::Measure(*hash, *claim),
                // Still measured, not yet available, not yet here; or it cannot be measured here, then it is not signed about.
                _ => return Judgement::Waiting,
            }
        }
        Judgement::Ready { claim: Digest::ZERO, probe: base.probe }
    }
}
