//! A message's files: which program wrote what is told by its lines, not asked for.

use crate::{
    file::{Act, File},
    git,
    hunk::{self, Lines},
    names::{Side, There},
    refusal::{Refusal, shown},
    report::{self, Report},
};

/// The file in which a folder remembers the head that it was written from: never a part of a set.
const REMEMBERED: &str = ".neuron-set";
/// What Subversion writes in the place of a file that is no text.
const BINARY: &str = "Cannot display: file marked as a binary type.";

/// Reads all files of a message whose first `head` lines are a mail's head.
///
/// # Errors
/// For each thing that the patch does not hold, and each form that is not a unified diff.
pub fn files<'a>(text: &'a str, head: usize, notes: &mut Vec<String>) -> Result<Read<'a>, Refusal> {
    let mut reader = Reader {
        lines: Lines::new(text),
        files: Vec::new(),
        heads: Vec::new(),
        prose: Vec::new(),
        strays: Vec::new(),
        is_prose: true,
        is_mail: head > 0,
        index: None,
        notes,
    };
    for number in 1..=head {
        reader.heads.extend(reader.lines.peek().map(|line| (number, line)));
        reader.lines.skip();
    }
    while let Some(line) = reader.lines.peek() {
        reader.step(line)?;
    }
    reader.end_index()?;
    reader.check_prose()?;
    Ok(Read { files: reader.files, prose: reader.heads.into_iter().chain(reader.prose).map(|(_, line)| line).collect() })
}

/// What a message holds.
pub struct Read<'a> {
    pub files: Vec<File<'a>>,
    /// Lines that belong to no file.
    pub prose: Vec<&'a str>,
}

struct Reader<'a, 'b> {
    lines: Lines<'a>,
    files: Vec<File<'a>>,
    /// Lines of a mail's head, and between files, with their numbers.
    heads: Vec<(usize, &'a str)>,
    prose: Vec<(usize, &'a str)>,
    /// Those of them where no prose may stand.
    strays: Vec<(usize, &'a str)>,
    /// Whether anything may stand here.
    is_prose: bool,
    is_mail: bool,
    /// The line `Index: …` whose file has not come yet.
    index: Option<(usize, &'a str)>,
    notes: &'b mut Vec<String>,
}

impl<'a> Reader<'a, '_> {
    fn step(&mut self, line: &'a str) -> Result<(), Refusal> {
        let next = self.lines.ahead(1).unwrap_or_default();
        self.refuse_other_forms(line, next)?;
        if let Some(names) = line.strip_prefix("diff --git ") {
            self.index = None;
            let file = git::file(&mut self.lines, names, self.notes)?;
            return self.body(file);
        }
        if line.starts_with("diff -") {
            self.is_prose = false;
            self.lines.skip();
            return Ok(());
        }
        if line.starts_with("--- ") && next.starts_with("+++ ") {
            self.index = None;
            let nobody = Side { name: None, there: There::Unsaid };
            let file =
                File { line: self.lines.number(), is_git: false, old: nobody.clone(), new: nobody, act: Act::Edit, hunks: Vec::new() };
            return self.body(file);
        }
        if line.starts_with("@@ -") && !self.is_prose {
            return Err(Refusal::at(self.lines.number(), "a hunk without the lines `---` and `+++` that name its file"));
        }
        if let Some(name) = line.strip_prefix("Index: ") {
            self.end_index()?;
            self.index = Some((self.lines.number(), name));
            self.lines.skip();
            self.skip_while(|line| !starts_file(line) && !line.is_empty() && line != BINARY);
            return Ok(());
        }
        if let Some(name) = line.strip_prefix("Property changes on: ") {
            self.notes.push(format!("properties of {}: sets have none, they were left out", shown(name)));
            self.index = None;
            self.lines.skip();
            self.skip_while(|line| !starts_file(line));
            return Ok(());
        }
        self.between(line)
    }

    fn skip_while(&mut self, is_skipped: impl Fn(&str) -> bool) {
        while self.lines.peek().is_some_and(&is_skipped) {
            self.lines.skip();
        }
    }

    /// The pair of names and the hunks of a file.
    fn body(&mut self, mut file: File<'a>) -> Result<(), Refusal> {
        let pair = self
            .lines
            .peek()
            .and_then(|line| line.strip_prefix("--- "))
            .zip(self.lines.ahead(1).and_then(|line| line.strip_prefix("+++ ")));
        if let Some((old, new)) = pair {
            let number = self.lines.number();
            let read = |text: &str| Side::read(text).ok_or_else(|| Refusal::at(number, "a name is quoted in no known way"));
            let (old, new) = (read(old)?, read(new)?);
            if [&old, &new].into_iter().any(|side| side.name.as_ref().is_some_and(|name| name.trim().is_empty())) {
                return Err(Refusal::at(number, "the patch does not name its file: with difflib give `fromfile` and `tofile`"));
            }
            if !file.is_git || file.act == Act::Edit {
                file.act = act_of(&old, &new);
            }
            // The header's name stays where a side has none: it tells which folders the tool writes before names.
            let kept = |side: Side, header: &Side| {
                if side.name.is_none() && file.is_git { Side { there: There::No, ..header.clone() } } else { side }
            };
            (file.old, file.new) = (kept(old, &file.old), kept(new, &file.new));
            self.lines.skip();
            self.lines.skip();
        }
        file.hunks = hunk::hunks(&mut self.lines)?;
        self.is_prose = false;
        let is_empty_svn = pair.is_some() && file.act != Act::Edit;
        if !file.is_git && file.hunks.is_empty() && !is_empty_svn {
            return Err(Refusal::at(file.line, "two names and no hunk behind them: the patch is cut off"));
        }
        if file.is_git && file.old.name.as_ref().or(file.new.name.as_ref()).is_some_and(String::is_empty) {
            return Err(Refusal::at(
                file.line,
                "the names of the file cannot be told apart: write the patch with `git diff` in its own form (a/, b/)",
            ));
        }
        let names = [&file.old, &file.new].map(|side| side.name.as_deref().unwrap_or_default());
        if names.into_iter().any(|name| name.rsplit('/').next() == Some(REMEMBERED)) {
            self.notes.push(format!("{} was left out: it belongs to the folder, not to the set", shown(REMEMBERED)));
            return Ok(());
        }
        self.files.push(file);
        Ok(())
    }

    /// What is not a file: prose where it may stand, reports of what was left out, ends of mails.
    fn between(&mut self, line: &'a str) -> Result<(), Refusal> {
        let number = self.lines.number();
        if let Some(report) = report::by_words(line) {
            return Err(refused(number, line, report));
        }
        let is_commit = line.starts_with("commit ") || line.starts_with("# HG changeset patch") || line.starts_with("changeset:");
        self.is_prose |= line == "-- " || is_commit || self.is_mail;
        let is_rule = line.len() >= 3 && line.bytes().all(|byte| byte == b'=');
        if line == BINARY {
            return Err(Refusal::at(number, "a file is binary: sets hold text, name its digest in a line instead"));
        }
        if line.starts_with(['+', '-', '@']) && !self.is_prose {
            return Err(Refusal::at(
                number,
                format_args!("{} stands behind a hunk that is complete: the hunk has more lines than its header counts", shown(line)),
            ));
        }
        if !line.trim().is_empty() && !is_rule {
            self.prose.push((number, line));
            self.strays.extend((!self.is_prose).then_some((number, line)));
        }
        self.lines.skip();
        Ok(())
    }

    /// Prose between files of a plain diff must not be a report in a language that is not known here.
    fn check_prose(&mut self) -> Result<(), Refusal> {
        let folders: Vec<(&str, &str)> = self
            .files
            .iter()
            .filter(|file| !file.is_git)
            .filter_map(|file| {
                let (old, new) = (file.old.name.as_deref()?, file.new.name.as_deref()?);
                let ((old, below), (new, other)) = (old.split_once('/')?, new.split_once('/')?);
                (below == other && old != new).then_some((old, new))
            })
            .collect();
        for (number, line) in &self.prose {
            if let Some(report) = folders.iter().find_map(|(old, new)| report::by_folders(line, old, new)) {
                return Err(refused(*number, line, report));
            }
        }
        let between = self.strays.first();
        match between {
            Some((number, line)) => Err(Refusal::at(
                *number,
                format_args!(
                    "{} stands behind a file's hunks and says nothing that is known here: take it out, or write the patch anew",
                    shown(line)
                ),
            )),
            None => Ok(()),
        }
    }

    /// A line `Index: …` without a diff tells of a file that is empty, or of something that is not here.
    fn end_index(&mut self) -> Result<(), Refusal> {
        match self.index.take() {
            Some((number, name)) => Err(Refusal::at(
                number,
                format_args!(
                    "the patch names {} and does not say what becomes of it: an empty or moved file; write the patch with `svn diff --git`",
                    shown(name)
                ),
            )),
            None => Ok(()),
        }
    }

    fn refuse_other_forms(&self, line: &str, next: &str) -> Result<(), Refusal> {
        let number = self.lines.number();
        let words = match line {
            _ if line == "***************" || line.starts_with("*** ") && next.starts_with("--- ") => {
                "a context diff cannot be read: make a unified one with `diff -u` instead of `-c`"
            }
            "---" | "--- " if matches!(next, "+++" | "+++ ") => {
                "the patch does not name its file: with difflib give `fromfile` and `tofile`"
            }
            _ if line.starts_with("diff --cc ") || line.starts_with("diff --combined ") || line.starts_with("@@@ ") => {
                "the diff of a merge with two parents cannot be read: compare with one of them (`git diff HEAD^1 HEAD`)"
            }
            _ if is_command_of_ed(line) && (next.starts_with("< ") || next.starts_with("> ")) => {
                "a diff without context and names cannot be read: use `diff -u`"
            }
            _ => return Ok(()),
        };
        Err(Refusal::at(number, words))
    }
}

/// Where a pair of names alone says what happens.
fn act_of(old: &Side, new: &Side) -> Act {
    match (old.there, new.there) {
        (There::No, _) => Act::Create,
        (_, There::No) => Act::Delete,
        _ => Act::Edit,
    }
}

fn starts_file(line: &str) -> bool {
    ["diff -", "--- ", "Index: ", "Property changes on: "].iter().any(|start| line.starts_with(start))
}

/// `3,4c5` and the like.
fn is_command_of_ed(line: &str) -> bool {
    let is_range = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    line.split_once(['a', 'c', 'd']).is_some_and(|(before, behind)| is_range(before) && is_range(behind))
}

fn refused(number: usize, line: &str, report: Report) -> Refusal {
    let advice = match report {
        Report::Only => "a file is on one side alone, and the patch does not hold it: use -N (`diff -ruN`)",
        Report::Pair => "two files or folders were not compared, and the patch does not hold them: use `diff -ruN` on text files",
    };
    Refusal::at(number, format_args!("{}: {advice}", shown(line)))
}
