//! Patches as people's tools write them, read into the one strict form that nodes agree on.
//!
//! In front of [`deltas::Patch`], for whoever proposes: it reads what git, GNU diff, BusyBox, Mercurial, Subversion, IntelliJ, JGit, jsdiff,
//! difflib and mail programs write, carries it out on the current set, and lets [`deltas::Patch::between`] write what came out. Nothing is
//! guessed: a hunk stands where it says, or at the only other place where all of its lines are equal. Nothing is dropped in silence: what
//! is left out is noted, and what cannot be taken is refused in words that say what to do.

mod blame;
mod carry;
mod decode;
mod file;
mod fit;
mod git;
mod hunk;
mod mail;
mod merge;
mod names;
mod near;
/// Names that mean the same file on every system of files.
pub mod portable;
mod read;
mod rebase;
mod refusal;
mod report;
mod roots;
mod summary;
mod words;

use deltas::{Patch, Tree};

pub use blame::{Added, Extent, Origins, added};
pub use merge::{Merged, Sides, merge};
pub use near::{Near, near};
pub use rebase::{Conflict, ConflictKind, Rebased, marked, rebase};
pub use refusal::{Refusal, shown};
pub use summary::{Rows, Shape, Summary};
pub use words::{Words, words};

use crate::{carry::Carried, file::File, roots::Roots};

/// How the line begins that names the author.
const AUTHOR: &str = "Neuron-Author:";

/// What a patch makes of a set.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The set after it.
    pub tree: Tree,
    /// Who wrote it, if it says so.
    pub author: Option<[u8; 20]>,
    /// Subject of the first mail.
    pub title: Option<String>,
    /// What was changed to read it, and what was left out, each a sentence.
    pub notes: Vec<String>,
    /// The patch is in the strict form and does the same there.
    strict: Option<Vec<u8>>,
}

/// Reads a patch on the current set. `strip` says how many folders stand before the names of the set; without it they are found.
///
/// ```
/// let mut set = deltas::Tree::new();
/// set.insert("a.csv", "1,2\n3,4\n")?;
/// // As Subversion writes it, with CRLF.
/// let patch = b"Index: a.csv\r\n===\r\n--- a.csv\t(revision 1)\r\n+++ a.csv\t(working copy)\r\n@@ -1,2 +1,2 @@\r\n 1,2\r\n-3,4\r\n+3,5\r\n";
/// let reading = patches::read(patch, &set, None)?;
/// assert_eq!(reading.tree.get("a.csv"), Some("1,2\n3,5\n"));
/// let strict = deltas::Patch::parse(&reading.body(&set, [7; 20], "A correction"))?;
/// assert_eq!(strict.apply(&set)?, reading.tree);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Refusal`] with what stands in the way and what to do.
pub fn read(bytes: &[u8], set: &Tree, strip: Option<usize>) -> Result<Reading, Refusal> {
    let mut notes = Vec::new();
    let messages = mail::messages(&decode::bytes(bytes, &mut notes)?)?;
    let several = messages.len() > 1;
    let mut reading =
        Reading { tree: set.clone(), author: None, title: messages.iter().find_map(|mail| mail.subject.clone()), notes, strict: None };
    let mut changes = 0;
    for (place, message) in messages.into_iter().enumerate() {
        let read = reading.message(message, strip).map_err(|refusal| refusal.in_mail(several.then_some(place + 1)))?;
        changes += read;
    }
    if changes == 0 {
        return Err(Refusal::new(
            "the patch holds no diff: write it with `git diff` or `diff -ruN`, not as statistics, and not with words marked in lines",
        ));
    }
    if reading.tree == *set {
        return Err(Refusal::new("the patch changes nothing in the set"));
    }
    if let Some((one, other)) = portable::collision(set, &reading.tree) {
        return Err(Refusal::new(format_args!("{} and {} are one file on macOS or Windows: use another name", shown(&one), shown(&other))));
    }
    let is_strict =
        Patch::parse(bytes).is_ok_and(|patch| patch.author().is_some() && patch.apply(set).is_ok_and(|tree| tree == reading.tree));
    reading.strict = is_strict.then(|| bytes.to_vec());
    Ok(reading)
}

impl Reading {
    /// The strict form: the patch itself if it is one of this author's, or one that does the same.
    pub fn body(&self, set: &Tree, author: [u8; 20], title: &str) -> Vec<u8> {
        match &self.strict {
            Some(bytes) if self.author == Some(author) => bytes.clone(),
            _ => Patch::between(set, &self.tree, author, title),
        }
    }

    /// Whether the patch was in the strict form already.
    pub fn is_strict(&self) -> bool {
        self.strict.is_some()
    }

    /// Carries one message out; tells how many files it has.
    fn message(&mut self, message: mail::Message, strip: Option<usize>) -> Result<usize, Refusal> {
        let plain = decode::plain(message.text, &mut self.notes)?;
        let read = read::files(&plain.text, message.head, &mut self.notes)?;
        for line in &read.prose {
            self.name_author(line)?;
        }
        if !read.files.is_empty() {
            let Carried { tree, notes } = carried(&self.tree, &read.files, strip, plain.crlf, &mut self.notes)?;
            self.tree = tree;
            self.notes.extend(notes);
        }
        Ok(read.files.len())
    }

    fn name_author(&mut self, line: &str) -> Result<(), Refusal> {
        let Some(digits) = line.trim_start().strip_prefix(AUTHOR) else { return Ok(()) };
        let author =
            address(digits.trim()).ok_or_else(|| Refusal::new(format_args!("{} names no address: write 0x and 40 digits", shown(line))))?;
        match self.author.replace(author) {
            Some(other) if other != author => Err(Refusal::new("the patch names two authors: name one")),
            _ => Ok(()),
        }
    }
}

/// The 20 bytes behind `0x`.
fn address(text: &str) -> Option<[u8; 20]> {
    let (pairs, odd) = text.strip_prefix("0x")?.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    bytes.filter(|_| odd.is_empty()).and_then(|bytes| bytes.try_into().ok())
}

/// Carries files out under the folders that their tool writes, else under the only ones under which they fit.
fn carried(set: &Tree, files: &[File<'_>], strip: Option<usize>, crlf: bool, notes: &mut Vec<String>) -> Result<Carried, Refusal> {
    if let Some(count) = strip {
        return carry::carry(set, files, &Roots::Count(count), crlf).map_err(|stopped| stopped.refusal);
    }
    let custom = roots::custom(files);
    let mut best: Option<carry::Stopped> = None;
    if let Some(roots) = &custom {
        match carry::carry(set, files, roots, crlf) {
            Ok(carried) => return Ok(carried),
            Err(stopped) if !roots::can_be_found(files) => return Err(stopped.refusal),
            Err(stopped) => best = Some(stopped),
        }
    }
    let mut fitting: Vec<(Roots, Carried)> = Vec::new();
    for roots in roots::candidates(files) {
        match carry::carry(set, files, &roots, crlf) {
            Ok(carried) => fitting.push((roots, carried)),
            Err(stopped) if best.as_ref().is_none_or(|best| stopped.fitted > best.fitted) => best = Some(stopped),
            Err(_) => {}
        }
    }
    let (roots, carried) = match fitting.pop() {
        None => return Err(best.map_or_else(|| roots::unlike(files), |stopped| stopped.refusal)),
        Some((roots, last)) => match fitting.iter().find(|(_, other)| other.tree != last.tree) {
            None => (roots, last),
            Some((other, _)) => {
                let words = format!(
                    "the names could lie below {} or below {}: say with --strip how many folders to take off",
                    other.shown(),
                    roots.shown()
                );
                return Err(Refusal::new(words));
            }
        },
    };
    notes.push(format!("names were read below {}", roots.shown()));
    Ok(carried)
}
