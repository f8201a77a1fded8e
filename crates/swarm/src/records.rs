//! Records of a log file, version 2: their bytes, and reading them one after the other past whatever is damaged.
//!
//! | bytes | content |
//! |--:|---|
//! | 4 | length of the message, big-endian |
//! | 2 | length of the facts, big-endian |
//! | 8 | check: the first bytes of sha256(facts ‖ message) |
//! | length | facts: what the log needs to know of the message |
//! | length | the message, an envelope |
//!
//! The check stands for the signatures, which were verified before the record was written.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use protocol::log::MAX_ENVELOPE;
use sha2::{Digest as _, Sha256};

/// Names the format of a file and its version.
pub const HEADER: &[u8; 8] = b"NRNLOG\0\x02";
/// What stands before facts and message.
pub const HEAD_BYTES: usize = 4 + 2 + CHECK_BYTES;
const CHECK_BYTES: usize = 8;
/// Facts are shorter: a topic, the ids of parents, and some numbers.
pub const FACTS_BYTES_MAX: usize = 2048;
/// Read from the disk at once.
const WINDOW_BYTES: usize = 1024 * 1024;

/// Where a record lies in its file, and how its bytes are shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Of the record's first byte.
    pub offset: u64,
    /// Bytes of the message.
    length: u32,
    /// Bytes of the facts.
    facts: u16,
}

impl Place {
    /// That of a record with these parts.
    pub fn new(offset: u64, facts: &[u8], message: &[u8]) -> Self {
        Self { offset, length: message.len() as u32, facts: facts.len() as u16 }
    }

    /// The same record elsewhere.
    pub fn at(self, offset: u64) -> Self {
        Self { offset, ..self }
    }

    /// Bytes of the record.
    pub fn bytes(self) -> usize {
        HEAD_BYTES + usize::from(self.facts) + self.length as usize
    }

    /// Where the record ends.
    pub fn end(self) -> u64 {
        self.offset + self.bytes() as u64
    }

    /// Where the message begins within the record.
    pub fn message_at(self) -> usize {
        HEAD_BYTES + usize::from(self.facts)
    }
}

/// The bytes of a record.
pub fn encode(facts: &[u8], message: &[u8]) -> Vec<u8> {
    let (length, facts_length) = ((message.len() as u32).to_be_bytes(), (facts.len() as u16).to_be_bytes());
    [&length[..], &facts_length, &check(facts, message), facts, message].concat()
}

fn check(facts: &[u8], message: &[u8]) -> [u8; CHECK_BYTES] {
    let hash = Sha256::new().chain_update(facts).chain_update(message).finalize();
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&hash[..CHECK_BYTES]);
    check
}

/// A whole record.
#[derive(Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where it lies.
    pub place: Place,
    /// What the log needs to know of the message.
    pub facts: &'a [u8],
    /// An envelope.
    pub message: &'a [u8],
}

/// Reads `bytes` as a record at their front; none if they are damaged or end too early.
pub fn decode(bytes: &[u8], offset: u64) -> Option<Record<'_>> {
    let (facts_length, length) = lengths(bytes)?;
    let (head, rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    let (facts, rest) = rest.split_at_checked(facts_length)?;
    let message = rest.get(..length)?;
    (check(facts, message) == head[6..]).then(|| Record { place: Place::new(offset, facts, message), facts, message })
}

/// The lengths of facts and message that the front of these bytes says, if a record can have them.
fn lengths(bytes: &[u8]) -> Option<(usize, usize)> {
    let length = u32::from_be_bytes(*bytes.first_chunk()?) as usize;
    let facts = usize::from(u16::from_be_bytes(*bytes.get(4..)?.first_chunk()?));
    ((1..=MAX_ENVELOPE).contains(&length) && facts <= FACTS_BYTES_MAX).then_some((facts, length))
}

/// The records of a file, from one place on.
pub struct Records<'a> {
    file: &'a File,
    window: Vec<u8>,
    /// Of the window, so many bytes are done with.
    at: usize,
    /// Where the window begins in the file.
    offset: u64,
    ended: bool,
    /// Where the last whole record ends.
    end: u64,
    /// Bytes before that which belong to no whole record.
    damaged: u64,
}

impl<'a> Records<'a> {
    /// Goes on from where `file` stands, which is `offset` bytes from its beginning.
    pub fn new(file: &'a File, offset: u64) -> Self {
        Self { file, window: Vec::new(), at: 0, offset, ended: false, end: offset, damaged: 0 }
    }

    /// Gives each whole record to `visit`; tells where the last one ends, and how many bytes before that are damaged.
    ///
    /// # Errors
    /// What the system says.
    pub fn read(mut self, mut visit: impl FnMut(Record<'_>)) -> io::Result<(u64, u64)> {
        while self.fill(HEAD_BYTES + 1)? {
            // A length that is damaged may promise more than there is.
            if let Some((facts, length)) = lengths(&self.window[self.at..]) {
                self.fill(HEAD_BYTES + facts + length)?;
            }
            let begin = self.offset + self.at as u64;
            match decode(&self.window[self.at..], begin) {
                Some(record) => {
                    let place = record.place;
                    visit(record);
                    self.at += place.bytes();
                    self.damaged += begin - self.end;
                    self.end = place.end();
                }
                None => self.at += 1,
            }
        }
        Ok((self.end, self.damaged))
    }

    /// Sees to it that so many bytes are ahead; false if the file has fewer.
    fn fill(&mut self, bytes: usize) -> io::Result<bool> {
        while self.window.len() - self.at < bytes && !self.ended {
            self.window.drain(..self.at);
            self.offset += self.at as u64;
            self.at = 0;
            let mut part = self.file.take(WINDOW_BYTES as u64);
            self.ended = part.read_to_end(&mut self.window)? == 0;
        }
        Ok(self.window.len() - self.at >= bytes)
    }
}

/// Brings the name of a new file onto the disk; where folders cannot be opened, the system does that itself.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent().map(File::open) {
        Some(Ok(folder)) => folder.sync_all(),
        _ => Ok(()),
    }
}
