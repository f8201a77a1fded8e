//! The store: blocks in and out, whichever place they lie in.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use std::collections::BTreeMap;

use protocol::Digest;
use tokio::sync::watch;

use super::disk::{self, DATA, Places, TREE};
use super::error::StoreError;
use super::index::{Flat, Index, Place, Spot};
use super::pins::Pins;
use crate::cids::block_digest;

/// A use is written down when the one before is older, seconds.
const USES_NOTED_S: u64 = 3600;

/// All blocks of a node, shared by its tasks. Every call but `has` and `length` reads or writes files:
/// keep it off the swarm's task.
#[derive(Debug)]
pub struct BlockStore {
    pub(super) places: Places,
    /// Bytes of all blocks together; what the system needs beside them does not count.
    pub(super) limit_bytes: u64,
    index: Mutex<Index>,
    /// Held while a tree grows.
    pub(super) trees: Mutex<()>,
    pins: Mutex<Pins>,
    /// Files that are being fetched, and how often.
    running: Mutex<BTreeMap<Digest, u32>>,
    /// Makes the names of unfinished files different.
    writes: AtomicU64,
    /// Counts blocks, for those who wait for one.
    stored: watch::Sender<u64>,
}

/// What panicked while it was held had changed one entry at most, and every block is checked when it is read.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl BlockStore {
    /// Of what a folder was found to hold.
    pub(super) fn new(folder: &Path, limit_bytes: u64, index: Index, pins: Pins) -> Self {
        Self {
            places: Places(folder.into()),
            limit_bytes,
            index: Mutex::new(index),
            trees: Mutex::new(()),
            pins: Mutex::new(pins),
            running: Mutex::default(),
            writes: AtomicU64::new(0),
            stored: watch::Sender::new(0),
        }
    }

    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        locked(&self.index)
    }

    pub(super) fn pins(&self) -> MutexGuard<'_, Pins> {
        locked(&self.pins)
    }

    pub(super) fn running(&self) -> MutexGuard<'_, BTreeMap<Digest, u32>> {
        locked(&self.running)
    }

    /// Waits until no other tree grows.
    pub(super) fn growing(&self) -> MutexGuard<'_, ()> {
        locked(&self.trees)
    }

    /// Where the list of pins lies.
    pub(super) fn pins_path(&self) -> PathBuf {
        self.places.0.join("pins")
    }

    /// A name that nobody has.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.places.unfinished(self.writes.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether a block is held; answered from memory.
    pub fn has(&self, digest: Digest) -> bool {
        self.spot(digest).is_some()
    }

    /// Bytes of a block that is held.
    pub fn length(&self, digest: Digest) -> Option<u32> {
        self.spot(digest).map(|spot| spot.length)
    }

    pub(super) fn spot(&self, digest: Digest) -> Option<Spot> {
        self.index().spot(digest)
    }

    /// Changes whenever a block was stored.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.stored.subscribe()
    }

    /// Wakes whoever waits for a block.
    pub(super) fn tell_stored(&self) {
        self.stored.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Stores a single block whose digest the caller has computed, synced. A block that is held already is left as
    /// it is.
    ///
    /// # Errors
    /// `Full`, if there is no room and nothing may fall; `Disk`, `NoSpace`.
    pub fn put(&self, digest: Digest, block: &[u8]) -> Result<(), StoreError> {
        if self.has(digest) {
            return Ok(());
        }
        let bytes = block.len() as u64;
        self.reserve(bytes)?;
        let path = self.places.single(digest);
        let written = self.with_room(bytes, &path, || disk::write_synced(&self.unfinished(), &path, block));
        let entered = written.is_ok() && self.index().enter_single(digest, block.len() as u32, disk::now_s());
        if !entered {
            self.index().release(bytes);
        }
        self.tell_stored();
        written
    }

    /// Reads a block; none if it is not held or was damaged on disk (it is then dropped, and fetched again
    /// when it is needed).
    ///
    /// # Errors
    /// `Disk`, unless the file is gone, which is no error.
    pub fn get(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let mut block = Vec::new();
        Ok(self.get_into(digest, &mut block)?.then_some(block))
    }

    /// Reads a block behind what the buffer holds; false, with the buffer as it was, if there is none.
    ///
    /// # Errors
    /// As [`BlockStore::get`].
    pub fn get_into(&self, digest: Digest, buffer: &mut Vec<u8>) -> Result<bool, StoreError> {
        let start = buffer.len();
        loop {
            let Some(spot) = self.spot(digest) else { return Ok(false) };
            let path = self.path(digest, spot.place);
            buffer.resize(start + spot.length as usize, 0);
            let read = path.as_ref().map(|(path, offset)| read_spot(path, *offset, &mut buffer[start..]));
            match read {
                Some(Ok(())) if block_digest(&buffer[start..]) == digest => return Ok(true),
                Some(Err(source)) if !is_gone(&source) => {
                    buffer.truncate(start);
                    return Err(StoreError::disk(&path.unwrap_or_default().0, source));
                }
                read => self.lost(digest, spot, &read)?,
            }
            buffer.truncate(start);
        }
    }

    /// The file that a place is in, and where in it.
    fn path(&self, digest: Digest, place: Place) -> Option<(PathBuf, u64)> {
        let flat = |file| self.index().flat_of(file).map(|flat| flat.digest);
        match place {
            Place::Single => Some((self.places.single(digest), 0)),
            Place::Tree(file, offset) => Some((self.places.flat(flat(file)?, TREE), offset)),
            Place::Data(file, offset) => Some((self.places.flat(flat(file)?, DATA), offset)),
        }
    }

    /// What cannot be read as it was written is forgotten, and fetched again when it is needed. A file that just fell is no fault.
    fn lost(&self, digest: Digest, spot: Spot, read: &Option<io::Result<()>>) -> Result<(), StoreError> {
        if self.index().is_at(digest, spot) {
            let reason = read.as_ref().and_then(|read| read.as_ref().err()).map_or("its bytes are others".into(), io::Error::to_string);
            tracing::warn!(block = %digest, place = ?spot.place, %reason, "a block is not on disk as it was written: check the disk if that happens again");
        }
        self.drop_spot(digest, spot)
    }

    /// Forgets one place of a block; a flat file that lost one is not whole any more, after a restart neither.
    fn drop_spot(&self, digest: Digest, spot: Spot) -> Result<(), StoreError> {
        let file = match spot.place {
            Place::Single => None,
            Place::Tree(file, _) | Place::Data(file, _) => self.index().flat_of(file),
        };
        self.index().drop_spot(digest, spot);
        match file {
            Some(flat) if flat.whole => self.unmark(flat),
            Some(_) => Ok(()),
            None => self.removed(&self.places.single(digest)),
        }
    }

    /// Takes the mark from a tree.
    fn unmark(&self, flat: Flat) -> Result<(), StoreError> {
        let path = self.places.flat(flat.digest, TREE);
        let cut = File::options().write(true).open(&path).and_then(|file| file.set_len(flat.tree_end));
        cut.or_else(|error| if is_gone(&error) { Ok(()) } else { Err(StoreError::disk(&path, error)) })
    }

    /// Removes a single block.
    pub(super) fn drop_single(&self, digest: Digest) -> Result<(), StoreError> {
        let single = self.spot(digest).filter(|spot| spot.place == Place::Single);
        single.map_or(Ok(()), |spot| self.drop_spot(digest, spot))
    }

    /// Removes a flat file and its tree.
    pub(super) fn drop_flat(&self, digest: Digest) -> Result<(), StoreError> {
        let Some((id, _)) = self.index().flat(digest) else { return Ok(()) };
        self.index().drop_flat(id);
        // Without its tree it is no file: a crash between the two leaves nothing that counts.
        self.removed(&self.places.flat(digest, TREE))?;
        self.removed(&self.places.flat(digest, DATA))
    }

    fn removed(&self, path: &Path) -> Result<(), StoreError> {
        disk::remove(path).map_err(|source| StoreError::disk(path, source))
    }

    /// Notes that a file was used here; on disk once an hour.
    pub fn touch(&self, digest: Digest) {
        let now_s = disk::now_s();
        let before = self.index().touch(digest, now_s);
        if before.is_some_and(|before| before + USES_NOTED_S <= now_s) {
            let is_flat = self.index().flat(digest).is_some();
            let path = if is_flat { self.places.flat(digest, DATA) } else { self.places.single(digest) };
            disk::set_used(&path, now_s);
        }
    }
}

fn read_spot(path: &Path, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    disk::read_at(&fs::File::open(path)?, buffer, offset)
}

/// Whether the file is not there, or not as long.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof)
}
