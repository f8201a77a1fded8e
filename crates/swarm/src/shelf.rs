//! The files of a node's folder while no node runs there: for commands that look, add and tidy up.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use cid::Cid;
use protocol::Digest;

use crate::cids::digest_in;
use crate::client_files::export;
use crate::error::SwarmError;
use crate::start::lock;
use crate::store::status::Status;
use crate::store::{BlockStore, StoreError};

/// See the module. It keeps nodes from starting in the folder as long as it lives; every call reads or writes files.
#[derive(Debug)]
pub struct Shelf {
    store: Arc<BlockStore>,
    _lock: File,
}

impl Shelf {
    /// Opens the files in a data folder, or makes them; `limit_bytes` as in [`crate::Config::store_bytes_max`].
    ///
    /// # Errors
    /// `FolderInUse`, if a node runs there; `Store`, `Folder`.
    pub fn open(folder: &Path, limit_bytes: u64) -> Result<Self, SwarmError> {
        let lock = lock(folder)?;
        let store = BlockStore::open(&folder.join("blocks"), limit_bytes)?;
        Ok(Self { store: Arc::new(store), _lock: lock })
    }

    /// What there is, and why.
    pub fn status(&self) -> Status {
        self.store.status()
    }

    /// Adds a file, as [`crate::Client::add_file`]; `tell` hears how many of its bytes were read, and of how many.
    ///
    /// # Errors
    /// `Store`.
    pub fn add_file(&self, path: &Path, tell: impl FnMut(u64, u64)) -> Result<Digest, SwarmError> {
        let file = File::open(path).map_err(StoreError::Source)?;
        let total_bytes = file.metadata().map_err(StoreError::Source)?.len();
        Ok(self.store.add(&mut Told { file, done_bytes: 0, total_bytes, tell })?)
    }

    /// The length of a file that is here whole.
    ///
    /// # Errors
    /// `Store`.
    pub fn length_of(&self, digest: Digest) -> Result<Option<u64>, SwarmError> {
        Ok(self.store.file_length(digest)?)
    }

    /// Writes a file that is here whole to another place; false if it is not.
    ///
    /// # Errors
    /// `Store`.
    pub fn export(&self, digest: Digest, path: &Path) -> Result<bool, SwarmError> {
        match self.store.file_length(digest)? {
            Some(length) => Ok(export(&self.store, digest, length, path)?),
            None => Ok(false),
        }
    }

    /// Gives a file a reason to stay, as [`crate::Client::pin`].
    ///
    /// # Errors
    /// `Store`.
    pub fn pin(&self, digest: Digest, reason: &str) -> Result<(), SwarmError> {
        Ok(self.store.pin(digest, reason)?)
    }

    /// Takes a reason away, as [`crate::Client::unpin`].
    ///
    /// # Errors
    /// `Store`.
    pub fn unpin(&self, digest: Digest, reason: &str) -> Result<bool, SwarmError> {
        Ok(self.store.unpin(digest, reason)?)
    }

    /// Makes these the files that stay for a reason, as [`crate::Client::pin_only`].
    ///
    /// # Errors
    /// `Store`.
    pub fn pin_only(&self, reason: &str, digests: &BTreeSet<Digest>) -> Result<(), SwarmError> {
        Ok(self.store.pin_only(reason, digests)?)
    }

    /// Removes what nobody pinned, and tells how many bytes that were.
    ///
    /// # Errors
    /// `Store`.
    pub fn collect(&self) -> Result<u64, SwarmError> {
        Ok(self.store.collect()?)
    }
}

/// The digest that a text names: `0x` and 64 digits, or a CID of sha2-256.
///
/// ```
/// let text = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
/// assert_eq!(swarm::digest_in_text(text), Some(swarm::digest_of(b"")));
/// assert_eq!(swarm::digest_in_text(&swarm::digest_of(b"").to_string()), Some(swarm::digest_of(b"")));
/// assert_eq!(swarm::digest_in_text("a file"), None);
/// ```
pub fn digest_in_text(text: &str) -> Option<Digest> {
    text.parse().ok().or_else(|| digest_in(&text.parse::<Cid>().ok()?))
}

/// A file of which is told how far it was read.
struct Told<F> {
    file: File,
    done_bytes: u64,
    total_bytes: u64,
    tell: F,
}

impl<F: FnMut(u64, u64)> Read for Told<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.done_bytes = self.done_bytes.saturating_add(read as u64);
        (self.tell)(self.done_bytes, self.total_bytes);
        Ok(read)
    }
}
