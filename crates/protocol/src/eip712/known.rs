//! Signers that were recovered lately, so that a signature costs its arithmetic once a thread: a log is read again after a restart
//! and a reorganisation, several machines of a node ask for the same verdict, and a simulator has many nodes in one process.

use std::{cell::RefCell, collections::BTreeMap, mem};

use super::{Signature, SignatureError};
use crate::ids::{Address, Digest};

/// Signers that are remembered are this many, or twice as many: 0.7 MB.
const GENERATION: usize = 2048;

type Signer = Result<Address, SignatureError>;

/// Two generations: what is asked for stays, what was not for a whole generation is forgotten with it.
#[derive(Default)]
struct Known {
    young: BTreeMap<(Digest, Signature), Signer>,
    old: BTreeMap<(Digest, Signature), Signer>,
}

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

/// What `recover` gives for these two, which must be the same each time.
pub(super) fn signer(digest: Digest, signature: &Signature, recover: impl FnOnce() -> Signer) -> Signer {
    let key = (digest, *signature);
    KNOWN.with_borrow_mut(|known| known.find(&key).unwrap_or_else(|| known.keep(key, recover())))
}

impl Known {
    fn find(&mut self, key: &(Digest, Signature)) -> Option<Signer> {
        if let Some(found) = self.young.get(key) {
            return Some(*found);
        }
        let found = *self.old.get(key)?;
        Some(self.keep(*key, found))
    }

    fn keep(&mut self, key: (Digest, Signature), found: Signer) -> Signer {
        if self.young.len() >= GENERATION {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, found);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signer_is_recovered_once_while_it_is_asked_for_and_memory_is_bounded() {
        let key = |index: usize| {
            let mut r = [0; 32];
            r[..8].copy_from_slice(&index.to_be_bytes());
            (Digest::ZERO, Signature { r, vs: [0; 32] })
        };
        let (mut known, mut recovered) = (Known::default(), 0);
        let mut ask = |known: &mut Known, index| {
            let found = known.find(&key(index));
            recovered += usize::from(found.is_none());
            found.unwrap_or_else(|| known.keep(key(index), Err(SignatureError::HighS)))
        };
        for index in 0..10 * GENERATION {
            assert_eq!((ask(&mut known, index), ask(&mut known, 0)), (Err(SignatureError::HighS), Err(SignatureError::HighS)));
            assert!(known.young.len() + known.old.len() <= 2 * GENERATION);
        }
        assert_eq!(recovered, 10 * GENERATION, "each once, and the first one never again");
    }
}
