//! What there is in a store, for people.

use protocol::Digest;

use super::blocks::BlockStore;
use super::index::Place;

/// A file or a block, and why it stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub digest: Digest,
    /// Bytes that it counts for: those of a file that is still to come, too; 0 if only its pin is here.
    pub bytes: u64,
    /// Whether all of it is here, as far as that is known without reading.
    pub whole: bool,
    /// Why it stays; of what may fall there is none.
    pub reasons: Vec<String>,
    /// Second of its last use, since 1970.
    pub used_s: u64,
}

/// Sums and files of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Bytes of all of them, and of those that are promised room.
    pub held_bytes: u64,
    /// What they may be together.
    pub limit_bytes: u64,
    /// Those that have a reason to stay first, then the longest unused.
    pub files: Vec<Held>,
}

/// How much a store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// Blocks, each as often as it is held.
    pub blocks: u64,
    /// As in [`Status`].
    pub held_bytes: u64,
    /// As in [`Status`].
    pub limit_bytes: u64,
}

impl BlockStore {
    /// Answered from memory, at once.
    pub fn sums(&self) -> Sums {
        let index = self.index();
        Sums { blocks: index.blocks() as u64, held_bytes: index.held_bytes(), limit_bytes: self.limit_bytes }
    }

    /// Answered from memory.
    pub fn status(&self) -> Status {
        let mut pins = self.pins().by_file();
        let index = self.index();
        let mut files = Vec::new();
        for candidate in index.candidates() {
            let whole = index.flat(candidate.digest).is_none_or(|(_, flat)| flat.whole);
            let reasons = pins.remove(&candidate.digest).unwrap_or_default();
            files.push(Held { digest: candidate.digest, bytes: candidate.bytes, whole, reasons, used_s: candidate.used_s });
        }
        files.extend(pins.into_iter().map(|(digest, reasons)| {
            let whole = index.spot(digest).is_some_and(|spot| spot.place == Place::Single);
            Held { digest, bytes: 0, whole, reasons, used_s: 0 }
        }));
        files.sort_by_key(|held| (held.reasons.is_empty(), held.used_s));
        Status { held_bytes: index.held_bytes(), limit_bytes: self.limit_bytes, files }
    }
}
