//! One round of a trainer: train, commit, measure, reveal; then settle and collect.

use super::View;
use super::io::{Effect, Measured, RoundReport, Transaction};
use super::rivals::{First, Rivals};
use crate::chain::{GroupView, Outcome, Phase, RevealedClaim};
use crate::ids::{Address, Digest, RoundNumber};
use crate::money::{Micronats, Wei};
use crate::rules::{Commit, Standing, highest_deposit, rank_key, seal, settle};

/// Trainings of one round at most that begin in it: another one for each change of the base.
pub const MAX_ATTEMPTS: u32 = 4;
/// Trainings at most that begin while the round before is judged.
pub const MAX_EARLY: u32 = 2;
/// Failures of a transaction, or of a measurement, after which it is left alone.
pub const MAX_FAILURES: u32 = 8;
/// Refusals after which a reveal is given up and conceded: an early concession costs little, an unopened seal all.
const MAX_REVEALS: u32 = 2;

/// Everything known of a round.
#[derive(Debug, Clone)]
pub(crate) struct Round {
    number: RoundNumber,
    work: Work,
    attempts: u32,
    /// Those of them, the first ones, that began before the round.
    early: u32,
    /// What training starts from, or started from.
    base: Option<(Digest, Digest)>,
    file: Option<(Digest, Digest)>,
    /// What the first commit fixed: checkpoint and head.
    opened: Option<(Digest, Digest)>,
    reward: Wei,
    /// What a commit costs, once that is fixed.
    deposit: Option<Wei>,
    /// Seal that stands on chain, and its place among the commits.
    committed: Option<(Digest, u64)>,
    /// Seals of all that stand on chain: the more, the higher the bar (Protocol 12).
    commits: u64,
    measured: Measuring,
    pub rivals: Rivals,
    revealed: Option<Measured>,
    conceded: bool,
    outcome: Outcome,
    /// The file that won it, and whose it is.
    winner: Option<(Digest, Address)>,
    won: bool,
    settled: bool,
    collected: bool,
    reported: bool,
    /// The transaction under way, and when the next one may go out after failures.
    sending: Option<Transaction>,
    sent: Option<Transaction>,
    failures: u32,
    /// Reveals that failed.
    refused: u32,
    not_before_s: u64,
    trouble: Option<String>,
}

/// What happens before the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Idle,
    Training,
    /// The file is stored.
    Trained,
    /// Its salt is being written to disk.
    Remembering,
    /// Ready to commit.
    Remembered,
    /// Nothing good came out.
    GivenUp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measuring {
    Not,
    Asked,
    Done(Measured),
    /// It does not improve: revealing would fail.
    Useless,
}

impl Round {
    pub fn new(number: RoundNumber) -> Self {
        Self {
            number,
            work: Work::Idle,
            attempts: 0,
            early: 0,
            base: None,
            file: None,
            opened: None,
            reward: Wei::ZERO,
            deposit: None,
            committed: None,
            commits: 0,
            measured: Measuring::Not,
            rivals: Rivals::default(),
            revealed: None,
            conceded: false,
            outcome: Outcome::None,
            winner: None,
            won: false,
            settled: false,
            collected: false,
            reported: false,
            sending: None,
            sent: None,
            failures: 0,
            refused: 0,
            not_before_s: 0,
            trouble: None,
        }
    }

    /// From disk: only what was written there was ever committed.
    pub fn restored(number: RoundNumber, file: Digest, salt: Digest) -> Self {
        Self { file: Some((file, salt)), work: Work::Remembered, ..Self::new(number) }
    }

    pub fn opened(&mut self, checkpoint: Digest, head: Digest, reward: Wei, deposit: Wei) {
        (self.opened, self.reward, self.deposit) = (Some((checkpoint, head)), reward, Some(deposit));
    }

    /// Somebody's commit, with its place in the round, from 1.
    pub fn sealed(&mut self, place: u64) {
        self.commits = self.commits.max(place);
    }

    pub fn committed(&mut self, seal: Digest, number: u64) {
        self.committed = Some((seal, number));
        self.done(Transaction::Commit);
    }

    pub fn revealed(&mut self, claim: RevealedClaim) {
        self.revealed = Some(Measured { base: claim.base, loss: claim.loss, loss_root: claim.loss_root, is_certain: true });
        self.done(Transaction::Reveal);
    }

    pub fn conceded(&mut self) {
        self.conceded = true;
        self.done(Transaction::Concede);
    }

    /// `file` and `winner` count if the round was won, `won` tells whether by oneself.
    pub fn decided(&mut self, outcome: Outcome, file: Digest, winner: Address, won: bool) {
        (self.outcome, self.won) = (outcome, won);
        self.winner = (outcome == Outcome::Won).then_some((file, winner));
    }

    pub fn settled(&mut self) {
        self.settled = true;
        self.done(Transaction::Settle);
    }

    /// What was not settled before comes with it.
    pub fn collected(&mut self) {
        (self.settled, self.collected) = (true, true);
        self.done(Transaction::Collect);
    }

    fn done(&mut self, what: Transaction) {
        self.sending = self.sending.filter(|sending| *sending != what);
        self.sent = None;
        (self.failures, self.not_before_s) = (0, 0);
    }

    /// A commit costs a deposit: only for a file that seems to improve enough.
    pub fn trained(&mut self, attempt: u32, file: Digest, salt: Digest, base: Micronats, loss: Micronats, is_enough: bool) {
        if self.work != Work::Training || attempt != self.attempts {
            return;
        }
        self.file = Some((file, salt));
        self.work = match is_enough {
            true => Work::Trained,
            false => self.give_up(format!("trained from {base} to {loss} nats only: no commit")),
        };
    }

    /// A run that began before the round was only a try.
    pub fn train_failed(&mut self, attempt: u32, reason: String) {
        if self.work == Work::Training && attempt == self.attempts {
            self.work = match self.give_up(reason) {
                _ if attempt <= self.early => Work::Idle,
                given_up => given_up,
            };
        }
    }

    fn give_up(&mut self, reason: String) -> Work {
        self.trouble = Some(reason);
        Work::GivenUp
    }

    /// Returns what is on disk now.
    pub fn remembered(&mut self, result: Result<(), String>) -> Option<(Digest, Digest)> {
        if self.work != Work::Remembering {
            return None;
        }
        self.work = match result {
            Ok(()) => Work::Remembered,
            Err(reason) => self.give_up(reason),
        };
        self.file.filter(|_| self.work == Work::Remembered)
    }

    pub fn measured(&mut self, result: Result<Measured, String>, is_enough: bool, now_s: u64) {
        if self.measured != Measuring::Asked {
            return;
        }
        self.measured = match result {
            Ok(measured) if !is_enough => {
                self.trouble = Some(format!("measured from {} to {} nats only", measured.base, measured.loss));
                Measuring::Useless
            }
            Ok(measured) if !measured.is_certain => {
                let Measured { base, loss, .. } = measured;
                self.trouble = Some(format!("from {base} to {loss} nats may be luck with {} commits", self.commits));
                Measuring::Useless
            }
            Ok(measured) => Measuring::Done(measured),
            Err(reason) => {
                self.failed(reason, now_s);
                Measuring::Not
            }
        };
    }

    pub fn sent(&mut self, what: Transaction, result: Result<(), String>, now_s: u64) {
        if self.sending != Some(what) {
            return;
        }
        self.sending = None;
        match result {
            Ok(()) => self.sent = Some(what),
            Err(reason) => {
                self.refused += u32::from(what == Transaction::Reveal);
                self.failed(reason, now_s);
            }
        }
    }

    /// Waits one second, then two, four …
    fn failed(&mut self, reason: String, now_s: u64) {
        self.trouble = Some(reason);
        self.not_before_s = now_s.saturating_add(1 << self.failures.min(MAX_FAILURES));
        self.failures += 1;
    }

    /// Whether its last transaction failed.
    pub fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// Whether nothing is left to do once the round is over.
    pub fn is_finished(&self) -> bool {
        let given_up = self.failures > MAX_FAILURES;
        let paid = !self.won || self.collected;
        self.reported && (self.committed.is_none() || given_up || (self.settled && paid))
    }

    /// What to do now.
    pub fn advance(&mut self, view: &View<'_>) -> Vec<Effect> {
        if self.number > view.clock.round {
            return self.ahead(view);
        }
        if self.number < view.clock.round {
            return self.after(view);
        }
        match view.clock.phase {
            Phase::Train => self.train(view),
            Phase::Reveal => self.stop().into_iter().chain(self.show(view)).collect(),
            Phase::Judge => self.foresee(view).into_iter().collect(),
        }
    }

    /// Protocol 3, TRAIN: from the checkpoint and head of this round; a change of them starts anew.
    fn train(&mut self, view: &View<'_>) -> Vec<Effect> {
        let base = self.opened.unwrap_or((view.group.checkpoint, view.group.head));
        if !view.is_wanted() || self.committed.is_some() || self.sending.is_some() || self.sent.is_some() {
            return Vec::new();
        }
        let mut effects = self.run(view, base, self.attempts - self.early < MAX_ATTEMPTS);
        effects.extend(self.commit(view));
        effects
    }

    /// Protocol 15, the JUDGE before: from what will probably have won. If the round opens with it the run goes on.
    fn ahead(&mut self, view: &View<'_>) -> Vec<Effect> {
        let Some(base) = view.likely.filter(|_| view.is_wanted()) else { return Vec::new() };
        let effects = self.run(view, (base, view.group.head), self.early < MAX_EARLY);
        self.early = self.attempts;
        effects
    }

    /// One run at a time from `base`, a checkpoint and a head; what came of another one is of no use.
    fn run(&mut self, view: &View<'_>, base: (Digest, Digest), may_begin: bool) -> Vec<Effect> {
        let end_s = view.group.times.reveal_start_s(view.group.genesis_s, self.number);
        let until_s = end_s.saturating_sub(view.config.edge_s.saturating_add(view.config.commit_s));
        let mut effects = Vec::new();
        if self.base.is_some_and(|started| started != base) && self.work != Work::Idle {
            let running = self.work == Work::Training;
            effects.extend(running.then_some(Effect::Cancel { round: self.number }));
            (self.work, self.file) = (Work::Idle, None);
        }
        if self.work == Work::Idle && view.now.time_s < until_s && may_begin && view.may_begin {
            self.attempts += 1;
            (self.work, self.base) = (Work::Training, Some(base));
            let (base, head) = base;
            effects.push(Effect::Train { round: self.number, attempt: self.attempts, base, head, starts: view.starts.clone(), until_s });
        }
        effects
    }

    /// The salt is on disk before the seal goes out.
    fn commit(&mut self, view: &View<'_>) -> Option<Effect> {
        let (file, salt) = self.file?;
        match self.work {
            Work::Trained => {
                self.work = Work::Remembering;
                Some(Effect::Remember { round: self.number, file, salt })
            }
            Work::Remembered => {
                let seal = seal(view.group.id, self.number, file, view.config.account, salt);
                let max_deposit = self.deposit.unwrap_or_else(|| highest_deposit(view.group.least_deposit));
                self.may_send(view, Transaction::Commit).then_some(Effect::Commit { round: self.number, seal, max_deposit })
            }
            _ => None,
        }
    }

    /// Training that did not end in time is of no use.
    pub fn stop(&mut self) -> Option<Effect> {
        let cancel = self.cancel();
        if cancel.is_some() {
            self.work = self.give_up("training did not end in time".to_owned());
        }
        cancel
    }

    /// Ends the training that is under way.
    pub fn cancel(&self) -> Option<Effect> {
        (self.work == Work::Training).then_some(Effect::Cancel { round: self.number })
    }

    /// Protocol 3, REVEAL: exact losses on the examples that the seed draws; then the reveal of what improves enough, for a
    /// claim behind a true one costs no more than the first concession. What does not is conceded once a rival has revealed.
    fn show(&mut self, view: &View<'_>) -> Vec<Effect> {
        let (Some((file, salt)), Some((base, head)), Some(seed)) = (self.file, self.opened, view.seed) else { return Vec::new() };
        let own_seal = seal(view.group.id, self.number, file, view.config.account, salt);
        let is_sent = matches!(self.sent, Some(Transaction::Reveal | Transaction::Concede));
        if self.committed.is_none_or(|(seal, _)| seal != own_seal) || self.revealed.is_some() || self.conceded || is_sent {
            return Vec::new();
        }
        match self.measured {
            Measuring::Not if view.now.time_s >= self.not_before_s && self.failures <= MAX_FAILURES => {
                self.measured = Measuring::Asked;
                vec![Effect::Measure { round: self.number, base, file, head, seed, commits: self.commits }]
            }
            Measuring::Done(_) if self.is_hopeless(view) => self.concede(view, "it cannot be revealed"),
            Measuring::Done(measured) => self.reveal(view, measured),
            Measuring::Useless => self.concede(view, "it does not improve enough"),
            _ => Vec::new(),
        }
    }

    /// What the next round will probably start from: what won; before the decision the first claim that is true, if that can
    /// be said; else what this one started from.
    pub fn likely(&self, group: &GroupView) -> Option<Digest> {
        if self.outcome != Outcome::None {
            return Some(self.winner.map_or(group.checkpoint, |(file, _)| file));
        }
        match self.first() {
            First::File(file) => Some(file),
            First::Nobody => Some(group.checkpoint),
            First::Unknown | First::Unchecked(..) => None,
        }
    }

    fn rank(&self) -> Option<(u32, u64)> {
        self.revealed.zip(self.committed).map(|(own, (_, number))| rank_key(own.base, own.loss, number))
    }

    fn first(&self) -> First {
        let own = self.rank().zip(self.file).map(|(rank, (file, _))| (rank, file));
        self.rivals.first(own, self.revealed.map(|measured| measured.base))
    }

    /// Protocol 15, JUDGE: measures, best first, what nobody has measured here, until a true claim is found or it is decided.
    fn foresee(&mut self, view: &View<'_>) -> Option<Effect> {
        let ((base, head), seed) = self.opened.zip(view.seed)?;
        match self.first() {
            First::Unchecked(hash, claim) if view.is_wanted() && self.outcome == Outcome::None => {
                self.rivals.asked(hash);
                Some(Effect::Check { claim, hash, base, head, seed, commits: self.commits })
            }
            _ => None,
        }
    }

    fn is_hopeless(&self, view: &View<'_>) -> bool {
        self.refused >= MAX_REVEALS || (self.refused > 0 && is_last_chance(view))
    }

    fn reveal(&mut self, view: &View<'_>, measured: Measured) -> Vec<Effect> {
        let (Some((file, salt)), true) = (self.file, self.may_send(view, Transaction::Reveal)) else { return Vec::new() };
        let round = self.number;
        vec![Effect::Have { round, file }, Effect::Reveal { round, salt, file, measured }]
    }

    /// Without a rival the seal stays closed: if nobody reveals, that costs no more.
    fn concede(&mut self, view: &View<'_>, reason: &str) -> Vec<Effect> {
        let (Some((file, salt)), Some(rival)) = (self.file, self.rivals.anybody()) else { return Vec::new() };
        if !self.may_send(view, Transaction::Concede) {
            return Vec::new();
        }
        self.trouble.get_or_insert_with(|| format!("conceded: {reason}"));
        vec![Effect::Concede { round: self.number, salt, file, rival }]
    }

    /// Protocol 3, after: the deposit as soon as it can be settled, R and what was kept of it once R is mature.
    fn after(&mut self, view: &View<'_>) -> Vec<Effect> {
        let mut effects = self.end();
        if self.committed.is_none() {
            return effects;
        }
        let mature_s = view.group.times.round_end_s(view.group.genesis_s, self.number).saturating_add(view.group.maturity_s);
        let is_mature = view.now.time_s >= mature_s;
        if !self.settled && (is_mature || !self.waits()) && self.may_send(view, Transaction::Settle) {
            effects.push(Effect::Settle { round: self.number });
        } else if self.settled && self.won && !self.collected && is_mature && self.may_send(view, Transaction::Collect) {
            effects.push(Effect::Collect { rounds: vec![self.number] });
        }
        effects
    }

    /// Whether a strike would change what comes back of the deposit.
    fn waits(&self) -> bool {
        let Some(own) = self.rank() else { return false };
        let before_winner = |winner| self.rivals.rank_of(winner).is_none_or(|winner| own < winner);
        let standing = match (self.outcome, self.winner) {
            (Outcome::Lost, _) => Standing::Lost,
            (Outcome::Won, Some((_, winner))) if !self.won && before_winner(winner) => Standing::Ahead,
            _ => Standing::Open,
        };
        settle(Wei::ZERO, Commit::Revealed(standing)).waits
    }

    /// Once, at the end of the round; what failed in it does not count against what comes after.
    fn end(&mut self) -> Vec<Effect> {
        if std::mem::replace(&mut self.reported, true) {
            return Vec::new();
        }
        (self.failures, self.not_before_s) = (0, 0);
        let took_part = self.committed.is_some() || self.attempts > 0;
        let running = self.work == Work::Training;
        let cancel = running.then_some(Effect::Cancel { round: self.number });
        cancel.into_iter().chain(took_part.then(|| Effect::Done(self.report()))).collect()
    }

    fn report(&self) -> RoundReport {
        RoundReport {
            round: self.number,
            committed: self.committed.is_some(),
            revealed: self.revealed,
            conceded: self.conceded,
            outcome: self.outcome,
            won: self.won,
            reward: self.reward,
            trouble: self.trouble.clone(),
        }
    }

    /// One transaction at a time, not twice, not right after a failure, not at the edge of a phase.
    fn may_send(&mut self, view: &View<'_>, what: Transaction) -> bool {
        let is_late = view.now.time_s.saturating_add(view.config.edge_s) >= view.clock.phase_end_s;
        let in_phase = matches!(what, Transaction::Commit | Transaction::Reveal | Transaction::Concede);
        let waits = self.sending.is_some() || self.sent == Some(what) || view.now.time_s < self.not_before_s;
        if waits || self.failures > MAX_FAILURES || (in_phase && is_late) {
            return false;
        }
        self.sending = Some(what);
        true
    }
}

/// Whether a block later nothing could be sent in this phase any more.
fn is_last_chance(view: &View<'_>) -> bool {
    view.now.time_s.saturating_add(view.config.edge_s).saturating_add(1) >= view.clock.phase_end_s
}
