//! The file of one group's log: a header, then [records](crate::records) in the order of arrival.
//!
//! The header is 8 bytes: `NRNLOG`, 0, version 2. Messages are verified before they are written and are not
//! verified again: a record's check tells that it is what was written. Files of version 1 are
//! [migrated](crate::migration) when they are opened.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::migration::migrate;
use crate::records::{HEADER, Place, Record, Records, decode, encode, sync_folder};

/// What was found in a file when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Bytes between whole records that are none; what they held is fetched anew.
    pub damaged: u64,
    /// Bytes behind the last whole record, which were cut off.
    pub torn: u64,
}

/// An open log file. What a crash left at its end is cut off when it is opened.
#[derive(Debug)]
pub struct LogFile {
    /// Where it lies.
    path: PathBuf,
    /// Read anywhere, written at the end.
    file: File,
    /// Up to the end of the last whole record.
    bytes: u64,
    /// Whether something was written since the last [`LogFile::sync`].
    unsynced: bool,
}

impl LogFile {
    /// Opens or makes the file and gives each whole record to `visit`. `facts` tells those of a message in a file of version 1;
    /// what has none is left out.
    ///
    /// # Errors
    /// What the system says, and `InvalidData` for a file that begins otherwise, which is left as it is.
    pub fn open(path: &Path, facts: impl Fn(&[u8]) -> Option<Vec<u8>>, visit: impl FnMut(Record<'_>)) -> io::Result<(Self, Found)> {
        migrate(path, facts)?;
        let mut file = open(path)?;
        let length = file.metadata()?.len();
        if length < HEADER.len() as u64 {
            file.set_len(0)?;
            file.write_all(HEADER)?;
            file.sync_all()?;
            sync_folder(path)?;
            let log = Self { path: path.into(), file, bytes: HEADER.len() as u64, unsynced: false };
            return Ok((log, Found { damaged: 0, torn: 0 }));
        }
        let mut header = [0; HEADER.len()];
        file.read_exact(&mut header)?;
        if header != *HEADER {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no log file of version 1 or 2"));
        }
        let (bytes, damaged) = Records::new(&file, HEADER.len() as u64).read(visit)?;
        file.set_len(bytes)?;
        Ok((Self { path: path.into(), file, bytes, unsynced: false }, Found { damaged, torn: length - bytes }))
    }

    /// Adds a record and tells where it lies; it is on the disk after the next [`LogFile::sync`].
    ///
    /// # Errors
    /// What the system says; a record of which only a part was written is cut off again.
    pub fn append(&mut self, facts: &[u8], message: &[u8]) -> io::Result<Place> {
        let place = Place::new(self.bytes, facts, message);
        self.unsynced = true;
        if let Err(error) = self.file.write_all(&encode(facts, message)) {
            // What is torn would cost a search at the next start.
            self.file.set_len(self.bytes)?;
            return Err(error);
        }
        self.bytes = place.end();
        Ok(place)
    }

    /// Brings everything that was appended onto the disk.
    ///
    /// # Errors
    /// What the system says.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.unsynced {
            self.file.sync_data()?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// The message at a place, checked.
    ///
    /// # Errors
    /// What the system says; `InvalidData` if the record is damaged.
    pub fn read(&mut self, place: Place) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(place.offset))?;
        whole(&mut self.file, place).map(|mut bytes| bytes.split_off(place.message_at()))
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Replaces the file by one with the records at these places alone, in their order, and tells where each lies
    /// then; none for one that turns out damaged. Written beside the file, synced, and renamed, so that a crash
    /// leaves the one or the other.
    ///
    /// # Errors
    /// What the system says; the file is as it was then.
    pub fn rewrite(&mut self, places: &[Place]) -> io::Result<Vec<Option<Place>>> {
        let unfinished = self.path.with_extension("unfinished");
        let mut old = BufReader::with_capacity(1 << 20, File::open(&self.path)?);
        let mut out = BufWriter::new(File::create(&unfinished)?);
        out.write_all(HEADER)?;
        let (mut moved, mut at, mut end) = (Vec::with_capacity(places.len()), 0, HEADER.len() as u64);
        for place in places {
            old.seek_relative(place.offset as i64 - at as i64)?;
            at = place.end();
            let new = copy(&mut old, &mut out, *place, end)?;
            end = new.map_or(end, Place::end);
            moved.push(new);
        }
        out.into_inner()?.sync_all()?;
        fs::rename(&unfinished, &self.path)?;
        sync_folder(&self.path)?;
        (self.file, self.bytes, self.unsynced) = (open(&self.path)?, end, false);
        Ok(moved)
    }
}

/// Copies one record, if it is whole, to `out`, which ends at `end`.
fn copy(old: &mut impl Read, out: &mut impl Write, place: Place, end: u64) -> io::Result<Option<Place>> {
    match whole(old, place) {
        Ok(bytes) => {
            out.write_all(&bytes)?;
            Ok(Some(place.at(end)))
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        Err(error) => Err(error),
    }
}

/// The record of this place, which begins where `input` stands.
fn whole(input: &mut impl Read, place: Place) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; place.bytes()];
    input.read_exact(&mut bytes)?;
    let is_whole = decode(&bytes, place.offset).is_some_and(|record| record.place == place);
    if is_whole { Ok(bytes) } else { Err(io::Error::new(io::ErrorKind::InvalidData, "a record of the log is damaged")) }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).open(path)
}

#[cfg(test)]
mod tests;
