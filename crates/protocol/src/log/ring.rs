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
#[derive(Debug, Clone)]
pub(crate) struct Ring {
    most: u64,
    most_of_author: u64,
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

impl Default for Ring {
    fn default() -> Self {
        Self::of(RING_BYTES, RING_AUTHOR_BYTES)
    }
}

impl Ring {
    /// With that many bytes for all, and for each author.
    fn of(most: u64, most_of_author: u64) -> Self {
        Self { most, most_of_author, all: Part::default(), authors: BTreeMap::new() }
    }

    /// Whether a message of that author would be kept.
    pub fn has_room(&self, author: u32, bead: &Bead) -> bool {
        let own = self.authors.get(&author);
        self.all.has_room(bead, self.most) && own.is_none_or(|own| own.has_room(bead, self.most_of_author))
    }

    /// Takes a message that [`Ring::has_room`]; then [`Ring::surplus`] goes.
    pub fn insert(&mut self, author: u32, bead: Bead, bytes: u32) {
        self.all.insert(bead, bytes);
        self.authors.entry(author).or_default().insert(bead, bytes);
    }

    /// Lets a message go, if it is there.
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
        let own = self.authors.get(&author).and_then(|own| own.surplus(self.most_of_author));
        own.or_else(|| self.all.surplus(self.most)).map(|bead| bead.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOST: u64 = 100;
    const SHARE: u64 = 30;

    type Message = (u32, Bead, u32);

    fn put(ring: &mut Ring, held: &mut BTreeMap<u32, Message>, message: Message) {
        let (author, bead, bytes) = message;
        if held.contains_key(&bead.message) || !ring.has_room(author, &bead) {
            return;
        }
        ring.insert(author, bead, bytes);
        held.insert(bead.message, message);
        while let Some(oldest) = ring.surplus(author) {
            let (author, bead, _) = held.remove(&oldest).expect("it is there");
            ring.remove(author, &bead);
        }
    }

    fn kept(orders: &[&[Message]]) -> Vec<u32> {
        let (mut ring, mut held) = (Ring::of(MOST, SHARE), BTreeMap::new());
        orders.iter().flat_map(|order| order.iter()).for_each(|message| put(&mut ring, &mut held, *message));
        assert!(ring.all.bytes < MOST + 40 && ring.authors.values().all(|own| own.bytes < SHARE + 40));
        held.into_keys().collect()
    }

    proptest! {
        #[test]
        fn whatever_comes_in_whatever_order_and_again_the_same_is_kept(
            messages in prop::collection::vec((0..6_u32, 0..9_u64, 1..40_u32), 1..40),
            order in any::<u64>(),
        ) {
            let messages: Vec<Message> = messages.iter().enumerate().map(|(at, (author, seq, bytes))| {
                (*author, Bead { seq: *seq, id: Digest([at as u8; 32]), message: at as u32 }, *bytes)
            }).collect();
            let mut other = messages.clone();
            other.sort_by_key(|(_, bead, _)| u64::from(bead.message).wrapping_mul(order | 1).wrapping_add(order));
            prop_assert_eq!(kept(&[&messages[..]; 6]), kept(&[&other[..]; 6]));
        }
    }
}
