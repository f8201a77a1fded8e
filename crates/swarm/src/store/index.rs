//! What is held, without reading it: where each block lies, which files are whole, when each was used last.
//!
//! A block can lie in several places, for files that share chunks are each one piece on disk. All of it is
//! made from names, lengths and trees when the store is opened.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Digest;

/// A flat file, as long as the store is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// Where a block's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A file of its own.
    Single,
    /// In the tree of a flat file, from this byte on.
    Tree(FileId, u64),
    /// In the bytes of a flat file, from this byte on.
    Data(FileId, u64),
}

impl Place {
    /// The flat file that it is in, if it is in one.
    fn file(self) -> Option<FileId> {
        match self {
            Place::Single => None,
            Place::Tree(file, _) | Place::Data(file, _) => Some(file),
        }
    }
}

/// A block's place and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Where it begins.
    pub place: Place,
    /// How many bytes it has.
    pub length: u32,
}

/// A file that lies on disk in one piece, with its tree beside it.
#[derive(Debug, Clone, Copy)]
pub struct Flat {
    /// Its name.
    pub digest: Digest,
    /// Bytes of the file.
    pub length: u64,
    /// Bytes that count against the limit: those of the file, here or still to come, and of its tree.
    pub counted_bytes: u64,
    /// Bytes of its tree, without the mark at the end.
    pub tree_end: u64,
    /// Whether every block was written, checked and synced.
    pub whole: bool,
    /// Second of the last use on this machine, since 1970.
    pub used_s: u64,
}

/// What could fall when room is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Second of the last use: the oldest falls first.
    pub used_s: u64,
    /// Root of the flat file, or the single block.
    pub digest: Digest,
    /// Bytes that its end gives back.
    pub bytes: u64,
    /// Its number, if it is a flat file.
    pub file: Option<FileId>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Index {
    spots: BTreeSet<(Digest, Spot)>,
    flats: BTreeMap<FileId, Flat>,
    names: BTreeMap<Digest, FileId>,
    /// Second of the last use of each single block.
    singles: BTreeMap<Digest, u64>,
    held_bytes: u64,
    last_number: u32,
}

const FIRST: Spot = Spot { place: Place::Single, length: 0 };

impl Index {
    /// Bytes of all blocks and of those that are promised room.
    pub fn held_bytes(&self) -> u64 {
        self.held_bytes
    }

    /// Places of blocks: one that lies in two files has two.
    pub fn blocks(&self) -> usize {
        self.spots.len()
    }

    /// Counts bytes before they are written.
    pub fn reserve(&mut self, bytes: u64) {
        self.held_bytes = self.held_bytes.saturating_add(bytes);
    }

    /// Gives back bytes that were counted and are not held.
    pub fn release(&mut self, bytes: u64) {
        self.held_bytes = self.held_bytes.saturating_sub(bytes);
    }

    /// One place of a block.
    pub fn spot(&self, digest: Digest) -> Option<Spot> {
        let (found, spot) = self.spots.range((digest, FIRST)..).next()?;
        (*found == digest).then_some(*spot)
    }

    /// Whether a block lies just there.
    pub fn is_at(&self, digest: Digest, spot: Spot) -> bool {
        self.spots.contains(&(digest, spot))
    }

    /// Notes a block of a flat file, whose bytes were counted with the file.
    pub fn enter(&mut self, digest: Digest, spot: Spot) {
        self.spots.insert((digest, spot));
    }

    /// Notes a single block whose bytes were counted; false if it was there already.
    pub fn enter_single(&mut self, digest: Digest, length: u32, used_s: u64) -> bool {
        self.singles.insert(digest, used_s);
        self.spots.insert((digest, Spot { place: Place::Single, length }))
    }

    /// Forgets one place of a block; of a flat file, that it is whole.
    pub fn drop_spot(&mut self, digest: Digest, spot: Spot) {
        if !self.spots.remove(&(digest, spot)) {
            return;
        }
        match spot.place.file() {
            None => {
                self.singles.remove(&digest);
                self.release(u64::from(spot.length));
            }
            Some(file) => _ = self.flats.get_mut(&file).map(|flat| flat.whole = false),
        }
    }

    /// Notes a flat file, whose bytes were counted.
    pub fn add_flat(&mut self, flat: Flat) -> FileId {
        self.last_number += 1;
        let id = FileId(self.last_number);
        self.names.insert(flat.digest, id);
        self.flats.insert(id, flat);
        id
    }

    /// The flat file of that name, whole or not.
    pub fn flat(&self, digest: Digest) -> Option<(FileId, Flat)> {
        let id = *self.names.get(&digest)?;
        Some((id, *self.flats.get(&id)?))
    }

    /// The flat file with that number.
    pub fn flat_of(&self, id: FileId) -> Option<Flat> {
        self.flats.get(&id).copied()
    }

    /// Changes what is noted of a file.
    pub fn change_flat(&mut self, id: FileId, change: impl FnOnce(&mut Flat)) {
        _ = self.flats.get_mut(&id).map(change);
    }

    /// Forgets a flat file and its blocks.
    pub fn drop_flat(&mut self, id: FileId) -> Option<Flat> {
        let flat = self.flats.remove(&id)?;
        self.names.remove(&flat.digest);
        self.spots.retain(|(_, spot)| spot.place.file() != Some(id));
        self.release(flat.counted_bytes);
        Some(flat)
    }

    /// Notes a use; the second before it, if it is held.
    pub fn touch(&mut self, digest: Digest, now_s: u64) -> Option<u64> {
        let flat = self.names.get(&digest).and_then(|id| self.flats.get_mut(id)).map(|flat| &mut flat.used_s);
        let used_s = flat.or_else(|| self.singles.get_mut(&digest))?;
        Some(std::mem::replace(used_s, now_s.max(*used_s)))
    }

    /// Everything that could fall, the longest unused first.
    pub fn candidates(&self) -> Vec<Candidate> {
        let flats = self.flats.iter().map(|(id, flat)| {
            let Flat { digest, counted_bytes: bytes, used_s, .. } = *flat;
            Candidate { used_s, digest, bytes, file: Some(*id) }
        });
        let singles = self.singles.iter().filter_map(|(digest, used_s)| {
            let length = self.spot(*digest)?.length;
            Some(Candidate { used_s: *used_s, digest: *digest, bytes: u64::from(length), file: None })
        });
        let mut all: Vec<Candidate> = flats.chain(singles).filter(|candidate| candidate.bytes > 0).collect();
        all.sort_unstable();
        all
    }
}
