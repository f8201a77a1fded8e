//! Files on their way into a node's store, and how far they are.

use std::{
    io::{self, Cursor, Read},
    path::Path,
};

use anyhow::{Context, Result};
use protocol::Digest;
use swarm::{Client, Progress};
use tokio::{fs::File, sync::watch};

/// Takes files in for one piece of work.
pub struct Intake<'a> {
    /// Whose store it is.
    pub client: &'a Client,
    told: watch::Sender<Progress>,
}

impl<'a> Intake<'a> {
    /// Into the store of this node; nobody is told how far it is.
    pub fn new(client: &'a Client) -> Self {
        Self { client, told: watch::Sender::new(Progress::default()) }
    }

    /// Tells there how many bytes of all that are expected were taken in.
    pub fn telling(self, told: watch::Sender<Progress>) -> Self {
        Self { told, ..self }
    }

    /// So many bytes will come, beside those that were expected before.
    pub fn expect(&self, bytes: u64) {
        self.told.send_modify(|progress| progress.total_bytes = progress.total_bytes.saturating_add(bytes));
    }

    /// A file of this machine, of any length; it is never held in memory.
    ///
    /// # Errors
    /// When it cannot be read, or the disk refuses.
    pub async fn file(&self, path: &Path) -> Result<Digest> {
        let unread = || format!("cannot read {}", path.display());
        let file = File::open(path).await.with_context(unread)?.into_std().await;
        self.take(file).await.with_context(unread)
    }

    /// Bytes that are here.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn bytes(&self, bytes: Vec<u8>) -> Result<Digest> {
        self.take(Cursor::new(bytes)).await
    }

    async fn take(&self, source: impl Read + Send + 'static) -> Result<Digest> {
        Ok(self.client.add_from(Counted { source, told: self.told.clone() }).await?)
    }
}

/// Tells of what is read.
struct Counted<R> {
    source: R,
    told: watch::Sender<Progress>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.told.send_modify(|progress| progress.done_bytes = progress.done_bytes.saturating_add(read as u64));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use swarm::Config;

    use super::*;

    #[tokio::test]
    async fn of_all_that_is_expected_it_is_told_how_much_was_taken_in() {
        let folder = tempfile::tempdir().expect("a folder");
        let (client, _events) = swarm::start(Config::new("intake", folder.path().to_owned(), [3; 32])).await.expect("a node");
        let (told, watched) = watch::channel(Progress::default());
        let intake = Intake::new(&client).telling(told);
        let path = folder.path().join("long");
        let bytes: Vec<u8> = (0..700_000u32).map(|index| (index / 999) as u8).collect();
        fs::write(&path, &bytes).expect("written");
        intake.expect(700_000);
        intake.expect(5);
        let digest = intake.file(&path).await.expect("taken in");
        assert_eq!(*watched.borrow(), Progress { done_bytes: 700_000, total_bytes: 700_005 });
        assert_eq!(digest, client.add(bytes).await.expect("the same file"));
        intake.bytes(b"after".to_vec()).await.expect("taken in");
        assert_eq!(*watched.borrow(), Progress { done_bytes: 700_005, total_bytes: 700_005 });
        let missing = intake.file(&folder.path().join("none")).await.expect_err("no file").to_string();
        assert!(missing.starts_with("cannot read ") && missing.ends_with("none"), "{missing}");
        client.shutdown().await;
    }
}
