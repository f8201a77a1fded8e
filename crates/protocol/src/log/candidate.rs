//! A message that looks for its place in a log.

use super::envelope::Kind;
use super::ring::Bead;
use super::rooms::{Room, is_signed_inside};
use crate::ids::{Address, Digest};

/// Where a message belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// What it is about is over.
    Nowhere,
    /// In a room, of the account with that number.
    Room(Room, u32),
    Ring,
}

/// What decides where a message belongs, and which of two is kept. Names that nobody has used yet have the number of nobody.
pub(super) struct Candidate {
    pub id: Digest,
    /// Its number, if it is here.
    pub message: u32,
    pub kind: Kind,
    pub seq: u64,
    pub author: u32,
    pub topic: u32,
    pub account: Option<(Address, u32)>,
    /// Scope, rank and what.
    pub matter: Option<(u64, u64, [u8; 16])>,
}

impl Candidate {
    /// Its place among strangers.
    pub fn bead(&self) -> Bead {
        Bead { seq: self.seq, id: self.id, message: self.message }
    }

    /// Whether of two that say the same this one is kept.
    pub fn outlives(&self, seq: u64, id: Digest) -> bool {
        let is_older = (self.seq, self.id) < (seq, id);
        is_older == is_signed_inside(self.kind)
    }
}
