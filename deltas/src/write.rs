//! Writing a patch from one set to another, as git would.
//!
//! Equal sets give equal bytes, in the order of paths: deletions first, then files that are new or changed.

use std::fmt::Write as _;

use crate::hunks;
use crate::patch::Patch;
use crate::tree::Tree;

/// Letters of a title at most; what is longer is cut, so that a subject stays one line of a mail.
pub const MAX_TITLE: usize = 200;

impl Patch {
    /// A patch that turns `old` into `new`, by `author`, 20 bytes; `git apply` and `patch -p1` take it too. Equal sets give a text
    /// without a diff, which is no patch ([`crate::PatchError::Empty`]).
    ///
    /// The `title` becomes the subject: at most [`MAX_TITLE`] letters, control characters as blanks. Nothing in it is read again. A
    /// file that moved is deleted and made: the patch holds its whole text.
    pub fn between(old: &Tree, new: &Tree, author: [u8; 20], title: &str) -> Vec<u8> {
        let title: String = title.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(MAX_TITLE).collect();
        let digits: String = author.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut patch = format!("Subject: {title}\n\nNeuron-Author: 0x{digits}\n\n");
        for (path, text) in old.iter().filter(|(path, _)| new.get(path).is_none()) {
            deleted(&mut patch, path, text);
        }
        for (path, text) in new.iter() {
            match old.get(path) {
                None => created(&mut patch, path, text),
                Some(before) if before != text => modified(&mut patch, path, before, text),
                Some(_) => {}
            }
        }
        patch.into_bytes()
    }
}

/// A file that goes: all of its lines, and nothing but the header if it is empty.
fn deleted(patch: &mut String, path: &str, text: &str) {
    _ = writeln!(patch, "diff --git a/{path} b/{path}\ndeleted file mode 100644");
    if !text.is_empty() {
        let count = text.split_inclusive('\n').count();
        _ = writeln!(patch, "--- a/{path}{}\n+++ /dev/null\n@@ -1,{count} +0,0 @@", tab(path));
        marked(patch, '-', text);
    }
}

/// A file that comes: likewise.
fn created(patch: &mut String, path: &str, text: &str) {
    _ = writeln!(patch, "diff --git a/{path} b/{path}\nnew file mode 100644");
    if !text.is_empty() {
        let count = text.split_inclusive('\n').count();
        _ = writeln!(patch, "--- /dev/null\n+++ b/{path}{}\n@@ -0,0 +1,{count} @@", tab(path));
        marked(patch, '+', text);
    }
}

/// A file that stays: the hunks of a line-wise diff with three lines around each change.
fn modified(patch: &mut String, path: &str, old: &str, new: &str) {
    _ = writeln!(patch, "diff --git a/{path} b/{path}\n--- a/{path}{tab}\n+++ b/{path}{tab}", tab = tab(path));
    hunks::write(patch, old, new);
}

/// Git ends a name with blanks by a tab: readers cut names there.
fn tab(path: &str) -> &'static str {
    if path.contains(' ') { "\t" } else { "" }
}

/// Each line behind its mark, and git's remark if the last one has no newline.
fn marked(patch: &mut String, mark: char, text: &str) {
    for line in text.split_inclusive('\n') {
        _ = write!(patch, "{mark}{line}");
    }
    if !text.ends_with('\n') {
        patch.push_str("\n\\ No newline at end of file\n");
    }
}
