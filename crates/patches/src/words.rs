//! What a patch says of itself before its first diff.

use crate::{AUTHOR, decode, mail};

/// Bytes before the first diff that are read.
const MAX_BYTES: usize = 64 * 1024;

/// A title and the author's words. They are a stranger's: nothing of them reaches a terminal as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// Subject of the mail, without what stands in brackets before it.
    pub title: Option<String>,
    /// The lines below it.
    pub lines: Vec<String>,
}

/// Reads what stands before the first diff of a patch; of what cannot be read there is nothing.
///
/// ```
/// let said = patches::words(b"Subject: [PATCH] More sevens\n\nThey were few.\n\nNeuron-Author: 0x12\n---\n a.csv | 1 +\n\ndiff --git a/a.csv b/a.csv\n");
/// assert_eq!((said.title.as_deref(), said.lines), (Some("More sevens"), vec!["They were few.".to_owned()]));
/// ```
pub fn words(patch: &[u8]) -> Words {
    let said = before_diff(patch);
    let message = decode::bytes(said, &mut Vec::new()).ok().and_then(|bytes| mail::messages(&bytes).ok());
    let Some(message) = message.and_then(|messages| messages.into_iter().next()) else { return Words::default() };
    let body = message.text.lines().skip(message.head).take_while(|line| *line != "---");
    let lines: Vec<String> = body.filter(|line| !line.trim_start().starts_with(AUTHOR)).map(|line| line.trim_end().to_owned()).collect();
    let is_said = |line: &String| !line.is_empty();
    let (first, last) = (lines.iter().position(is_said), lines.iter().rposition(is_said));
    let lines = first.zip(last).and_then(|(first, last)| lines.get(first..=last)).unwrap_or_default().to_vec();
    Words { title: message.subject.filter(|title| !title.trim().is_empty()), lines }
}

/// The bytes before the first diff.
fn before_diff(patch: &[u8]) -> &[u8] {
    let patch = patch.get(..MAX_BYTES).unwrap_or(patch);
    let mut at = 0;
    for line in patch.split_inclusive(|byte| *byte == b'\n') {
        if [&b"diff -"[..], b"--- ", b"Index: "].iter().any(|start| line.starts_with(start)) {
            break;
        }
        at += line.len();
    }
    patch.get(..at).unwrap_or(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_and_words_are_what_stands_before_the_first_diff_and_nothing_more() {
        let none = Vec::<&str>::new();
        for (patch, title, lines) in [
            ("Subject: A\n\nNeuron-Author: 0x12\n\ndiff --git a/x b/x\n", Some("A"), none.clone()),
            ("diff --git a/x b/x\n", None, none.clone()),
            ("Some words\nand more\n\n--- a/x\n+++ b/x\n", None, vec!["Some words", "and more"]),
            ("Subject: A\n\n\nOne\n\nTwo  \n\nIndex: a.csv\n", Some("A"), vec!["One", "", "Two"]),
            ("", None, none),
        ] {
            let said = words(patch.as_bytes());
            assert_eq!((said.title.as_deref(), said.lines), (title, lines.into_iter().map(str::to_owned).collect()), "{patch:?}");
        }
        assert_eq!(words(&[0xff, 0xfe, 0xff]), Words::default());
    }
}
