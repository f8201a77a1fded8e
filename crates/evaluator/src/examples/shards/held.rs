//! The shards that are here: bytes in memory or in a mapped file, checked once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sha2::{Digest, Sha256};

use super::Shard;

/// The bytes of a shard, from wherever: a vector, or a mapped file.
pub type ShardBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Digest and number of tokens: what two lines that name the same bytes have in common.
type Key = ([u8; 32], u32);

/// Why bytes are not taken as a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShardError {
    /// A place beyond the list; holds it.
    #[error("the training set has no shard {0}: take places from its own list")]
    NoSuchShard(usize),
    /// Other tokens than the line promises.
    #[error("the shard has {found} bytes, its line promises {expected}: fetch it again, or vote for a set without it")]
    Length {
        /// Bytes given.
        found: usize,
        /// Bytes of its tokens.
        expected: usize,
    },
    /// Other bytes than the line promises.
    #[error("the shard has another SHA-256 than its line: fetch it again, or vote for a set without it")]
    Digest,
}

/// Bytes by what names them; clones share them.
#[derive(Clone, Default)]
pub(super) struct Held(Arc<RwLock<HashMap<Key, ShardBytes>>>);

impl fmt::Debug for Held {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} shards held", self.read().len())
    }
}

fn key(shard: &Shard) -> Key {
    (shard.sha256, shard.tokens)
}

impl Held {
    /// Keeps bytes that are what the line says.
    pub(super) fn put(&self, shard: &Shard, expected: usize, bytes: ShardBytes) -> Result<(), ShardError> {
        let plain = (*bytes).as_ref();
        if plain.len() != expected {
            return Err(ShardError::Length { found: plain.len(), expected });
        }
        if Sha256::digest(plain).as_slice() != shard.sha256 {
            return Err(ShardError::Digest);
        }
        self.write().insert(key(shard), bytes);
        Ok(())
    }

    /// What others hold of a list.
    pub(super) fn take_over(&self, list: &[Shard], other: &Self) {
        if Arc::ptr_eq(&self.0, &other.0) {
            return;
        }
        let theirs: Vec<(Key, ShardBytes)> = {
            let other = other.read();
            list.iter().filter_map(|shard| Some((key(shard), other.get(&key(shard))?.clone()))).collect()
        };
        self.write().extend(theirs);
    }

    pub(super) fn get(&self, shard: &Shard) -> Option<ShardBytes> {
        self.read().get(&key(shard)).cloned()
    }

    pub(super) fn has(&self, shard: &Shard) -> bool {
        self.read().contains_key(&key(shard))
    }

    pub(super) fn remove(&self, shard: &Shard) {
        self.write().remove(&key(shard));
    }

    /// A poisoned map is used on: an entry is there whole or not at all.
    fn read(&self) -> RwLockReadGuard<'_, HashMap<Key, ShardBytes>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Key, ShardBytes>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
