//! Names that mean the same file on every system of files.
//!
//! What nodes agree on takes more names than that (PROTOCOL 11, Tree); a curator's program does not propose them.

use std::collections::BTreeMap;

use deltas::Tree;
use unicode_normalization::UnicodeNormalization as _;

use crate::refusal::shown;

/// Names of devices on Windows, with whatever behind a dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Whether a path can be written on Linux, macOS and Windows alike.
///
/// # Errors
/// With what is wrong about it, in words.
pub fn check(path: &str) -> Result<(), String> {
    let is_hidden = |letter: char| matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}');
    for part in path.split('/') {
        let stem = part.split('.').next().unwrap_or_default().trim_end().to_lowercase();
        let why = match () {
            () if is_device(&stem) => "Windows has a device of that name",
            () if part.ends_with(['.', ' ']) || part.starts_with(' ') => "Windows drops blanks and dots at the ends of names",
            () if part.contains(['<', '>', '|', '?', '*']) => "Windows has no `<`, `>`, `|`, `?` and `*` in names",
            () if part.contains(is_hidden) => "it has letters that cannot be seen",
            () => continue,
        };
        return Err(format!("{} is no name on every machine ({why}): use another one", shown(path)));
    }
    Ok(())
}

fn is_device(stem: &str) -> bool {
    let port = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt")).map(|rest| rest.chars().collect::<Vec<char>>());
    DEVICES.contains(&stem) || port.is_some_and(|rest| matches!(rest.as_slice(), ['0'..='9' | '¹' | '²' | '³']))
}

/// Two names of the set that are one file on macOS or Windows, where `before` did not have both: they differ in case or in how their letters
/// are composed.
pub fn collision(before: &Tree, after: &Tree) -> Option<(String, String)> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (path, _) in after.iter() {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        for name in ends.filter_map(|end| path.get(..end)) {
            let other = *seen.entry(folded(name)).or_insert(name);
            let is_old = |name: &str| {
                before.iter().any(|(path, _)| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
            };
            if other != name && !(is_old(other) && is_old(name)) {
                return Some((other.to_owned(), name.to_owned()));
            }
        }
    }
    None
}

/// The same for all names that such a system takes for one.
fn folded(name: &str) -> String {
    let decomposed: String = name.nfd().collect();
    caseless::default_case_fold_str(&decomposed).nfd().collect()
}
