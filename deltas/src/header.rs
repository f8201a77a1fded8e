//! The header that git writes before a file's hunks, and the names in it.
//!
//! `diff --git a/x b/x` and lines up to the pair `---` and `+++`: what is not listed in PROTOCOL 11, Patches: what is read, ends it.

use crate::lines::{Lines, PatchError};
use crate::steps::Act;

/// Lines between `diff --git` and the hunks: whether the file is made or goes, and both paths of a rename or copy.
#[derive(Debug, Default)]
pub(crate) struct GitHeader {
    /// The file is made, or goes.
    created: bool,
    deleted: bool,
    /// Both halves of a rename, and of a copy.
    rename: (Option<String>, Option<String>),
    copy: (Option<String>, Option<String>),
}

impl GitHeader {
    /// Reads the line `diff --git …` and all header lines after it; stops before the first line that is none.
    ///
    /// # Errors
    /// `Unexpected` with the line of the header if it says two things of the file, or one half of a rename or copy; `Binary` for other
    /// modes and files; `Names` for a name that git would not quote so.
    pub fn parse(lines: &mut Lines<'_>) -> Result<Self, PatchError> {
        let start = lines.number();
        let mut header = Self::default();
        lines.next();
        while let Some(line) = lines.peek() {
            if !header.read(line, lines.number())? {
                break;
            }
            lines.next();
        }
        let whole = |pair: &(Option<String>, Option<String>)| pair.0.is_some() == pair.1.is_some();
        let acts = [header.created, header.deleted, header.rename.0.is_some(), header.copy.0.is_some()];
        let single = acts.into_iter().filter(|act| *act).count() <= 1;
        match single && whole(&header.rename) && whole(&header.copy) {
            true => Ok(header),
            false => Err(PatchError::Unexpected(start)),
        }
    }

    /// Whether `line`, the one of this number, belongs to the header; notes what it says.
    fn read(&mut self, line: &str, number: usize) -> Result<bool, PatchError> {
        const IGNORED: [&str; 3] = ["index ", "similarity index ", "dissimilarity index "];
        const BINARY: [&str; 2] = ["Binary files ", "GIT binary patch"];
        if BINARY.iter().any(|start| line.starts_with(start)) {
            return Err(PatchError::Binary(number));
        }
        if let Some((key, mode)) =
            line.split_once("mode ").filter(|(key, _)| matches!(*key, "old " | "new " | "new file " | "deleted file "))
        {
            self.created |= key == "new file ";
            self.deleted |= key == "deleted file ";
            return is_plain_file(mode).then_some(true).ok_or(PatchError::Binary(number));
        }
        let names = [
            ("rename from ", &mut self.rename.0),
            ("rename to ", &mut self.rename.1),
            ("copy from ", &mut self.copy.0),
            ("copy to ", &mut self.copy.1),
        ];
        for (key, slot) in names {
            if let Some(name) = line.strip_prefix(key) {
                *slot = Some(unquoted(name).ok_or(PatchError::Names(number))?);
                return Ok(true);
            }
        }
        Ok(IGNORED.iter().any(|start| line.starts_with(start)))
    }

    /// What the header says about a file that is neither renamed nor copied.
    pub fn act(&self) -> Act {
        match (self.created, self.deleted) {
            (true, _) => Act::Create,
            (_, true) => Act::Delete,
            _ => Act::Modify,
        }
    }

    /// Old name, new name and act of a file that is renamed or copied; of any other nothing, and the pair of names counts.
    pub fn moved(&self) -> Option<(String, String, Act)> {
        match (&self.rename, &self.copy) {
            ((Some(from), Some(to)), _) => Some((from.clone(), to.clone(), Act::Rename(from.clone()))),
            (_, (Some(from), Some(to))) => Some((from.clone(), to.clone(), Act::Copy(from.clone()))),
            _ => None,
        }
    }
}

/// Whether a mode is that of a file: neither a link (120000) nor a submodule (160000).
fn is_plain_file(mode: &str) -> bool {
    matches!(mode, "100644" | "100755")
}

/// Name after `---` or `+++`, without its first folder and what follows a tab; the inner none stands for /dev/null, the outer one for a
/// name that is not written as git writes it.
pub(crate) fn file_path(text: &str) -> Option<Option<String>> {
    let name = text.split('\t').next().unwrap_or_default();
    if name == "/dev/null" {
        return Some(None);
    }
    below_folder(&unquoted(name)?).map(Some)
}

/// Name in `diff --git a/name b/name`, where both are the same.
pub(crate) fn diff_git_path(names: &str) -> Option<String> {
    let middle = names.len() / 2;
    if names.as_bytes().get(middle) != Some(&b' ') {
        return None;
    }
    let old = below_folder(&unquoted(names.get(..middle)?)?)?;
    let new = below_folder(&unquoted(names.get(middle + 1..)?)?)?;
    (old == new).then_some(new)
}

/// A name without its first folder, `a/` or `b/` as a rule.
fn below_folder(name: &str) -> Option<String> {
    let (folder, rest) = name.split_once('/')?;
    (!folder.is_empty()).then(|| rest.to_owned())
}

/// The name, out of git's quotation marks if it has some: with them stand bytes that are escaped, and must be UTF-8 together.
fn unquoted(name: &str) -> Option<String> {
    let Some(quoted) = name.strip_prefix('"') else { return Some(name.to_owned()) };
    let mut bytes = Vec::new();
    let mut rest = quoted.strip_suffix('"')?.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' => bytes.push(escaped(&mut rest)?),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

/// The byte behind a backslash: three octal digits or a letter, as git's `quote_c_style` writes them.
fn escaped(rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let octal = |byte: u8| matches!(byte, b'0'..=b'7').then(|| u32::from(byte - b'0'));
    let first = rest.next()?;
    let Some(high) = octal(first) else {
        return b"abtnvfr\"\\".iter().position(|known| *known == first).map(|at| b"\x07\x08\t\n\x0b\x0c\r\"\\"[at]);
    };
    let (middle, low) = (octal(rest.next()?)?, octal(rest.next()?)?);
    u8::try_from(high * 64 + middle * 8 + low).ok()
}
