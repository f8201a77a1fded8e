//! Lines of a patch, and the hunks in them.

use crate::refusal::{Refusal, shown};

/// What a hunk does with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Keep,
    Remove,
    Add,
}

/// Whether a line ends in a newline in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newline {
    Yes,
    No,
    /// The patch ends right behind it.
    Unsaid,
}

/// A line of a hunk without its mark and newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    pub mark: Mark,
    pub text: &'a str,
    pub newline: Newline,
}

/// Lines that stand together; `before` counts the file's lines above them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk<'a> {
    /// Line of the patch, counted from 1.
    pub line: usize,
    pub old_before: usize,
    pub new_before: usize,
    pub lines: Vec<Line<'a>>,
}

impl<'a> Hunk<'a> {
    /// The lines of the file before the patch, or after it.
    pub fn side(&self, other: Mark) -> impl Iterator<Item = Line<'a>> {
        self.lines.iter().copied().filter(move |line| line.mark != other)
    }

    /// What takes it back.
    pub fn reversed(&self) -> Self {
        let mark = |mark: Mark| match mark {
            Mark::Keep => Mark::Keep,
            Mark::Remove => Mark::Add,
            Mark::Add => Mark::Remove,
        };
        let lines = self.lines.iter().map(|line| Line { mark: mark(line.mark), ..*line }).collect();
        Self { line: self.line, old_before: self.new_before, new_before: self.old_before, lines }
    }
}

/// The lines of a text and the next one to be read.
pub struct Lines<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { lines: text.split_inclusive('\n').collect(), at: 0 }
    }

    /// A line without its newline, so many behind the next one.
    pub fn ahead(&self, count: usize) -> Option<&'a str> {
        self.lines.get(self.at + count).map(|line| line.strip_suffix('\n').unwrap_or(line))
    }

    pub fn peek(&self) -> Option<&'a str> {
        self.ahead(0)
    }

    pub fn skip(&mut self) {
        self.at += 1;
    }

    /// Number of the next line, counted from 1.
    pub fn number(&self) -> usize {
        self.at + 1
    }

    /// Whether the next line ends in a newline.
    fn is_whole(&self) -> bool {
        self.lines.get(self.at).is_some_and(|line| line.ends_with('\n'))
    }
}

/// All hunks that follow.
///
/// # Errors
/// For a header that is none, or other lines than it counts.
pub fn hunks<'a>(lines: &mut Lines<'a>) -> Result<Vec<Hunk<'a>>, Refusal> {
    let mut hunks = Vec::new();
    while let Some(header) = lines.peek().filter(|line| line.starts_with("@@ ")) {
        let number = lines.number();
        let ranges = ranges(header).ok_or_else(|| Refusal::at(number, format_args!("{} is no header of a hunk", shown(header))))?;
        lines.skip();
        hunks.push(hunk(lines, number, ranges)?);
    }
    Ok(hunks)
}

/// First line and number of lines, before and after.
type Ranges = [(usize, usize); 2];

fn ranges(header: &str) -> Option<Ranges> {
    let (ranges, _) = header.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    Some([range(old)?, range(new)?])
}

fn range(text: &str) -> Option<(usize, usize)> {
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    let number = |text: &str| text.parse::<usize>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    Some((number(start)?, number(count)?))
}

/// Lines until both counts are used up.
fn hunk<'a>(lines: &mut Lines<'a>, line: usize, [old, new]: Ranges) -> Result<Hunk<'a>, Refusal> {
    let before = |(start, count): (usize, usize)| if count == 0 { start } else { start.saturating_sub(1) };
    let mut hunk = Hunk { line, old_before: before(old), new_before: before(new), lines: Vec::new() };
    let (mut old_left, mut new_left) = (old.1, new.1);
    while old_left > 0 || new_left > 0 {
        let (number, text) = (lines.number(), lines.peek());
        let Some(read) = text.and_then(marked) else { return Err(ends_early(number, line, text, old_left.max(new_left))) };
        let (from_old, from_new) = (read.0 != Mark::Add, read.0 != Mark::Remove);
        let left = old_left.checked_sub(usize::from(from_old)).zip(new_left.checked_sub(usize::from(from_new)));
        (old_left, new_left) = left.ok_or_else(|| glued(number, line))?;
        let is_whole = lines.is_whole();
        lines.skip();
        let is_cut = lines.peek().is_some_and(|remark| remark.starts_with("\\ "));
        if is_cut {
            lines.skip();
        }
        let newline = match (is_cut, is_whole) {
            (true, _) => Newline::No,
            (_, true) => Newline::Yes,
            _ => Newline::Unsaid,
        };
        hunk.lines.push(Line { mark: read.0, text: read.1, newline });
    }
    Ok(hunk)
}

/// A line with its mark. Some programs take the blank of an empty line away.
fn marked(line: &str) -> Option<(Mark, &str)> {
    let mark = match line.as_bytes().first() {
        None => return Some((Mark::Keep, line)),
        Some(b' ') => Mark::Keep,
        Some(b'-') => Mark::Remove,
        Some(b'+') => Mark::Add,
        Some(_) => return None,
    };
    Some((mark, line.get(1..)?))
}

fn ends_early(number: usize, hunk: usize, line: Option<&str>, left: usize) -> Refusal {
    let missing = format!("the hunk at line {hunk} ends too early: {left} more lines should follow");
    match line {
        None => Refusal::at(
            number,
            format_args!(
                "{missing}; an editor may have cut blank lines off, or difflib may have joined two lines where a file ends without a newline: write the patch anew"
            ),
        ),
        Some(line) => Refusal::at(number, format_args!("{missing}, and {} is none that begins with a blank, `-` or `+`", shown(line))),
    }
}

fn glued(number: usize, hunk: usize) -> Refusal {
    Refusal::at(
        number,
        format_args!("the hunk at line {hunk} has other lines than its header counts: write the patch anew instead of changing it by hand"),
    )
}
