//! The lines of a patch, one after the other, and why they are none.

use crate::path::PathError;

/// Why bytes are no patch; lines are counted from 1. Each says what to change; whoever reads a stranger's patch only needs to know
/// that there is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// More than [`crate::MAX_PATCH_BYTES`].
    #[error("the patch is larger than 64 MiB: split it")]
    TooLarge,
    /// Some byte is not UTF-8.
    #[error("the patch is not UTF-8: only text can be patched")]
    NotText,
    /// No file changes: no diff, or only modes.
    #[error("the patch changes nothing: write it with `git diff` or `diff -ruN`")]
    Empty,
    /// A second line `Neuron-Author: 0x…`, or one whose digits are not the 40 of an address.
    #[error("more than one Neuron-Author line, or one that names no address: name one author, 0x and 40 digits")]
    Author,
    /// A line that none of the known tools writes here, a header that says two things of one file, hunks without a pair of names, or
    /// something like a diff behind the end of an e-mail.
    #[error("line {0}: not what `git diff` or `diff -ruN` write here")]
    Unexpected(usize),
    /// A header of a hunk that is none, or other lines behind it than it counts.
    #[error("line {0}: bad header of a hunk, or a hunk with other lines than its header says")]
    Hunk(usize),
    /// A binary file, a link or a submodule: another mode than 100644 or 100755.
    #[error("line {0}: binary files, links and submodules cannot be part of a text set")]
    Binary(usize),
    /// Names that are not one path below their first folder, or that differ from what the header says.
    #[error("line {0}: the old and the new file must have one name below their folders (a/name, b/name)")]
    Names(usize),
    /// A path that [`crate::check_path`] refuses, in the file that begins at `line`.
    #[error("line {line}: {error}")]
    Path { line: usize, error: PathError },
    /// Two files of the patch write or remove one path: their order would decide.
    #[error("a file is changed twice: join its changes")]
    Twice,
}

/// The lines of a patch, with their newlines, and the next one to be read. Nothing is kept of those that were read.
pub(crate) struct Lines<'a> {
    text: &'a str,
    /// Where the next line begins and ends, in bytes.
    at: usize,
    end: usize,
    /// Of the next line, counted from 1.
    number: usize,
}

impl<'a> Lines<'a> {
    /// Before the first line.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, end: line_end(text, 0), number: 1 }
    }

    /// The next line without its newline.
    pub fn peek(&self) -> Option<&'a str> {
        self.peek_whole().map(|line| line.strip_suffix('\n').unwrap_or(line))
    }

    /// As [`Lines::peek`], with it.
    pub fn peek_whole(&self) -> Option<&'a str> {
        self.text.get(self.at..self.end).filter(|line| !line.is_empty())
    }

    /// The next line, and on to the one behind it.
    pub fn next(&mut self) -> Option<&'a str> {
        let line = self.peek()?;
        self.at = self.end;
        self.end = line_end(self.text, self.at);
        self.number += 1;
        Some(line)
    }

    /// Number of the next line.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Bytes before the next line.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// That the next line is none that could stand there.
    pub fn unexpected(&self) -> PatchError {
        PatchError::Unexpected(self.number())
    }
}

/// Where the line that begins there ends, its newline included.
fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |newline| at + newline + 1)
}
