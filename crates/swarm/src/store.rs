//! Blocks on disk: one file per block, named by its digest, checked again whenever it is read.
//!
//! A block lies at `<first byte>/<digest>`, both in hexadecimal, and is written beside its place and
//! renamed: what is there is whole, or is found out when it is read. The index in memory is made from
//! names and lengths at the start. Blocks of files that share parts are stored once.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::Digest;
use tokio::sync::watch;

use crate::cids::block_digest;
use crate::files::{Part, links, part_of_root};

/// Why a block was not stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk or the file system refused; the block is as it was.
    #[error("the block store at {path} cannot be used: {source}; check the disk's free space and the folder's permissions")]
    Disk { path: PathBuf, source: io::Error },
    /// The limit of the configuration is reached.
    #[error(
        "the block store holds {held_bytes} of {limit_bytes} bytes: raise `store_bytes_max`, or forget files that are no longer needed"
    )]
    /// The limit of the configuration is reached. Nothing is dropped to make room: what a node promised to
    /// hold it holds until it is told otherwise.
    Full { held_bytes: u64, limit_bytes: u64 },
}

/// All blocks of a node, shared by its tasks. Every call but `has` and `length` reads or writes files:
/// keep it off the swarm's task.
#[derive(Debug)]
pub struct BlockStore {
    /// 256 shelves, by the first byte of digests, and one for unfinished files.
    folder: PathBuf,
    /// Bytes of all blocks together; what the system needs beside them does not count.
    limit_bytes: u64,
    index: Mutex<Index>,
    /// Counts blocks, for those who wait for one.
    stored: watch::Sender<u64>,
}

/// What is held, without reading it.
#[derive(Debug, Default)]
struct Index {
    /// Bytes of each block.
    lengths: BTreeMap<Digest, u32>,
    held_bytes: u64,
    /// Makes the names of unfinished files different.
    writes: u64,
}

const UNFINISHED: &str = "unfinished";

impl BlockStore {
    /// Opens or makes the store in `folder` and lists what it holds: a look at each name and length, no block
    /// is read.
    ///
    /// # Errors
    /// `Disk`, with what the system says.
    pub fn open(folder: &Path, limit_bytes: u64) -> Result<Self, StoreError> {
        let index = list(folder).map_err(|source| StoreError::Disk { path: folder.into(), source })?;
        let store = Self { folder: folder.into(), limit_bytes, index: Mutex::new(index), stored: watch::Sender::new(0) };
        // Everybody knows the empty block; Kubo does not even send it.
        store.add(&[])?;
        Ok(store)
    }

    /// A poisoned index is used on: every block is checked against its name when it is read.
    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a block is held; answered from memory.
    pub fn has(&self, digest: Digest) -> bool {
        self.index().lengths.contains_key(&digest)
    }

    /// Bytes of a block that is held.
    pub fn length(&self, digest: Digest) -> Option<u32> {
        self.index().lengths.get(&digest).copied()
    }

    /// Changes whenever a block was stored.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.stored.subscribe()
    }

    /// Stores a block whose digest the caller has computed. A block that is held already is left as it is.
    ///
    /// # Errors
    /// `Full`, if it would pass the limit together with those being written; `Disk`.
    pub fn put(&self, digest: Digest, block: &[u8]) -> Result<(), StoreError> {
        let Some(unfinished) = self.reserve(digest, block.len() as u64)? else { return Ok(()) };
        let path = self.path(digest);
        // A crash can leave an empty or torn file behind: reading compares the digest, so nothing is lost but the block.
        let written = fs::write(&unfinished, block).and_then(|()| fs::rename(&unfinished, &path));
        if let Err(source) = written {
            let _ = fs::remove_file(&unfinished);
            self.release(block.len() as u64);
            return Err(StoreError::Disk { path, source });
        }
        self.enter(digest, block.len() as u32);
        Ok(())
    }

    /// Counts the bytes before they are written, so that writers side by side stay below the limit together.
    fn reserve(&self, digest: Digest, bytes: u64) -> Result<Option<PathBuf>, StoreError> {
        let mut index = self.index();
        if index.lengths.contains_key(&digest) {
            return Ok(None);
        }
        let (held_bytes, limit_bytes) = (index.held_bytes, self.limit_bytes);
        if held_bytes.saturating_add(bytes) > limit_bytes {
            return Err(StoreError::Full { held_bytes, limit_bytes });
        }
        index.held_bytes += bytes;
        index.writes += 1;
        Ok(Some(self.folder.join(UNFINISHED).join(index.writes.to_string())))
    }

    /// Gives back bytes that were counted and are not held.
    fn release(&self, bytes: u64) {
        let mut index = self.index();
        index.held_bytes = index.held_bytes.saturating_sub(bytes);
    }

    /// Notes a block that has been written, and wakes whoever waits for one.
    fn enter(&self, digest: Digest, length: u32) {
        let replaced = self.index().lengths.insert(digest, length);
        if let Some(twice) = replaced {
            self.release(u64::from(twice));
        }
        self.stored.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Reads a block; none if it is not held or was damaged on disk (it is then dropped, and fetched again
    /// when it is needed).
    ///
    /// # Errors
    /// `Disk`, unless the file is gone, which is no error.
    pub fn get(&self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        if !self.has(digest) {
            return Ok(None);
        }
        let path = self.path(digest);
        match fs::read(&path) {
            Ok(block) if block_digest(&block) == digest => Ok(Some(block)),
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(StoreError::Disk { path, source }),
            _ => self.drop_block(digest).map(|()| None),
        }
    }

    /// Removes one block.
    pub fn drop_block(&self, digest: Digest) -> Result<(), StoreError> {
        let Some(length) = self.index().lengths.remove(&digest) else { return Ok(()) };
        self.release(u64::from(length));
        let path = self.path(digest);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(StoreError::Disk { path, source }),
            _ => Ok(()),
        }
    }

    /// Cuts a file into blocks and stores them, leaves first, so that a root is there only when all below it
    /// is; the digest names it from then on.
    ///
    /// # Errors
    /// As [`BlockStore::put`]; what was written before stays.
    pub fn add(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        crate::files::cut(bytes, &mut |digest, block| self.put(digest, block))
    }

    /// A file of known length, or none if a block of it is missing or is not of the profile.
    ///
    /// # Errors
    /// `Disk`.
    pub fn read(&self, digest: Digest, length: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let mut bytes = Vec::new();
        let whole = self.walk(digest, Part::whole(length), &mut |block| bytes.extend_from_slice(block))?;
        Ok(whole.then_some(bytes))
    }

    /// The length of a file that is held whole; none otherwise. What the digest stands for is decided as for a
    /// file of unknown length (PROTOCOL 10).
    ///
    /// # Errors
    /// `Disk`.
    pub fn file_length(&self, digest: Digest) -> Result<Option<u64>, StoreError> {
        let Some(root) = self.get(digest)? else { return Ok(None) };
        let part = part_of_root(&root);
        let whole = self.holds(digest, part)?;
        Ok(whole.then_some(part.length()))
    }

    /// Visits the chunks of a part in order; false if a block is missing or is not of the profile.
    fn walk(&self, digest: Digest, part: Part, visit: &mut impl FnMut(&[u8])) -> Result<bool, StoreError> {
        let Some(block) = self.get(digest)? else { return Ok(false) };
        let Ok(below) = links(part, &block) else { return Ok(false) };
        if part.is_chunk() {
            visit(&block);
        }
        for (digest, part) in below {
            if !self.walk(digest, part, visit)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether every block of a part is held; reads nodes, not chunks.
    fn holds(&self, digest: Digest, part: Part) -> Result<bool, StoreError> {
        if part.is_chunk() {
            return Ok(self.length(digest).map(u64::from) == Some(part.length()));
        }
        let Some(block) = self.get(digest)? else { return Ok(false) };
        let Ok(below) = links(part, &block) else { return Ok(false) };
        for (digest, part) in below {
            if !self.holds(digest, part)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes the blocks of a file. Blocks that another file shares go too: it is fetched again when it is needed.
    pub fn forget(&self, digest: Digest) -> Result<(), StoreError> {
        let Some(root) = self.get(digest)? else { return Ok(()) };
        self.forget_part(digest, part_of_root(&root))
    }

    /// A part of a file: what is below its block, then the block.
    fn forget_part(&self, digest: Digest, part: Part) -> Result<(), StoreError> {
        let block = if part.is_chunk() { None } else { self.get(digest)? };
        let below = block.and_then(|block| links(part, &block).ok()).unwrap_or_default();
        for (digest, part) in below {
            self.forget_part(digest, part)?;
        }
        self.drop_block(digest)
    }

    /// Where a block lies.
    fn path(&self, digest: Digest) -> PathBuf {
        let name = hex::encode(digest.0);
        self.folder.join(&name[..2]).join(name)
    }
}

/// Makes the folders and reads the names and lengths of all blocks; what a crash left unfinished is removed.
fn list(folder: &Path) -> io::Result<Index> {
    let unfinished = folder.join(UNFINISHED);
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir_all(&unfinished)?;
    let mut index = Index::default();
    for first_byte in 0..=u8::MAX {
        let shelf = folder.join(hex::encode([first_byte]));
        fs::create_dir_all(&shelf)?;
        for entry in fs::read_dir(shelf)? {
            note(&mut index, &entry?)?;
        }
    }
    Ok(index)
}

/// Counts a file of the folder, if it is named like a block.
fn note(index: &mut Index, entry: &fs::DirEntry) -> io::Result<()> {
    let mut digest = [0; 32];
    let name = entry.file_name();
    if hex::decode_to_slice(name.to_string_lossy().as_bytes(), &mut digest).is_err() {
        return Ok(());
    }
    let length = entry.metadata()?.len();
    if let Ok(length) = u32::try_from(length) {
        index.lengths.insert(Digest(digest), length);
        index.held_bytes += u64::from(length);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::CHUNK_BYTES;

    fn setup(limit_bytes: u64) -> (tempfile::TempDir, BlockStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = BlockStore::open(folder.path(), limit_bytes).unwrap();
        (folder, store)
    }

    fn long() -> Vec<u8> {
        (0..3 * CHUNK_BYTES + 5).map(|index| (index / 1000) as u8).collect()
    }

    #[test]
    fn a_file_is_read_back_also_after_reopening() {
        let (folder, store) = setup(1 << 30);
        let digest = store.add(&long()).unwrap();
        let reopened = BlockStore::open(folder.path(), 1 << 30).unwrap();
        for store in [&store, &reopened] {
            assert_eq!(store.read(digest, long().len() as u64).unwrap(), Some(long()));
            assert_eq!(store.file_length(digest).unwrap(), Some(long().len() as u64));
            assert_eq!(store.read(digest, 7).unwrap(), None);
        }
        assert_eq!(store.index().held_bytes, reopened.index().held_bytes);
    }

    #[test]
    fn a_damaged_block_is_dropped_and_never_served() {
        let (_folder, store) = setup(1 << 20);
        let digest = store.add(b"right").unwrap();
        fs::write(store.path(digest), b"wrong").unwrap();
        assert_eq!(store.get(digest).unwrap(), None);
        assert!(!store.has(digest));
        assert_eq!(store.add(b"right").unwrap(), digest);
        assert_eq!(store.get(digest).unwrap(), Some(b"right".to_vec()));
    }

    #[test]
    fn a_file_with_a_missing_block_is_not_whole() {
        let (_folder, store) = setup(1 << 30);
        let digest = store.add(&long()).unwrap();
        store.drop_block(block_digest(&long()[..CHUNK_BYTES as usize])).unwrap();
        assert_eq!(store.file_length(digest).unwrap(), None);
        assert_eq!(store.read(digest, long().len() as u64).unwrap(), None);
    }

    #[test]
    fn the_limit_holds_and_forgetting_makes_room() {
        let (_folder, store) = setup(10);
        let first = store.add(b"12345678").unwrap();
        assert!(matches!(store.add(b"123"), Err(StoreError::Full { held_bytes: 8, limit_bytes: 10 })));
        store.forget(first).unwrap();
        store.add(b"1234567890").unwrap();
        assert_eq!(store.index().held_bytes, 10);
    }

    #[test]
    fn unfinished_files_of_a_crash_are_removed() {
        let (folder, store) = setup(10);
        drop(store);
        let left = folder.path().join(UNFINISHED).join("1");
        fs::write(&left, b"half").unwrap();
        BlockStore::open(folder.path(), 10).unwrap();
        assert!(!left.exists());
    }
}
