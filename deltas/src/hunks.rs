//! The hunks of a file that changed, as a tool for people would write them.
//!
//! No rule says which hunks an author writes: any that apply lead to the same set. Lines are matched in linear memory and in a time that does
//! not grow with the square of what changed.

use std::fmt::Write as _;
use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

/// Kept lines around a change.
const CONTEXT: usize = 3;

/// Writes the hunks that turn `old` into `new`.
pub(crate) fn write(patch: &mut String, old: &str, new: &str) {
    let lines = |text| -> Vec<&str> { str::split_inclusive(text, '\n').collect() };
    let (old, new) = (lines(old), lines(new));
    for group in groups(&line_changes(&old, &new)) {
        hunk(patch, &old, &new, group);
    }
}

/// Lines of both sides that stand for one another, the first and the last of which differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineChange {
    /// Places in the old text, counted from 0.
    pub old: Range<usize>,
    /// Places in the new one.
    pub new: Range<usize>,
}

/// What differs between two texts given line by line, from the first change to the last. What is equal at both ends is not compared with
/// anything else. [`Patch::between`](crate::Patch::between) writes these changes.
///
/// ```
/// use deltas::{LineChange, line_changes};
///
/// assert_eq!(line_changes(&["a", "b", "c"], &["a", "B", "c"]), [LineChange { old: 1..2, new: 1..2 }]);
/// ```
pub fn line_changes(old: &[&str], new: &[&str]) -> Vec<LineChange> {
    let head = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let mut input = InternedInput::default();
    input.update_before(old.iter().copied());
    input.update_after(new.iter().copied());
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let place = |range: Range<u32>| head + range.start as usize..head + range.end as usize;
    diff.hunks().map(|hunk| LineChange { old: place(hunk.before), new: place(hunk.after) }).collect()
}

/// Changes that share a hunk: so near that their kept lines would meet.
fn groups(changes: &[LineChange]) -> impl Iterator<Item = &[LineChange]> {
    changes.chunk_by(|one, next| next.old.start - one.old.end <= 2 * CONTEXT)
}

/// Header and lines of one hunk.
fn hunk(patch: &mut String, old: &[&str], new: &[&str], changes: &[LineChange]) {
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else { return };
    let above = first.old.start.min(CONTEXT);
    let below = (old.len() - last.old.end).min(CONTEXT);
    let range = |range: Range<usize>| match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        count => format!("{},{count}", range.start + 1),
    };
    let (before, after) = (first.old.start - above..last.old.end + below, first.new.start - above..last.new.end + below);
    _ = writeln!(patch, "@@ -{} +{} @@", range(before.clone()), range(after));
    let mut at = before.start;
    for change in changes {
        marked(patch, ' ', &old[at..change.old.start]);
        marked(patch, '-', &old[change.old.clone()]);
        marked(patch, '+', &new[change.new.clone()]);
        at = change.old.end;
    }
    marked(patch, ' ', &old[at..before.end]);
}

/// Each line behind its mark, and git's remark behind one that has no newline.
fn marked(patch: &mut String, mark: char, lines: &[&str]) {
    for line in lines {
        patch.push(mark);
        patch.push_str(line);
        if !line.ends_with('\n') {
            patch.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_stand_as_git_writes_them() {
        let old: String = (1..=30).map(|line| format!("{line}\n")).collect();
        for (new, wanted) in [
            (old.replace("\n5\n", "\nfive\n"), "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"),
            (format!("0\n{old}"), "@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n"),
            (format!("{old}31"), "@@ -28,3 +28,4 @@\n 28\n 29\n 30\n+31\n\\ No newline at end of file\n"),
            (String::new(), &*format!("@@ -1,30 +0,0 @@\n{}", (1..=30).map(|line| format!("-{line}\n")).collect::<String>())),
            (
                old.replace("\n5\n", "\n").replace("\n12\n", "\n").replace("\n20\n", "\n"),
                "@@ -2,14 +2,12 @@\n 2\n 3\n 4\n-5\n 6\n 7\n 8\n 9\n 10\n 11\n-12\n 13\n 14\n 15\n@@ -17,7 +15,6 @@\n 17\n 18\n 19\n-20\n 21\n 22\n 23\n",
            ),
        ] {
            let mut patch = String::new();
            write(&mut patch, &old, &new);
            assert_eq!(patch, wanted);
        }
        let mut made = String::new();
        write(&mut made, "", "1\n");
        assert_eq!(made, "@@ -0,0 +1 @@\n+1\n");
    }
}
