//! A message's files carried out on a set, under certain folders.

use std::collections::BTreeSet;

use deltas::Tree;

use crate::{
    file::{Act, File},
    fit,
    names::There,
    portable,
    refusal::{Refusal, shown},
    roots::Roots,
};

/// A set after a message, and what is to be told of it.
pub struct Carried {
    pub tree: Tree,
    pub notes: Vec<String>,
}

/// What stood in the way behind so many files that fitted.
pub struct Stopped {
    pub fitted: usize,
    pub refusal: Refusal,
}

/// Carries out all files. Each reads from the set before the message, as git's do; a file that is changed again reads what came out before.
///
/// # Errors
/// With the first file that does not fit.
pub fn carry(set: &Tree, files: &[File<'_>], roots: &Roots, crlf: bool) -> Result<Carried, Stopped> {
    let leaving = files.iter().filter(|file| file.act == Act::Rename).filter_map(|file| roots.paths(file)?.0).map(str::to_owned).collect();
    let mut work = Work { base: set.clone(), set: set.clone(), written: BTreeSet::new(), leaving, notes: Vec::new(), crlf };
    for (fitted, file) in files.iter().enumerate() {
        work.file(file, roots).map_err(|refusal| Stopped { fitted, refusal })?;
    }
    Ok(Carried { tree: work.set, notes: work.notes })
}

struct Work {
    /// What is read from.
    base: Tree,
    /// What is written to.
    set: Tree,
    /// Paths written or deleted since `base`.
    written: BTreeSet<String>,
    /// Paths that are renamed: others may take their places.
    leaving: BTreeSet<String>,
    notes: Vec<String>,
    crlf: bool,
}

impl Work {
    fn file(&mut self, file: &File<'_>, roots: &Roots) -> Result<(), Refusal> {
        let unlike = || {
            Refusal::at(
                file.line,
                format_args!(
                    "the names of this file do not lie below {}, as those of others do: write one patch for each folder, or say with --strip how many folders to take off",
                    roots.shown()
                ),
            )
        };
        let (old, new) = roots.paths(file).ok_or_else(unlike)?;
        let Some(target) = new.or(old) else { return Err(unlike()) };
        if self.written.contains(target) {
            self.base = self.set.clone();
            self.written.clear();
        }
        let source = old.unwrap_or(target);
        let act = self.act(file, source);
        let before = self.before(file, act, source, target)?;
        let fitted = fit::fit(source, &before, &file.hunks, self.crlf).map_err(|refusal| match fit::is_done(&before, &file.hunks, self.crlf) {
            true => Refusal::at(file.line, format_args!("{} is already as the patch wants it: it has been applied, or was written the wrong way round (old folder first, then the new one)", shown(source))),
            false => refusal,
        })?;
        self.moved(target, &fitted.moved);
        self.written.insert(target.to_owned());
        let is_unsaid = !file.is_git && act == Act::Edit && file.new.there == There::Unsaid;
        if fitted.text.is_empty() && is_unsaid && !before.is_empty() {
            self.notes
                .push(format!("{} loses all of its lines and stays as an empty file: the patch does not say that it goes", shown(target)));
        }
        match act {
            Act::Delete if !fitted.text.is_empty() => Err(Refusal::at(
                file.line,
                format_args!(
                    "{} would go, but the patch leaves some of its lines: it was made for another version, write it anew",
                    shown(target)
                ),
            )),
            Act::Delete => {
                self.set.remove(target);
                Ok(())
            }
            _ => {
                if act == Act::Rename && !self.written.contains(source) {
                    self.set.remove(source);
                }
                self.write(file, target, &fitted.text)
            }
        }
    }

    /// What happens, where the patch alone does not say it: lines that are all added to a file that is not there make it.
    fn act(&self, file: &File<'_>, source: &str) -> Act {
        let only_adds = file.hunks.iter().all(|hunk| hunk.side(crate::hunk::Mark::Add).count() == 0);
        let is_new =
            !file.is_git && file.act == Act::Edit && file.old.there == There::Unsaid && only_adds && self.base.get(source).is_none();
        if is_new { Act::Create } else { file.act }
    }

    /// The text that the hunks are for.
    fn before(&self, file: &File<'_>, act: Act, source: &str, target: &str) -> Result<String, Refusal> {
        let is_taken = act != Act::Edit && act != Act::Delete && self.base.get(target).is_some() && !self.leaving.contains(target);
        if is_taken {
            return Err(Refusal::at(
                file.line,
                format_args!(
                    "{} is in the set already, and the patch makes it: it was made for another version, or has been applied",
                    shown(target)
                ),
            ));
        }
        match (act, self.base.get(source)) {
            (Act::Create, _) => Ok(String::new()),
            (_, Some(text)) => Ok(text.to_owned()),
            (_, None) => Err(Refusal::at(
                file.line,
                format_args!(
                    "{} is not in the set: the patch was made for another version, or its names begin with folders that the set has not (--strip takes them off)",
                    shown(source)
                ),
            )),
        }
    }

    fn write(&mut self, file: &File<'_>, target: &str, text: &str) -> Result<(), Refusal> {
        if self.base.get(target).is_none() {
            portable::check(target).map_err(|words| Refusal::at(file.line, words))?;
            self.note_new_folder(target);
        }
        self.set.insert(target, text).map_err(|error| Refusal::at(file.line, error.to_string().escape_debug()))
    }

    /// A folder that the set has not may be one that the tool wrote before all names.
    fn note_new_folder(&mut self, target: &str) {
        let Some((folder, _)) = target.split_once('/') else { return };
        let is_known = self.set.iter().any(|(path, _)| path.split_once('/').is_some_and(|(known, _)| known == folder));
        if !is_known && !self.set.is_empty() {
            self.notes.push(format!(
                "{} is a new folder of the set: if it is none of it, say with --strip how many folders to take off",
                shown(folder)
            ));
        }
    }

    fn moved(&mut self, path: &str, moved: &[(usize, usize, usize)]) {
        if let Some((hunk, here, said)) = moved.first() {
            let more = if moved.len() > 1 { format!(", and {} more", moved.len() - 1) } else { String::new() };
            self.notes.push(format!(
                "hunk {hunk} of {} stands at line {here}, not {said}{more}: all of its lines are equal there and nowhere else",
                shown(path)
            ));
        }
    }
}
