//! What a trainer must not forget: the file and salt behind each seal, on disk before the seal is sent.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use protocol::trainer::{MAX_REMEMBERED, Remembered};

pub const NAME: &str = "commits.log";
/// What each version begins with, and this one.
const ANY_HEADER: &str = "neuron commits ";
const HEADER: &str = "neuron commits 1";

/// The file of commits.
pub struct Memory {
    path: PathBuf,
    commits: Vec<Remembered>,
}

impl Memory {
    /// Reads what was remembered.
    ///
    /// # Errors
    /// When the file exists and cannot be read as one, or a later program wrote it.
    pub fn open(data: &Path) -> Result<Self> {
        let path = data.join(NAME);
        if !path.exists() {
            return Ok(Self { path, commits: Vec::new() });
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let (header, lines) = text.split_once('\n').unwrap_or((&text, ""));
        ensure!(
            header == HEADER || !header.starts_with(ANY_HEADER),
            "{} was written by a later version of this program: start that one, the deposits of running rounds depend on it",
            path.display()
        );
        let commits = Some(lines).filter(|_| header == HEADER).and_then(|lines| lines.lines().map(parse).collect());
        let commits =
            commits.with_context(|| format!("{} is damaged: move it away; deposits of running rounds may be lost", path.display()))?;
        Ok(Self { path, commits })
    }

    /// All commits, oldest first.
    pub fn commits(&self) -> &[Remembered] {
        &self.commits
    }

    /// Writes a commit down; when this returns it survives a power cut.
    ///
    /// # Errors
    /// When the disk fails: then nothing should be sent.
    pub fn remember(&mut self, commit: Remembered) -> Result<()> {
        self.commits.retain(|held| *held != commit);
        self.commits.push(commit);
        let first = self.commits.len().saturating_sub(MAX_REMEMBERED);
        self.commits.drain(..first);
        let lines = self.commits.iter().map(|held| format!("{} {} {}\n", held.round, held.file, held.salt));
        let text = format!("{HEADER}\n{}", lines.collect::<String>());
        replace(&self.path, text.as_bytes()).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn parse(line: &str) -> Option<Remembered> {
    let mut words = line.split(' ');
    let commit = Remembered { round: words.next()?.parse().ok()?, file: words.next()?.parse().ok()?, salt: words.next()?.parse().ok()? };
    words.next().is_none().then_some(commit)
}

/// Old or new content, never half of one.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let scratch = path.with_extension("new");
    let mut file = File::create(&scratch)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&scratch, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Digest, RoundNumber};

    #[test]
    fn commits_are_there_after_a_restart_and_a_damaged_file_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let commit = |round, file| Remembered { round: RoundNumber(round), file: Digest([file; 32]), salt: Digest([7; 32]) };
        let mut memory = Memory::open(folder.path()).expect("new");
        for round in 1..=3 {
            memory.remember(commit(round, 1)).expect("written");
        }
        // Which of two was committed only the chain tells.
        memory.remember(commit(3, 2)).expect("another one of the same round");
        let again = Memory::open(folder.path()).expect("reopened");
        assert_eq!(again.commits(), [commit(1, 1), commit(2, 1), commit(3, 1), commit(3, 2)]);
        std::fs::write(folder.path().join(NAME), format!("{HEADER}\n1 2\n")).expect("damaged");
        assert!(Memory::open(folder.path()).is_err());
    }

    #[test]
    fn commits_of_each_older_folder_are_remembered_and_a_later_file_is_refused_by_name_and_left() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/node/tests/golden");
        let wanted = Remembered { round: RoundNumber(4), file: Digest([0xaa; 32]), salt: Digest([0xbb; 32]) };
        for name in ["data-0", "data-1"] {
            let memory = Memory::open(&golden.join(name).join("1")).unwrap_or_else(|error| panic!("{name}: {error:#}"));
            assert_eq!(memory.commits(), [wanted], "{name}");
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (text, words) in [
            ("neuron commits 2\n4 more\n", "a later version"),
            ("neuron commits 12\n", "a later version"),
            ("neuron commits", "is damaged"),
            ("", "is damaged"),
        ] {
            fs::write(folder.path().join(NAME), text).expect("written");
            let error = Memory::open(folder.path()).map(|memory| memory.commits.len()).expect_err(text);
            assert!(format!("{error:#}").contains(words), "{text:?}: {error:#}");
            assert_eq!(fs::read_to_string(folder.path().join(NAME)).expect("left"), text);
        }
    }
}
