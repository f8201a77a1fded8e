//! Work that takes time: files are fetched one after the other, then something is computed.

use node::claims::difference;
use protocol::{
    Digest, RoundNumber,
    chain::RevealedClaim,
    eip712::SignedVerdict,
    jury, keccak256, panel, trainer,
    validator::{self, BaseFinding, Fetched, Finding},
    warden::{self, Replay},
};

use super::{Happening, World};
pub(crate) use crate::exam::Exam;
use crate::{curve::Run, hidden, node::Answer};

/// Milliseconds in which a file must come before it counts as missing.
const FETCH_MS: u64 = 10_000;
/// Milliseconds for which a node tries to get what it cannot do without.
const NEED_MS: u64 = 60_000;

/// See the module.
#[derive(Debug)]
pub(crate) struct Job {
    node: usize,
    generation: u64,
    needs: Vec<Digest>,
    until_ms: u64,
    takes_ms: u64,
    /// The file that is here now.
    arrived: Option<Digest>,
    is_done: bool,
    task: Task,
}

/// What is computed.
#[derive(Debug)]
pub(crate) enum Task {
    Train { round: RoundNumber, attempt: u32, base: Digest, effort: f64 },
    Measure { exam: Exam, file: Digest },
    Check { exam: Exam, claim: RevealedClaim, hash: Digest },
    Base(Exam),
    Fetch { round: RoundNumber, file: Digest },
    Claim { exam: Exam, claim: RevealedClaim, hash: Digest },
    Replay { exam: Exam, verdicts: Vec<Replay> },
    Hold { file: Digest },
    Set { head: Digest, patches: Vec<Digest> },
    Hidden { bounty: protocol::BountyNumber, file: Digest },
    Find(jury::Task),
}

impl Task {
    fn needs(&self) -> Vec<Digest> {
        match self {
            Self::Train { base, .. } => vec![*base],
            Self::Measure { exam, file } => vec![exam.base, *file],
            Self::Check { exam, claim, .. } | Self::Claim { exam, claim, .. } => vec![exam.base, claim.file],
            Self::Base(exam) => vec![exam.base],
            Self::Fetch { file, .. } | Self::Hold { file } | Self::Hidden { file, .. } => vec![*file],
            Self::Set { patches, .. } => patches.clone(),
            Self::Find(task) => hidden::needs(task),
            // A verdict whose file cannot be had is left out.
            Self::Replay { exam, .. } => vec![exam.base],
        }
    }
}

impl World {
    /// Begins a job; `work_ms` is what its computing takes.
    pub(crate) fn start(&mut self, node: usize, work_ms: u64, task: Task) {
        let waits_ms =
            if matches!(task, Task::Base(_) | Task::Train { .. } | Task::Set { .. } | Task::Find(_)) { NEED_MS } else { FETCH_MS };
        let job = Job {
            node,
            generation: self.nodes[node].generation,
            needs: task.needs(),
            until_ms: self.now_ms() + waits_ms,
            takes_ms: self.takes_ms(node, work_ms),
            arrived: None,
            is_done: false,
            task,
        };
        self.work(job);
    }

    /// The next step of a job: a file that came, one that is missing, or the computing.
    pub(crate) fn work(&mut self, mut job: Job) {
        let node = job.node;
        if !self.is_current(node, job.generation) {
            return;
        }
        if let Some(file) = job.arrived.take() {
            self.files.hold(node, file);
        }
        let missing = job.needs.iter().find(|file| !self.files.holds(node, **file)).copied();
        match missing {
            Some(file) if self.now_ms() >= job.until_ms || self.files.is_wrong(file) => self.fail(&job, file),
            Some(file) => self.fetch(job, file),
            None if !job.is_done => {
                job.is_done = true;
                self.schedule.after(job.takes_ms, Happening::Work(Box::new(job)));
            }
            None => self.done(job),
        }
    }

    fn fetch(&mut self, mut job: Job, file: Digest) {
        let mut random = self.random_of("fetch", job.node);
        self.nodes[job.node].usage.files += 1;
        let peers = self.plan.nodes_of(self.nodes[job.node].group).filter(|peer| self.nodes[*peer].is_up());
        let attempt = self.files.attempt(job.node, file, peers, &self.weather, &mut random);
        job.arrived = attempt.is_here.then_some(file);
        let left_ms = job.until_ms.saturating_sub(self.now_ms());
        if attempt.took_ms > left_ms {
            // It may still come, for the next attempt.
            job.arrived = None;
        }
        self.schedule.after(attempt.took_ms.min(left_ms).max(1), Happening::Work(Box::new(job)));
    }

    fn fail(&mut self, job: &Job, file: Digest) {
        let reason = format!("{file} cannot be had");
        let validator = |answer| Some(Answer::Validator(panel::Answer::Validator(answer)));
        let answer = match &job.task {
            Task::Train { round, attempt, .. } => {
                Some(Answer::Trainer(trainer::Input::TrainFailed { round: *round, attempt: *attempt, reason }))
            }
            Task::Measure { exam, .. } => Some(Answer::Trainer(trainer::Input::Measured { round: exam.round, result: Err(reason) })),
            Task::Check { exam, hash, .. } => {
                Some(Answer::Trainer(trainer::Input::Checked { round: exam.round, claim: *hash, result: Err(reason) }))
            }
            Task::Base(exam) => validator(validator::Input::BaseMeasured { round: exam.round, result: Err(reason) }),
            Task::Fetch { round, file } => {
                let result = if self.files.is_wrong(*file) { Fetched::Wrong(reason) } else { Fetched::Missing(reason) };
                validator(validator::Input::Fetched { round: *round, file: *file, result })
            }
            Task::Claim { exam, hash, .. } => {
                validator(validator::Input::Measured { round: exam.round, claim: *hash, finding: Finding::Failed { reason } })
            }
            Task::Replay { exam, .. } => {
                Some(Answer::Validator(panel::Answer::Warden(warden::Input::Replayed { round: exam.round, wrong: Vec::new() })))
            }
            Task::Hold { .. } | Task::Set { .. } => None,
            Task::Find(task) => {
                let (bounty, window) = (task.bounty, task.window);
                Some(Answer::Validator(panel::Answer::Jury(jury::Input::Measured { bounty, window, result: Err(reason) })))
            }
            Task::Hidden { bounty, .. } => {
                Some(Answer::Validator(panel::Answer::Jury(jury::Input::Fetched { bounty: *bounty, result: Fetched::Missing(reason) })))
            }
        };
        if let Some(answer) = answer {
            self.answer(job.node, answer);
        }
    }

    fn done(&mut self, job: Job) {
        let node = job.node;
        let validator = |answer| Answer::Validator(panel::Answer::Validator(answer));
        let answer = match job.task {
            Task::Train { round, attempt, base, effort } => match self.trained(node, round, attempt, base, effort) {
                Some(answer) => answer,
                None => return,
            },
            Task::Measure { exam, file } => {
                let result = self.training.measure(exam, file).ok_or_else(|| "no checkpoint".to_owned());
                Answer::Trainer(trainer::Input::Measured { round: exam.round, result })
            }
            Task::Check { exam, claim, hash } => {
                let result = Ok(self.is_true(&claim, exam).is_ok());
                Answer::Trainer(trainer::Input::Checked { round: exam.round, claim: hash, result })
            }
            Task::Base(exam) => validator(validator::Input::BaseMeasured { round: exam.round, result: self.base(node, exam) }),
            Task::Fetch { round, file } => validator(validator::Input::Fetched { round, file, result: Fetched::Held }),
            Task::Claim { exam, claim, hash } => {
                let finding = self.finding(node, &claim, exam).unwrap_or_else(|reason| Finding::False { reason });
                validator(validator::Input::Measured { round: exam.round, claim: hash, finding })
            }
            Task::Replay { exam, verdicts } => {
                let wrong = verdicts.into_iter().filter_map(|replay| self.replay(node, exam, replay)).collect();
                Answer::Validator(panel::Answer::Warden(warden::Input::Replayed { round: exam.round, wrong }))
            }
            Task::Hold { file } => return self.announce(node, RoundNumber(0), file),
            Task::Set { head, patches } => return self.tell_root(node, head, &patches),
            Task::Find(task) => {
                let result = hidden::find(&mut self.training, &self.hidden, &task, self.nodes[node].account);
                Answer::Validator(panel::Answer::Jury(jury::Input::Measured { bounty: task.bounty, window: task.window, result }))
            }
            Task::Hidden { bounty, .. } => Answer::Validator(panel::Answer::Jury(jury::Input::Fetched { bounty, result: Fetched::Held })),
        };
        self.answer(node, answer);
    }

    /// A run that was cancelled, or replaced by another, brings nothing.
    fn trained(&mut self, node: usize, round: RoundNumber, attempt: u32, base: Digest, effort: f64) -> Option<Answer> {
        let process = self.nodes[node].process.as_mut()?;
        process.run.take_if(|run| *run == (round, attempt))?;
        let run = Run { node, round: round.0, attempt, effort };
        let own_draw = Digest(keccak256(&[&self.nodes[node].secret[..], &round.0.to_be_bytes()].concat()));
        let exam = Exam { round, base, seed: own_draw, commits: 1 };
        let file = self.training.train(base, run);
        let estimate = file.and_then(|file| Some((file, self.training.measure(exam, file)?)));
        Some(Answer::Trainer(match estimate {
            Some((file, found)) if found.is_certain => {
                self.files.hold(node, file);
                trainer::Input::Trained { round, attempt, file, base: found.base, loss: found.loss }
            }
            Some((_, found)) => {
                let reason = format!("from {} to {} nats may be luck: no commit", found.base, found.loss);
                trainer::Input::TrainFailed { round, attempt, reason }
            }
            None => trainer::Input::TrainFailed { round, attempt, reason: "no checkpoint".to_owned() },
        }))
    }

    fn base(&mut self, node: usize, exam: Exam) -> Result<BaseFinding, String> {
        let base = self.training.loss(exam).ok_or("no checkpoint")?;
        let probe = self.training.probe(exam, exam.base, self.nodes[node].account).ok_or("no checkpoint")?;
        if let Some(process) = &mut self.nodes[node].process {
            process.examine(exam.round, exam.base, exam.seed);
        }
        Ok(BaseFinding { base, probe })
    }

    /// Whether a claim is what an exam finds, and beyond luck.
    pub(crate) fn is_true(&mut self, claim: &RevealedClaim, exam: Exam) -> Result<(), String> {
        let found = self.training.measure(exam, claim.file).ok_or("no checkpoint")?;
        difference(claim, found).map_or(Ok(()), Err)
    }

    fn finding(&mut self, node: usize, claim: &RevealedClaim, exam: Exam) -> Result<Finding, String> {
        self.is_true(claim, exam)?;
        let probe = self.training.probe(exam, claim.file, self.nodes[node].account).ok_or("no checkpoint")?;
        Ok(Finding::True { probe })
    }

    fn replay(&mut self, node: usize, exam: Exam, replay: Replay) -> Option<(SignedVerdict, String)> {
        let file = replay.file.unwrap_or(exam.base);
        let found = self.training.probe(exam, file, replay.signer)?;
        let is_wrong = self.files.holds(node, file) && found != replay.verdict.message.probe;
        is_wrong.then(|| (replay.verdict, format!("its probe is {}, the model gives {found}", replay.verdict.message.probe)))
    }
}
