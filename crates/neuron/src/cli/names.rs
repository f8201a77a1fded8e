//! Names that the network file gives to accounts and groups, in what people read.

mod rules;

use std::{collections::BTreeMap, path::Path};

use node::config::{self, Named, NetworkFile};
use protocol::{Address, GroupId};

use super::units::short;

/// What an address begins with, and its digits behind that.
const HEX: &str = "0x";
const DIGITS: usize = 40;
/// What stands before the number of a group.
const GROUP: &str = "group ";

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Names {
    accounts: BTreeMap<Address, String>,
    groups: BTreeMap<GroupId, String>,
    refused: Vec<String>,
}

impl Names {
    /// Those of the file; none if it cannot be read, which whoever needs it says.
    pub fn of(path: &Path) -> Self {
        let file: NetworkFile = config::read(path).unwrap_or_default();
        Self::from(&file.names)
    }

    fn from(told: &BTreeMap<String, Named>) -> Self {
        let refused = rules::refused(told.keys().map(String::as_str));
        let mut names = Self { refused: refused.iter().map(|(name, why)| format!("{name:?} {why}")).collect(), ..Self::default() };
        for (name, named) in told.iter().filter(|(name, _)| !refused.contains_key(name.as_str())) {
            match named {
                Named::Account(account) => drop(names.accounts.entry(*account).or_insert_with(|| name.clone())),
                Named::Group(group) => drop(names.groups.entry(*group).or_insert_with(|| name.clone())),
            }
        }
        names
    }

    /// Names that are not shown, and why.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// An account in few letters: its name, else its first and last digits.
    pub fn short(&self, account: Address) -> String {
        self.accounts.get(&account).cloned().unwrap_or_else(|| short(account))
    }

    /// What a group is called.
    pub fn group_name(&self, group: GroupId) -> Option<&str> {
        self.groups.get(&group).map(String::as_str)
    }

    /// Lines with names beside groups and before addresses. What is typed or copied stays as it is: commands, which stand between
    /// backticks, and an address that has a line to itself, behind which its name stands.
    pub fn shown(&self, text: &str) -> String {
        if self.accounts.is_empty() && self.groups.is_empty() {
            return text.to_owned();
        }
        text.split_inclusive('\n').map(|line| self.line(line)).collect()
    }

    fn line(&self, line: &str) -> String {
        let text = line.trim_end();
        if let Ok(account) = text.parse::<Address>() {
            let name = self.accounts.get(&account).map_or_else(String::new, |name| format!(" ({name})"));
            return line.replacen(text, &format!("{text}{name}"), 1);
        }
        let parts = line.split('`').enumerate().map(|(index, part)| if index % 2 == 0 { self.named(part) } else { part.to_owned() });
        parts.collect::<Vec<_>>().join("`")
    }

    fn named(&self, text: &str) -> String {
        let (mut shown, mut rest, mut is_begin) = (String::with_capacity(text.len()), text, true);
        while let Some(letter) = rest.chars().next() {
            let found = if is_begin { self.account(rest).or_else(|| self.group(rest)) } else { None };
            let (piece, length) = found.unwrap_or_else(|| (letter.to_string(), letter.len_utf8()));
            shown.push_str(&piece);
            is_begin = !goes_on(letter);
            rest = rest.get(length..).unwrap_or_default();
        }
        shown
    }

    /// What stands for an address at the beginning of the text, and the length of the address.
    fn account(&self, text: &str) -> Option<(String, usize)> {
        text.strip_prefix(HEX)?;
        let length = HEX.len() + DIGITS;
        let address: Address = text.get(..length)?.parse().ok()?;
        let is_end = !text.get(length..)?.starts_with(goes_on);
        let name = self.accounts.get(&address).filter(|_| is_end)?;
        Some((format!("{name} ({})", short(address)), length))
    }

    /// The same for the number of a group.
    fn group(&self, text: &str) -> Option<(String, usize)> {
        let digits = text.strip_prefix(GROUP)?;
        let length = digits.bytes().take_while(u8::is_ascii_digit).count();
        let number = digits.get(..length)?;
        let name = self.groups.get(&GroupId(number.parse().ok()?))?;
        Some((format!("{GROUP}{number} ({name})"), GROUP.len() + length))
    }
}

/// Whether a word, a path or a flag goes on with this letter, so that what follows it is a part of something else.
fn goes_on(letter: char) -> bool {
    letter.is_alphanumeric() || "-_/\\".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "0x4a62316623ad457F02cDC5D997deD67a383EC569";

    fn names(told: &str) -> Names {
        Names::from(&toml::from_str(told).expect("a table"))
    }

    #[test]
    fn accounts_and_groups_are_told_by_their_names_and_what_is_typed_stays_as_it_is() {
        let names = names(&format!("alice = \"{ALICE}\"\ndigits = 1\nzoe = \"{ALICE}\""));
        let other = ALICE.replace("4a62", "4a63").to_lowercase();
        for (text, wanted) in [
            (format!("owner {ALICE} (you), signer {other}"), format!("owner alice (0x4a62…C569) (you), signer {other}")),
            (format!("by {}\nfor {ALICE}\n", ALICE.to_lowercase()), "by alice (0x4a62…C569)\nfor alice (0x4a62…C569)\n".to_owned()),
            (format!("won by {ALICE}, {ALICE}: 1."), "won by alice (0x4a62…C569), alice (0x4a62…C569): 1.".to_owned()),
            (format!("{ALICE}00, x{ALICE}, a/31337-{ALICE}.flights"), format!("{ALICE}00, x{ALICE}, a/31337-{ALICE}.flights")),
            (format!("{ALICE}\n  3 NRN\n"), format!("{ALICE} (alice)\n  3 NRN\n")),
            (other.clone(), other.clone()),
            ("position 3 of group 1: at rest".to_owned(), "position 3 of group 1 (digits): at rest".to_owned()),
            (
                "group 12, subgroup 1, --group 1, group , group 1".to_owned(),
                "group 12, subgroup 1, --group 1, group , group 1 (digits)".to_owned(),
            ),
            (format!("`neuron token send {ALICE} 1`, group 1"), format!("`neuron token send {ALICE} 1`, group 1 (digits)")),
            ("größer → é 0x group".to_owned(), "größer → é 0x group".to_owned()),
        ] {
            assert_eq!(names.shown(&text), wanted);
            assert_eq!(Names::default().shown(&text), text);
        }
        let address = |text: &str| text.parse::<Address>().expect("an address");
        assert_eq!((names.short(address(ALICE)).as_str(), names.short(address(&other)).len()), ("alice", "0x4a63…c569".len()));
    }

    #[test]
    fn a_name_that_is_refused_names_nothing_and_is_told_escaped() {
        let names = names(&format!("\"\\u001b[2J\" = \"{ALICE}\"\nbob = 1\nBOB = 2"));
        assert_eq!(names.shown(&format!("of {ALICE} in group 1")), format!("of {ALICE} in group 1"));
        assert_eq!(names.refused().len(), 3, "{:?}", names.refused());
        assert!(names.refused().iter().any(|told| told.starts_with("\"\\u{1b}[2J\" ")), "{:?}", names.refused());
    }
}
