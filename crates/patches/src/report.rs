//! Lines that a program wrote about what it left out, in any language.

/// How `diff -r` says that a file is in one folder alone; where the folder comes first in a language, its names are looked for instead.
const ONLY: [&str; 24] = [
    "Only in ",
    "Nur in ",
    "Seulement dans ",
    "Sólo en ",
    "Solo en ",
    "Solo in ",
    "Só em ",
    "Somente em ",
    "Apenas em ",
    "Alleen in ",
    "Bare i ",
    "Endast i ",
    "Kun i ",
    "Tylko w ",
    "Pouze v ",
    "Iba v ",
    "Samo u ",
    "Само у ",
    "Само в ",
    "Только в ",
    "Лише у ",
    "Numai în ",
    "Chỉ trong ",
    "只在",
];

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// A file is on one side alone.
    Only,
    /// Two files were not compared: binary ones, a file and a folder, folders below.
    Pair,
}

/// Reads a line as a report by its words.
pub fn by_words(line: &str) -> Option<Report> {
    let is_binary =
        (line.starts_with("Binary file") || line.starts_with("Files ")) && (line.ends_with(" differ") || line.ends_with(" has changed"));
    let is_folder = line.starts_with("Common subdirectories: ") || line.starts_with("File ") && line.contains(" while file ");
    let is_only = ONLY.iter().any(|start| line.starts_with(start)) && line.contains([':', '：']);
    match () {
        () if is_binary || is_folder => Some(Report::Pair),
        () if is_only => Some(Report::Only),
        () => None,
    }
}

/// Reads a line as a report by the names of the two folders that were compared: no language is without them.
pub fn by_folders(line: &str, old: &str, new: &str) -> Option<Report> {
    let below = |folder: &str| mentions(line, folder, true);
    if below(old) && below(new) {
        return Some(Report::Pair);
    }
    let is_named = mentions(line, old, false) || mentions(line, new, false);
    (is_named && (line.contains(": ") || line.contains('：'))).then_some(Report::Only)
}

/// Whether the folder stands in the line as a word of its own, perhaps with a path behind it.
fn mentions(line: &str, folder: &str, with_path: bool) -> bool {
    let is_word =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '/' | '.' | '_' | '-'));
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let behind = line.get(at + folder.len()..).and_then(|behind| behind.chars().next());
        !is_word(before) && if with_path { behind == Some('/') } else { behind == Some('/') || !is_word(behind) }
    })
}
