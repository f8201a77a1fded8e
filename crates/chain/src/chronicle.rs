//! What was read of the chain about one subject, on disk: a start costs what happened since.
//!
//! Format, version 1: the line `neuron chronicle 1 TITLE`, then one line for each block: number, timestamp in seconds, hash, its logs,
//! and the first 8 hexadecimal digits of the keccak-256 of what stands before them, separated by single spaces. A log is contract,
//! topics and data, hexadecimal, separated by colons; so are the topics by commas. A block without logs tells how far was read, and so
//! does the last line. All of it can be read from the chain again: of a file that is torn or damaged what stands before that place is
//! kept, of one with another first line nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use alloy::hex;
use alloy::primitives::{Address as EthAddress, B256, Bytes, LogData, keccak256};
use protocol::chain::Block;

use crate::Log;
use crate::convert;
use crate::error::ChainError;
use crate::known::Known;

/// How the first line begins.
const HEADER: &str = "neuron chronicle 1 ";
/// Blocks in which nothing happened, after which one is written all the same.
const MARK_BLOCKS: u64 = 256;
/// Bytes of a line at most.
const LINE_LIMIT: u64 = 64 * 1024 * 1024;

/// A file that grows at its end. One at a time writes; who opens it beside that one reads what is there, and writes nothing.
pub struct Chronicle {
    path: PathBuf,
    file: File,
    is_ours: bool,
    /// Bytes that are whole.
    length: u64,
    known: Known,
    passed: Option<Block>,
}

/// A block and what was written about the subject in it.
pub type Record = (Block, Vec<Log>);

impl Chronicle {
    /// Opens or begins the file; its folder is made if needed. `title` names the subject in one line: a file about another one is
    /// begun anew.
    ///
    /// # Errors
    /// [`ChainError::Disk`] when it cannot be read or written.
    pub fn open(path: &Path, title: &str) -> Result<Self, ChainError> {
        let begun = || {
            fs::create_dir_all(path.parent().unwrap_or(path))?;
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            let is_ours = file.try_lock().is_ok();
            let (path, known) = (path.to_owned(), Known::default());
            let mut chronicle = Self { path, file, is_ours, length: 0, known, passed: None };
            chronicle.load(&format!("{HEADER}{title}\n"))?;
            Ok(chronicle)
        };
        begun().map_err(|error| failed(path, &error))
    }

    fn load(&mut self, header: &str) -> io::Result<()> {
        let mut past = Past::of(&self.file)?;
        let first = past.line()?;
        if first != header.as_bytes() {
            if !first.is_empty() {
                tracing::warn!("{} is no chronicle of this network and group: it is read from the chain again", self.path.display());
            }
            return self.begin(header);
        }
        let mut whole = past.offset;
        for record in past.by_ref() {
            let Ok(((block, _), end)) = record else { break };
            self.known.push(block);
            whole = end;
        }
        if past.is_damaged {
            let (path, line, last) = (self.path.display(), past.lines, self.known.last().map_or(0, |block| block.number));
            tracing::warn!("line {line} of {path} is damaged: what came after block {last} is read from the chain again");
        }
        self.passed = self.known.last();
        self.cut(whole)
    }

    fn begin(&mut self, header: &str) -> io::Result<()> {
        self.cut(0)?;
        self.write(header.as_bytes())?;
        self.sync()
    }

    /// The blocks that it holds, the oldest first; of old ones only some.
    pub fn known(&self) -> impl Iterator<Item = Block> {
        self.known.iter()
    }

    /// The last block that was appended, or passed over because nothing happened in it.
    pub fn passed(&self) -> Option<Block> {
        self.passed
    }

    /// Adds a block, if it comes after all that were added; says whether it does. One without logs is written now and then.
    ///
    /// # Errors
    /// [`ChainError::Disk`]; the file is as before, and it can be tried again.
    pub fn append(&mut self, block: Block, logs: &[Log]) -> Result<bool, ChainError> {
        if self.passed.is_some_and(|passed| block.number <= passed.number) {
            return Ok(false);
        }
        let is_mark = self.known.last().is_none_or(|last| block.number >= last.number + MARK_BLOCKS);
        if is_mark || !logs.is_empty() {
            let written = self.write(line(block, logs).as_bytes()).and_then(|()| if is_mark { self.sync() } else { Ok(()) });
            written.map_err(|error| failed(&self.path, &error))?;
            self.known.push(block);
        }
        self.passed = Some(block);
        Ok(true)
    }

    /// Forgets the blocks from number `from` on.
    ///
    /// # Errors
    /// [`ChainError::Disk`]; it can be tried again.
    pub fn rewind(&mut self, from: u64) -> Result<(), ChainError> {
        let place = || {
            let mut past = Past::of(&self.file)?;
            past.line()?;
            let mut kept = (past.offset, None);
            while let Some(Ok(((block, _), end))) = past.next() {
                if block.number >= from {
                    break;
                }
                kept = (end, Some(block));
            }
            Ok(kept)
        };
        let cut = place().and_then(|(length, last)| {
            self.cut(length)?;
            self.sync().map(|()| last)
        });
        let last = cut.map_err(|error| failed(&self.path, &error))?;
        self.known.truncate(from.checked_sub(1).map_or(0, |last| self.known.count_to(last)));
        if let Some(last) = last.filter(|last| self.known.last() != Some(*last)) {
            self.known.push(last);
        }
        self.passed = self.passed.filter(|passed| passed.number < from).or(last);
        Ok(())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.length = length;
        if self.is_ours { self.file.set_len(length) } else { Ok(()) }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.is_ours {
            return Ok(());
        }
        self.file.seek(SeekFrom::Start(self.length))?;
        if let Err(error) = self.file.write_all(bytes) {
            // Half a line must not stay before a whole one.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        if self.is_ours { self.file.sync_data() } else { Ok(()) }
    }
}

/// The blocks of a file, the oldest first, with the byte at which each line ends; it comes to its end before one that is torn or
/// damaged.
pub struct Past {
    lines_of: BufReader<File>,
    offset: u64,
    lines: usize,
    is_damaged: bool,
}

impl Past {
    /// Reads a file that [`Chronicle::open`] has begun.
    ///
    /// # Errors
    /// [`ChainError::Disk`].
    pub fn open(path: &Path) -> Result<Self, ChainError> {
        let opened = || {
            let mut past = Self::of(&File::open(path)?)?;
            past.line()?;
            Ok(past)
        };
        opened().map_err(|error| failed(path, &error))
    }

    /// The next block; none at the end, or if reading fails.
    pub fn record(&mut self) -> Option<Record> {
        self.next()?.ok().map(|(record, _)| record)
    }

    /// What is left of it.
    pub fn records(mut self) -> impl Iterator<Item = Record> {
        std::iter::from_fn(move || self.record())
    }

    fn of(file: &File) -> io::Result<Self> {
        let mut file = file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { lines_of: BufReader::new(file), offset: 0, lines: 0, is_damaged: false })
    }

    /// The next line with its end; empty where none is whole.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        let read = self.lines_of.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            self.is_damaged = read as u64 == LINE_LIMIT;
            return Ok(Vec::new());
        }
        self.offset += read as u64;
        self.lines += 1;
        Ok(line)
    }
}

impl Iterator for Past {
    type Item = io::Result<(Record, u64)>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = match self.line() {
            Ok(line) if line.is_empty() => return None,
            Ok(line) => line,
            Err(error) => return Some(Err(error)),
        };
        let record = std::str::from_utf8(&line).ok().and_then(parse);
        self.is_damaged = record.is_none();
        record.map(|record| Ok((record, self.offset)))
    }
}

fn failed(path: &Path, error: &io::Error) -> ChainError {
    ChainError::Disk { path: path.display().to_string(), reason: error.to_string() }
}

fn line(block: Block, logs: &[Log]) -> String {
    let Block { number, time_s, hash } = block;
    let mut text = format!("{number} {time_s} {}", hex::encode(hash.0));
    for log in logs {
        let topics: Vec<String> = log.topics().iter().map(hex::encode).collect();
        text += &format!(" {}:{}:{}", hex::encode(log.address()), topics.join(","), hex::encode(&log.data().data));
    }
    format!("{text} {}\n", checksum(&text))
}

fn checksum(text: &str) -> String {
    hex::encode(&keccak256(text)[..4])
}

fn parse(line: &str) -> Option<Record> {
    let (text, sum) = line.strip_suffix('\n')?.rsplit_once(' ')?;
    if sum != checksum(text) {
        return None;
    }
    let mut words = text.split(' ');
    let (number, time_s) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let hash: B256 = words.next()?.parse().ok()?;
    let block = Block { number, time_s, hash: convert::digest(hash) };
    let logs = words.map(|word| Some(Log { block_hash: Some(hash), block_number: Some(number), ..log(word)? }));
    Some((block, logs.collect::<Option<_>>()?))
}

fn log(word: &str) -> Option<Log> {
    let mut parts = word.split(':');
    let address: EthAddress = parts.next()?.parse().ok()?;
    let topics = parts.next()?.split(',').filter(|topic| !topic.is_empty()).map(|topic| topic.parse().ok());
    let data = LogData::new(topics.collect::<Option<_>>()?, Bytes::from(hex::decode(parts.next()?).ok()?))?;
    Some(Log { inner: alloy::primitives::Log { address, data }, ..Log::default() })
}

#[cfg(test)]
mod tests;
