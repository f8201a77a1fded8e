//! What the parts of a devnet tell beside the chain's events, and what they have seen.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use protocol::{DeltaNumber, RoundNumber};
use tokio::sync::mpsc;

use crate::heldout::HeldOut;

/// Lines that wait for the screen; where nobody looks further ones are dropped.
const NEWS_LIMIT: usize = 64;

/// One line: what it is about, and what happened.
pub type News = (String, String);

/// Where the parts tell; clones tell to the same screen.
#[derive(Clone)]
pub struct Teller {
    lines: mpsc::Sender<News>,
    seen: Arc<Mutex<Seen>>,
}

/// What was measured on the way.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The winner of each round on examples that are in no set.
    pub heldout: BTreeMap<RoundNumber, HeldOut>,
    /// The running checkpoint on the rows that a delta added, and on the set before it, micronats.
    pub fresh: BTreeMap<DeltaNumber, (u32, u32)>,
}

impl Teller {
    /// And the end at which lines arrive.
    pub fn new() -> (Self, mpsc::Receiver<News>) {
        let (lines, receiver) = mpsc::channel(NEWS_LIMIT);
        (Self { lines, seen: Arc::default() }, receiver)
    }

    pub fn tell(&self, about: impl Into<String>, text: impl Into<String>) {
        // A full channel means that nobody looks.
        let _ = self.lines.try_send((about.into(), text.into()));
    }

    /// Notes something measured.
    pub fn note(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What was measured so far.
    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
