//! Hunks on a file: at the place that they name, or at the only other one where each kept and removed line is equal.

use std::collections::HashMap;

use crate::{
    hunk::{Hunk, Line, Mark, Newline},
    refusal::{Refusal, shown},
};

/// What came out.
#[derive(Debug)]
pub struct Fitted {
    pub text: String,
    /// Numbers of hunks, counted from 1, that stand elsewhere, with the first line here and as they say.
    pub moved: Vec<(usize, usize, usize)>,
}

/// Applies hunks to the text of `path`; `crlf` if the patch's line ends were changed, so that those of the file count.
///
/// # Errors
/// With the first hunk that fits nowhere or at several places.
pub fn fit(path: &str, text: &str, hunks: &[Hunk<'_>], crlf: bool) -> Result<Fitted, Refusal> {
    let has_returns = crlf && text.split_inclusive('\n').next().is_some_and(|line| line.ends_with("\r\n"));
    let mut work = Work {
        path,
        old: text.split_inclusive('\n').collect(),
        places: None,
        has_returns,
        done: 0,
        shift: 0,
        text: String::with_capacity(text.len()),
    };
    let mut moved = Vec::new();
    for (number, hunk) in hunks.iter().enumerate() {
        let at = work.place(hunk)?;
        if at != hunk.old_before {
            moved.push((number + 1, at + 1, hunk.old_before + 1));
        }
        work.take(hunk, at)?;
    }
    work.keep_until(work.old.len());
    Ok(Fitted { text: work.text, moved })
}

/// Whether the hunks taken backwards fit exactly: the file is as the patch wants it.
pub fn is_done(text: &str, hunks: &[Hunk<'_>], crlf: bool) -> bool {
    let turned = |hunk: &Hunk<'_>| hunk.side(Mark::Remove).count() > 0;
    let reversed: Vec<Hunk<'_>> = hunks.iter().map(Hunk::reversed).collect();
    hunks.iter().all(turned) && fit("", text, &reversed, crlf).is_ok_and(|fitted| fitted.moved.is_empty())
}

struct Work<'a> {
    path: &'a str,
    old: Vec<&'a str>,
    /// Where each line stands, made when it is first asked for.
    places: Option<HashMap<&'a str, Vec<usize>>>,
    /// Lines of the file end in CRLF and those of the patch no longer do.
    has_returns: bool,
    /// Old lines that are written or taken.
    done: usize,
    /// How far the hunk before stood from its place.
    shift: isize,
    text: String,
}

impl Work<'_> {
    /// Lines above the hunk in the file.
    fn place(&mut self, hunk: &Hunk<'_>) -> Result<usize, Refusal> {
        let wanted: Vec<Line<'_>> = hunk.side(Mark::Add).collect();
        let near = hunk.old_before.checked_add_signed(self.shift).unwrap_or(hunk.old_before);
        for at in [near, hunk.old_before] {
            if at >= self.done && self.is_at(&wanted, at) {
                self.shift = isize::try_from(at).unwrap_or(0) - isize::try_from(hunk.old_before).unwrap_or(0);
                return Ok(at);
            }
        }
        let found = self.search(&wanted);
        match found.as_slice() {
            [at] => {
                self.shift = isize::try_from(*at).unwrap_or(0) - isize::try_from(hunk.old_before).unwrap_or(0);
                Ok(*at)
            }
            [] => Err(self.nowhere(hunk, &wanted)),
            [first, second, ..] => Err(Refusal::at(
                hunk.line,
                format_args!(
                    "the lines of this hunk stand in {} at line {} and at line {}, and not where it says: write the patch anew from the current set",
                    shown(self.path),
                    first + 1,
                    second + 1
                ),
            )),
        }
    }

    fn is_at(&self, wanted: &[Line<'_>], at: usize) -> bool {
        let Some(end) = at.checked_add(wanted.len()) else { return false };
        self.old.get(at..end).is_some_and(|lines| lines.iter().zip(wanted).all(|(line, wanted)| self.is_same(line, wanted)))
    }

    fn is_same(&self, line: &str, wanted: &Line<'_>) -> bool {
        let (text, has_newline) = self.bare(line);
        text == wanted.text
            && match wanted.newline {
                Newline::Yes => has_newline,
                Newline::No => !has_newline,
                Newline::Unsaid => true,
            }
    }

    fn bare<'b>(&self, line: &'b str) -> (&'b str, bool) {
        let (text, has_newline) = line.strip_suffix('\n').map_or((line, false), |text| (text, true));
        (if self.has_returns { text.strip_suffix('\r').unwrap_or(text) } else { text }, has_newline)
    }

    /// All places of the lines behind what is done, by the one of them that is rarest.
    fn search(&mut self, wanted: &[Line<'_>]) -> Vec<usize> {
        if self.places.is_none() {
            let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
            for (at, line) in self.old.iter().enumerate() {
                places.entry(line.trim_end_matches(['\r', '\n'])).or_default().push(at);
            }
            self.places = Some(places);
        }
        let Some(places) = &self.places else { return Vec::new() };
        let of = |line: &Line<'_>| places.get(line.text.trim_end_matches(['\r', '\n'])).map_or(&[][..], Vec::as_slice);
        let Some((anchor, rarest)) = wanted.iter().map(of).enumerate().min_by_key(|(_, places)| places.len()) else { return Vec::new() };
        let starts = rarest.iter().filter_map(|place| place.checked_sub(anchor));
        starts.filter(|start| *start >= self.done && self.is_at(wanted, *start)).take(2).collect()
    }

    fn take(&mut self, hunk: &Hunk<'_>, at: usize) -> Result<(), Refusal> {
        self.keep_until(at);
        for line in &hunk.lines {
            match line.mark {
                Mark::Keep => self.keep_until(self.done + 1),
                Mark::Remove => self.done += 1,
                Mark::Add => self.add(hunk, line)?,
            }
        }
        Ok(())
    }

    fn add(&mut self, hunk: &Hunk<'_>, line: &Line<'_>) -> Result<(), Refusal> {
        self.is_open().then_some(()).ok_or_else(|| self.without_newline(hunk))?;
        self.text.push_str(line.text);
        match line.newline {
            Newline::No => {}
            _ if self.has_returns => self.text.push_str("\r\n"),
            _ => self.text.push('\n'),
        }
        Ok(())
    }

    /// Whether something may follow what is written.
    fn is_open(&self) -> bool {
        self.text.is_empty() || self.text.ends_with('\n')
    }

    fn keep_until(&mut self, end: usize) {
        for line in self.old.get(self.done..end).unwrap_or_default() {
            self.text.push_str(line);
        }
        self.done = end;
    }

    fn without_newline(&self, hunk: &Hunk<'_>) -> Refusal {
        Refusal::at(
            hunk.line,
            format_args!(
                "the last line of {} has no newline, and this hunk adds a line behind it without saying so: end the file with a newline and write the patch anew",
                shown(self.path)
            ),
        )
    }

    /// Why a hunk fits nowhere: the first line that differs at its place.
    fn nowhere(&self, hunk: &Hunk<'_>, wanted: &[Line<'_>]) -> Refusal {
        let here = wanted.iter().enumerate().find_map(|(place, wanted)| {
            let line = self.old.get(hunk.old_before.saturating_add(place));
            (!line.is_some_and(|line| self.is_same(line, wanted))).then_some((
                hunk.old_before.saturating_add(place).saturating_add(1),
                line,
                wanted,
            ))
        });
        let path = shown(self.path);
        let Some((number, line, wanted)) = here else {
            return Refusal::at(
                hunk.line,
                format_args!(
                    "{path} has {} lines, the hunk stands behind its end: the patch was made for another version, write it anew from the current set",
                    self.old.len()
                ),
            );
        };
        let Some(line) = line else {
            return Refusal::at(
                hunk.line,
                format_args!(
                    "{path} ends before line {number}, where the patch has {}: it was made for another version, write it anew from the current set",
                    shown(wanted.text)
                ),
            );
        };
        let (text, has_newline) = self.bare(line);
        if text == wanted.text {
            let (set, patch) = if has_newline {
                ("a", "none")
            } else {
                ("no", "one: difflib does not tell the difference, end the file with a newline first")
            };
            return Refusal::at(hunk.line, format_args!("the last line of {path} has {set} newline in the set, and by the patch {patch}"));
        }
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().concat();
        let why = match squeezed(text) == squeezed(wanted.text) {
            true => "they differ in blanks alone: an editor, a terminal or a mail changed them",
            false => "the patch was made for another version, write it anew from the current set",
        };
        Refusal::at(
            hunk.line,
            format_args!("{path} differs at line {number}: the set has {}, the patch {}; {why}", shown(text), shown(wanted.text)),
        )
    }
}
