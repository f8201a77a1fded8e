//! A long file while it comes: its bytes in their places, its nodes in the tree, at the end the mark.
//!
//! What was written before a crash is found again by its hash, so nothing else is noted on the way. Several
//! fetches of one file write into the same one.

use std::fs::File;
use std::sync::Arc;

use protocol::Digest;

use super::blocks::BlockStore;
use super::disk::{self, DATA, TREE};
use super::error::StoreError;
use super::index::{FileId, Flat, Place, Spot};
use super::tree::{END, head, record};
use crate::cids::block_digest;
use crate::files::Part;

/// See the module. As long as it lives, the file does not fall.
#[derive(Debug)]
pub struct Partial {
    store: Arc<BlockStore>,
    id: FileId,
    digest: Digest,
    data: File,
    tree: File,
    /// Bytes may be in the file that were not checked since the store was opened.
    resumed: bool,
}

impl BlockStore {
    /// Begins with a file of more than one chunk, or goes on with it; room is promised for all of it.
    ///
    /// # Errors
    /// `Full`, `NoSpace`, `Disk`.
    pub fn begin(self: &Arc<Self>, digest: Digest, part: Part) -> Result<Partial, StoreError> {
        *self.running().entry(digest).or_default() += 1;
        // From here on it stays, and whatever fails ends that.
        let stays = Stays { store: self.clone(), digest };
        let known = self.index().flat(digest);
        let (id, resumed) = match known {
            Some((id, flat)) if flat.length == part.length() => (id, true),
            _ => (self.make_flat(digest, part)?, false),
        };
        let open = |kind| {
            let path = self.places.flat(digest, kind);
            disk::open_both(&path).map_err(|source| StoreError::disk(&path, source))
        };
        let (data, tree) = (open(DATA)?, open(TREE)?);
        std::mem::forget(stays);
        Ok(Partial { store: self.clone(), id, digest, data, tree, resumed })
    }

    /// An empty flat file.
    fn make_flat(&self, digest: Digest, part: Part) -> Result<FileId, StoreError> {
        let _growing = self.growing();
        if let Some((id, _)) = self.index().flat(digest) {
            return Ok(id);
        }
        let (length, counted_bytes) = (part.length(), part.length() + part.nodes_bytes());
        self.reserve(counted_bytes)?;
        let (path, head) = (self.places.flat(digest, TREE), head(length));
        let data = self.places.flat(digest, DATA);
        let made = self.with_room(counted_bytes, &path, || File::create(&data).and_then(|_| std::fs::write(&path, &head)));
        if let Err(error) = made {
            self.index().release(counted_bytes);
            return Err(error);
        }
        let flat = Flat { digest, length, counted_bytes, tree_end: head.len() as u64, whole: false, used_s: disk::now_s() };
        Ok(self.index().add_flat(flat))
    }

    fn no_longer_running(&self, digest: Digest) {
        let mut running = self.running();
        let count = running.get(&digest).map_or(0, |count| count.saturating_sub(1));
        if count == 0 {
            running.remove(&digest);
        } else {
            running.insert(digest, count);
        }
    }
}

/// Takes back that a file is being fetched, if it could not be begun with.
struct Stays {
    store: Arc<BlockStore>,
    digest: Digest,
}

impl Drop for Stays {
    fn drop(&mut self) {
        self.store.no_longer_running(self.digest);
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        self.store.no_longer_running(self.digest);
    }
}

impl Partial {
    /// Whether the chunk was checked and lies in its place; answered from memory.
    pub fn has(&self, digest: Digest, offset: u64, length: u32) -> bool {
        self.store.index().is_at(digest, self.spot(offset, length))
    }

    /// Whether it is worth to look for a chunk on this disk.
    pub fn may_recover(&self, digest: Digest) -> bool {
        self.resumed || self.store.has(digest)
    }

    fn spot(&self, offset: u64, length: u32) -> Spot {
        Spot { place: Place::Data(self.id, offset), length }
    }

    /// Finds a chunk that an earlier attempt left in its place, or that another file has; true if it is there now.
    ///
    /// # Errors
    /// `Disk`, `NoSpace`.
    pub fn recover(&self, digest: Digest, offset: u64, length: u32) -> Result<bool, StoreError> {
        if self.has(digest, offset, length) {
            return Ok(true);
        }
        let mut chunk = vec![0; length as usize];
        let is_there = self.resumed && disk::read_at(&self.data, &mut chunk, offset).is_ok() && block_digest(&chunk) == digest;
        if is_there {
            self.enter(digest, self.spot(offset, length));
            return Ok(true);
        }
        match self.store.get(digest)? {
            Some(chunk) if chunk.len() == length as usize => self.keep_chunk(digest, offset, &chunk).map(|()| true),
            _ => Ok(false),
        }
    }

    /// Writes a chunk whose hash was checked into its place, once.
    ///
    /// # Errors
    /// `Disk`, `NoSpace`.
    pub fn keep_chunk(&self, digest: Digest, offset: u64, chunk: &[u8]) -> Result<(), StoreError> {
        let spot = self.spot(offset, chunk.len() as u32);
        if self.store.index().is_at(digest, spot) {
            return Ok(());
        }
        let path = self.store.places.flat(self.digest, DATA);
        self.store.with_room(chunk.len() as u64, &path, || disk::write_at(&self.data, chunk, offset))?;
        self.enter(digest, spot);
        Ok(())
    }

    fn enter(&self, digest: Digest, spot: Spot) {
        self.store.index().enter(digest, spot);
        self.store.tell_stored();
    }

    /// Appends a node that was checked to the tree, once.
    ///
    /// # Errors
    /// `Disk`, `NoSpace`.
    pub fn keep_node(&self, digest: Digest, node: &[u8]) -> Result<(), StoreError> {
        let _growing = self.store.growing();
        let Some(flat) = self.store.index().flat_of(self.id) else { return Ok(()) };
        let spot = |offset| Spot { place: Place::Tree(self.id, offset), length: node.len() as u32 };
        let is_here = matches!(self.store.spot(digest), Some(Spot { place: Place::Tree(id, _), .. }) if id == self.id);
        if is_here || flat.whole {
            return Ok(());
        }
        let (record, path) = (record(node), self.store.places.flat(self.digest, TREE));
        // What was torn before is written over.
        self.store.with_room(record.len() as u64, &path, || disk::write_at(&self.tree, &record, flat.tree_end))?;
        self.store.index().change_flat(self.id, |flat| flat.tree_end += record.len() as u64);
        self.enter(digest, spot(flat.tree_end + 4));
        Ok(())
    }

    /// Syncs everything, and then the mark that everything is there. The caller has kept every block.
    ///
    /// # Errors
    /// `Disk`, `NoSpace`.
    pub fn finish(&self) -> Result<(), StoreError> {
        let path = self.store.places.flat(self.digest, TREE);
        let failed = |source| StoreError::disk(&path, source);
        self.data.sync_data().map_err(failed)?;
        let _growing = self.store.growing();
        let Some(flat) = self.store.index().flat_of(self.id).filter(|flat| !flat.whole) else { return Ok(()) };
        self.tree.sync_data().map_err(failed)?;
        self.store.with_room(END.len() as u64, &path, || {
            disk::write_at(&self.tree, &END, flat.tree_end)?;
            self.tree.set_len(flat.tree_end + END.len() as u64)?;
            self.tree.sync_all()
        })?;
        disk::sync_folder(path.parent()).map_err(failed)?;
        self.store.index().change_flat(self.id, |flat| {
            (flat.whole, flat.used_s) = (true, disk::now_s());
        });
        Ok(())
    }
}
