//! A file that remembers which seeds are done, so that a run can be stopped and go on.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::outcome::Outcome;

/// See the module: a first line that says of what kind of run it is, then one line for each seed.
pub struct State {
    path: PathBuf,
    file: File,
    done: BTreeMap<u64, Outcome>,
}

impl State {
    /// Opens the file, or makes it. A last line that was not written to its end does not count.
    ///
    /// # Errors
    /// When the file is of another run, damaged, or cannot be read or written.
    pub fn open(path: &Path, run: &str) -> Result<Self> {
        let cannot = || format!("cannot open {}", path.display());
        let held = if path.exists() { std::fs::read_to_string(path).with_context(cannot)? } else { String::new() };
        let whole = held.rfind('\n').map_or("", |end| &held[..=end]);
        let done = read(whole, run).with_context(|| format!("{} cannot be gone on with: name another file or move it", path.display()))?;
        let mut file = OpenOptions::new().create(true).append(true).open(path).with_context(cannot)?;
        file.set_len(whole.len() as u64).with_context(cannot)?;
        if whole.is_empty() {
            writeln!(file, "{run}").with_context(cannot)?;
        }
        Ok(Self { path: path.to_owned(), file, done })
    }

    /// What came of a seed that is done.
    pub fn find(&self, seed: u64) -> Option<&Outcome> {
        self.done.get(&seed)
    }

    /// Remembers a seed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note(&mut self, outcome: &Outcome) -> Result<()> {
        writeln!(self.file, "{}", outcome.to_line()).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn read(text: &str, run: &str) -> Result<BTreeMap<u64, Outcome>> {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or(run);
    ensure!(first == run, "it is of a run of {first:?}, not of {run:?}");
    let mut done = BTreeMap::new();
    for (number, line) in (2..).zip(lines) {
        let outcome = Outcome::from_line(line).with_context(|| format!("line {number} is damaged"))?;
        done.insert(outcome.seed, outcome);
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Counts;

    fn outcome(seed: u64) -> Outcome {
        Outcome { seed, counts: Counts::default(), failures: Vec::new() }
    }

    #[test]
    fn what_was_noted_is_found_again_but_not_a_line_that_was_cut() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        let mut state = State::open(&path, "34 rounds").expect("made");
        (3..5).for_each(|seed| state.note(&outcome(seed)).expect("written"));
        let held = std::fs::read(&path).expect("there");
        std::fs::write(&path, &held[..held.len() - 1]).expect("cut");
        let mut state = State::open(&path, "34 rounds").expect("opened");
        assert_eq!((state.find(3), state.find(4)), (Some(&outcome(3)), None));
        state.note(&outcome(4)).expect("written");
        assert_eq!(std::fs::read(&path).expect("there"), held);
    }

    #[test]
    fn a_file_of_another_run_or_a_damaged_one_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        for (held, told) in [("35 rounds\n", "another file"), ("34 rounds\njunk\n", "another file")] {
            std::fs::write(&path, held).expect("written");
            let error = State::open(&path, "34 rounds").map(|_| ()).expect_err("refused");
            assert!(format!("{error:#}").contains(told), "{error:#}");
            assert_eq!(std::fs::read_to_string(&path).expect("there"), held);
        }
    }
}
