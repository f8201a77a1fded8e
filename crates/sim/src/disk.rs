//! Disks that lose what was not synced, and processes that are killed between one step and the next.

use std::collections::BTreeMap;

use protocol::{
    Digest, RoundNumber,
    eip712::Verdict,
    signing_log::{Decision, HEADER, Refusal, SigningLog, SigningLogError},
};

use crate::random::Random;

/// Of verdicts, of findings, of commits; as the programs name them.
pub const VERDICTS: &str = "signing.log";
pub const FINDINGS: &str = "findings.log";
pub const COMMITS: &str = "commits.log";
const COMMITS_HEADER: &str = "neuron commits 1\n";
/// Commits that are kept: more than lie between a commit and its coinbase.
const COMMITS_KEPT: usize = 1024;

/// Why something was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiskError {
    #[error("the process was killed")]
    Killed,
    #[error("the disk is full: make room")]
    Full,
    #[error("{0} is damaged: restore it from a backup")]
    Damaged(&'static str),
    #[error(transparent)]
    Signing(#[from] SigningLogError),
}

/// A process that may be killed at any of its steps.
#[derive(Debug, Clone, Default)]
pub struct Life {
    steps_left: Option<u64>,
    is_over: bool,
}

impl Life {
    /// From now on it has so many steps left.
    pub fn doom(&mut self, steps: u64) {
        self.steps_left = Some(steps);
    }

    /// One step that others could see: something is written, synced, sent.
    ///
    /// # Errors
    /// [`DiskError::Killed`] if it does not come to that any more.
    pub fn step(&mut self) -> Result<(), DiskError> {
        self.is_over = self.is_over || self.steps_left == Some(0);
        self.steps_left = self.steps_left.map(|left| left.saturating_sub(1));
        if self.is_over { Err(DiskError::Killed) } else { Ok(()) }
    }

    /// Whether it was killed.
    pub fn is_over(&self) -> bool {
        self.is_over
    }
}

/// The files of one node.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    files: BTreeMap<&'static str, Stored>,
    pub is_full: bool,
}

#[derive(Debug, Clone, Default)]
struct Stored {
    /// As the process reads it.
    written: Vec<u8>,
    /// What survives whatever happens.
    synced: usize,
}

impl Disk {
    /// What a process finds; nothing if there is no such file.
    pub fn read(&self, name: &str) -> &[u8] {
        self.files.get(name).map_or(&[], |file| &file.written)
    }

    /// Whether a file would survive a power cut as it is.
    pub fn is_safe(&self, name: &str) -> bool {
        self.files.get(name).is_some_and(|file| file.synced == file.written.len())
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> usize {
        self.files.values().map(|file| file.written.len()).sum()
    }

    /// Adds to a file; not yet safe.
    ///
    /// # Errors
    /// When the process is killed before, or the disk is full.
    pub fn append(&mut self, name: &'static str, bytes: &[u8], life: &mut Life) -> Result<(), DiskError> {
        life.step()?;
        if self.is_full {
            return Err(DiskError::Full);
        }
        self.files.entry(name).or_default().written.extend_from_slice(bytes);
        Ok(())
    }

    /// Makes safe what a file holds.
    ///
    /// # Errors
    /// When the process is killed before.
    pub fn sync(&mut self, name: &'static str, life: &mut Life) -> Result<(), DiskError> {
        life.step()?;
        if let Some(file) = self.files.get_mut(name) {
            file.synced = file.written.len();
        }
        Ok(())
    }

    /// The new content or the old one, safely, never half of one.
    ///
    /// # Errors
    /// When the process is killed before, or the disk is full.
    pub fn replace(&mut self, name: &'static str, bytes: Vec<u8>, life: &mut Life) -> Result<(), DiskError> {
        life.step()?;
        if self.is_full {
            return Err(DiskError::Full);
        }
        life.step()?;
        self.files.insert(name, Stored { synced: bytes.len(), written: bytes });
        Ok(())
    }

    /// A power cut: of what was not synced as much is left as is drawn.
    pub fn cut(&mut self, random: &mut Random) {
        for file in self.files.values_mut() {
            let left = random.within(file.synced as u64, file.written.len() as u64);
            file.written.truncate(left as usize);
            file.synced = file.written.len();
        }
    }

    /// Keeps the whole lines of a file, as a process does that opens it.
    fn keep(&mut self, name: &'static str, whole: usize, life: &mut Life) -> Result<(), DiskError> {
        let file = self.files.entry(name).or_default();
        file.written.truncate(whole);
        file.synced = file.synced.min(whole);
        if whole == 0 {
            self.append(name, HEADER.as_bytes(), life)?;
        }
        self.sync(name, life)
    }
}

/// A signing log on a disk: one line for each matter, safe before its signature exists.
#[derive(Debug, Clone)]
pub struct Signing {
    name: &'static str,
    log: SigningLog,
}

impl Signing {
    /// Opens one, or begins it.
    ///
    /// # Errors
    /// When it is damaged: nothing may be signed then.
    pub fn open(name: &'static str, disk: &mut Disk, life: &mut Life) -> Result<Self, DiskError> {
        let loaded = SigningLog::parse(disk.read(name))?;
        disk.keep(name, loaded.whole, life)?;
        Ok(Self { name, log: loaded.log })
    }

    /// Puts a line on disk; returns why not, if what stands there forbids it.
    ///
    /// # Errors
    /// When it was not written: then nothing may be signed.
    pub fn note(&mut self, line: Verdict, disk: &mut Disk, life: &mut Life) -> Result<Option<Refusal>, DiskError> {
        match self.log.decide(&line) {
            Decision::Refuse(refusal) => return Ok(Some(refusal)),
            Decision::Again => {}
            Decision::Append => {
                disk.append(self.name, SigningLog::line(&line).as_bytes(), life)?;
                disk.sync(self.name, life)?;
                self.log.record(line);
            }
        }
        Ok(None)
    }
}

/// What a trainer must not forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commit {
    pub round: RoundNumber,
    pub file: Digest,
    pub salt: Digest,
}

/// Commits as they are on disk, oldest first.
///
/// # Errors
/// When the file is damaged.
pub fn commits(disk: &Disk) -> Result<Vec<Commit>, DiskError> {
    let bytes = disk.read(COMMITS);
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let lines = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_prefix(COMMITS_HEADER));
    lines.and_then(|lines| lines.lines().map(parse).collect()).ok_or(DiskError::Damaged(COMMITS))
}

/// Writes a commit down; when this returns it survives a power cut.
///
/// # Errors
/// When it was not written: then nothing may be sent.
pub fn remember(commit: Commit, disk: &mut Disk, life: &mut Life) -> Result<(), DiskError> {
    let mut commits = commits(disk)?;
    commits.retain(|held| *held != commit);
    commits.push(commit);
    let first = commits.len().saturating_sub(COMMITS_KEPT);
    let lines = commits[first..].iter().map(|held| format!("{} {} {}\n", held.round, held.file, held.salt));
    let text: String = std::iter::once(COMMITS_HEADER.to_owned()).chain(lines).collect();
    disk.replace(COMMITS, text.into_bytes(), life)
}

fn parse(line: &str) -> Option<Commit> {
    let mut words = line.split(' ');
    let commit = Commit { round: words.next()?.parse().ok()?, file: words.next()?.parse().ok()?, salt: words.next()?.parse().ok()? };
    words.next().is_none().then_some(commit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::GroupId;

    fn verdict(round: u64, claim: u8) -> Verdict {
        Verdict { group: GroupId(1), round: RoundNumber(round), claim: Digest([claim; 32]), probe: Digest([9; 32]) }
    }

    #[test]
    fn after_a_kill_at_any_step_nothing_is_signed_twice_and_what_was_signed_is_known() {
        for (steps, cut) in (0..10).flat_map(|steps| (0..20).map(move |cut| (steps, cut))) {
            let (mut disk, mut life) = (Disk::default(), Life::default());
            life.doom(steps);
            let mut signed = Vec::new();
            let run = |disk: &mut Disk, life: &mut Life, claim, signed: &mut Vec<(u64, u8)>| -> Result<(), DiskError> {
                let mut signing = Signing::open(VERDICTS, disk, life)?;
                for round in 1..=3 {
                    if signing.note(verdict(round, claim), disk, life)?.is_none() {
                        signed.push((round, claim));
                    }
                }
                Ok(())
            };
            let first = run(&mut disk, &mut life, 1, &mut signed);
            assert_eq!(first.is_err(), steps < 8, "opening takes two steps, each line two");
            disk.cut(&mut Random::new(cut, "cut", 0));
            let before = signed.clone();
            run(&mut disk, &mut Life::default(), 2, &mut signed).expect("it opens whatever was torn");
            assert!(before.iter().all(|(round, _)| !signed.contains(&(*round, 2))), "{steps} {cut}: {signed:?}");
        }
    }

    #[test]
    fn a_commit_is_there_in_whole_or_the_list_is_as_before() {
        let commit = |round, file| Commit { round: RoundNumber(round), file: Digest([file; 32]), salt: Digest([7; 32]) };
        for steps in 0..6 {
            let (mut disk, mut life) = (Disk::default(), Life::default());
            remember(commit(1, 1), &mut disk, &mut Life::default()).expect("written");
            life.doom(steps);
            let written = [(2, 2), (2, 3)].map(|(round, file)| remember(commit(round, file), &mut disk, &mut life).is_ok());
            disk.cut(&mut Random::new(steps, "cut", 0));
            let second = match written {
                [true, true] => vec![commit(2, 2), commit(2, 3)],
                [true, false] => vec![commit(2, 2)],
                _ => Vec::new(),
            };
            assert_eq!(commits(&disk), Ok([vec![commit(1, 1)], second].concat()), "{steps}");
        }
    }

    #[test]
    fn a_full_disk_takes_nothing_and_loses_nothing() {
        let (mut disk, mut life) = (Disk::default(), Life::default());
        let mut signing = Signing::open(VERDICTS, &mut disk, &mut life).expect("new");
        signing.note(verdict(1, 1), &mut disk, &mut life).expect("written");
        disk.is_full = true;
        assert_eq!(signing.note(verdict(2, 1), &mut disk, &mut life), Err(DiskError::Full));
        assert_eq!(signing.note(verdict(1, 2), &mut disk, &mut life), Ok(Some(Refusal::Other(verdict(1, 1)))));
        disk.is_full = false;
        assert_eq!(signing.note(verdict(2, 2), &mut disk, &mut life), Ok(None), "nothing of round 2 was signed");
    }
}
