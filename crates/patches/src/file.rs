//! A file of a patch.

use crate::{hunk::Hunk, names::Side};

/// What happens to a file, as far as the patch says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Edit,
    Create,
    Delete,
    Rename,
    Copy,
}

/// A file of a patch, its names as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File<'a> {
    /// Line of the patch, counted from 1.
    pub line: usize,
    /// It has a header of git's form.
    pub is_git: bool,
    pub old: Side,
    pub new: Side,
    pub act: Act,
    pub hunks: Vec<Hunk<'a>>,
}
