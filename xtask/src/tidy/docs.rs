//! Docstrings of the rooms that others port or embed: each public item has one, and together they are a quarter of its lines.

use super::Source;

/// Those rooms, by their folders.
const ROOMS: [&str; 4] = ["crates/protocol/src/", "crates/evaluator/src/", "deltas/src/", "crates/swarm/src/"];
/// One line of public items in so many is a docstring at least: signatures, fields, bodies and docstrings counted.
const PART: usize = 4;
/// What follows `pub` in an item.
const ITEMS: [&str; 9] = ["fn", "const", "async", "unsafe", "struct", "enum", "trait", "type", "mod"];

/// Lists public items without a docstring, and rooms with too few.
pub fn check(sources: &[Source], breaches: &mut Vec<String>) {
    for room in ROOMS {
        let (mut docstrings, mut all) = (0, 0);
        for Source { path, text } in sources.iter().filter(|source| source.path.starts_with(room) && !source.path.ends_with("/tests.rs")) {
            let count = Count::of(text);
            (docstrings, all) = (docstrings + count.docstrings, all + count.docstrings + count.others);
            breaches.extend(count.bare.iter().map(|line| format!("{path} does not say what this is: {line}")));
        }
        if docstrings * PART < all {
            breaches.push(format!("{room}: of {all} lines of public items {docstrings} are docstrings, fewer than one in {PART}"));
        }
    }
}

/// Public items of a file: lines of them that are docstrings and that are not, and what has none.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count<'a> {
    docstrings: usize,
    others: usize,
    bare: Vec<&'a str>,
}

impl<'a> Count<'a> {
    fn of(text: &'a str) -> Self {
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        // Docstrings above the line, and the first line of the item that it is in.
        let (mut count, mut above, mut item) = (Self::default(), 0, None);
        for line in code.lines().filter(|line| !line.trim().is_empty()) {
            let word = line.trim_start();
            if word.starts_with("//!") || (word.starts_with("///") && item.is_some()) {
                count.docstrings += 1;
            }
            if word.starts_with("///") {
                above += 1;
                continue;
            }
            if is_named(word) && above == 0 {
                count.bare.push(word);
            }
            if item.is_none() && is_item(word) {
                count.docstrings += above;
                item = Some(line);
            }
            if !word.starts_with("#[") {
                above = 0;
            }
            count.others += usize::from(item.is_some() && !word.starts_with("//"));
            item = item.filter(|first| !ends(first, line));
        }
        count
    }
}

fn is_item(word: &str) -> bool {
    let mut words = word.split([' ', '(', ';']);
    words.next() == Some("pub") && words.next().is_some_and(|kind| ITEMS.contains(&kind))
}

/// Whether it declares something that needs a docstring: a public item or field, but not one that a macro names.
fn is_named(word: &str) -> bool {
    let is_field = word.strip_prefix("pub ").and_then(|rest| rest.split_once(": ")).is_some_and(|(name, _)| !name.contains([' ', '(']));
    (is_item(word) || is_field) && !word.contains('$')
}

/// Whether an item ends in this line: it is its only one, or stands in its column and closes something.
fn ends(first: &str, line: &str) -> bool {
    let (column, word) = (first.len() - first.trim_start().len(), line.trim_start());
    let is_only = first == line && line.ends_with([';', '}']);
    let is_value = first.ends_with('=') && line.ends_with(';');
    let closes = line.len() - word.len() == column && (word.starts_with('}') || (word.starts_with([']', ')']) && word.ends_with(';')));
    is_only || is_value || (first != line && closes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docstrings_are_counted_beside_all_lines_of_public_items() {
        let text = "//! A room.\n\nuse a::B;\n\n/// A thing.\n#[derive(Debug)]\npub struct A {\n    /// Its size.\n    pub size: u8,\n    \
                    hidden: u8,\n}\n\n/// Not counted.\nfn b() {\n}\n\nimpl A {\n    /// Makes it.\n    pub fn c(\n        size: u8,\n    ) -> Self \
                    {\n        // So.\n        todo\n    }\n}\n\n#[cfg(test)]\nmod tests {\n    pub fn d() {}\n}\n";
        assert_eq!(Count::of(text), Count { docstrings: 4, others: 9, bare: Vec::new() });
    }

    #[test]
    fn a_public_item_or_field_without_a_docstring_is_told() {
        let text = "pub const A: [u8; 2] = [\n    1,\n];\n/// B.\npub struct B {\n    pub c: u8,\n}\npub mod d;\npub use e::F;\npub(crate) fn g() {}\n";
        assert_eq!(Count::of(text).bare, ["pub const A: [u8; 2] = [", "pub c: u8,", "pub mod d;"]);
    }

    #[test]
    fn a_room_with_too_few_is_told() {
        let source = |lines: usize| Source {
            path: "deltas/src/a.rs".into(),
            text: format!("/// A.\npub fn a() {{\n{}}}\n", "    b;\n".repeat(lines)),
        };
        for (lines, told) in [(1, 0), (2, 1)] {
            let mut breaches = Vec::new();
            check(&[source(lines)], &mut breaches);
            assert_eq!(breaches.len(), told, "{breaches:?}");
        }
    }
}
