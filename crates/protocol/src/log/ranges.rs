//! What two logs say about ranges of ids when they look for their difference, and its bytes.
//!
//! Version 1, numbers big-endian: version u8 ‖ bound of the start ‖ ranges u16 ‖ each range. A range: mode u8 ‖ bound of its end ‖ what is
//! said: nothing (mode 0 skip, 2 list), a fingerprint of 16 bytes (1), or ids u16 ‖ 32 each, ascending (3). A bound: length u8 ‖ so many
//! first bytes of an id that ends in zeros, without these; a length of 255 is the end of all ids.

use crate::ids::Digest;

/// Ranges in one question or answer at most.
pub const MAX_RANGES: usize = 1024;
/// Ids in one answer at most.
pub const MAX_LISTED: usize = 8192;
/// Bytes of a question or an answer at most.
pub const MAX_RANGES_BYTES: usize = 512 * 1024;

const VERSION: u8 = 1;
/// Stands in the place of a bound's length.
const END: u8 = 255;

/// Why a partner's ranges cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// Bytes that no log writes.
    #[error("the ranges of a log are malformed: ignore their sender")]
    Form,
    /// It does not answer what was asked, or not more closely.
    #[error("an answer about a log leads no further: leave that peer alone for a while")]
    NoProgress,
    /// More questions than any two logs need.
    #[error("comparing a log does not come to an end: leave that peer alone for a while")]
    Endless,
}

/// What one side says about ranges of ids, ascending and side by side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranges {
    /// Where the first one begins.
    pub(crate) start: Digest,
    pub(crate) ranges: Vec<Range>,
}

/// A range that ends before `until`, or reaches to the end of all ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    pub until: Option<Digest>,
    pub said: Said,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// Equal, or of no interest.
    Skip,
    /// These are in it, in short.
    Short([u8; 16]),
    /// Which ones have you?
    List,
    /// All that are in it, ascending.
    Ids(Vec<Digest>),
}

impl Ranges {
    /// Its bytes; golden: `tests/golden/log-ranges-1.hex`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        put_bound(&mut bytes, Some(&self.start));
        bytes.extend((self.ranges.len() as u16).to_be_bytes());
        for range in &self.ranges {
            range.put(&mut bytes);
        }
        bytes
    }

    /// Reads what a peer sent.
    ///
    /// # Errors
    /// [`CompareError::Form`] for anything that [`Ranges::to_bytes`] does not write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CompareError> {
        if bytes.len() > MAX_RANGES_BYTES {
            return Err(CompareError::Form);
        }
        let mut reader = Reader(bytes);
        let read = reader.ranges().ok_or(CompareError::Form)?;
        if reader.0.is_empty() { Ok(read) } else { Err(CompareError::Form) }
    }

    /// Ids that are listed in it.
    pub(crate) fn listed(&self) -> usize {
        self.ranges.iter().map(|range| if let Said::Ids(ids) = &range.said { ids.len() } else { 0 }).sum()
    }

    /// Adds a range; skipped ones become one.
    pub(crate) fn push(&mut self, until: Option<Digest>, said: Said) {
        match self.ranges.last_mut() {
            Some(last) if last.said == Said::Skip && said == Said::Skip => last.until = until,
            _ => self.ranges.push(Range { until, said }),
        }
    }
}

impl Range {
    fn put(&self, bytes: &mut Vec<u8>) {
        let mode = match self.said {
            Said::Skip => 0,
            Said::Short(_) => 1,
            Said::List => 2,
            Said::Ids(_) => 3,
        };
        bytes.push(mode);
        put_bound(bytes, self.until.as_ref());
        match &self.said {
            Said::Skip | Said::List => {}
            Said::Short(fingerprint) => bytes.extend(fingerprint),
            Said::Ids(ids) => {
                bytes.extend((ids.len() as u16).to_be_bytes());
                ids.iter().for_each(|id| bytes.extend(id.0));
            }
        }
    }
}

fn put_bound(bytes: &mut Vec<u8>, bound: Option<&Digest>) {
    let Some(bound) = bound else { return bytes.push(END) };
    let length = bound.0.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes.push(length as u8);
    bytes.extend(&bound.0[..length]);
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn count(&mut self, most: usize) -> Option<usize> {
        let count = usize::from(u16::from_be_bytes(self.array()?));
        (count <= most).then_some(count)
    }

    fn bound(&mut self) -> Option<Option<Digest>> {
        let [length] = self.array()?;
        if length == END {
            return Some(None);
        }
        let (mut bound, first) = ([0; 32], self.take(length.into())?);
        bound.get_mut(..first.len())?.copy_from_slice(first);
        (first.last() != Some(&0)).then_some(Some(Digest(bound)))
    }

    fn ranges(&mut self) -> Option<Ranges> {
        if self.array()? != [VERSION] {
            return None;
        }
        let mut read = Ranges { start: self.bound()??, ranges: Vec::new() };
        let mut from = Some(read.start);
        for _ in 0..self.count(MAX_RANGES)? {
            let range = self.range(from?)?;
            from = range.until;
            read.ranges.push(range);
        }
        (read.listed() <= MAX_LISTED).then_some(read)
    }

    fn range(&mut self, from: Digest) -> Option<Range> {
        let [mode] = self.array()?;
        let until = self.bound()?;
        if until.is_some_and(|until| until <= from) {
            return None;
        }
        let said = match mode {
            0 => Said::Skip,
            1 => Said::Short(self.array()?),
            2 => Said::List,
            3 => Said::Ids(self.ids(from, until)?),
            _ => return None,
        };
        Some(Range { until, said })
    }

    fn ids(&mut self, from: Digest, until: Option<Digest>) -> Option<Vec<Digest>> {
        let count = self.count(MAX_LISTED)?;
        let ids: Vec<Digest> = (0..count).map(|_| self.array().map(Digest)).collect::<Option<_>>()?;
        let is_inside =
            ids.first().is_none_or(|first| *first >= from) && ids.last().is_none_or(|last| until.is_none_or(|until| *last < until));
        (is_inside && ids.windows(2).all(|pair| pair[0] < pair[1])).then_some(ids)
    }
}
