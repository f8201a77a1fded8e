//! What patches consist of, and their hunks read one after the other, header and lines.

use crate::lines::{Lines, PatchError};

/// The remark behind a line that ends its file without a newline.
const NO_NEWLINE: &str = "\\ No newline at end of file";

/// Where a text comes from and what becomes of its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// The file is new.
    Create,
    /// The file goes; the hunks remove all of it.
    Delete,
    /// The file stays.
    Modify,
    /// As `diff -ruN` writes it: an absent file counts as empty, before and after.
    Plain,
    /// The file comes from another path, which goes.
    Rename(String),
    /// The file comes from another path, which stays.
    Copy(String),
}

/// A header of a hunk, which says where the lines behind it stand before and after, or one of these lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// Consecutive lines of the file before, context included, and the same after it.
    Hunk { old: Range, new: Range },
    /// Kept, removed and added lines in their order.
    Line(Line<'a>),
}

/// As in the header of a hunk: `start` counts from 1, and is the line before where `count` is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    /// First line of the range.
    pub start: usize,
    /// How many lines.
    pub count: usize,
}

impl Range {
    /// Lines before the range.
    pub fn before(self) -> Option<usize> {
        if self.count == 0 { Some(self.start) } else { self.start.checked_sub(1) }
    }
}

/// A line with its newline, if it has one: kept, removed or added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Keep(&'a str),
    Remove(&'a str),
    Add(&'a str),
}

/// Shows all hunks that follow to `see`, header and lines, as many lines each as its header counts; stops where `see` does, and tells that.
pub(crate) fn hunks<'a>(lines: &mut Lines<'a>, see: &mut dyn FnMut(Step<'a>) -> Option<()>) -> Result<Option<()>, PatchError> {
    while let Some(header) = lines.peek().and_then(|line| line.strip_prefix("@@ ")) {
        let (old, new) = ranges(header).ok_or(PatchError::Hunk(lines.number()))?;
        lines.next();
        if see(Step::Hunk { old, new }).is_none() || hunk_lines(lines, old.count, new.count, see)?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(()))
}

/// `-1,3 +1,4 @@ anything`: where a hunk stands before and after.
fn ranges(header: &str) -> Option<(Range, Range)> {
    let (ranges, _) = header.split_once(" @@")?;
    let (old, new) = ranges.split_once(' ')?;
    Some((range(old.strip_prefix('-')?)?, range(new.strip_prefix('+')?)?))
}

/// `3,7` or `3`, which counts 1; digits only, for `parse` would take a plus.
fn range(text: &str) -> Option<Range> {
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    let digits_only = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let parse = |text: &str| text.parse::<usize>().ok().filter(|_| digits_only(text));
    Some(Range { start: parse(start)?, count: parse(count)? })
}

/// Lines until both counts of the header are used up, neither passed.
fn hunk_lines<'a>(
    lines: &mut Lines<'a>,
    mut old: usize,
    mut new: usize,
    see: &mut dyn FnMut(Step<'a>) -> Option<()>,
) -> Result<Option<()>, PatchError> {
    while old > 0 || new > 0 {
        let wrong = PatchError::Hunk(lines.number());
        let line = hunk_line(lines).ok_or(wrong.clone())?;
        let (from_old, from_new) = match line {
            Line::Keep(_) => (1, 1),
            Line::Remove(_) => (1, 0),
            Line::Add(_) => (0, 1),
        };
        old = old.checked_sub(from_old).ok_or(wrong.clone())?;
        new = new.checked_sub(from_new).ok_or(wrong)?;
        if see(Step::Line(line)).is_none() {
            return Ok(None);
        }
    }
    Ok(Some(()))
}

/// A line with its mark, and the remark about its newline that may follow. Some tools strip the blank of an empty line.
fn hunk_line<'a>(lines: &mut Lines<'a>) -> Option<Line<'a>> {
    let whole = lines.peek_whole()?;
    let (mark, text) = if whole == "\n" { (' ', whole) } else { (whole.chars().next()?, whole.get(1..)?) };
    lines.next();
    let without = text.strip_suffix('\n')?;
    let cut = lines.peek() == Some(NO_NEWLINE);
    let text = if cut { without } else { text };
    if cut {
        lines.next();
    }
    match mark {
        ' ' => Some(Line::Keep(text)),
        '-' => Some(Line::Remove(text)),
        '+' => Some(Line::Add(text)),
        _ => None,
    }
}
