//! Log files of version 1, which carried no checks: read once more with all their signatures, and written anew.
//!
//! | bytes | content |
//! |--:|---|
//! | 8 | `NRNLOG`, 0, version 1 |
//! | 4 | length of a message, big-endian |
//! | length | the message, an envelope |
//!
//! The last two again and again.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use protocol::log::MAX_ENVELOPE;

use crate::records::{HEADER, encode, sync_folder};

/// Names the format and its version.
const OLD_HEADER: &[u8; 8] = b"NRNLOG\0\x01";

/// Rewrites a file of version 1 as one of this version, without the messages that have no facts; any other file is left
/// alone. A crash leaves the one or the other.
///
/// # Errors
/// What the system says.
pub fn migrate(path: &Path, facts: impl Fn(&[u8]) -> Option<Vec<u8>>) -> io::Result<()> {
    let Some(mut input) = old(path)? else { return Ok(()) };
    let unfinished = path.with_extension("unfinished");
    let mut out = BufWriter::new(File::create(&unfinished)?);
    out.write_all(HEADER)?;
    while let Some(message) = next(&mut input)? {
        if let Some(facts) = facts(&message) {
            out.write_all(&encode(&facts, &message))?;
        }
    }
    out.into_inner()?.sync_all()?;
    fs::rename(&unfinished, path)?;
    sync_folder(path)?;
    tracing::info!(path = %path.display(), "the log file was brought to version 2");
    Ok(())
}

/// The file behind its header, if it is one of version 1.
fn old(path: &Path) -> io::Result<Option<BufReader<File>>> {
    let mut input = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut header = [0; OLD_HEADER.len()];
    let is_old = whole(input.read_exact(&mut header))? && header == *OLD_HEADER;
    Ok(is_old.then_some(input))
}

/// The next message; none at the end, or where the file is torn.
fn next(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
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
