//! Which paths a file of the set may have: those that mean the same file, and only inside the set, on every machine.

/// Bytes of a path at most.
pub const MAX_PATH_BYTES: usize = 240;
/// Folders and name of a path at most.
pub const MAX_PATH_PARTS: usize = 16;

/// Why a text is no path of the set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("`{0}` is longer than 240 bytes or deeper than 16 folders: use a shorter path")]
    TooLong(String),
    #[error("`{0}` has an empty part, `.`, `..` or `.git`: use a plain relative path")]
    Part(String),
    #[error("`{0}` has a backslash, colon, quotation mark or control character: use other characters")]
    Character(String),
}

/// Whether `path` is one.
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

/// A folder called `.git` would be code that git runs, wherever the set is written out.
fn is_part(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git")
}
