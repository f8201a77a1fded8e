//! Reading patches as `git diff`, `git format-patch` and `diff -ruN` write them; anything else is refused.
//!
//! What is read in two ways by two clients would split the network, so there is one way (PROTOCOL 11, Patches: what is read):
//! prose with the author, files each with header, names and hunks, and perhaps the end of an e-mail.

use crate::header::{GitHeader, diff_git_path, file_path};
use crate::lines::{Lines, PatchError};
use crate::patch::{Change, MAX_PATCH_BYTES, Patch};
use crate::path;
use crate::steps::{self, Act};

/// How the line begins that names the author; 40 digits follow.
const AUTHOR: &str = "Neuron-Author: 0x";
/// Line that ends the output of `git format-patch`; git's version follows.
const SIGNATURE: &str = "-- ";

impl Patch {
    /// Reads a patch: at most [`crate::MAX_PATCH_BYTES`] of UTF-8. Whether it fits a set, only [`Patch::apply`] tells.
    ///
    /// ```
    /// use deltas::{Patch, PatchError};
    ///
    /// let mail = b"Subject: a greeting\n\nNeuron-Author: 0x00000000000000000000000000000000000000aa\n\n\
    ///     diff --git a/hello.txt b/hello.txt\nnew file mode 100644\n\
    ///     --- /dev/null\n+++ b/hello.txt\n@@ -0,0 +1 @@\n+hello\n-- \n2.43.0\n";
    /// let patch = Patch::parse(mail)?;
    /// assert_eq!(patch.author().map(|author| author[19]), Some(0xaa));
    /// assert!(patch.paths().eq(["hello.txt"]));
    /// assert_eq!(Patch::parse(b"only prose\n"), Err(PatchError::Empty));
    /// # Ok::<(), PatchError>(())
    /// ```
    ///
    /// # Errors
    /// [`PatchError`] for anything that is not read in exactly one way, and for a patch that changes nothing.
    pub fn parse(bytes: &[u8]) -> Result<Self, PatchError> {
        if bytes.len() > MAX_PATCH_BYTES {
            return Err(PatchError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| PatchError::NotText)?;
        let mut lines = Lines::new(text);
        let author = preamble(&mut lines)?;
        let mut changes = Vec::new();
        while lines.peek().is_some() && !at_signature(&mut lines)? {
            changes.extend(change(&mut lines)?);
        }
        let patch = Self { author, text: text.into(), changes };
        match (patch.changes.is_empty(), patch.touches_twice()) {
            (true, _) => Err(PatchError::Empty),
            (_, true) => Err(PatchError::Twice),
            _ => Ok(patch),
        }
    }
}

/// Everything before the first diff is prose, but for the author.
fn preamble(lines: &mut Lines<'_>) -> Result<Option<[u8; 20]>, PatchError> {
    let mut author = None;
    while let Some(line) = lines.peek().filter(|line| !starts_diff(line)) {
        if let Some(digits) = line.trim_start().strip_prefix(AUTHOR)
            && author.replace(address(digits).ok_or(PatchError::Author)?).is_some()
        {
            return Err(PatchError::Author);
        }
        lines.next();
    }
    Ok(author)
}

/// Whether the first diff begins here: where prose ends.
fn starts_diff(line: &str) -> bool {
    line.starts_with("diff -") || line.starts_with("--- ")
}

/// The 20 bytes that 40 hexadecimal digits of any case write; blanks may follow.
fn address(digits: &str) -> Option<[u8; 20]> {
    let digits = digits.trim_end().as_bytes();
    let digit = |at: usize| char::from(digits[at]).to_digit(16).map(|digit| digit as u8);
    let mut address = [0; 20];
    if digits.len() != 40 {
        return None;
    }
    for (at, byte) in address.iter_mut().enumerate() {
        *byte = digit(2 * at)? << 4 | digit(2 * at + 1)?;
    }
    Some(address)
}

/// Whether the trailer of an e-mail begins; nothing that looks like a diff may hide behind it.
fn at_signature(lines: &mut Lines<'_>) -> Result<bool, PatchError> {
    if lines.peek() != Some(SIGNATURE) {
        return Ok(false);
    }
    lines.next();
    while let Some(line) = lines.peek() {
        if starts_diff(line) || line.starts_with("@@") {
            return Err(lines.unexpected());
        }
        lines.next();
    }
    Ok(true)
}

/// One file: header, names, hunks, and the path that they agree on. Nothing if only its mode changes or it stays empty, so that such a
/// file counts as not touched.
fn change(lines: &mut Lines<'_>) -> Result<Option<Change>, PatchError> {
    let start = lines.number();
    let Some(line) = lines.peek() else { return Ok(None) };
    let git = match line.strip_prefix("diff --git ") {
        Some(names) => Some((names, GitHeader::parse(lines)?)),
        None if line.starts_with("diff -") => {
            lines.next();
            None
        }
        None => None,
    };
    let pair = file_pair(lines)?;
    let before = lines.offset();
    steps::hunks(lines, &mut |_| Some(()))?;
    let hunks = before..lines.offset();
    let (path, act) = match (git, pair) {
        (Some((names, header)), pair) if pair.is_some() || hunks.is_empty() => git_change(start, names, header, pair)?,
        (None, Some(pair)) if !hunks.is_empty() => plain_change(start, pair)?,
        (None, None) if line.starts_with("diff -") && hunks.is_empty() => return Ok(None),
        _ => return Err(lines.unexpected()),
    };
    let changed = path::check(&path).map_err(|error| PatchError::Path { line: start, error });
    changed.map(|()| Some(Change { path, act, hunks }).filter(|change| change.act != Act::Modify || !change.hunks.is_empty()))
}

/// Names after `---` and `+++`; none stands for /dev/null.
struct Pair {
    old: Option<String>,
    new: Option<String>,
}

/// The lines `--- ` and `+++ `, if the next one is the first of them.
fn file_pair(lines: &mut Lines<'_>) -> Result<Option<Pair>, PatchError> {
    let Some(old) = lines.peek().and_then(|line| line.strip_prefix("--- ")) else { return Ok(None) };
    let old = file_path(old).ok_or(PatchError::Names(lines.number()))?;
    lines.next();
    let new = lines.peek().and_then(|line| line.strip_prefix("+++ ")).ok_or_else(|| lines.unexpected())?;
    let new = file_path(new).ok_or(PatchError::Names(lines.number()))?;
    lines.next();
    Ok(Some(Pair { old, new }))
}

/// Path and act of a file without git's header: the names alone say whether it comes, goes or stays.
fn plain_change(start: usize, pair: Pair) -> Result<(String, Act), PatchError> {
    match (pair.old, pair.new) {
        (None, Some(path)) => Ok((path, Act::Create)),
        (Some(path), None) => Ok((path, Act::Delete)),
        (Some(old), Some(new)) if old == new => Ok((new, Act::Plain)),
        _ => Err(PatchError::Names(start)),
    }
}

/// What git's header says must be what its names say.
fn git_change(start: usize, names: &str, header: GitHeader, pair: Option<Pair>) -> Result<(String, Act), PatchError> {
    let wrong = || PatchError::Names(start);
    let Some((from, to, act)) = header.moved() else {
        let path = match &pair {
            Some(Pair { old, new }) => new.clone().or_else(|| old.clone()),
            None => diff_git_path(names),
        };
        let path = path.ok_or_else(wrong)?;
        let act = header.act();
        let sides = (act != Act::Create).then(|| path.clone());
        let others = (act != Act::Delete).then(|| path.clone());
        let agrees = pair.is_none_or(|pair| pair.old == sides && pair.new == others);
        return agrees.then_some((path, act)).ok_or_else(wrong);
    };
    let agrees = pair.is_none_or(|pair| pair.old.as_ref() == Some(&from) && pair.new.as_ref() == Some(&to));
    let checked = path::check(&from).map_err(|error| PatchError::Path { line: start, error });
    checked.and_then(|()| agrees.then_some((to, act)).ok_or_else(wrong))
}
