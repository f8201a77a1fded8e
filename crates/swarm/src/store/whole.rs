//! Whole files in and out, in bounded memory: added from a stream, read as a stream, mapped, written elsewhere.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, mpsc};

use memmap2::Mmap;
use protocol::Digest;

use super::blocks::BlockStore;
use super::disk::{self, DATA, TREE};
use super::error::StoreError;
use super::index::{Flat, Place, Spot};
use super::tree::{END, head, record};
use crate::cids::block_digest;
use crate::files::{CHUNK_BYTES, Part, links, part_of_root, tree};

/// Chunks that are read, hashed and written at a time: 4 MiB.
const BATCH_CHUNKS: usize = 16;
/// Threads that hash them.
const HASHERS_MAX: usize = 4;
/// Batches after which the disk begins with what was written, 64 MiB, so that little is left when the last is.
const SYNC_BATCHES: usize = 16;

/// A chunk of a file: its digest, where it begins, how long it is.
pub type Chunk = (Digest, u64, u32);

/// The bytes of a whole file, in memory where they are few and mapped where they are many: those are read
/// from the disk when they are looked at, and the system may forget them again.
#[derive(Debug)]
pub enum Bytes {
    /// A file of one chunk.
    Few(Vec<u8>),
    /// A longer one.
    Mapped(Mmap),
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Few(bytes) => bytes,
            Self::Mapped(map) => map,
        }
    }
}

impl BlockStore {
    /// Cuts what the reader gives into blocks and stores them, synced when this returns: each byte is hashed
    /// once and written once. Memory for some chunks, and 32 bytes for each.
    ///
    /// # Errors
    /// `Source`, if it cannot be read; otherwise as [`BlockStore::put`].
    pub fn add(&self, source: &mut dyn Read) -> Result<Digest, StoreError> {
        let batch = read_batch(source)?;
        if batch.len() <= CHUNK_BYTES as usize {
            let digest = block_digest(&batch);
            self.put(digest, &batch)?;
            self.touch(digest);
            return Ok(digest);
        }
        let path = self.unfinished();
        let mut reserved = 0;
        let added = self.add_long(source, batch, &path, &mut reserved);
        if added.is_err() {
            // Nothing of it stays.
            self.index().release(reserved);
            _ = disk::remove(&path);
        }
        added
    }

    fn add_long(&self, source: &mut dyn Read, batch: Vec<u8>, path: &Path, reserved: &mut u64) -> Result<Digest, StoreError> {
        let file = File::create(path).map_err(|source| StoreError::disk(path, source))?;
        let (length, chunks) = synced_meanwhile(&file, path, |sync| self.write_long(source, batch, (&file, path), reserved, sync))?;
        self.with_room(0, path, || file.sync_data())?;
        let (nodes, digest) = nodes(length, &chunks);
        let known = self.index().flat(digest);
        if known.is_some_and(|(_, flat)| flat.whole) {
            self.index().release(*reserved);
            self.touch(digest);
            return disk::remove(path).map(|()| digest).map_err(|source| StoreError::disk(path, source));
        }
        self.place(path, (digest, length), &chunks, &nodes, reserved)?;
        Ok(digest)
    }

    /// Writes batch after batch, and asks now and then that the disk begins with them; the length of all, and the digests of its chunks.
    fn write_long(
        &self,
        source: &mut dyn Read,
        mut batch: Vec<u8>,
        (file, path): (&File, &Path),
        reserved: &mut u64,
        sync: &dyn Fn(),
    ) -> Result<(u64, Vec<Digest>), StoreError> {
        let (mut length, mut chunks) = (0, Vec::new());
        while !batch.is_empty() {
            let bytes = batch.len() as u64;
            self.reserve(bytes)?;
            *reserved += bytes;
            chunks.extend(hashes(&batch));
            self.with_room(bytes, path, || disk::write_at(file, &batch, length))?;
            length += bytes;
            if chunks.len().is_multiple_of(SYNC_BATCHES * BATCH_CHUNKS) {
                sync();
            }
            batch = read_batch(source)?;
        }
        Ok((length, chunks))
    }

    /// Gives a file its name, writes its tree, and notes its blocks.
    fn place(&self, path: &Path, file: (Digest, u64), chunks: &[Digest], nodes: &Nodes, reserved: &mut u64) -> Result<(), StoreError> {
        let _growing = self.growing();
        let (digest, length) = file;
        let (tree_path, data_path) = (self.places.flat(digest, TREE), self.places.flat(digest, DATA));
        let tree: Vec<u8> = head(length).into_iter().chain(nodes.iter().flat_map(|(_, node)| record(node))).chain(END).collect();
        let counted_bytes = length + Part::whole(length).nodes_bytes();
        self.reserve(counted_bytes - length)?;
        *reserved = counted_bytes;
        // One that is being fetched goes on in the file that it has open: it is as right, and nobody finds it any more.
        self.drop_flat(digest)?;
        let renamed = fs::rename(path, &data_path);
        renamed.map_err(|source| StoreError::disk(&data_path, source))?;
        self.with_room(tree.len() as u64, &tree_path, || disk::write_synced(&self.unfinished(), &tree_path, &tree))?;
        let tree_end = (tree.len() - END.len()) as u64;
        let mut index = self.index();
        let id = index.add_flat(Flat { digest, length, counted_bytes, tree_end, whole: true, used_s: disk::now_s() });
        let mut at = head(length).len() as u64;
        for (node, bytes) in nodes {
            index.enter(*node, Spot { place: Place::Tree(id, at + 4), length: bytes.len() as u32 });
            at += 4 + bytes.len() as u64;
        }
        for (offset, chunk) in (0..length).step_by(CHUNK_BYTES as usize).zip(chunks) {
            index.enter(*chunk, Spot { place: Place::Data(id, offset), length: (length - offset).min(CHUNK_BYTES) as u32 });
        }
        drop(index);
        self.tell_stored();
        Ok(())
    }

    /// The length of a file that is held whole; none otherwise. What the digest stands for is decided as for a
    /// file of unknown length (PROTOCOL 10).
    ///
    /// # Errors
    /// `Disk`.
    pub fn file_length(&self, digest: Digest) -> Result<Option<u64>, StoreError> {
        let flat = self.index().flat(digest);
        if let Some((_, flat)) = flat.filter(|(_, flat)| flat.whole) {
            return Ok(Some(flat.length));
        }
        let Some(root) = self.get(digest)? else { return Ok(None) };
        let part = part_of_root(&root);
        Ok(self.chunks(digest, part)?.map(|_| part.length()))
    }

    /// The chunks of a file of known length that is held whole, in order; none if a block is missing or is not of the
    /// profile. Reads nodes, not chunks.
    ///
    /// # Errors
    /// `Disk`.
    pub fn chunks(&self, digest: Digest, part: Part) -> Result<Option<Vec<Chunk>>, StoreError> {
        let mut chunks = Vec::new();
        let whole = self.list(digest, part, 0, &mut chunks)?;
        Ok(whole.then_some(chunks))
    }

    fn list(&self, digest: Digest, part: Part, offset: u64, chunks: &mut Vec<Chunk>) -> Result<bool, StoreError> {
        if part.is_chunk() {
            let held = self.length(digest).map(u64::from) == Some(part.length());
            chunks.push((digest, offset, part.length() as u32));
            return Ok(held);
        }
        let Some(block) = self.get(digest)? else { return Ok(false) };
        let Ok(below) = links(part, &block) else { return Ok(false) };
        let mut at = offset;
        for (digest, part) in below {
            if !self.list(digest, part, at, chunks)? {
                return Ok(false);
            }
            at += part.length();
        }
        Ok(true)
    }

    /// A file of known length in memory, or none if a block of it is missing, damaged, or not of the profile.
    ///
    /// # Errors
    /// `Disk`.
    pub fn read(&self, digest: Digest, length: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(chunks) = self.chunks(digest, Part::whole(length))? else { return Ok(None) };
        self.touch(digest);
        let mut bytes = Vec::with_capacity(length as usize);
        for (digest, ..) in chunks {
            if !self.get_into(digest, &mut bytes)? {
                return Ok(None);
            }
        }
        Ok(Some(bytes))
    }

    /// Writes a file that is held whole into `target`, chunk by chunk, each checked; false if one is missing.
    ///
    /// # Errors
    /// `Target`, if it cannot be written; `Disk`.
    pub fn write_to(&self, digest: Digest, length: u64, path: &Path, target: &mut dyn Write) -> Result<bool, StoreError> {
        let Some(chunks) = self.chunks(digest, Part::whole(length))? else { return Ok(false) };
        self.touch(digest);
        let mut buffer = Vec::new();
        for (digest, ..) in chunks {
            buffer.clear();
            if !self.get_into(digest, &mut buffer)? {
                return Ok(false);
            }
            target.write_all(&buffer).map_err(|source| StoreError::Target { path: path.into(), source })?;
        }
        Ok(true)
    }

    /// The bytes of a file that is held whole, each chunk checked first; none if one is missing. The file can fall
    /// meanwhile: what is mapped stays readable.
    ///
    /// # Errors
    /// `Disk`, `NoSpace`.
    pub fn map(self: &Arc<Self>, digest: Digest, length: u64) -> Result<Option<Bytes>, StoreError> {
        let part = Part::whole(length);
        if part.is_chunk() {
            return Ok(self.read(digest, length)?.map(Bytes::Few));
        }
        let Some(chunks) = self.chunks(digest, part)? else { return Ok(None) };
        let is_flat = self.index().flat(digest).is_some_and(|(_, flat)| flat.whole);
        if !is_flat && !self.flatten(digest, part, &chunks)? {
            return Ok(None);
        }
        self.touch(digest);
        let path = self.places.flat(digest, DATA);
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.drop_flat(digest).map(|()| None),
            file => file.map_err(|source| StoreError::disk(&path, source))?,
        };
        // SAFETY: a flat file that is whole is never written or cut again, only removed, which leaves the map as it is. Other programs
        // have no business in a node's folder.
        let map = unsafe { Mmap::map(&file) }.map_err(|source| StoreError::disk(&path, source))?;
        for (chunk, offset, bytes) in &chunks {
            let found = map.get(*offset as usize..*offset as usize + *bytes as usize).is_some_and(|found| block_digest(found) == *chunk);
            if !found {
                // Reading it drops it, and says so.
                self.get(*chunk)?;
                return Ok(None);
            }
        }
        Ok(Some(Bytes::Mapped(map)))
    }

    /// Puts together what lies in single blocks, and removes those.
    fn flatten(self: &Arc<Self>, digest: Digest, part: Part, chunks: &[Chunk]) -> Result<bool, StoreError> {
        let partial = self.begin(digest, part)?;
        for (chunk, offset, length) in chunks {
            if !partial.recover(*chunk, *offset, *length)? {
                return Ok(false);
            }
        }
        let digests: Vec<Digest> = chunks.iter().map(|(digest, ..)| *digest).collect();
        let (nodes, _) = nodes(part.length(), &digests);
        for (node, bytes) in &nodes {
            partial.keep_node(*node, bytes)?;
        }
        partial.finish()?;
        digests.into_iter().chain(nodes.into_iter().map(|(digest, _)| digest)).try_for_each(|digest| self.drop_single(digest))?;
        Ok(true)
    }

    /// Removes a file. Of an older store blocks that another file shares go too: they are fetched again when they are
    /// needed.
    ///
    /// # Errors
    /// `Disk`.
    pub fn forget(&self, digest: Digest) -> Result<(), StoreError> {
        let is_flat = self.index().flat(digest).is_some();
        if is_flat {
            return self.drop_flat(digest);
        }
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
        self.drop_single(digest)
    }
}

/// Inner nodes in the order of the tree: those below first.
type Nodes = Vec<(Digest, Vec<u8>)>;

/// All nodes above chunks, and the root's digest.
fn nodes(length: u64, chunks: &[Digest]) -> (Nodes, Digest) {
    let mut nodes = Vec::new();
    let keep = &mut |digest, node: &[u8]| {
        nodes.push((digest, node.to_vec()));
        Ok::<(), std::convert::Infallible>(())
    };
    let root = tree(length, chunks, keep).unwrap_or_else(|never| match never {});
    (nodes, root)
}

/// As many bytes as there are, up to a batch.
fn read_batch(source: &mut dyn Read) -> Result<Vec<u8>, StoreError> {
    let mut batch = Vec::new();
    let read = source.take(BATCH_CHUNKS as u64 * CHUNK_BYTES).read_to_end(&mut batch);
    read.map(|_| batch).map_err(|error: io::Error| StoreError::Source(error))
}

/// Does what writes a file, and syncs what is written so far beside it whenever it asks for that.
fn synced_meanwhile<T>(file: &File, path: &Path, write: impl FnOnce(&dyn Fn()) -> Result<T, StoreError>) -> Result<T, StoreError> {
    let (sender, asked) = mpsc::sync_channel::<()>(1);
    std::thread::scope(|scope| {
        let syncing = scope.spawn(move || asked.iter().try_for_each(|()| file.sync_data()));
        // Where one is under way and one is asked for, that one will do.
        let written = write(&|| _ = sender.try_send(()));
        drop(sender);
        // A failure is told to the first who syncs, and to nobody after him.
        let synced = syncing.join().unwrap_or_else(|_| file.sync_data());
        synced.map_err(|source| StoreError::disk(path, source)).and(written)
    })
}

/// The digest of each chunk, by several threads where there are several processors.
fn hashes(batch: &[u8]) -> Vec<Digest> {
    let chunks: Vec<&[u8]> = batch.chunks(CHUNK_BYTES as usize).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(HASHERS_MAX);
    let hash = |chunks: &[&[u8]]| chunks.iter().map(|chunk| block_digest(chunk)).collect::<Vec<_>>();
    let parts: Vec<&[&[u8]]> = chunks.chunks(chunks.len().div_ceil(threads)).collect();
    std::thread::scope(|scope| {
        let others: Vec<_> = parts[1..].iter().map(|part| scope.spawn(move || hash(part))).collect();
        let first = hash(parts[0]);
        let rest = others.into_iter().zip(&parts[1..]).flat_map(|(other, part)| other.join().unwrap_or_else(|_| hash(part)));
        first.into_iter().chain(rest).collect()
    })
}
