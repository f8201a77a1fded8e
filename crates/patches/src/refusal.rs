//! Why a patch cannot be taken, and words of strangers as they may be shown.

use std::fmt::Display;

/// Letters of a stranger's line that are shown at most.
const SHOWN: usize = 80;

/// What stands in the way, and what to do about it. Nothing in it acts upon a terminal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{words}", place(.mail.as_ref(), .line.as_ref()))]
pub struct Refusal {
    /// Of several mails in one file the one, counted from 1.
    mail: Option<usize>,
    /// Line of the patch, or of the mail's text, counted from 1.
    line: Option<usize>,
    words: String,
}

impl Refusal {
    /// Of the patch as a whole.
    pub fn new(words: impl Display) -> Self {
        Self { mail: None, line: None, words: words.to_string() }
    }

    /// Of one line of it.
    pub fn at(line: usize, words: impl Display) -> Self {
        Self { mail: None, line: Some(line), words: words.to_string() }
    }

    /// The same in one of several mails.
    #[must_use]
    pub fn in_mail(self, mail: Option<usize>) -> Self {
        Self { mail, ..self }
    }
}

fn place(mail: Option<&usize>, line: Option<&usize>) -> String {
    match (mail, line) {
        (Some(mail), Some(line)) => format!("mail {mail}, line {line}: "),
        (Some(mail), None) => format!("mail {mail}: "),
        (None, Some(line)) => format!("line {line}: "),
        (None, None) => String::new(),
    }
}

/// A stranger's text between backticks: control characters and what cannot be seen are written out, a long one is cut.
pub fn shown(text: &str) -> String {
    let cut: String = text.chars().take(SHOWN).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("`{}{more}`", cut.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'"))
}
