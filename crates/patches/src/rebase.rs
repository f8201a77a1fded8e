//! A change of an old set carried onto the set of now, file by file.

use std::{collections::BTreeSet, fmt};

use deltas::{Tree, TreeError};

use crate::{
    merge::{Sides, merge},
    refusal::shown,
};

/// A file that both changed, and not in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Of the file.
    pub path: String,
    /// What stands against what.
    pub kind: ConflictKind,
}

/// How two changes of a file meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictKind {
    /// So many places of it are marked.
    Lines(usize),
    /// Both made it; so many places are marked.
    BothMade(usize),
    /// It is gone from the set of now, and the change would change it. It stays.
    GoneFromTheSet,
    /// The change removes it, and it was changed since. It stays.
    ChangedSince,
}

impl fmt::Display for Conflict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = shown(&self.path);
        match self.kind {
            ConflictKind::Lines(count) => write!(out, "{path}: {count} marked, you and others changed the same lines"),
            ConflictKind::BothMade(count) => write!(out, "{path}: {count} marked, you and others made this file"),
            ConflictKind::GoneFromTheSet => write!(out, "{path}: others removed it, you changed it; it stays as you have it"),
            ConflictKind::ChangedSince => write!(out, "{path}: you removed it, others changed it; it stays as they have it"),
        }
    }
}

/// What came out of a rebase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebased {
    /// The set of now with the change, and with marks where there are conflicts.
    pub tree: Tree,
    /// Files that a person has to look at.
    pub conflicts: Vec<Conflict>,
}

/// Carries what changed from `base` to `theirs` onto `ours`.
///
/// # Errors
/// [`TreeError`] where both changes together make no set.
pub fn rebase(base: &Tree, ours: &Tree, theirs: &Tree, sides: Sides<'_>) -> Result<Rebased, TreeError> {
    let mut rebased = Rebased { tree: ours.clone(), conflicts: Vec::new() };
    let paths: BTreeSet<&str> = [base, theirs].iter().flat_map(|tree| tree.iter()).map(|(path, _)| path).collect();
    // What goes makes room for what comes.
    for path in paths.iter().filter(|path| theirs.get(path).is_none() && base.get(path) == ours.get(path)) {
        rebased.tree.remove(path);
    }
    for path in paths {
        let (before, now, wanted) = (base.get(path), ours.get(path), theirs.get(path));
        if wanted == before || wanted == now {
            continue;
        }
        match (now, wanted) {
            (now, Some(wanted)) if now == before => rebased.tree.insert(path, wanted)?,
            (_, None) if now == before => {}
            (Some(now), Some(wanted)) => rebased.merge(path, before, (now, wanted), sides)?,
            (None, Some(wanted)) => {
                rebased.tree.insert(path, wanted)?;
                rebased.note(path, ConflictKind::GoneFromTheSet);
            }
            (_, None) => rebased.note(path, ConflictKind::ChangedSince),
        }
    }
    Ok(rebased)
}

impl Rebased {
    fn merge(&mut self, path: &str, before: Option<&str>, (now, wanted): (&str, &str), sides: Sides<'_>) -> Result<(), TreeError> {
        let merged = merge(before.unwrap_or_default(), now, wanted, sides);
        self.tree.insert(path, &merged.text)?;
        match (merged.conflicts, before) {
            (0, _) => {}
            (count, Some(_)) => self.note(path, ConflictKind::Lines(count)),
            (count, None) => self.note(path, ConflictKind::BothMade(count)),
        }
        Ok(())
    }

    fn note(&mut self, path: &str, kind: ConflictKind) {
        self.conflicts.push(Conflict { path: path.to_owned(), kind });
    }
}

/// Files of a changed set in which marks of a conflict stand that were not there before.
pub fn marked<'a>(before: &Tree, after: &'a Tree) -> impl Iterator<Item = &'a str> {
    let is_marked = |text: &str| ["<<<<<<< ", ">>>>>>> "].iter().all(|mark| text.lines().any(|line| line.starts_with(mark)));
    let changed = after.iter().filter(|(path, text)| before.get(path) != Some(text));
    changed.filter(move |(path, text)| is_marked(text) && !before.get(path).is_some_and(is_marked)).map(|(path, _)| path)
}
