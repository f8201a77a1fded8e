//! What must hold at every moment, noticed while it happens.

use std::collections::BTreeMap;

use protocol::{
    BountyNumber, Digest, RoundNumber,
    bounty::Findings,
    eip712::{Choice, Finding, Verdict},
};

use crate::{
    disk::{COMMITS, Disk, commits},
    told::digest,
};

/// Failures that are told at most.
const MAX_FAILURES: usize = 32;

/// A vote of an honest voter, as it was said in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub node: usize,
    pub at_ms: u64,
    pub choice: Choice,
    /// What its patch seemed to be worth.
    pub measured: f64,
    /// When the period was to end then.
    pub period_end_s: u64,
}

/// What is noticed while it happens.
#[derive(Debug, Clone, Default)]
pub struct Checks {
    /// Alarms about verdicts of adversaries.
    pub alarms: u64,
    /// Votes of honest voters.
    pub(crate) choices: Vec<Said>,
    signed: BTreeMap<(usize, RoundNumber), Digest>,
    found: BTreeMap<(usize, BountyNumber, u64), (Finding, Findings)>,
    failures: Vec<String>,
}

impl Checks {
    /// All that did not hold.
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// Notes that something does not hold.
    pub fn fail(&mut self, what: String) {
        if self.failures.len() < MAX_FAILURES && !self.failures.contains(&what) {
            self.failures.push(what);
        }
    }

    /// A verdict was signed: one a round, ever, and not before its line was safe.
    pub fn signed(&mut self, node: usize, verdict: &Verdict, is_safe: bool) {
        if !is_safe {
            self.fail(format!("node {node} has signed in round {} before that was safe on disk", verdict.round));
        }
        let before = *self.signed.entry((node, verdict.round)).or_insert(verdict.claim);
        if before != verdict.claim {
            self.fail(format!("node {node} has signed {} and {} in round {}", digest(&before), digest(&verdict.claim), verdict.round));
        }
    }

    /// A finding was signed: one a window, ever, and not before its line was safe.
    pub(crate) fn note_finding(&mut self, node: usize, finding: Finding, findings: Findings, is_safe: bool) {
        let Finding { bounty, window, .. } = finding;
        if !is_safe {
            self.fail(format!("node {node} has signed a finding of bounty {bounty} before that was safe on disk"));
        }
        let before = self.found.entry((node, bounty, window)).or_insert((finding, findings)).0;
        if before != finding {
            self.fail(format!("node {node} has signed two findings in window {window} of bounty {bounty}"));
        }
    }

    /// The findings that were signed, with who did it.
    pub(crate) fn findings(&self) -> impl Iterator<Item = (usize, &Finding, &Findings)> {
        self.found.iter().map(|((node, ..), (finding, findings))| (*node, finding, findings))
    }

    /// A seal goes out: its salt is safe on disk.
    pub fn sealed(&mut self, node: usize, round: RoundNumber, disk: &Disk) {
        let is_known = commits(disk).is_ok_and(|commits| commits.iter().any(|commit| commit.round == round));
        if !is_known || !disk.is_safe(COMMITS) {
            self.fail(format!("node {node} commits in round {round} before its salt is safe on disk"));
        }
    }

    /// Nobody here lies: an alarm is false.
    pub fn alarmed(&mut self, node: usize, verdict: &Verdict) {
        self.fail(format!("node {node} raises a false alarm about round {}", verdict.round));
    }
}
