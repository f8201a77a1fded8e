//! Which verdicts a validator has signed: one for each round, ever. The shell keeps the bytes on disk.
//!
//! Format, version 1: the line `neuron signing log 1`, then one line for each verdict: group, round, claim and probe,
//! and the first 8 hexadecimal digits of the sha2-256 of what stands before them, separated by single spaces.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::eip712::Verdict;
use crate::ids::{Digest, GroupId, RoundNumber};

/// First line of the file.
pub const HEADER: &str = "neuron signing log 1\n";
/// Bytes of a line at most; what comes after the last newline is a torn write.
pub const MAX_LINE: usize = 256;

/// Why the file cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningLogError {
    /// The first line is another one.
    #[error("this is no signing log of version 1: restore it from a backup, or rest the position before starting anew")]
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
    /// Another verdict was signed in this round: never sign this one.
    Refuse(Verdict),
}

/// All verdicts signed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SigningLog {
    signed: BTreeMap<(GroupId, RoundNumber), Verdict>,
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
        let lines = text.strip_prefix(HEADER).ok_or(SigningLogError::Header)?;
        for (number, line) in (2..).zip(lines.lines()) {
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
        match self.signed.get(&(verdict.group, verdict.round)) {
            None => Decision::Append,
            Some(signed) if signed == verdict => Decision::Again,
            Some(signed) => Decision::Refuse(*signed),
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

    /// The line to append for a verdict.
    pub fn line(verdict: &Verdict) -> String {
        let text = format!("{} {} {} {}", verdict.group, verdict.round, verdict.claim, verdict.probe);
        format!("{text} {}\n", checksum(&text))
    }
}

/// Whether a file without a newline is the beginning of the header.
fn torn_header(bytes: &[u8]) -> bool {
    HEADER.as_bytes().starts_with(bytes)
}

fn parse_line(line: &str) -> Option<Verdict> {
    let (text, sum) = line.rsplit_once(' ')?;
    if line.len() > MAX_LINE || sum != checksum(text) {
        return None;
    }
    let mut words = text.split(' ');
    let group = words.next()?.parse().ok()?;
    let round = words.next()?.parse().ok()?;
    let claim: Digest = words.next()?.parse().ok()?;
    let probe = words.next()?.parse().ok()?;
    words.next().is_none().then_some(Verdict { group, round, claim, probe })
}

fn checksum(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..4])
}
