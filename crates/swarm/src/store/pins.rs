//! Which files must stay, and for which reasons; on disk as text.
//!
//! Golden: `golden/pins-1.txt`. First line `neuron pins 1`, then a line for each file and reason, sorted:
//! `<digest> <reason>`. Reasons are words of whoever pins; a file stays as long as it has one. The file is
//! written anew beside its place, synced, and renamed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use protocol::Digest;

use super::disk;

/// First line of the file.
const TITLE: &str = "neuron pins 1";
/// Lines of the file at most.
pub const PINS_MAX: usize = 65_536;
/// Bytes of a reason at most.
pub const REASON_BYTES_MAX: usize = 64;
/// Bytes of the file that are read at most.
const FILE_BYTES_MAX: u64 = (PINS_MAX * (REASON_BYTES_MAX + 68)) as u64;

/// Why pins were not read or written.
#[derive(Debug, thiserror::Error)]
pub enum PinsError {
    /// The disk refused.
    #[error("the list of pins {path} cannot be used: {source}; check the disk's free space and the folder's permissions")]
    Disk { path: PathBuf, source: io::Error },
    /// Somebody else wrote it.
    #[error(
        "line {line} of the list of pins {path} is none: correct it (`0x<64 digits> <reason>`), or remove the file, then nothing is pinned"
    )]
    Line { path: PathBuf, line: usize },
    /// A reason is words of small letters, digits and blanks.
    #[error("{0:?} is no reason for a pin: use 1 to {REASON_BYTES_MAX} small letters, digits, blanks or hyphens")]
    Reason(String),
    /// More would not be read again.
    #[error("there are {PINS_MAX} pins already: take some away")]
    TooMany,
}

/// See the module.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Pins(BTreeSet<(Digest, String)>);

impl Pins {
    /// Reads the list; an empty one if there is no file.
    ///
    /// # Errors
    /// `Disk`, `Line`.
    pub fn open(path: &Path) -> Result<Self, PinsError> {
        let failed = |source| PinsError::Disk { path: path.into(), source };
        let length = match std::fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            meta => meta.map_err(failed)?.len(),
        };
        if length > FILE_BYTES_MAX {
            return Err(failed(io::Error::other(format!("it is longer than {FILE_BYTES_MAX} bytes"))));
        }
        let text = std::fs::read_to_string(path).map_err(failed)?;
        Self::parse(&text).map_err(|line| PinsError::Line { path: path.into(), line })
    }

    /// Reads the text; the number of the first line that is wrong otherwise.
    fn parse(text: &str) -> Result<Self, usize> {
        let mut lines = text.lines();
        if lines.next() != Some(TITLE) {
            return Err(1);
        }
        let read = |(index, line): (usize, &str)| {
            let (digest, reason) = line.split_once(' ')?;
            let digest = disk::digest_in(digest.strip_prefix("0x")?)?;
            (is_reason(reason) && index < PINS_MAX).then(|| (digest, reason.to_owned()))
        };
        lines.enumerate().map(|(index, line)| read((index, line)).ok_or(index + 2)).collect::<Result<_, _>>().map(Self)
    }

    fn text(&self) -> String {
        let lines = self.0.iter().map(|(digest, reason)| format!("0x{} {reason}\n", hex::encode(digest.0)));
        std::iter::once(format!("{TITLE}\n")).chain(lines).collect()
    }

    /// Writes the list and syncs it.
    ///
    /// # Errors
    /// `Disk`.
    pub fn save(&self, path: &Path) -> Result<(), PinsError> {
        let written = disk::write_synced(&path.with_extension("new"), path, self.text().as_bytes());
        written.map_err(|source| PinsError::Disk { path: path.into(), source })
    }

    /// Gives a file one more reason to stay.
    ///
    /// # Errors
    /// `Reason`, `TooMany`.
    pub fn add(&mut self, digest: Digest, reason: &str) -> Result<bool, PinsError> {
        check(reason)?;
        if self.0.len() >= PINS_MAX {
            return Err(PinsError::TooMany);
        }
        Ok(self.0.insert((digest, reason.into())))
    }

    /// Takes a reason away; whether it was there.
    pub fn remove(&mut self, digest: Digest, reason: &str) -> bool {
        self.0.remove(&(digest, reason.into()))
    }

    /// Makes these and no others the files that stay for that reason; whether anything changed.
    ///
    /// # Errors
    /// `Reason`, `TooMany`.
    pub fn replace(&mut self, reason: &str, digests: &BTreeSet<Digest>) -> Result<bool, PinsError> {
        check(reason)?;
        let rest = self.0.iter().filter(|(_, other)| other != reason).cloned();
        let new: BTreeSet<_> = rest.chain(digests.iter().map(|digest| (*digest, reason.into()))).collect();
        if new.len() > PINS_MAX {
            return Err(PinsError::TooMany);
        }
        Ok(std::mem::replace(&mut self.0, new) != self.0)
    }

    /// Whether a file has a reason to stay.
    pub fn holds(&self, digest: Digest) -> bool {
        self.0.range((digest, String::new())..).next().is_some_and(|(found, _)| *found == digest)
    }

    /// All pinned files with their reasons.
    pub fn by_file(&self) -> BTreeMap<Digest, Vec<String>> {
        let mut files: BTreeMap<Digest, Vec<String>> = BTreeMap::new();
        for (digest, reason) in &self.0 {
            files.entry(*digest).or_default().push(reason.clone());
        }
        files
    }
}

fn check(reason: &str) -> Result<(), PinsError> {
    if is_reason(reason) { Ok(()) } else { Err(PinsError::Reason(reason.into())) }
}

fn is_reason(reason: &str) -> bool {
    let is_right = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b' ' | b'-');
    (1..=REASON_BYTES_MAX).contains(&reason.len()) && reason.bytes().all(is_right) && reason.trim() == reason
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(fill: u8) -> Digest {
        Digest([fill; 32])
    }

    fn pins() -> Pins {
        let mut pins = Pins::default();
        pins.add(digest(2), "user").unwrap();
        pins.add(digest(1), "checkpoint of group 3").unwrap();
        pins.add(digest(1), "winners of group 3").unwrap();
        pins
    }

    #[test]
    fn pins_have_the_bytes_of_the_golden_file_and_are_read_again() {
        let golden = include_str!("../../golden/pins-1.txt");
        assert_eq!(pins().text(), golden);
        assert_eq!(Pins::parse(golden), Ok(pins()));
    }

    #[test]
    fn what_is_no_list_is_refused_with_its_line() {
        for (text, line) in [("", 1), ("neuron pins 2\n", 1), ("neuron pins 1\n0x00 user\n", 2), ("neuron pins 1\n", 0)] {
            assert_eq!(Pins::parse(text).err().unwrap_or(0), line, "{text:?}");
        }
        let upper = format!("neuron pins 1\n0x{} user\n0x{} User\n", "11".repeat(32), "22".repeat(32));
        assert_eq!(Pins::parse(&upper), Err(3));
    }

    #[test]
    fn a_file_stays_as_long_as_it_has_a_reason() {
        let mut pins = pins();
        assert!(pins.replace("winners of group 3", &BTreeSet::from([digest(5)])).unwrap());
        assert!(!pins.replace("winners of group 3", &BTreeSet::from([digest(5)])).unwrap(), "the same again");
        assert!(pins.holds(digest(1)) && pins.holds(digest(5)));
        assert!(pins.remove(digest(1), "checkpoint of group 3"));
        assert!(!pins.holds(digest(1)));
        assert!(matches!(pins.add(digest(1), "Two\nlines"), Err(PinsError::Reason(_))));
    }
}
