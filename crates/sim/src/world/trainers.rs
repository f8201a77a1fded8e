//! What a trainer asks for.

use protocol::{
    Digest, RoundNumber,
    chain::RevealedClaim,
    log::{Body, TrainingBody, TrainingPlan},
    trainer::{Effect, Input, Measured, Transaction},
};
use serde_json::{Map, Value};

use super::{
    World,
    jobs::{Exam, Task},
};
use crate::{
    chain::Call,
    disk::{self, Commit, DiskError},
    log::AppendError,
    node::{Answer, Asked},
    sets::Sets,
};

/// Of a thousand, what part of the time that is left a run takes: at least and at most.
const RUN: (u64, u64) = (300, 950);

impl World {
    pub(crate) fn act_as_trainer(&mut self, node: usize, effect: Effect) {
        match effect {
            Effect::Train { round, attempt, base, until_s, .. } => self.train(node, round, attempt, base, until_s),
            Effect::Cancel { round } => self.cancel(node, round),
            Effect::Remember { round, file, salt } => self.remember(node, Commit { round, file, salt }),
            Effect::Measure { round, base, file, seed, commits, .. } => {
                self.start(node, 2 * self.plan.measure_ms, Task::Measure { exam: Exam { round, base, seed, commits }, file });
            }
            Effect::Check { claim, hash, base, seed, commits, .. } => {
                let exam = Exam { round: claim.round, base, seed, commits };
                self.start(node, 2 * self.plan.measure_ms, Task::Check { exam, claim, hash });
            }
            Effect::Have { round, file } => self.announce(node, round, file),
            Effect::Publish { round, file } => self.tell_log(node, &told(round, file)),
            Effect::Doubled { message } => self.note(node, &format!("another process writes with its key: {message}")),
            Effect::TellRoot { head } => self.build_set(node, head),
            Effect::Done(report) => {
                let trouble = report.trouble.map(|trouble| format!(", {trouble}")).unwrap_or_default();
                self.note(node, &format!("round {} is over: {:?}{trouble}", report.round, report.outcome));
            }
            Effect::Finishing { .. } => {}
            Effect::Commit { .. } | Effect::Reveal { .. } | Effect::Concede { .. } | Effect::Settle { .. } | Effect::Collect { .. } => {
                self.send_as_trainer(node, effect);
            }
        }
    }

    fn send_as_trainer(&mut self, node: usize, effect: Effect) {
        let (account, group) = (self.nodes[node].account, self.nodes[node].group);
        let (call, what, rounds) = match effect {
            Effect::Commit { round, seal, max_deposit } => {
                self.checks.sealed(node, round, &self.nodes[node].disk);
                (Call::Commit { group, round, seal, max_deposit }, Transaction::Commit, vec![round])
            }
            Effect::Reveal { round, salt, file, measured } => {
                let Measured { base, loss, loss_root, .. } = measured;
                let claim = RevealedClaim { group, round, trainer: account, number: 0, file, base, loss, loss_root };
                (Call::Reveal { claim, salt }, Transaction::Reveal, vec![round])
            }
            Effect::Concede { round, salt, file, rival } => (Call::Concede { group, salt, file, rival }, Transaction::Concede, vec![round]),
            Effect::Settle { round } => (Call::Settle { group, round, trainers: vec![account] }, Transaction::Settle, vec![round]),
            Effect::Collect { rounds } => (Call::Collect { group, rounds: rounds.clone(), to: account }, Transaction::Collect, rounds),
            _ => return,
        };
        self.note(node, &format!("asks to {what:?} of {rounds:?}"));
        // Whoever is killed over a step is buried by whoever called.
        let _ = self.ask(node, call, Asked::Trainer(what, rounds));
    }

    fn train(&mut self, node: usize, round: RoundNumber, attempt: u32, base: Digest, until_s: u64) {
        let now_s = self.told_s(node);
        let left_ms = until_s.saturating_sub(now_s) * 1000;
        let mut random = self.random("run", (node as u64) << 48 | round.0 << 8 | u64::from(attempt));
        let takes_ms = left_ms * random.within(RUN.0, RUN.1) / 1000;
        // Who computes slowly makes fewer steps in the same time.
        let full_ms = self.plan.times_of(self.nodes[node].group).train_s * 1000 * (1 + self.weather.nodes[node].slower);
        let effort = (takes_ms as f64 / full_ms.max(1) as f64).min(1.0) * self.gains(node);
        if let Some(process) = &mut self.nodes[node].process {
            process.run = Some((round, attempt));
        }
        let slower = 1 + self.weather.nodes[node].slower;
        self.start(node, takes_ms / slower, Task::Train { round, attempt, base, effort });
    }

    /// How many times as much a run gains on the set as the node knows it as on the first one.
    fn gains(&self, node: usize) -> f64 {
        self.nodes[node].process.as_ref().map_or(1.0, |process| self.sets.gains(process.teller.view().head))
    }

    fn cancel(&mut self, node: usize, round: RoundNumber) {
        if let Some(process) = &mut self.nodes[node].process {
            process.run.take_if(|(running, _)| *running == round);
        }
    }

    fn remember(&mut self, node: usize, commit: Commit) {
        let own = &mut self.nodes[node];
        let written = disk::remember(commit, &mut own.disk, &mut own.life);
        if written == Err(DiskError::Killed) {
            return;
        }
        let result = written.map_err(|error| error.to_string());
        self.answer(node, Answer::Trainer(Input::Remembered { round: commit.round, result }));
    }

    /// The second of the last block that a node was told.
    fn told_s(&self, node: usize) -> u64 {
        let last = self.nodes[node].process.as_ref().and_then(|process| process.told.back());
        last.map_or(0, |block| block.time_s)
    }

    /// Tells the log that a file is held here.
    pub(crate) fn announce(&mut self, node: usize, round: RoundNumber, file: Digest) {
        self.tell_log(node, &Body::Have { round, file });
    }

    /// Gets all patches of a set, then tells the log its root.
    pub(crate) fn build_set(&mut self, node: usize, head: Digest) {
        self.start(node, 0, Task::Set { head, patches: self.sets.patches(head) });
    }

    pub(crate) fn tell_root(&mut self, node: usize, head: Digest, patches: &[Digest]) {
        let root = Sets::root(patches);
        self.sets.tell(node, head, root);
        self.tell_log(node, &Body::Dataset { head, root });
    }

    /// Writes what nobody waits for.
    pub(crate) fn tell_log(&mut self, node: usize, body: &Body) {
        if let Err(AppendError::Refused(reason)) = self.say(node, body) {
            self.note(node, &format!("cannot write to the log: {reason}"));
        }
    }
}

/// How a file was trained, as far as a curve has that.
fn told(round: RoundNumber, file: Digest) -> Body {
    let plan = TrainingPlan { settings: Value::Object(Map::new()), seed: round.0, steps: 1 };
    Body::Training(TrainingBody { round, file, starts: vec![file], head: Digest::ZERO, plan, done: 1 })
}
