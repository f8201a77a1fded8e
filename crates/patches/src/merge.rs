//! Two changes of one text brought together line by line, and what both change marked as git marks it.

use std::ops::Range;

use deltas::{LineChange, line_changes};

/// Equal lines at most between two conflicts that are told as one, as git does.
const JOINED: usize = 3;

/// What both sides are called behind the marks of a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sides<'a> {
    /// The text that the change is carried onto.
    pub ours: &'a str,
    /// The text that was changed.
    pub theirs: &'a str,
}

/// A text with both changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// With marks where there are conflicts.
    pub text: String,
    /// How many there are.
    pub conflicts: usize,
}

/// Brings two changes of `base` together. Where both change the same lines, or lines that touch, and not in the same way, both stand
/// between `<<<<<<<`, `=======` and `>>>>>>>`, as `git merge` writes them.
///
/// ```
/// use patches::{Sides, merge};
///
/// let sides = Sides { ours: "now", theirs: "yours" };
/// assert_eq!(merge("1\n2\n3\n", "one\n2\n3\n", "1\n2\nthree\n", sides).text, "one\n2\nthree\n");
/// assert_eq!(merge("1\n", "one\n", "uno\n", sides).text, "<<<<<<< now\none\n=======\nuno\n>>>>>>> yours\n");
/// ```
pub fn merge(base: &str, ours: &str, theirs: &str, sides: Sides<'_>) -> Merged {
    let (base, ours, theirs) = (lines(base), lines(ours), lines(theirs));
    let (of_ours, of_theirs) = (Side::new(&base, &ours), Side::new(&base, &theirs));
    let mut pieces = Vec::new();
    let mut done = 0;
    for place in places(&of_ours.changes, &of_theirs.changes) {
        pieces.push(Piece::Kept(part(&base, done..place.start)));
        done = place.end;
        settle(&of_ours, &of_theirs, place, &mut pieces);
    }
    pieces.push(Piece::Kept(part(&base, done..base.len())));
    write(&joined(pieces), sides)
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn part<'a, 't>(lines: &'a [&'t str], place: Range<usize>) -> &'a [&'t str] {
    lines.get(place).unwrap_or_default()
}

/// One side's lines, and how they differ from the base.
struct Side<'a, 't> {
    lines: &'a [&'t str],
    changes: Vec<LineChange>,
}

impl<'a, 't> Side<'a, 't> {
    fn new(base: &[&str], lines: &'a [&'t str]) -> Self {
        Self { lines, changes: line_changes(base, lines) }
    }

    /// What stands here for so many lines of the base; nothing where this side leaves them as they are.
    fn at(&self, place: &Range<usize>) -> Option<&'a [&'t str]> {
        let first = self.changes.partition_point(|change| change.old.start < place.start);
        let inside = self.changes.get(first..)?;
        let count = inside.partition_point(|change| change.old.end <= place.end);
        let (first, last) = (inside.first().filter(|_| count > 0)?, inside.get(count.checked_sub(1)?)?);
        let start = first.new.start.checked_sub(first.old.start - place.start)?;
        self.lines.get(start..last.new.end + (place.end - last.old.end))
    }
}

/// Places of the base that one side or both change; changes that touch share one.
fn places(ours: &[LineChange], theirs: &[LineChange]) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = ours.iter().chain(theirs).map(|change| change.old.clone()).collect();
    all.sort_by_key(|place| (place.start, place.end));
    let mut places: Vec<Range<usize>> = Vec::new();
    for place in all {
        match places.last_mut().filter(|last| place.start <= last.end) {
            Some(last) => last.end = last.end.max(place.end),
            None => places.push(place),
        }
    }
    places
}

/// A part of what comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<'a, 't> {
    /// Both have it: neither changed it, or both in the same way.
    Kept(&'a [&'t str]),
    /// One changed it.
    Taken(&'a [&'t str]),
    Conflict {
        ours: Vec<&'t str>,
        theirs: Vec<&'t str>,
    },
}

/// Who changes a place decides about it; where both do, what their lines share is kept and the rest is a conflict.
fn settle<'a, 't>(ours: &Side<'a, 't>, theirs: &Side<'a, 't>, place: Range<usize>, pieces: &mut Vec<Piece<'a, 't>>) {
    let (one, other) = match (ours.at(&place), theirs.at(&place)) {
        (Some(one), Some(other)) if one == other => return pieces.push(Piece::Kept(one)),
        (Some(one), Some(other)) => (one, other),
        (Some(taken), None) | (None, Some(taken)) => return pieces.push(Piece::Taken(taken)),
        (None, None) => return,
    };
    let mut done = 0;
    for change in line_changes(one, other) {
        pieces.push(Piece::Kept(part(one, done..change.old.start)));
        done = change.old.end;
        pieces.push(Piece::Conflict { ours: part(one, change.old).to_vec(), theirs: part(other, change.new).to_vec() });
    }
    pieces.push(Piece::Kept(part(one, done..one.len())));
}

/// Conflicts with few equal lines between them are one.
fn joined<'a, 't>(pieces: Vec<Piece<'a, 't>>) -> Vec<Piece<'a, 't>> {
    let mut joined: Vec<Piece<'a, 't>> = Vec::new();
    for piece in pieces {
        let Piece::Conflict { ours: new_ours, theirs: new_theirs } = &piece else {
            joined.push(piece);
            continue;
        };
        match gap(&joined) {
            Some((count, shared)) => {
                joined.truncate(joined.len() - count);
                if let Some(Piece::Conflict { ours, theirs }) = joined.last_mut() {
                    ours.extend(shared.iter().chain(new_ours));
                    theirs.extend(shared.iter().chain(new_theirs));
                }
            }
            None => joined.push(piece),
        }
    }
    joined
}

/// The kept pieces behind the last conflict, and their lines, if these are few and nothing else stands there.
fn gap<'t>(pieces: &[Piece<'_, 't>]) -> Option<(usize, Vec<&'t str>)> {
    let mut shared: Vec<&[&str]> = Vec::new();
    for (count, piece) in pieces.iter().rev().enumerate() {
        match piece {
            Piece::Kept(lines) => shared.push(lines),
            Piece::Taken(_) => return None,
            Piece::Conflict { .. } => {
                let lines: Vec<&str> = shared.iter().rev().flat_map(|lines| lines.iter().copied()).collect();
                return (lines.len() <= JOINED).then_some((count, lines));
            }
        }
    }
    None
}

fn write(pieces: &[Piece<'_, '_>], sides: Sides<'_>) -> Merged {
    let mut merged = Merged { text: String::new(), conflicts: 0 };
    for piece in pieces {
        match piece {
            Piece::Kept(lines) | Piece::Taken(lines) => lines.iter().for_each(|line| merged.text.push_str(line)),
            Piece::Conflict { ours, theirs } => {
                merged.conflicts += 1;
                merged.marked("<<<<<<<", sides.ours, ours);
                merged.marked("=======", "", theirs);
                merged.marked(">>>>>>>", sides.theirs, &[]);
            }
        }
    }
    merged
}

impl Merged {
    /// A mark on a line of its own, and lines behind it.
    fn marked(&mut self, mark: &str, name: &str, lines: &[&str]) {
        let blank = if name.is_empty() { "" } else { " " };
        self.text.push_str(&format!("{mark}{blank}{name}\n"));
        lines.iter().for_each(|line| self.text.push_str(line));
        if lines.last().is_some_and(|line| !line.ends_with('\n')) {
            self.text.push('\n');
        }
    }
}
