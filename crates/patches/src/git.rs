//! The header that git, Mercurial with `--git` and JGit write before a file's hunks.

use crate::{
    file::{Act, File},
    hunk::Lines,
    names::{self, Side, There},
    refusal::{Refusal, shown},
};

/// What the lines behind `diff --git` say.
#[derive(Default)]
struct Header {
    created: bool,
    deleted: bool,
    mode: bool,
    from: Option<String>,
    to: Option<String>,
    copied: bool,
}

/// Reads the header; the pair `---` and `+++` and the hunks are left to the caller.
///
/// # Errors
/// For binary files, links and submodules, and names that cannot be read.
pub fn file<'a>(lines: &mut Lines<'a>, names: &str, notes: &mut Vec<String>) -> Result<File<'a>, Refusal> {
    let line = lines.number();
    lines.skip();
    let mut header = Header::default();
    while let Some(text) = lines.peek() {
        if !header.read(text, names, lines.number())? {
            break;
        }
        lines.skip();
    }
    if header.mode {
        notes.push(format!("the mode of {} changes: sets have no modes, it was left out", shown(names)));
    }
    header.file(line, names)
}

impl Header {
    fn read(&mut self, text: &str, names: &str, number: usize) -> Result<bool, Refusal> {
        if text.starts_with("Binary file") || text == "GIT binary patch" {
            return Err(Refusal::at(number, format_args!("{} is binary: sets hold text, name its digest in a line instead", shown(names))));
        }
        let mode =
            ["new file mode ", "deleted file mode ", "old mode ", "new mode "].iter().find_map(|key| Some((*key, text.strip_prefix(key)?)));
        if let Some((key, mode)) = mode {
            self.created |= key == "new file mode ";
            self.deleted |= key == "deleted file mode ";
            self.mode |= key == "new mode ";
            return match mode.trim() {
                "100644" | "100755" | "100664" => Ok(true),
                "120000" => {
                    Err(Refusal::at(number, format_args!("{} is a link: sets hold files, put the file in its place", shown(names))))
                }
                "160000" => {
                    Err(Refusal::at(number, format_args!("{} is a submodule: sets hold files, put its files in its place", shown(names))))
                }
                mode => Err(Refusal::at(number, format_args!("{} is no mode of a file", shown(mode)))),
            };
        }
        for (key, is_source) in [("rename from ", true), ("rename to ", false), ("copy from ", true), ("copy to ", false)] {
            if let Some(name) = text.strip_prefix(key) {
                let name = if name.starts_with('"') { names::split_quoted(name).map(|(name, _)| name) } else { Some(name.to_owned()) };
                let name = name.ok_or_else(|| Refusal::at(number, "a name is quoted in no known way"))?;
                self.copied |= key.starts_with("copy");
                *if is_source { &mut self.from } else { &mut self.to } = Some(name);
                return Ok(true);
            }
        }
        Ok(["index ", "similarity index ", "dissimilarity index "].iter().any(|key| text.starts_with(key)))
    }

    fn file<'a>(self, line: usize, names: &str) -> Result<File<'a>, Refusal> {
        let file = |old, new, act| Ok(File { line, is_git: true, old, new, act, hunks: Vec::new() });
        if let (Some(from), Some(to)) = (&self.from, &self.to) {
            let (before_old, before_new) = names::prefixes(names, from, to);
            let act = if self.copied { Act::Copy } else { Act::Rename };
            return file(
                Side::named(&format!("{before_old}{from}"), There::Yes),
                Side::named(&format!("{before_new}{to}"), There::Yes),
                act,
            );
        }
        // Where the names hold blanks, the pair that follows says which is which.
        let (old, new) = names::both(names).unwrap_or_default();
        let act = match (self.created, self.deleted) {
            (true, true) => return Err(Refusal::at(line, "the file is made and deleted at once")),
            (true, _) => Act::Create,
            (_, true) => Act::Delete,
            _ => Act::Edit,
        };
        let (was, is) = (if act == Act::Create { There::No } else { There::Yes }, if act == Act::Delete { There::No } else { There::Yes });
        file(Side::named(&old, was), Side::named(&new, is), act)
    }
}
