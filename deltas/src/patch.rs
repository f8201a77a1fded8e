//! A patch: what it changes, who wrote it, and its strict application.

use std::collections::BTreeSet;

use crate::tree::{Tree, TreeError};

/// Bytes of a patch at most.
pub const MAX_PATCH_BYTES: usize = 64 * 1024 * 1024;

/// A unified diff of one or many files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    pub(crate) author: Option<[u8; 20]>,
    pub(crate) changes: Vec<Change>,
}

/// What happens to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub path: String,
    pub act: Act,
    pub hunks: Vec<Hunk>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// The file is new.
    Create,
    /// The file goes; the hunks remove all of it.
    Delete,
    /// The file stays.
    Modify,
    /// As `diff -ruN` writes it: an absent file counts as empty, before and after.
    Plain,
    /// The file comes from another path, which goes.
    Rename(String),
    /// The file comes from another path, which stays.
    Copy(String),
}

/// Consecutive lines and where they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hunk {
    pub old: Range,
    pub new: Range,
    pub lines: Vec<Line>,
}

/// As in the header of a hunk: `start` counts from 1, and is the line before where `count` is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub start: usize,
    pub count: usize,
}

impl Range {
    /// Lines before the range.
    fn before(self) -> Option<usize> {
        if self.count == 0 { Some(self.start) } else { self.start.checked_sub(1) }
    }
}

/// A line with its newline, if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    Keep(String),
    Remove(String),
    Add(String),
}

/// Why a patch does not fit a set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    #[error("`{0}` is not in the set: the patch was made for another version, rebase it")]
    Missing(String),
    #[error("`{0}` is in the set already: the patch was made for another version, rebase it")]
    Exists(String),
    #[error("`{path}` differs at line {line}: the patch was made for another version, rebase it")]
    Differs { path: String, line: usize },
    #[error("`{0}` would be deleted, but the patch leaves some of its lines: rebase it")]
    NotEmpty(String),
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl Patch {
    /// The account in the line `Neuron-Author: 0x…` before the first diff.
    pub fn author(&self) -> Option<[u8; 20]> {
        self.author
    }

    /// Paths that the patch writes or deletes.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().map(|change| change.path.as_str())
    }

    /// The set after the patch: every hunk at exactly its place, every kept and removed line equal.
    ///
    /// # Errors
    /// [`ApplyError`] if anything is different from what the patch says.
    pub fn apply(&self, tree: &Tree) -> Result<Tree, ApplyError> {
        let texts = self.changes.iter().map(|change| change.apply(tree)).collect::<Result<Vec<_>, _>>()?;
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
    fn apply(&self, tree: &Tree) -> Result<Option<String>, ApplyError> {
        let new_text = apply_hunks(&self.path, self.source(tree)?, &self.hunks)?;
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

fn apply_hunks(path: &str, text: &str, hunks: &[Hunk]) -> Result<String, ApplyError> {
    let mut work = Work { old: text.split_inclusive('\n').collect(), done: 0, written: 0, text: String::with_capacity(text.len()) };
    let whole = hunks.iter().try_for_each(|hunk| work.hunk(hunk)).and_then(|()| work.keep_until(work.old.len()));
    whole.ok_or_else(|| ApplyError::Differs { path: path.to_owned(), line: work.done + 1 })?;
    Ok(work.text)
}

/// A file in the course of being patched.
struct Work<'a> {
    old: Vec<&'a str>,
    /// Old lines read.
    done: usize,
    /// New lines written.
    written: usize,
    text: String,
}

impl Work<'_> {
    fn hunk(&mut self, hunk: &Hunk) -> Option<()> {
        self.keep_until(hunk.old.before()?)?;
        if hunk.new.before()? != self.written {
            return None;
        }
        hunk.lines.iter().try_for_each(|line| match line {
            Line::Keep(line) => self.read(line).and_then(|()| self.write(line)),
            Line::Remove(line) => self.read(line),
            Line::Add(line) => self.write(line),
        })
    }

    /// Copies the lines before line `end`, counted from 0.
    fn keep_until(&mut self, end: usize) -> Option<()> {
        let kept = self.old.get(self.done..end)?.to_vec();
        self.done = end;
        kept.into_iter().try_for_each(|line| self.write(line))
    }

    fn read(&mut self, line: &str) -> Option<()> {
        let equal = *self.old.get(self.done)? == line;
        self.done += usize::from(equal);
        equal.then_some(())
    }

    /// Nothing can follow a line without a newline.
    fn write(&mut self, line: &str) -> Option<()> {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            return None;
        }
        self.text.push_str(line);
        self.written += 1;
        Some(())
    }
}
