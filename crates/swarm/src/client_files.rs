//! Files through a client: added, fetched, read, pinned, all in bounded memory.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use protocol::Digest;

use crate::client::Client;
use crate::error::{FetchError, SwarmError};
use crate::fetch::{Ended, Length, Order, blocking};
use crate::outside::Holding;
use crate::store::status::{Status, Sums};
use crate::store::whole::Bytes;
use crate::store::{BlockStore, StoreError};
use crate::swarm::Command;

impl Client {
    /// Stores a file and serves it from now on. The digest is that of the root block of the protocol's one
    /// encoding, as [`crate::digest_of`] computes it: equal bytes have equal digests everywhere.
    ///
    /// # Errors
    /// `Store`, if the disk refuses, or [`crate::Config::store_bytes_max`] would be passed and nothing may fall; `Closed`, if
    /// the runtime ends.
    pub async fn add(&self, bytes: Vec<u8>) -> Result<Digest, SwarmError> {
        self.add_from(std::io::Cursor::new(bytes)).await
    }

    /// The same for a file on this machine, of any length: it is read once, and never held in memory.
    ///
    /// # Errors
    /// As [`Client::add`]; `Store` with `Source`, if the file cannot be read.
    pub async fn add_file(&self, path: &Path) -> Result<Digest, SwarmError> {
        let path = PathBuf::from(path);
        let file = self.with_store::<_, SwarmError>(move |_| File::open(path).map_err(StoreError::Source)).await?;
        self.add_from(file).await
    }

    /// The same for whatever a reader gives, until it ends. When this returns, all of it is synced to disk.
    ///
    /// # Errors
    /// As [`Client::add_file`].
    pub async fn add_from(&self, mut source: impl Read + Send + 'static) -> Result<Digest, SwarmError> {
        let digest = self.with_store::<_, SwarmError>(move |store| store.add(&mut source)).await?;
        if let Some(length) = self.length_of(digest).await? {
            self.whole(digest, length);
        }
        Ok(digest)
    }

    /// Whether a whole file is here, down to its last block. Reads inner blocks, not chunks: of a large file
    /// that is little, but it is disk.
    ///
    /// # Errors
    /// `Store`, if the disk refuses.
    pub async fn has(&self, digest: Digest) -> Result<bool, SwarmError> {
        self.length_of(digest).await.map(|length| length.is_some())
    }

    /// The length of a file that is here whole.
    ///
    /// # Errors
    /// `Store`, if the disk refuses.
    pub async fn length_of(&self, digest: Digest) -> Result<Option<u64>, SwarmError> {
        self.with_store(move |store| store.file_length(digest)).await
    }

    /// Removes a file from this node, pinned or not: it is then fetched again when it is needed. Of what is not here
    /// nothing is removed.
    ///
    /// # Errors
    /// `Store`, if the disk refuses.
    pub async fn forget(&self, digest: Digest) -> Result<(), SwarmError> {
        self.fetcher.outside.tell(Holding::Gone { digest });
        self.with_store(move |store| store.forget(digest)).await
    }

    /// Brings a file here whole and tells its length; it is served from then on. Nothing of it is held in memory but
    /// the blocks that are waited for. When this returns, all of it is synced to disk.
    ///
    /// # Errors
    /// `TimedOut` when nothing came for the order's quiet time, or its end has come: what has come is kept for the
    /// next attempt; `NotThatFile` if the digest is that of something else; `TooLong`; `Busy` if too many blocks are
    /// waited for; `Store`, `Closed`.
    pub async fn bring(&self, order: &Order) -> Result<u64, FetchError> {
        let brought = self.fetcher.bring(order).await;
        match &brought {
            Ok(length) => self.whole(order.digest, *length),
            Err(FetchError::Store(error)) => self.tell_full(error).await,
            Err(_) => {}
        }
        brought
    }

    /// A file of exactly `length` bytes, from here or else from peers, which then is stored and served here
    /// too. For what has a known length, such as checkpoints. It is given up when nothing came for `time`.
    ///
    /// # Errors
    /// As [`Client::bring`]; `Gone`.
    pub async fn fetch(&self, digest: Digest, length: u64, time: Duration) -> Result<Vec<u8>, FetchError> {
        self.get(&Order::new(digest, Length::Exactly(length), time)).await.map(|bytes| bytes.to_vec())
    }

    /// The bytes of a file that is brought here first, as [`Client::map`] gives them. What falls between the two, as when room is
    /// needed, is brought once more.
    ///
    /// # Errors
    /// As [`Client::bring`]; `Gone`, if it falls again.
    pub async fn get(&self, order: &Order) -> Result<Bytes, FetchError> {
        let length = self.bring(order).await?;
        match self.map(order.digest, length).await {
            Err(FetchError::Gone { .. }) => {
                let length = self.bring(order).await?;
                self.map(order.digest, length).await
            }
            read => read,
        }
    }

    /// Like [`Client::fetch`], without reading the file into memory.
    ///
    /// # Errors
    /// As [`Client::bring`].
    pub async fn download(&self, digest: Digest, length: u64, time: Duration) -> Result<(), FetchError> {
        self.bring(&Order::new(digest, Length::Exactly(length), time)).await.map(|_| ())
    }

    /// A file of unknown length, at most `limit` bytes, such as a patch: the root block tells its length,
    /// and nothing else is loaded if that is above the limit. A root that is no node of the encoding stands
    /// for its own bytes (PROTOCOL 10).
    ///
    /// # Errors
    /// As [`Client::get`]; `TooLong` above `limit`.
    pub async fn fetch_up_to(&self, digest: Digest, limit: u64, time: Duration) -> Result<Vec<u8>, FetchError> {
        self.get(&Order::new(digest, Length::UpTo(limit), time)).await.map(|bytes| bytes.to_vec())
    }

    /// The bytes of a file that is here whole, each block checked; of a long file they are mapped, and cost no memory that
    /// the system could not take back.
    ///
    /// # Errors
    /// `Gone`, if it is not here; `Store`, `Closed`.
    pub async fn map(&self, digest: Digest, length: u64) -> Result<Bytes, FetchError> {
        let bytes: Option<Bytes> = self.with_store::<_, FetchError>(move |store| store.map(digest, length)).await?;
        bytes.ok_or(FetchError::Gone { digest })
    }

    /// Writes a file that is here whole to a place outside of the store: beside it first, and renamed when all of it was
    /// written, checked and synced.
    ///
    /// # Errors
    /// `Gone`, if it is not here; `Store` with `Target`, if the place cannot be written.
    pub async fn export(&self, digest: Digest, length: u64, path: &Path) -> Result<(), FetchError> {
        let path = PathBuf::from(path);
        let written: bool = self.with_store::<_, FetchError>(move |store| export(store, digest, length, &path)).await?;
        if written { Ok(()) } else { Err(FetchError::Gone { digest }) }
    }

    /// Gives a file, here or still to come, one more reason to stay when room is needed. A reason is 1 to 64 small
    /// letters, digits, blanks or hyphens. Synced when this returns.
    ///
    /// # Errors
    /// `Store` with `Pins`.
    pub async fn pin(&self, digest: Digest, reason: &str) -> Result<(), SwarmError> {
        let reason = reason.to_owned();
        self.with_store(move |store| store.pin(digest, &reason)).await
    }

    /// Takes a reason away, and tells whether it was there. A file without any falls when room is needed.
    ///
    /// # Errors
    /// `Store` with `Pins`.
    pub async fn unpin(&self, digest: Digest, reason: &str) -> Result<bool, SwarmError> {
        let reason = reason.to_owned();
        self.with_store(move |store| store.unpin(digest, &reason)).await
    }

    /// Makes these and no others the files that stay for that reason.
    ///
    /// # Errors
    /// `Store` with `Pins`.
    pub async fn pin_only(&self, reason: &str, digests: BTreeSet<Digest>) -> Result<(), SwarmError> {
        let reason = reason.to_owned();
        self.with_store(move |store| store.pin_only(&reason, &digests)).await
    }

    /// Removes everything that is neither pinned nor being fetched, and tells how many bytes that were.
    ///
    /// # Errors
    /// `Store`, if the disk refuses.
    pub async fn collect(&self) -> Result<u64, SwarmError> {
        self.with_store(|store| store.collect()).await
    }

    /// What the store holds, and why.
    ///
    /// # Errors
    /// `Closed`, if the runtime ends.
    pub async fn store_status(&self) -> Result<Status, SwarmError> {
        self.with_store(|store| Ok(store.status())).await
    }

    /// How much the store holds.
    ///
    /// # Errors
    /// `Closed`, if the runtime ends.
    pub async fn store_sums(&self) -> Result<Sums, SwarmError> {
        self.with_store(|store| Ok(store.sums())).await
    }

    /// Works on the store off the async threads; a full one is told to the owner.
    async fn with_store<T: Send + 'static, E>(
        &self,
        work: impl FnOnce(&Arc<BlockStore>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, E>
    where
        E: From<StoreError> + From<Ended>,
    {
        let store = self.fetcher.store.clone();
        let done: Result<Result<T, StoreError>, E> = blocking(move || Ok(work(&store))).await;
        match done? {
            Ok(done) => Ok(done),
            Err(error) => {
                self.tell_full(&error).await;
                Err(error.into())
            }
        }
    }

    /// Says that the disk or the store is full, to the log of the program and as an event.
    async fn tell_full(&self, error: &StoreError) {
        if error.is_full() {
            *self.full.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), error.to_string()));
            // A node that has ended needs no word of it.
            _ = self.fetcher.commands.send(Command::Full { reason: error.to_string() }).await;
        }
    }
}

/// Writes a file beside the place first: one that has the name is whole. False if it is not here.
///
/// # Errors
/// `Target`, `Disk`.
pub fn export(store: &BlockStore, digest: Digest, length: u64, path: &Path) -> Result<bool, StoreError> {
    let failed = |source| StoreError::Target { path: path.into(), source };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!("{name}.part"));
    let mut target = BufWriter::new(File::create(&beside).map_err(failed)?);
    let written = store.write_to(digest, length, path, &mut target).and_then(|whole| {
        target.flush().and_then(|()| target.get_ref().sync_data()).map_err(failed)?;
        Ok(whole)
    });
    match written {
        Ok(true) => std::fs::rename(&beside, path).map_err(failed).map(|()| true),
        other => {
            _ = std::fs::remove_file(&beside);
            other
        }
    }
}
