//! Which paths a file of the set may have: those that mean the same file, and only inside the set, on every machine.
//!
//! A set is written to folders of strangers' machines, so a path that leaves its folder, or that git would run, is not one.

/// Bytes of a path at most, in UTF-8.
pub const MAX_PATH_BYTES: usize = 240;
/// Parts of a path at most: its folders and its name, joined by `/`.
pub const MAX_PATH_PARTS: usize = 16;

/// Why a text is no path of the set; each holds what was given, cut to [`MAX_PATH_BYTES`] characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// More than [`MAX_PATH_BYTES`], or more than [`MAX_PATH_PARTS`].
    #[error("`{0}` is longer than 240 bytes or deeper than 16 folders: use a shorter path")]
    TooLong(String),
    /// A part that is empty, `.`, `..` or, in whichever case, `.git`: also a `/` at the beginning or end.
    #[error("`{0}` has an empty part, `.`, `..` or `.git`: use a plain relative path")]
    Part(String),
    /// A control character, a backslash, a colon or a quotation mark `"`: some system reads it as something else.
    #[error("`{0}` has a backslash, colon, quotation mark or control character: use other characters")]
    Character(String),
}

/// Whether `path` is one (PROTOCOL 11, Tree). Letters of any script are; upper and lower case differ.
///
/// ```
/// assert!(deltas::check_path("act 1/ärger.txt").is_ok());
/// for path in ["", "/etc/passwd", "../up", "a//b", "a/.GIT/hooks", r"a\b", "c:d"] {
///     assert!(deltas::check_path(path).is_err(), "{path}");
/// }
/// ```
///
/// # Errors
/// [`PathError`] with what is wrong about it.
pub fn check(path: &str) -> Result<(), PathError> {
    let shown = || path.chars().take(MAX_PATH_BYTES).collect::<String>();
    if path.len() > MAX_PATH_BYTES || path.split('/').count() > MAX_PATH_PARTS {
        return Err(PathError::TooLong(shown()));
    }
    if path.chars().any(|letter| letter.is_control() || matches!(letter, '\\' | ':' | '"')) {
        return Err(PathError::Character(shown()));
    }
    match path.split('/').all(is_part) {
        true => Ok(()),
        false => Err(PathError::Part(shown())),
    }
}

/// Whether a folder or name is one. A folder called `.git` would be code that git runs, wherever the set is written out.
fn is_part(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git")
}
