//! Names of files behind `---` and `+++`, and what stands behind them about whether there was a file.

/// What a patch says about a file being there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum There {
    /// `/dev/null`, a date in 1970, `(nonexistent)`.
    No,
    /// A date, another revision.
    Yes,
    /// Nothing that says so.
    Unsaid,
}

/// One side of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// As it is written, with all folders; none for `/dev/null`.
    pub name: Option<String>,
    /// Whether there is a file on this side.
    pub there: There,
}

impl Side {
    /// Reads what follows `--- ` or `+++ `; nothing for a name that is quoted wrongly.
    pub fn read(text: &str) -> Option<Self> {
        let (name, rest) = match text.starts_with('"') {
            true => split_quoted(text)?,
            false => text.split_once('\t').map_or((text.to_owned(), ""), |(name, rest)| (name.to_owned(), rest)),
        };
        if name == "/dev/null" {
            return Some(Self { name: None, there: There::No });
        }
        Some(Self { name: Some(with_slashes(name)), there: there(rest) })
    }

    /// A side that only a header of git names.
    pub fn named(name: &str, there: There) -> Self {
        Self { name: Some(name.to_owned()), there }
    }
}

/// Names of Windows: a set has no backslashes.
fn with_slashes(name: String) -> String {
    match name.contains('\\') && !name.contains('/') {
        true => name.replace('\\', "/"),
        false => name,
    }
}

/// What dates and revisions say. Dates of GNU diff and Mercurial begin in 1970 for no file, in any zone.
fn there(rest: &str) -> There {
    const NO: [&str; 4] = ["(nonexistent)", "(revision 0)", "(Revision 0)", "(nicht existent)"];
    let rest = rest.trim();
    let is_epoch = rest.starts_with("1970-01-01 ") || rest.starts_with("1969-12-31 ") || rest.starts_with("Thu Jan 01 00:00:00 1970");
    let is_date = rest.bytes().filter(u8::is_ascii_digit).count() >= 8 && rest.contains(':');
    match () {
        () if is_epoch || NO.iter().any(|word| rest.ends_with(word)) => There::No,
        () if is_date => There::Yes,
        () => There::Unsaid,
    }
}

/// A name in quotation marks as C writes it, and what follows it. Its bytes must be UTF-8 together.
pub fn split_quoted(text: &str) -> Option<(String, &str)> {
    let (mut bytes, mut at) = (Vec::new(), 1);
    let all = text.as_bytes();
    loop {
        let (byte, length) = match (all.get(at)?, all.get(at + 1)) {
            (b'"', _) => break,
            (b'\\', Some(letter)) => escaped(*letter, all.get(at + 1..at + 4))?,
            (byte, _) => (*byte, 1),
        };
        bytes.push(byte);
        at += length;
    }
    Some((String::from_utf8(bytes).ok()?, text.get(at + 1..)?))
}

/// The byte behind a backslash and how many bytes were read, the backslash included.
fn escaped(letter: u8, octal: Option<&[u8]>) -> Option<(u8, usize)> {
    if let Some(place) = b"abtnvfr\"\\".iter().position(|known| *known == letter) {
        return Some((*b"\x07\x08\t\n\x0b\x0c\r\"\\".get(place)?, 2));
    }
    let digits = std::str::from_utf8(octal?).ok()?;
    Some((u8::from_str_radix(digits, 8).ok()?, 4))
}

/// Both names of a line `diff --git a/x b/x`: quoted ones, or those that are equal but for their first folders, or equal altogether.
pub fn both(text: &str) -> Option<(String, String)> {
    if text.starts_with('"') {
        let (old, rest) = split_quoted(text)?;
        let rest = rest.strip_prefix(' ')?;
        return Some((old, if rest.starts_with('"') { split_quoted(rest)?.0 } else { rest.to_owned() }));
    }
    if let Some((old, new)) = text.split_once(" \"") {
        return Some((old.to_owned(), split_quoted(&format!("\"{new}"))?.0));
    }
    let below = |name: &str| name.split_once('/').map(|(_, rest)| rest.to_owned());
    let cuts = text.match_indices(' ').filter_map(|(cut, _)| Some((text.get(..cut)?, text.get(cut + 1..)?)));
    let mut fitting = cuts.filter(|(old, new)| old == new || below(old).is_some() && below(old) == below(new));
    let first = fitting.next()?;
    fitting.next().is_none().then(|| (first.0.to_owned(), first.1.to_owned()))
}

/// What stands before `from` and `to` in the two names of a line `diff --git`, such as `a/` and `b/`.
pub fn prefixes(text: &str, from: &str, to: &str) -> (String, String) {
    let quoted = both(text).filter(|(old, new)| old.ends_with(from) && new.ends_with(to));
    let cut = || {
        let cuts = text.match_indices(' ').filter_map(|(cut, _)| Some((text.get(..cut)?, text.get(cut + 1..)?)));
        cuts.filter(|(old, new)| old.ends_with(from) && new.ends_with(to))
            .min_by_key(|(old, _)| old.len().abs_diff(from.len() + 2))
            .map(|(old, new)| (old.to_owned(), new.to_owned()))
    };
    let (old, new) = quoted.or_else(cut).unwrap_or_default();
    let before = |whole: String, name: &str| whole.strip_suffix(name).unwrap_or_default().to_owned();
    (before(old, from), before(new, to))
}
