//! A patch: what it changes, who wrote it, and its strict application.
//!
//! Everything is read from the set before the patch, then sources of renames go, then each file is written or removed in the order
//! of the patch (PROTOCOL 11, Patches: how they apply).

use std::collections::BTreeSet;
use std::ops;

use crate::lines::Lines;
use crate::steps::{self, Act, Line, Step};
use crate::tree::{Tree, TreeError};

/// Bytes of a patch at most: 64 MiB.
pub const MAX_PATCH_BYTES: usize = 64 * 1024 * 1024;

/// A unified diff of one or many files, each changed once. Only [`Patch::parse`] makes one, so it holds what that promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// Who wrote it, if it says so.
    pub(crate) author: Option<[u8; 20]>,
    /// All of it: hunks are read again where they apply, so that a patch of many short lines takes no more memory than its bytes.
    pub(crate) text: Box<str>,
    /// In the order of the patch, each path once.
    pub(crate) changes: Vec<Change>,
}

/// What happens to one file: the path after it, and where its text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// Of the file in the tree, as [`check_path`](crate::check_path) takes it.
    pub path: String,
    /// What happens to the file.
    pub act: Act,
    /// Where its hunks stand in the patch, from the first changed place to the last.
    pub hunks: ops::Range<usize>,
}

/// Why a patch does not fit a set. The set is as it was; the patch is one that was made for another set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The file of this path, or the source of a rename or copy, is not in the set.
    #[error("`{0}` is not in the set: the patch was made for another version, rebase it")]
    Missing(String),
    /// A file of this path, which the patch makes, renames or copies to, is in the set already.
    #[error("`{0}` is in the set already: the patch was made for another version, rebase it")]
    Exists(String),
    /// A kept or removed line is not equal, a hunk stands beyond the end, at another line of the new file than it says, or behind a
    /// line without a newline. `line` counts from 1 in the file before the patch: the first one that was not read as the patch says.
    #[error("`{path}` differs at line {line}: the patch was made for another version, rebase it")]
    Differs { path: String, line: usize },
    /// The header says that this file goes, and its hunks leave lines of it.
    #[error("`{0}` would be deleted, but the patch leaves some of its lines: rebase it")]
    NotEmpty(String),
    /// The set after the patch would be none.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl Patch {
    /// The account in the line `Neuron-Author: 0x…` before the first diff: 20 bytes. That whoever proposes a patch is its author is
    /// for the caller to compare.
    pub fn author(&self) -> Option<[u8; 20]> {
        self.author
    }

    /// Paths that the patch writes or deletes, in its order, each once; neither the sources of copies nor, but for a deletion, what a
    /// rename takes away.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().map(|change| change.path.as_str())
    }

    /// The set after the patch: every hunk at exactly its place, every kept and removed line equal, its newline included. `tree` stays
    /// as it is; texts that do not change are shared with it.
    ///
    /// ```
    /// use deltas::{ApplyError, Patch, Tree};
    ///
    /// let patch = Patch::parse(b"--- a/say.txt\n+++ b/say.txt\n@@ -1 +1,2 @@\n who\n+is there\n")?;
    /// let mut set = Tree::new();
    /// set.insert("say.txt", "who\n")?;
    /// assert_eq!(patch.apply(&set)?.get("say.txt"), Some("who\nis there\n"));
    /// set.insert("say.txt", "nobody\nwho\n")?;
    /// let refused = ApplyError::Differs { path: "say.txt".into(), line: 1 };
    /// assert_eq!(patch.apply(&set), Err(refused));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ApplyError`] if anything is different from what the patch says.
    pub fn apply(&self, tree: &Tree) -> Result<Tree, ApplyError> {
        let texts = self.changes.iter().map(|change| change.apply(tree, &self.text)).collect::<Result<Vec<_>, _>>()?;
        let mut patched = tree.clone();
        for gone in self.changes.iter().filter_map(Change::gone) {
            patched.remove(gone);
        }
        for (change, text) in self.changes.iter().zip(texts) {
            match text {
                Some(text) => patched.insert(&change.path, &text)?,
                None => _ = patched.remove(&change.path),
            }
        }
        Ok(patched)
    }

    /// Whether some path is touched twice: then the order of changes would matter.
    pub(crate) fn touches_twice(&self) -> bool {
        let mut seen = BTreeSet::new();
        let touched = self.paths().chain(self.changes.iter().filter_map(Change::gone));
        touched.into_iter().any(|path| !seen.insert(path))
    }
}

impl Change {
    /// The path that goes although it is not the change's own.
    fn gone(&self) -> Option<&str> {
        match &self.act {
            Act::Rename(from) => Some(from),
            _ => None,
        }
    }

    /// The text afterwards; none if the file goes.
    fn apply(&self, tree: &Tree, patch: &str) -> Result<Option<String>, ApplyError> {
        let mut lines = Lines::new(patch.get(self.hunks.clone()).unwrap_or_default());
        let is_whole = |work: &mut Work<'_>| steps::hunks(&mut lines, &mut |step| work.step(step)).ok().flatten();
        let new_text = apply_hunks(&self.path, self.source(tree)?, is_whole)?;
        match self.act {
            Act::Delete if !new_text.is_empty() => Err(ApplyError::NotEmpty(self.path.clone())),
            Act::Delete => Ok(None),
            Act::Plain if new_text.is_empty() => Ok(None),
            _ => Ok(Some(new_text)),
        }
    }

    /// The text that the hunks are about.
    fn source<'a>(&self, tree: &'a Tree) -> Result<&'a str, ApplyError> {
        let here = tree.get(&self.path);
        let exists = || ApplyError::Exists(self.path.clone());
        let missing = |path: &String| ApplyError::Missing(path.clone());
        match &self.act {
            Act::Create => here.is_none().then_some("").ok_or_else(exists),
            Act::Delete | Act::Modify => here.ok_or_else(|| missing(&self.path)),
            Act::Plain => Ok(here.unwrap_or_default()),
            Act::Rename(_) | Act::Copy(_) if here.is_some() => Err(exists()),
            Act::Rename(from) | Act::Copy(from) => tree.get(from).ok_or_else(|| missing(from)),
        }
    }
}

/// The text of a file after its hunks, which `steps` shows one after the other; what stands between and behind them is kept.
fn apply_hunks(path: &str, text: &str, steps: impl FnOnce(&mut Work<'_>) -> Option<()>) -> Result<String, ApplyError> {
    let mut work = Work { old: text, done: 0, written: 0, text: String::with_capacity(text.len()) };
    let whole = steps(&mut work).and_then(|()| work.keep_rest());
    whole.ok_or_else(|| ApplyError::Differs { path: path.to_owned(), line: work.done + 1 })?;
    Ok(work.text)
}

/// A file in the course of being patched: both sides are read and written once, from the first line on.
struct Work<'a> {
    /// What is not read yet.
    old: &'a str,
    /// Old lines read.
    done: usize,
    /// New lines written.
    written: usize,
    text: String,
}

impl Work<'_> {
    /// A hunk at its place, before which lines are kept, or one line of it, which is compared.
    fn step(&mut self, step: Step<'_>) -> Option<()> {
        match step {
            Step::Hunk { old, new } => {
                self.keep(old.before()?.checked_sub(self.done)?)?;
                (new.before()? == self.written).then_some(())
            }
            Step::Line(Line::Keep(line)) => self.read(line).and_then(|()| self.write(line)),
            Step::Line(Line::Remove(line)) => self.read(line),
            Step::Line(Line::Add(line)) => self.write(line),
        }
    }

    /// Copies so many lines, all or none.
    fn keep(&mut self, count: usize) -> Option<()> {
        let Some(last) = count.checked_sub(1) else { return Some(()) };
        let end = self.old.match_indices('\n').nth(last).map(|(at, _)| at + 1);
        let is_last = || self.old.match_indices('\n').count() == last && !self.old.is_empty() && !self.old.ends_with('\n');
        let end = end.or_else(|| is_last().then_some(self.old.len()))?;
        self.copy(end, count)
    }

    /// Copies what is left.
    fn keep_rest(&mut self) -> Option<()> {
        if self.old.is_empty() { Some(()) } else { self.copy(self.old.len(), 0) }
    }

    /// Copies bytes that are so many lines.
    fn copy(&mut self, end: usize, count: usize) -> Option<()> {
        let (kept, rest) = self.old.split_at_checked(end)?;
        if !self.is_open() {
            return None;
        }
        self.text.push_str(kept);
        self.old = rest;
        self.done += count;
        self.written += count;
        Some(())
    }

    /// One old line, which must be this one.
    fn read(&mut self, line: &str) -> Option<()> {
        let rest = self.old.strip_prefix(line).filter(|rest| line.ends_with('\n') || rest.is_empty() && !line.is_empty())?;
        self.old = rest;
        self.done += 1;
        Some(())
    }

    /// Adds a line to the new file. Nothing can follow a line without a newline.
    fn write(&mut self, line: &str) -> Option<()> {
        if !self.is_open() {
            return None;
        }
        self.text.push_str(line);
        self.written += 1;
        Some(())
    }

    /// Whether a line may follow what is written.
    fn is_open(&self) -> bool {
        self.text.is_empty() || self.text.ends_with('\n')
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::steps::Range;

    /// A header and its lines.
    #[derive(Debug)]
    struct Hunk {
        old: Range,
        new: Range,
        lines: Vec<Line<'static>>,
    }

    fn steps(work: &mut Work<'_>, hunks: &[Hunk]) -> Option<()> {
        hunks.iter().try_for_each(|hunk| {
            work.step(Step::Hunk { old: hunk.old, new: hunk.new })?;
            hunk.lines.iter().try_for_each(|line| work.step(Step::Line(*line)))
        })
    }

    /// The rule as PROTOCOL writes it, line by line.
    fn plain(text: &str, hunks: &[Hunk]) -> Option<String> {
        let old: Vec<&str> = text.split_inclusive('\n').collect();
        let (mut new, mut done): (Vec<String>, usize) = (Vec::new(), 0);
        for hunk in hunks {
            let before = hunk.old.before()?;
            new.extend(old.get(done..before)?.iter().map(|line| (*line).to_owned()));
            done = before;
            if hunk.new.before()? != new.len() {
                return None;
            }
            for line in &hunk.lines {
                let (Line::Keep(text) | Line::Remove(text) | Line::Add(text)) = line;
                if !matches!(line, Line::Add(_)) {
                    (old.get(done)? == text).then_some(())?;
                    done += 1;
                }
                if !matches!(line, Line::Remove(_)) {
                    new.push((*text).to_owned());
                }
            }
        }
        new.extend(old.get(done..)?.iter().map(|line| (*line).to_owned()));
        let mut written = new.iter().filter(|line| !line.is_empty()).peekable();
        while let Some(line) = written.next() {
            if written.peek().is_some() && !line.ends_with('\n') {
                return None;
            }
        }
        // A line of no letters and no newline behind such a line is refused, too.
        let joined = new.windows(2).all(|pair| matches!(pair, [one, _] if one.ends_with('\n') || one.is_empty()));
        joined.then(|| new.concat())
    }

    fn any_hunk() -> impl Strategy<Value = Hunk> {
        let text = prop::sample::select(vec!["a\n", "b\n", "c", "\n", ""]);
        let line = (0..3_u8, text).prop_map(|(mark, text)| match mark {
            0 => Line::Keep(text),
            1 => Line::Remove(text),
            _ => Line::Add(text),
        });
        (0..6_usize, 0..6_usize, prop::collection::vec(line, 0..4)).prop_map(|(old, new, lines)| {
            let count = |other: fn(&Line) -> bool| lines.iter().filter(|line| !other(line)).count();
            let old = Range { start: old, count: count(|line| matches!(line, Line::Add(_))) };
            Hunk { old, new: Range { start: new, count: count(|line| matches!(line, Line::Remove(_))) }, lines }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn hunks_do_to_bytes_what_the_rule_says_of_lines(
            lines in prop::collection::vec(prop::sample::select(vec!["a\n", "b\n", "\n"]), 0..5),
            end in prop::sample::select(vec!["", "c", "a"]),
            hunks in prop::collection::vec(any_hunk(), 0..3),
        ) {
            let text = lines.concat() + end;
            prop_assert_eq!(apply_hunks("x", &text, |work| steps(work, &hunks)).ok(), plain(&text, &hunks));
        }
    }
}
