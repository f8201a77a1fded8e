//! The file of one group's log: a header, then each message with its length before it, in the order of arrival.
//!
//! | bytes | content |
//! |--:|---|
//! | 8 | `NRNLOG`, 0, version 1 |
//! | 4 | length of a message, big-endian |
//! | length | the message, an envelope |
//!
//! The last two again and again. Only what is appended by this node itself is synced; what peers sent they
//! have, and send again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use protocol::log::MAX_ENVELOPE;

/// Names the format and its version.
const HEADER: &[u8; 8] = b"NRNLOG\0\x01";

/// An open log file. Only whole records count: what a crash left at the end is cut off when the file is opened.
#[derive(Debug)]
pub struct LogFile {
    /// Where it lies.
    path: PathBuf,
    /// Open for appending.
    file: File,
    /// Up to the end of the last whole record.
    bytes: u64,
}

impl LogFile {
    /// Opens or makes the file and gives each record to `visit`.
    ///
    /// # Errors
    /// What the system says, and `InvalidData` for a file that begins otherwise, which is left as it is.
    pub fn open(path: &Path, visit: impl FnMut(Vec<u8>)) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let is_new = file.metadata()?.len() < HEADER.len() as u64;
        let mut log = Self { path: path.into(), file, bytes: HEADER.len() as u64 };
        if is_new {
            log.file.set_len(0)?;
            log.file.write_all(HEADER)?;
            log.file.sync_all()?;
            return Ok(log);
        }
        log.bytes = read(&log.file, visit)?;
        log.file.set_len(log.bytes)?;
        Ok(log)
    }

    /// Adds a record; with `durable` it is on the disk when this returns.
    ///
    /// # Errors
    /// What the system says; a record of which only a part was written is cut off again.
    pub fn append(&mut self, message: &[u8], durable: bool) -> io::Result<()> {
        let record = [&(message.len() as u32).to_be_bytes(), message].concat();
        if let Err(error) = self.file.write_all(&record) {
            // A torn record would hide the next ones.
            self.file.set_len(self.bytes)?;
            return Err(error);
        }
        self.bytes += record.len() as u64;
        if durable { self.file.sync_data() } else { Ok(()) }
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Replaces the file by one with these messages alone: written beside it, synced, and renamed, so that a
    /// crash leaves the one or the other.
    pub fn rewrite<'a>(&mut self, messages: impl Iterator<Item = &'a [u8]>) -> io::Result<()> {
        let unfinished = self.path.with_extension("unfinished");
        let mut out = BufWriter::new(File::create(&unfinished)?);
        out.write_all(HEADER)?;
        for message in messages {
            out.write_all(&(message.len() as u32).to_be_bytes())?;
            out.write_all(message)?;
        }
        out.into_inner()?.sync_all()?;
        fs::rename(&unfinished, &self.path)?;
        self.file = OpenOptions::new().read(true).append(true).open(&self.path)?;
        self.bytes = self.file.metadata()?.len();
        Ok(())
    }
}

/// Reads whole records and tells where the last one ends.
fn read(file: &File, mut visit: impl FnMut(Vec<u8>)) -> io::Result<u64> {
    let mut input = BufReader::new(file);
    let mut header = [0; HEADER.len()];
    input.read_exact(&mut header)?;
    if header != *HEADER {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no log file of version 1"));
    }
    let mut end = HEADER.len() as u64;
    while let Some(message) = record(&mut input)? {
        end += 4 + message.len() as u64;
        visit(message);
    }
    Ok(end)
}

/// The next record; none at the end, or where the file is torn.
fn record(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if !whole(input.read_exact(&mut length))? {
        return Ok(None);
    }
    let length = u32::from_be_bytes(length) as usize;
    if length == 0 || length > MAX_ENVELOPE {
        return Ok(None);
    }
    let mut message = vec![0; length];
    Ok(whole(input.read_exact(&mut message))?.then_some(message))
}

/// Whether all was read; the end of the file is no error.
fn whole(read: io::Result<()>) -> io::Result<bool> {
    match read {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reopen(path: &Path) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        LogFile::open(path, |message| found.push(message)).unwrap();
        found
    }

    fn setup(messages: &[&[u8]]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.log");
        let mut file = LogFile::open(&path, |_| {}).unwrap();
        messages.iter().for_each(|message| file.append(message, true).unwrap());
        (folder, path)
    }

    #[test]
    fn a_file_has_the_golden_bytes() {
        let (_folder, path) = setup(&[b"one", b"three"]);
        let golden = include_str!("../golden/log-file-1.hex").trim();
        assert_eq!(hex::encode(fs::read(path).unwrap()), golden);
    }

    #[test]
    fn a_torn_tail_is_cut_wherever_it_was_torn_and_the_file_goes_on() {
        let (_folder, path) = setup(&[b"one", b"three"]);
        let whole = fs::read(&path).unwrap();
        for end in 0..whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            let mut kept = if end < 15 { vec![] } else { vec![b"one".to_vec()] };
            assert_eq!(reopen(&path), kept, "{end}");
            LogFile::open(&path, |_| {}).unwrap().append(b"next", false).unwrap();
            kept.push(b"next".to_vec());
            assert_eq!(reopen(&path), kept, "{end}");
        }
    }

    #[test]
    fn zeros_and_absurd_lengths_at_the_end_are_cut() {
        for tail in [[0; 40], [255; 40]] {
            let (_folder, path) = setup(&[b"one"]);
            let mut bytes = fs::read(&path).unwrap();
            bytes.extend(tail);
            fs::write(&path, bytes).unwrap();
            assert_eq!(reopen(&path), [b"one"]);
        }
    }

    #[test]
    fn a_rewritten_file_holds_what_was_given_and_goes_on() {
        let (_folder, path) = setup(&[b"one", b"two", b"three"]);
        let mut file = LogFile::open(&path, |_| {}).unwrap();
        file.rewrite([b"two".as_slice()].into_iter()).unwrap();
        file.append(b"four", true).unwrap();
        assert_eq!(file.bytes(), fs::metadata(&path).unwrap().len());
        assert_eq!(reopen(&path), [b"two".to_vec(), b"four".to_vec()]);
    }

    #[test]
    fn a_foreign_file_is_left_alone() {
        let (_folder, path) = setup(&[]);
        fs::write(&path, b"something else").unwrap();
        assert!(LogFile::open(&path, |_| {}).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"something else");
    }
}
