//! The lines of a patch, one after the other, and why they are none.

use crate::path::PathError;

/// Why bytes are no patch; lines are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    #[error("the patch is larger than 64 MiB: split it")]
    TooLarge,
    #[error("the patch is not UTF-8: only text can be patched")]
    NotText,
    #[error("the patch changes nothing: write it with `git diff` or `diff -ruN`")]
    Empty,
    #[error("more than one Neuron-Author line, or one that names no address: name one author, 0x and 40 digits")]
    Author,
    #[error("line {0}: not what `git diff` or `diff -ruN` write here")]
    Unexpected(usize),
    #[error("line {0}: bad header of a hunk, or a hunk with other lines than its header says")]
    Hunk(usize),
    #[error("line {0}: binary files, links and submodules cannot be part of a text set")]
    Binary(usize),
    #[error("line {0}: the old and the new file must have one name below their folders (a/name, b/name)")]
    Names(usize),
    #[error("line {line}: {error}")]
    Path { line: usize, error: PathError },
    #[error("a file is changed twice: join its changes")]
    Twice,
}

/// The lines of a patch, with their newlines.
pub(crate) struct Lines<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { lines: text.split_inclusive('\n').collect(), at: 0 }
    }

    /// The next line without its newline.
    pub fn peek(&self) -> Option<&'a str> {
        self.peek_whole().map(|line| line.strip_suffix('\n').unwrap_or(line))
    }

    /// As [`Lines::peek`], with it.
    pub fn peek_whole(&self) -> Option<&'a str> {
        self.lines.get(self.at).copied()
    }

    pub fn next(&mut self) -> Option<&'a str> {
        let line = self.peek()?;
        self.at += 1;
        Some(line)
    }

    /// Number of the next line.
    pub fn number(&self) -> usize {
        self.at + 1
    }

    pub fn unexpected(&self) -> PatchError {
        PatchError::Unexpected(self.number())
    }
}
