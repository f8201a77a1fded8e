//! What falls when room is needed, and what stays: nothing that is pinned, nothing that is being fetched.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use protocol::Digest;

use super::blocks::BlockStore;
use super::disk;
use super::error::StoreError;
use super::index::{Candidate, Place};
use crate::files::{Part, links, part_of_root};

/// When the disk itself is full, so much is made free at once, bytes.
const STEP_BYTES: u64 = 64 << 20;

impl BlockStore {
    /// Counts bytes before they are written, so that writers side by side stay below the limit together; lets
    /// fall what may fall, if it must.
    ///
    /// # Errors
    /// `Full`: then nothing fell.
    pub(super) fn reserve(&self, bytes: u64) -> Result<(), StoreError> {
        if self.try_reserve(bytes).is_ok() {
            return Ok(());
        }
        let over = self.index().held_bytes().saturating_add(bytes).saturating_sub(self.limit_bytes);
        self.make_room(over, over)?;
        self.try_reserve(bytes)
    }

    fn try_reserve(&self, needed_bytes: u64) -> Result<(), StoreError> {
        let mut index = self.index();
        let (held_bytes, limit_bytes) = (index.held_bytes(), self.limit_bytes);
        if held_bytes.saturating_add(needed_bytes) > limit_bytes {
            return Err(StoreError::Full { held_bytes, limit_bytes, needed_bytes });
        }
        index.reserve(needed_bytes);
        Ok(())
    }

    /// Does something on disk; where the disk is full, once more with room made.
    pub(super) fn with_room<T>(&self, bytes: u64, path: &Path, work: impl Fn() -> io::Result<T>) -> Result<T, StoreError> {
        let done = match work() {
            Err(error) if disk::is_full(&error) && self.make_room(1, bytes.max(STEP_BYTES)).is_ok_and(|freed| freed > 0) => work(),
            done => done,
        };
        done.map_err(|source| StoreError::disk(path, source))
    }

    /// Lets the longest unused fall until `wanted` bytes are free, or nothing at all if not even the `least` can be; tells how many are.
    fn make_room(&self, least: u64, wanted: u64) -> Result<u64, StoreError> {
        let candidates = self.falling()?;
        let possible: u64 = candidates.iter().map(|candidate| candidate.bytes).sum();
        let mut freed = 0;
        for candidate in candidates {
            if freed >= wanted || possible < least {
                break;
            }
            freed += self.fall(candidate)?;
        }
        Ok(freed)
    }

    /// Removes everything that is neither pinned nor being fetched; tells how many bytes that were.
    ///
    /// # Errors
    /// `Disk`.
    pub fn collect(&self) -> Result<u64, StoreError> {
        self.falling()?.into_iter().try_fold(0, |freed, candidate| Ok(freed + self.fall(candidate)?))
    }

    fn fall(&self, candidate: Candidate) -> Result<u64, StoreError> {
        // Pinned or asked for since it was listed: then it stays.
        if self.pins().holds(candidate.digest) || self.running().contains_key(&candidate.digest) {
            return Ok(0);
        }
        tracing::debug!(file = %candidate.digest, bytes = candidate.bytes, "makes room");
        match candidate.file {
            Some(_) => self.drop_flat(candidate.digest)?,
            None => self.drop_single(candidate.digest)?,
        }
        Ok(candidate.bytes)
    }

    /// What may fall, the longest unused first.
    fn falling(&self) -> Result<Vec<Candidate>, StoreError> {
        let stays = self.staying()?;
        let mut candidates = self.index().candidates();
        candidates.retain(|candidate| !stays.contains(&candidate.digest));
        Ok(candidates)
    }

    /// All pinned or fetched files, and of those that lie in single blocks every block.
    fn staying(&self) -> Result<BTreeSet<Digest>, StoreError> {
        let roots: Vec<Digest> = self.pins().by_file().into_keys().chain(self.running().keys().copied()).collect();
        let mut stays = BTreeSet::new();
        for root in roots {
            stays.insert(root);
            let is_single = self.spot(root).is_some_and(|spot| spot.place == Place::Single);
            if is_single && let Some(block) = self.get(root)? {
                self.stay_below(root, part_of_root(&block), &mut stays)?;
            }
        }
        Ok(stays)
    }

    /// Blocks below one that is held, as far as they are.
    fn stay_below(&self, digest: Digest, part: Part, stays: &mut BTreeSet<Digest>) -> Result<(), StoreError> {
        stays.insert(digest);
        let block = if part.is_chunk() { None } else { self.get(digest)? };
        for (child, part) in block.and_then(|block| links(part, &block).ok()).unwrap_or_default() {
            self.stay_below(child, part, stays)?;
        }
        Ok(())
    }

    /// Gives a file one more reason to stay, whether it is here or still to come; synced when this returns.
    ///
    /// # Errors
    /// `Pins`.
    pub fn pin(&self, digest: Digest, reason: &str) -> Result<(), StoreError> {
        let mut pins = self.pins();
        if pins.add(digest, reason)? {
            pins.save(&self.pins_path())?;
        }
        Ok(())
    }

    /// Takes a reason away; whether it was there.
    ///
    /// # Errors
    /// `Pins`.
    pub fn unpin(&self, digest: Digest, reason: &str) -> Result<bool, StoreError> {
        let mut pins = self.pins();
        let was_there = pins.remove(digest, reason);
        if was_there {
            pins.save(&self.pins_path())?;
        }
        Ok(was_there)
    }

    /// Makes these and no others the files that stay for that reason.
    ///
    /// # Errors
    /// `Pins`.
    pub fn pin_only(&self, reason: &str, digests: &BTreeSet<Digest>) -> Result<(), StoreError> {
        let mut pins = self.pins();
        if pins.replace(reason, digests)? {
            pins.save(&self.pins_path())?;
        }
        Ok(())
    }
}
