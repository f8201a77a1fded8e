//! What strangers share: a bounded number of bytes in which the oldest message falls, and of which nobody has more than a part.
//!
//! A message is kept as long as those newer than it have less than all bytes, those of its author less than a part: so which ones are
//! kept depends on which ones there are, and not on the order in which they came.

use std::collections::BTreeMap;

use crate::ids::Digest;

/// Bytes of all messages in the ring; one message more may lie over the edge.
pub const RING_BYTES: u64 = 32 * 1024 * 1024;
/// Bytes of one author in it; one message more may.
pub const RING_AUTHOR_BYTES: u64 = RING_BYTES / 16;

/// A message of the ring in its order: the oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bead {
    pub seq: u64,
    pub id: Digest,
    /// Its number in the log.
    pub message: u32,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ring {
    all: Part,
    authors: BTreeMap<u32, Part>,
}

/// Messages and their bytes.
#[derive(Debug, Clone, Default)]
struct Part {
    beads: BTreeMap<Bead, u32>,
    bytes: u64,
}

impl Part {
    fn insert(&mut self, bead: Bead, bytes: u32) {
        self.beads.insert(bead, bytes);
        self.bytes += u64::from(bytes);
    }

    fn remove(&mut self, bead: &Bead) {
        self.bytes -= u64::from(self.beads.remove(bead).unwrap_or_default());
    }

    fn has_room(&self, bead: &Bead, most: u64) -> bool {
        self.bytes < most || self.beads.first_key_value().is_none_or(|(oldest, _)| oldest < bead)
    }

    /// The oldest, if those newer than it fill the part.
    fn surplus(&self, most: u64) -> Option<Bead> {
        let (oldest, bytes) = self.beads.first_key_value()?;
        (self.bytes - u64::from(*bytes) >= most).then_some(*oldest)
    }
}

impl Ring {
    /// Whether a message of that author would be kept.
    pub fn has_room(&self, author: u32, bead: &Bead) -> bool {
        let own = self.authors.get(&author);
        self.all.has_room(bead, RING_BYTES) && own.is_none_or(|own| own.has_room(bead, RING_AUTHOR_BYTES))
    }

    pub fn insert(&mut self, author: u32, bead: Bead, bytes: u32) {
        self.all.insert(bead, bytes);
        self.authors.entry(author).or_default().insert(bead, bytes);
    }

    pub fn remove(&mut self, author: u32, bead: &Bead) {
        self.all.remove(bead);
        if let Some(own) = self.authors.get_mut(&author) {
            own.remove(bead);
            if own.beads.is_empty() {
                self.authors.remove(&author);
            }
        }
    }

    /// A message that has no place any more, after one of that author came.
    pub fn surplus(&self, author: u32) -> Option<u32> {
        let own = self.authors.get(&author).and_then(|own| own.surplus(RING_AUTHOR_BYTES));
        own.or_else(|| self.all.surplus(RING_BYTES)).map(|bead| bead.message)
    }
}
