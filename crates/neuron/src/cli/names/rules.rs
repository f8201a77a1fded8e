//! Which names can be shown: a network file comes from others, and must not pass one account off as another.

use std::collections::BTreeMap;

/// Letters of the longest name.
const LETTERS_MAX: usize = 20;
/// From so many on, digits of hexadecimal numbers alone are no name.
const DIGITS_MIN: usize = 6;
/// Words that mean something else where an account stands.
const TAKEN: [&str; 6] = ["you", "nobody", "none", "null", "unknown", "group"];

/// Names that cannot be shown, and why.
pub fn refused<'a>(names: impl Iterator<Item = &'a str> + Clone) -> BTreeMap<&'a str, String> {
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    names.clone().for_each(|name| alike.entry(look(name)).or_default().push(name));
    let of = |name: &'a str| {
        let twin = alike.get(&look(name)).into_iter().flatten().find(|other| **other != name);
        let why = trouble(name).map(str::to_owned).or_else(|| twin.map(|twin| format!("looks like {twin:?}")))?;
        Some((name, why))
    };
    names.filter_map(of).collect()
}

/// What is wrong with a name by itself.
fn trouble(name: &str) -> Option<&'static str> {
    let is_of = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let is_number = name.len() >= DIGITS_MIN && name.chars().all(|letter| letter.is_ascii_hexdigit());
    if !name.starts_with(|letter: char| letter.is_ascii_alphabetic()) || !name.chars().all(is_of) {
        return Some("has to be of a-z, A-Z, 0-9, `-`, `_` and `.`, and begin with a letter");
    }
    if name.len() > LETTERS_MAX {
        return Some("has more than 20 letters");
    }
    if is_number {
        return Some("looks like digits of an address");
    }
    TAKEN.contains(&look(name).as_str()).then_some("means something else")
}

/// What an eye tells apart: no capitals, no marks between letters, and one letter for those that are drawn alike.
fn look(name: &str) -> String {
    let letters = name.chars().filter(|letter| !"-_.".contains(*letter)).map(|letter| match letter.to_ascii_lowercase() {
        '0' => 'o',
        '1' | 'l' => 'i',
        '5' => 's',
        letter => letter,
    });
    letters.collect::<String>().replace("rn", "m").replace("vv", "w")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_letters_that_pass_for_nothing_else() {
        for (name, words) in [
            ("alice", None),
            ("a-b_c.9", None),
            ("ada", None),
            ("facts", None),
            ("", Some("begin with a letter")),
            ("9lives", Some("begin with a letter")),
            ("0x4a62", Some("begin with a letter")),
            ("-a", Some("begin with a letter")),
            ("a b", Some("has to be of")),
            ("a)", Some("has to be of")),
            ("\u{430}lice", Some("begin with a letter")),
            ("ali\u{441}e", Some("has to be of")),
            ("x\u{1b}[2J", Some("has to be of")),
            ("x\n", Some("has to be of")),
            ("x\u{202e}", Some("has to be of")),
            ("facade", Some("digits of an address")),
            ("C0FFEE00", Some("digits of an address")),
            ("You", Some("means something else")),
            ("n0body", Some("means something else")),
            ("abcdefghijklmnopqrst", None),
            ("abcdefghijklmnopqrstu", Some("more than 20")),
        ] {
            let told = trouble(name);
            assert!(
                told.is_none() == words.is_none() && told.unwrap_or_default().contains(words.unwrap_or_default()),
                "{name:?}: {told:?}"
            );
        }
    }

    #[test]
    fn of_names_that_look_alike_none_is_shown() {
        for (names, wanted) in [
            (&["alice", "bob"][..], &[][..]),
            (&["alice", "Alice", "bob"], &["Alice", "alice"]),
            (&["bob", "b0b", "b-o-b"], &["b-o-b", "b0b", "bob"]),
            (&["will", "wi11", "vvill"], &["vvill", "wi11", "will"]),
            (&["modem", "modern"], &["modem", "modern"]),
            (&["sam", "5am", "zoe"], &["5am", "sam"]),
        ] {
            assert_eq!(refused(names.iter().copied()).into_keys().collect::<Vec<_>>(), wanted, "{names:?}");
        }
    }
}
