//! What a client gives to those who deal in blocks and CIDs: gateways, files of blocks, other IPFS nodes.

use std::io::{Read, Write};

use cid::Cid;
use protocol::Digest;
use tokio::sync::broadcast;

use crate::car::{self, CarError, CarReader};
use crate::cids::{digest_in, inline};
use crate::client::Client;
use crate::error::SwarmError;
use crate::fetch::blocking;
use crate::outside::{Holding, Wanted};
use crate::store::StoreError;
use crate::walk::{Scope, Walk, WalkError};

/// What came out of a CAR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// As its header names them.
    pub roots: Vec<Cid>,
    /// Blocks in it, repeated ones too.
    pub blocks: u64,
    /// Bytes of those.
    pub bytes: u64,
}

/// Why a CAR was not taken in to its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Car(#[from] CarError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a CAR was not written to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// Whoever reads it went away, or the disk is full.
    #[error("the CAR cannot be written: {0}; check the disk's free space")]
    Write(#[from] std::io::Error),
}

impl Client {
    /// Bytes of a block that is held, without reading it; none if it is not here. A CID that carries its block has it.
    pub fn block_length(&self, cid: &Cid) -> Option<u64> {
        if let Some(own) = inline(cid) {
            return Some(own.len() as u64);
        }
        digest_in(cid).and_then(|digest| self.fetcher.store.length(digest)).map(u64::from)
    }

    /// A block that is held, hashed again; none if it is not here. Nobody is asked for it.
    ///
    /// # Errors
    /// `Store`, if the disk refuses; `Closed`, if the runtime ends.
    pub async fn block(&self, cid: &Cid) -> Result<Option<Vec<u8>>, SwarmError> {
        if let Some(own) = inline(cid) {
            return Ok(Some(own.to_vec()));
        }
        let Some(digest) = digest_in(cid) else { return Ok(None) };
        let store = self.fetcher.store.clone();
        blocking(move || store.get(digest)).await
    }

    /// The blocks behind a CID and names, out of what is held here. It reads files: on a thread that may wait.
    ///
    /// # Errors
    /// As [`Walk::new`].
    pub fn walk(&self, root: Cid, names: &[String], scope: Scope, repeats: bool) -> Result<Walk, WalkError> {
        Walk::new(self.fetcher.store.clone(), root, names, scope, repeats)
    }

    /// Writes all that is behind a CID as a CAR, and tells how many bytes that were. For a thread that may wait.
    ///
    /// # Errors
    /// `Walk` with what is missing here: what was written before is no whole CAR; `Write`.
    pub fn export_car(&self, root: Cid, mut sink: impl Write) -> Result<u64, ExportError> {
        let head = car::header(&[root]);
        sink.write_all(&head)?;
        let mut written = head.len() as u64;
        for block in self.walk(root, &[], Scope::All, false)? {
            let (cid, block) = block?;
            let frame = car::frame(&cid, &block);
            sink.write_all(&frame)?;
            written += frame.len() as u64;
        }
        sink.flush()?;
        Ok(written)
    }

    /// Stores every block of a CAR, each hashed before. Whether all that its roots lead to is here then, [`Client::walk`]
    /// or [`Client::has`] tell. For a thread that may wait.
    ///
    /// # Errors
    /// `Car`, at the first block that is not what it should be; `Store`. Blocks before it stay.
    pub fn import_car(&self, source: impl Read) -> Result<Imported, ImportError> {
        let reader = CarReader::new(source)?;
        let mut imported = Imported { roots: reader.roots().to_vec(), blocks: 0, bytes: 0 };
        for block in reader {
            let (cid, block) = block?;
            imported.blocks += 1;
            imported.bytes += block.len() as u64;
            if let Some(digest) = digest_in(&cid) {
                self.fetcher.store.put(digest, &block)?;
            }
        }
        Ok(imported)
    }

    /// Blocks that fetches of this node wait for right now, the longest wait first; at most 4,096.
    pub fn wanted(&self) -> Vec<Wanted> {
        self.fetcher.outside.wanted()
    }

    /// Gives a block to the fetches that wait for it, as if a peer had sent it; they check its place in their file and
    /// store it. False: the bytes have another digest, and whoever gave them lies.
    pub fn offer(&self, digest: Digest, block: Vec<u8>) -> bool {
        self.fetcher.outside.offer(digest, block)
    }

    /// Files that become whole here or are let go, from now on; a listener that is slow misses older ones.
    pub fn holdings(&self) -> broadcast::Receiver<Holding> {
        self.fetcher.outside.holdings()
    }

    /// Tells listeners that a file is here whole.
    pub(crate) fn whole(&self, digest: Digest, length: u64) {
        self.fetcher.outside.tell(Holding::Whole { digest, length });
    }
}
