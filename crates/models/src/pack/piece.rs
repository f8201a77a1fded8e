//! A document, or a part of one, on its way to tokens.

use std::path::Path;

use crate::refusal::{Refusal, shown};

/// Longest document that is tokenized in one piece, 16 MiB; longer text is cut at the ends of lines. A record may not be longer.
pub const DOCUMENT_BYTES_MAX: usize = 16 << 20;
/// A document, or a part of one.
pub(super) struct Piece {
    pub(super) text: String,
    /// Whether nothing of the document comes after it.
    pub(super) ends: bool,
    /// Whether it is the whole document.
    pub(super) is_whole: bool,
}

impl Piece {
    pub(super) fn whole(text: String) -> Self {
        Self { text, ends: true, is_whole: true }
    }
}

/// What takes the pieces.
pub(super) type See<'a> = &'a mut dyn FnMut(Piece) -> Result<(), Refusal>;

/// A path for messages.
pub(super) fn name(path: &Path) -> String {
    shown(&path.display().to_string())
}
