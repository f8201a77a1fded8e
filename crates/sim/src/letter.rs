//! Messages on their way: read and checked once a process, however many logs they come to.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::{
    Digest,
    log::{Body, Envelope},
};
use sha2::{Digest as _, Sha256};

/// Letters whose check is remembered.
const LETTERS_KEPT: usize = 8_192;

/// A message on its way, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub envelope: Envelope,
    /// None if it says nothing that this version understands.
    pub body: Option<Body>,
}

impl Letter {
    fn new(envelope: Envelope) -> Self {
        let body = Body::from_bytes(envelope.kind(), envelope.body()).ok();
        Self { envelope, body }
    }
}

/// Letters that were checked in this process.
#[derive(Debug, Clone, Default)]
pub struct Letters {
    checked: BTreeMap<Digest, Option<Arc<Letter>>>,
    order: std::collections::VecDeque<Digest>,
}

impl Letters {
    /// Reads bytes that came from somewhere; none if they are no signed envelope.
    pub fn read(&mut self, bytes: &[u8]) -> Option<Arc<Letter>> {
        let id = Digest(Sha256::digest(bytes).into());
        if let Some(checked) = self.checked.get(&id) {
            return checked.clone();
        }
        let letter = Envelope::from_bytes(bytes).ok().map(Letter::new).map(Arc::new);
        self.keep(id, letter.clone());
        letter
    }

    /// A letter that is in some log, and was checked when it came there.
    pub fn of(&mut self, envelope: &Envelope) -> Arc<Letter> {
        if let Some(Some(letter)) = self.checked.get(&envelope.id()) {
            return letter.clone();
        }
        let letter = Arc::new(Letter::new(envelope.clone()));
        self.keep(envelope.id(), Some(letter.clone()));
        letter
    }

    fn keep(&mut self, id: Digest, letter: Option<Arc<Letter>>) {
        self.checked.insert(id, letter);
        self.order.push_back(id);
        if self.order.len() > LETTERS_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.checked.remove(&oldest);
        }
    }
}
