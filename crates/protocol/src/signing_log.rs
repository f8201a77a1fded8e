//! Which verdicts a validator has signed: one for each round, ever. The shell keeps the bytes on disk.
//!
//! Format, version 1: the line `neuron signing log 1`, then one line for each verdict: group, round, claim and probe,
//! and the first 8 hexadecimal digits of the sha2-256 of what stands before them, separated by single spaces. Version 2 is for a log
//! that was pruned or put together: behind its first line stands, for each group in which rounds are closed, `closed`, the group, the
//! last of those rounds, and the digits.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use crate::eip712::Verdict;
use crate::ids::{Digest, GroupId, RoundNumber};

/// First line of the file.
pub const HEADER: &str = "neuron signing log 1\n";
/// First line of a file in which rounds are closed.
pub const HEADER_CLOSED: &str = "neuron signing log 2\n";
/// Bytes of a line at most; what comes after the last newline is a torn write.
pub const MAX_LINE: usize = 256;

/// Why the file cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningLogError {
    /// The first line is another one.
    #[error("this is no signing log of version 1 or 2: restore it from a backup, or rest the position before starting anew")]
    Header,
    /// A whole line, counted from 1, that is none or has a wrong checksum.
    #[error("line {0} of the signing log is damaged: restore it from a backup, or rest the position before starting anew")]
    Line(usize),
    /// Two verdicts of one round: the key has signed twice, or the file was put together out of two.
    #[error("line {0} of the signing log contradicts an earlier one: restore it from a backup and do not sign")]
    Contradiction(usize),
}

/// What to do about a verdict that is about to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Never signed in this round: append the line, sync the file, then sign.
    Append,
    /// The very same was signed before: signing it again tells nothing new.
    Again,
    /// Never sign this one.
    Refuse(Refusal),
}

/// Why a verdict is never signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another verdict was signed in this round.
    #[error("another claim or result was signed before, {}", .0.claim)]
    Other(Verdict),
    /// Up to this round nothing is signed any more: the log was pruned, or put together with one that contradicted it.
    #[error("the signing log is closed up to round {0}")]
    Closed(RoundNumber),
}

/// All verdicts signed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SigningLog {
    signed: BTreeMap<(GroupId, RoundNumber), Verdict>,
    /// The last round of a group up to which nothing is signed any more. Of closed rounds nothing else is kept.
    closed: BTreeMap<GroupId, RoundNumber>,
}

/// A file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// What the whole lines say.
    pub log: SigningLog,
    /// Bytes that are whole; cut the file to this length before appending (0: write [`HEADER`] first).
    pub whole: usize,
}

impl SigningLog {
    /// Reads the file; a torn last line is left out, for nothing that it says was signed.
    ///
    /// # Errors
    /// [`SigningLogError`] if anything else is wrong: then nothing may be signed.
    pub fn parse(bytes: &[u8]) -> Result<Loaded, SigningLogError> {
        let mut log = Self::default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        if whole == 0 {
            return torn_header(bytes).then_some(Loaded { log, whole }).ok_or(SigningLogError::Header);
        }
        let text = std::str::from_utf8(&bytes[..whole]).map_err(|_| SigningLogError::Header)?;
        let is_closed = text.starts_with(HEADER_CLOSED);
        let lines = text.strip_prefix(if is_closed { HEADER_CLOSED } else { HEADER }).ok_or(SigningLogError::Header)?;
        for (number, line) in (2..).zip(lines.lines()) {
            if let (true, Some((group, through))) = (is_closed, parse_closed(line)) {
                log.close(group, through);
                continue;
            }
            let verdict = parse_line(line).ok_or(SigningLogError::Line(number))?;
            match log.decide(&verdict) {
                Decision::Refuse(_) => return Err(SigningLogError::Contradiction(number)),
                Decision::Append | Decision::Again => log.record(verdict),
            }
        }
        Ok(Loaded { log, whole })
    }

    /// Whether `verdict` may be signed.
    pub fn decide(&self, verdict: &Verdict) -> Decision {
        match (self.closed(verdict.group), self.signed(verdict.group, verdict.round)) {
            (Some(through), _) if verdict.round <= through => Decision::Refuse(Refusal::Closed(through)),
            (_, None) => Decision::Append,
            (_, Some(signed)) if signed == verdict => Decision::Again,
            (_, Some(signed)) => Decision::Refuse(Refusal::Other(*signed)),
        }
    }

    /// Notes a verdict whose line is safely on disk.
    pub fn record(&mut self, verdict: Verdict) {
        self.signed.insert((verdict.group, verdict.round), verdict);
    }

    /// The verdict signed in a round.
    pub fn signed(&self, group: GroupId, round: RoundNumber) -> Option<&Verdict> {
        self.signed.get(&(group, round))
    }

    /// All verdicts of a group that are kept, the oldest first.
    pub fn signed_in(&self, group: GroupId) -> impl DoubleEndedIterator<Item = &Verdict> {
        self.signed.range((group, RoundNumber(0))..=(group, RoundNumber(u64::MAX))).map(|(_, verdict)| verdict)
    }

    /// The last round of a group up to which nothing is signed any more.
    pub fn closed(&self, group: GroupId) -> Option<RoundNumber> {
        self.closed.get(&group).copied()
    }

    /// All groups about which it says something.
    pub fn groups(&self) -> BTreeSet<GroupId> {
        self.signed.keys().map(|(group, _)| *group).chain(self.closed.keys().copied()).collect()
    }

    /// The last round of a group about which it says something.
    pub fn last(&self, group: GroupId) -> Option<RoundNumber> {
        self.signed_in(group).next_back().map(|verdict| verdict.round).max(self.closed(group))
    }

    /// What it says about one group.
    pub fn of(&self, group: GroupId) -> Self {
        let signed = self.signed_in(group).map(|verdict| ((group, verdict.round), *verdict)).collect();
        Self { signed, closed: self.closed(group).map(|through| (group, through)).into_iter().collect() }
    }

    /// Up to that round nothing is signed any more, not even what was signed before.
    pub fn close(&mut self, group: GroupId, through: RoundNumber) {
        let closed = self.closed.entry(group).or_insert(through);
        *closed = through.max(*closed);
        let through = *closed;
        self.signed.retain(|(other, round), _| *other != group || *round > through);
    }

    /// Closes all rounds of each group up to the last one in which something was signed: what is left fits a line a group.
    pub fn prune(&mut self) {
        for group in self.groups() {
            self.last(group).into_iter().for_each(|last| self.close(group, last));
        }
    }

    /// Takes in what another log of the same key says, so that whatever one of them forbids is forbidden. Where they contradict one
    /// another the round is closed, and with it all before; the pairs come back.
    pub fn merge(&mut self, other: &Self) -> Vec<[Verdict; 2]> {
        let mut contradictions = Vec::new();
        other.closed.iter().for_each(|(group, through)| self.close(*group, *through));
        for verdict in other.signed.values() {
            match self.decide(verdict) {
                Decision::Append => self.record(*verdict),
                Decision::Refuse(Refusal::Other(own)) => contradictions.push([own, *verdict]),
                Decision::Again | Decision::Refuse(Refusal::Closed(_)) => {}
            }
        }
        contradictions.iter().for_each(|[own, _]| self.close(own.group, own.round));
        contradictions
    }

    /// The whole file.
    pub fn text(&self) -> String {
        let header = if self.closed.is_empty() { HEADER } else { HEADER_CLOSED };
        let closed = self.closed.iter().map(|(group, through)| with_checksum(&format!("closed {group} {through}")));
        std::iter::once(header.to_owned()).chain(closed).chain(self.signed.values().map(Self::line)).collect()
    }

    /// The line to append for a verdict.
    pub fn line(verdict: &Verdict) -> String {
        with_checksum(&format!("{} {} {} {}", verdict.group, verdict.round, verdict.claim, verdict.probe))
    }
}

/// Whether a file without a newline is the beginning of the header.
fn torn_header(bytes: &[u8]) -> bool {
    HEADER.as_bytes().starts_with(bytes)
}

fn with_checksum(text: &str) -> String {
    format!("{text} {}\n", checksum(text))
}

/// What stands before the checksum, if that is right.
fn checked(line: &str) -> Option<&str> {
    let (text, sum) = line.rsplit_once(' ')?;
    (line.len() <= MAX_LINE && sum == checksum(text)).then_some(text)
}

fn parse_closed(line: &str) -> Option<(GroupId, RoundNumber)> {
    let (group, through) = checked(line)?.strip_prefix("closed ")?.split_once(' ')?;
    Some((group.parse().ok()?, through.parse().ok()?))
}

fn parse_line(line: &str) -> Option<Verdict> {
    let mut words = checked(line)?.split(' ');
    let group = words.next()?.parse().ok()?;
    let round = words.next()?.parse().ok()?;
    let claim: Digest = words.next()?.parse().ok()?;
    let probe = words.next()?.parse().ok()?;
    words.next().is_none().then_some(Verdict { group, round, claim, probe })
}

fn checksum(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..4])
}
