//! A patch as people read it: escaped, in colours on a terminal, and not endless.

use std::{
    env,
    io::{IsTerminal as _, stdout},
};

use super::log::plain;

const PLAIN: &str = "\u{1b}[0m";
const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const CYAN: &str = "\u{1b}[36m";
/// Letters of a line that are shown at most.
const WIDTH: usize = 400;

/// Whether standard output shows colours: it is a terminal, and nobody asked for none (`NO_COLOR`).
pub fn has_colours() -> bool {
    stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The lines of a patch from its first diff on, so many at most, and a line that says how many are left.
pub fn lines(patch: &str, most: usize, has_colours: bool) -> Vec<String> {
    let is_first = |line: &&str| line.starts_with("diff -") || line.starts_with("--- ");
    let all: Vec<&str> = patch.lines().skip_while(|line| !is_first(line)).collect();
    let mut shown: Vec<String> = all.iter().take(most).map(|line| coloured(line, has_colours)).collect();
    if all.len() > most {
        shown.push(format!("… and {} more lines: --lines says how many are shown", all.len() - most));
    }
    shown
}

fn coloured(line: &str, has_colours: bool) -> String {
    let mut text = plain(&line.chars().take(WIDTH).collect::<String>());
    if line.chars().nth(WIDTH).is_some() {
        text.push('…');
    }
    match colour(line).filter(|_| has_colours) {
        Some(colour) => format!("{colour}{text}{PLAIN}"),
        None => text,
    }
}

/// As git colours it.
fn colour(line: &str) -> Option<&'static str> {
    let header = ["diff -", "--- ", "+++ ", "new file mode", "deleted file mode", "index ", "rename ", "copy ", "similarity "];
    match line.chars().next() {
        _ if header.iter().any(|start| line.starts_with(start)) => Some(BOLD),
        Some('@') => Some(CYAN),
        Some('+') => Some(GREEN),
        Some('-') => Some(RED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = "Subject: x\n\ndiff --git a/a.csv b/a.csv\n--- a/a.csv\n+++ b/a.csv\n@@ -1 +1,2 @@\n-1\u{1b}[2J\n+2\n 3\n";

    #[test]
    fn a_diff_is_escaped_coloured_on_terminals_and_plain_elsewhere() {
        let bare = lines(PATCH, 99, false);
        assert_eq!(bare, ["diff --git a/a.csv b/a.csv", "--- a/a.csv", "+++ b/a.csv", "@@ -1 +1,2 @@", "-1\\u{1b}[2J", "+2", " 3"]);
        let coloured = lines(PATCH, 99, true);
        assert_eq!(
            coloured[3..],
            [format!("{CYAN}@@ -1 +1,2 @@{PLAIN}"), format!("{RED}-1\\u{{1b}}[2J{PLAIN}"), format!("{GREEN}+2{PLAIN}"), " 3".into()]
        );
    }

    #[test]
    fn a_long_diff_and_a_long_line_are_cut_and_that_is_said() {
        assert_eq!(lines(PATCH, 2, false)[2..], ["… and 5 more lines: --lines says how many are shown"]);
        let long = lines(&format!("--- a\n+{}\n", "é".repeat(WIDTH + 1)), 9, false);
        assert_eq!(long[1], format!("+{}…", "é".repeat(WIDTH - 1)));
    }
}
