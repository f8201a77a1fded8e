//! Records of a log file, version 2: their bytes, and reading them one after the other past whatever is damaged.
//!
//! | bytes | content |
//! |--:|---|
//! | 4 | length of the message, big-endian |
//! | 20 | the account that the message counts for; zeros if it counts for none |
//! | 8 | check: the first bytes of sha256(sha256(message) ‖ account) |
//! | length | the message, an envelope |
//!
//! The check stands for the signatures, which were verified before the record was written.

use std::fs::File;
use std::io::{self, Read};

use protocol::log::MAX_ENVELOPE;
use protocol::{Address, Digest};
use sha2::{Digest as _, Sha256};

/// What stands before each message.
pub const HEAD_BYTES: usize = 4 + ACCOUNT_BYTES + CHECK_BYTES;
const ACCOUNT_BYTES: usize = 20;
const CHECK_BYTES: usize = 8;
/// Read from the disk at once.
const WINDOW_BYTES: usize = 1024 * 1024;

/// sha2-256, which is a message's id.
pub fn hash(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// What stands before a message of this id.
pub fn head(length: usize, id: Digest, account: Option<Address>) -> [u8; HEAD_BYTES] {
    let account = account.map_or([0; ACCOUNT_BYTES], |account| account.0);
    let mut head = [0; HEAD_BYTES];
    head[..4].copy_from_slice(&(length as u32).to_be_bytes());
    head[4..4 + ACCOUNT_BYTES].copy_from_slice(&account);
    head[4 + ACCOUNT_BYTES..].copy_from_slice(&hash(&[id.0.as_slice(), &account].concat()).0[..CHECK_BYTES]);
    head
}

/// A whole record.
#[derive(Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where its message begins in the file.
    pub offset: u64,
    /// Its bytes.
    pub message: &'a [u8],
    /// Their sha2-256.
    pub id: Digest,
    /// Whom it counts for.
    pub account: Option<Address>,
}

/// Reads `bytes` as a record at their front; none if they are damaged or end too early.
pub fn record(bytes: &[u8], offset: u64) -> Option<Record<'_>> {
    let length = length_at(bytes)?;
    let (head_bytes, rest) = bytes.split_first_chunk::<HEAD_BYTES>()?;
    let message = rest.get(..length)?;
    let account: [u8; ACCOUNT_BYTES] = *head_bytes[4..].first_chunk()?;
    let account = (account != [0; ACCOUNT_BYTES]).then_some(Address(account));
    let id = hash(message);
    let record = Record { offset: offset + HEAD_BYTES as u64, message, id, account };
    (head(length, id, account) == *head_bytes).then_some(record)
}

/// The length that the front of these bytes says, if a message can have it.
fn length_at(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_be_bytes(*bytes.first_chunk()?) as usize;
    (1..=MAX_ENVELOPE).contains(&length).then_some(length)
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
            if let Some(length) = length_at(&self.window[self.at..]) {
                self.fill(HEAD_BYTES + length)?;
            }
            match record(&self.window[self.at..], self.offset + self.at as u64) {
                Some(record) => {
                    let bytes = HEAD_BYTES + record.message.len();
                    let begin = self.offset + self.at as u64;
                    visit(record);
                    self.at += bytes;
                    self.damaged += begin - self.end;
                    self.end = begin + bytes as u64;
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
