//! Pointers in comments to chapters of docs/PROTOCOL.md: `PROTOCOL 6`, or with a heading of that chapter, or the bold words that begin a
//! paragraph of it, `PROTOCOL 6, Reveal`.

use std::collections::BTreeMap;

use super::Source;

/// The word before the number, however it is written.
const WORD: &str = "protocol ";

/// Headings of each chapter and the bold words that begin its paragraphs, by its number.
type Chapters<'a> = BTreeMap<u64, Vec<&'a str>>;

/// Lists the pointers that lead nowhere, or are not written so.
pub fn check(protocol: &str, sources: &[Source], breaches: &mut Vec<String>) {
    let chapters = chapters(protocol);
    for Source { path, text } in sources {
        for (number, line) in (1..).zip(text.lines()) {
            let comment = line.split_once("//").map_or("", |(_, comment)| comment);
            breaches.extend(faults(&chapters, comment).into_iter().map(|fault| format!("{path}:{number}: {fault}")));
        }
    }
}

fn chapters(protocol: &str) -> Chapters<'_> {
    let (mut chapters, mut current) = (Chapters::new(), 0);
    for line in protocol.lines() {
        if let Some((number, _)) = line.strip_prefix("## ").and_then(|title| title.split_once(". ")) {
            current = number.parse().unwrap_or_default();
            chapters.entry(current).or_default();
        } else if let Some(heading) = line.strip_prefix("### ") {
            chapters.entry(current).or_default().push(heading.split(',').next().unwrap_or(heading));
        } else if let Some(words) = bold(line) {
            chapters.entry(current).or_default().push(words);
        }
    }
    chapters
}

/// The bold words that a line begins with.
fn bold(line: &str) -> Option<&str> {
    let (words, _) = line.trim_start_matches("- ").strip_prefix("**")?.split_once("**")?;
    Some(words.trim_end_matches(['.', ',', ':']))
}

fn faults(chapters: &Chapters<'_>, comment: &str) -> Vec<String> {
    let places = comment.to_ascii_lowercase();
    places.match_indices(WORD).filter_map(|(start, _)| fault(chapters, &comment[start..])).collect()
}

fn fault(chapters: &Chapters<'_>, pointer: &str) -> Option<String> {
    let (word, rest) = pointer.split_at(WORD.len());
    let after = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let number = rest[..rest.len() - after.len()].parse().ok()?;
    if word.trim() != "PROTOCOL" {
        return Some(format!("write PROTOCOL {number}, with a heading behind a comma if there is one"));
    }
    let Some(headings) = chapters.get(&number) else {
        return Some(format!("docs/PROTOCOL.md has no chapter {number}"));
    };
    let named = after.strip_prefix(", ")?;
    let is_heading = headings.iter().any(|heading| named.starts_with(heading));
    (!is_heading).then(|| format!("chapter {number} of docs/PROTOCOL.md has no such heading: {named}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_names_a_chapter_that_exists_and_one_of_its_headings() {
        let protocol = "## 1. Words\n\n## 6. Rounds\n\n### Clock\n\n### Envelope, version 1\n\n**Which claim**, in\n";
        for (comment, faulty) in [
            (" how it is sealed (PROTOCOL 6).", 0),
            ("/ PROTOCOL 6, Clock: when it begins", 0),
            (" PROTOCOL 6, Envelope", 0),
            (" PROTOCOL 6, Which claim", 0),
            (" PROTOCOL 6, Reveal", 1),
            (" PROTOCOL 1, Clock", 1),
            (" PROTOCOL 7", 1),
            (" Protocol 6: the first, and protocol 1", 2),
            (" the protocol, its PROTOCOL.md", 0),
        ] {
            let found = faults(&chapters(protocol), comment);
            assert_eq!(found.len(), faulty, "{comment}: {found:?}");
        }
    }
}
