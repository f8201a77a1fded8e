//! What a folder holds when a store is opened: names, lengths and trees are read, no chunk is.

use std::fs;
use std::io;
use std::path::Path;

use protocol::Digest;

use super::blocks::BlockStore;
use super::disk::{self, DATA, FLAT, Places, TREE, UNFINISHED};
use super::error::StoreError;
use super::index::{Flat, Index, Place, Spot};
use super::pins::Pins;
use super::tree::Tree;
use crate::cids::block_digest;
use crate::files::{FILE_BYTES_MAX, Part};

/// The longest tree that is read: that of a file of 256 GiB.
const TREE_BYTES_MAX: u64 = 64 << 20;

impl BlockStore {
    /// Opens or makes the store in `folder` and lists what it holds. What a crash left unfinished is removed.
    ///
    /// # Errors
    /// `Disk`, `NoSpace`, with what the system says; `Pins`.
    pub fn open(folder: &Path, limit_bytes: u64) -> Result<Self, StoreError> {
        let index = list(&Places(folder.into())).map_err(|source| StoreError::disk(folder, source))?;
        let pins = Pins::open(&folder.join("pins"))?;
        let store = Self::new(folder, limit_bytes, index, pins);
        // Everybody knows the empty block; Kubo does not even send it.
        store.put(block_digest(&[]), &[])?;
        Ok(store)
    }
}

fn list(places: &Places) -> io::Result<Index> {
    let unfinished = places.0.join(UNFINISHED);
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir_all(&unfinished)?;
    fs::create_dir_all(places.flats())?;
    let mut index = Index::default();
    for first_byte in 0..=u8::MAX {
        let shelf = places.0.join(hex::encode([first_byte]));
        fs::create_dir_all(&shelf)?;
        for entry in fs::read_dir(shelf)? {
            note_single(&mut index, &entry?)?;
        }
    }
    for entry in fs::read_dir(places.0.join(FLAT))? {
        note_flat(places, &mut index, &entry?)?;
    }
    Ok(index)
}

/// Counts a file of a shelf, if it is named like a block.
fn note_single(index: &mut Index, entry: &fs::DirEntry) -> io::Result<()> {
    let Some(digest) = disk::digest_in(&entry.file_name().to_string_lossy()) else { return Ok(()) };
    let meta = entry.metadata()?;
    if let Ok(length) = u32::try_from(meta.len()) {
        index.reserve(meta.len());
        index.enter_single(digest, length, disk::used_s(&meta));
    }
    Ok(())
}

/// Takes up a flat file by its tree; what has none, or one that cannot be read, is removed.
fn note_flat(places: &Places, index: &mut Index, entry: &fs::DirEntry) -> io::Result<()> {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    let Some((digest, kind)) = name.split_once('.').and_then(|(digest, kind)| Some((disk::digest_in(digest)?, kind))) else {
        return Ok(());
    };
    let (data, path) = (places.flat(digest, DATA), places.flat(digest, TREE));
    match kind {
        DATA if !path.exists() => disk::remove(&data),
        TREE => match read_tree(&path)? {
            Some(tree) => enter(index, digest, &tree, &data),
            None => disk::remove(&path).and_then(|()| disk::remove(&data)),
        },
        _ => Ok(()),
    }
}

fn read_tree(path: &Path) -> io::Result<Option<Tree>> {
    if fs::metadata(path)?.len() > TREE_BYTES_MAX {
        return Ok(None);
    }
    Ok(Tree::read(&fs::read(path)?).filter(|tree| tree.length <= FILE_BYTES_MAX && !Part::whole(tree.length).is_chunk()))
}

/// Of a file that is not whole only its nodes are known: which chunks came is looked at when it is fetched on.
fn enter(index: &mut Index, digest: Digest, tree: &Tree, data: &Path) -> io::Result<()> {
    let meta = match fs::metadata(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        meta => meta?,
    };
    let (chunks, complete) = tree.chunks(digest);
    let (length, part) = (tree.length, Part::whole(tree.length));
    let whole = tree.ended && complete && meta.len() == length;
    let counted_bytes = length + part.nodes_bytes();
    index.reserve(counted_bytes);
    let id = index.add_flat(Flat { digest, length, counted_bytes, tree_end: tree.end, whole, used_s: disk::used_s(&meta) });
    for (node, (offset, bytes)) in &tree.nodes {
        index.enter(*node, Spot { place: Place::Tree(id, *offset), length: bytes.len() as u32 });
    }
    for (chunk, offset, length) in chunks.into_iter().filter(|_| whole) {
        index.enter(chunk, Spot { place: Place::Data(id, offset), length });
    }
    Ok(())
}
