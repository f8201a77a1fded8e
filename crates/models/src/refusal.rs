//! Why something is not taken, or not written: every reason at once, each with what to do.

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

/// Most reasons that are listed; behind them stands how many more there are.
pub const REASONS_MAX: usize = 20;
/// Most letters that are shown of a text that others wrote.
const SHOWN_MAX: usize = 80;

/// All that stands in the way, each a sentence that says what to do. Nothing that others wrote is in it as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    reasons: Vec<String>,
    /// Reasons that are not in the list.
    more: usize,
}

impl Refusal {
    /// For one reason: what is wrong, and what to do.
    pub fn new(reason: impl fmt::Display) -> Self {
        Self { reasons: vec![reason.to_string()], more: 0 }
    }

    /// A file that cannot be opened, read or written.
    pub(crate) fn file(path: &Path, what: &str, error: &io::Error) -> Self {
        Self::new(format_args!("cannot {what} {}: {error}", shown(&path.display().to_string())))
    }

    /// The reasons in their order, at most [`REASONS_MAX`].
    pub fn reasons(&self) -> &[String] {
        &self.reasons
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reasons.join("\n"))?;
        if self.more > 0 {
            write!(formatter, "\nand {} more of this kind", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// Reasons that are gathered before anything is refused.
#[derive(Debug, Default)]
pub(crate) struct Reasons {
    listed: Vec<String>,
    more: usize,
}

impl Reasons {
    /// One more.
    pub(crate) fn add(&mut self, reason: impl fmt::Display) {
        if self.listed.len() < REASONS_MAX {
            self.listed.push(reason.to_string());
        } else {
            self.more += 1;
        }
    }

    /// The value, or all that stands in its way.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Refusal> {
        if self.listed.is_empty() { Ok(value) } else { Err(Refusal { reasons: self.listed, more: self.more }) }
    }
}

/// What work of others' code on strangers' bytes gives; nothing where it panics over them.
pub(crate) fn unless_it_panics<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// What others wrote, fit to be shown: in quotes, on one line, not long.
pub(crate) fn shown(text: &str) -> String {
    let mut letters: String = text.chars().take(SHOWN_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        letters.push('…');
    }
    format!("\"{letters}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_wrote_is_shown_on_one_line_in_quotes_and_cut() {
        for (text, wanted) in [("a", "\"a\""), ("a\n\u{1b}[31m", "\"a\\n\\u{1b}[31m\""), ("\"\u{202e}", "\"\\\"\\u{202e}\"")] {
            assert_eq!(shown(text), wanted);
        }
        assert_eq!(shown(&"x".repeat(100)), format!("\"{}…\"", "x".repeat(80)));
    }

    #[test]
    fn reasons_are_listed_up_to_their_limit_and_counted_behind_it() {
        let mut reasons = Reasons::default();
        (0..REASONS_MAX + 3).for_each(|number| reasons.add(number));
        let refusal = reasons.or(()).expect_err("reasons");
        assert_eq!(refusal.reasons().len(), REASONS_MAX);
        assert!(refusal.to_string().ends_with("19\nand 3 more of this kind"), "{refusal}");
        assert_eq!(Reasons::default().or(7), Ok(7));
    }
}
