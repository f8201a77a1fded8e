//! Names, syncing and places on the disk: everything by which the store touches the file system.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use protocol::Digest;

/// Folder of what is not finished; emptied when the store is opened.
pub const UNFINISHED: &str = "unfinished";
/// Folder of flat files and their trees.
pub const FLAT: &str = "flat";
/// Of a flat file: its bytes, and its tree.
pub const DATA: &str = "data";
/// See [`DATA`].
pub const TREE: &str = "tree";

/// The second that a clock on the wall shows, since 1970: for ages only.
pub fn now_s() -> u64 {
    seconds(SystemTime::now())
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Second at which a file was used last, as its time of change says.
pub fn used_s(meta: &fs::Metadata) -> u64 {
    meta.modified().map_or(0, seconds)
}

/// Writes down when a file was used last. That it cannot be does no harm: it falls earlier.
pub fn set_used(path: &Path, used_s: u64) {
    let time = UNIX_EPOCH + Duration::from_secs(used_s);
    let set = File::open(path).and_then(|file| file.set_modified(time));
    if let Err(error) = set {
        tracing::debug!(path = %path.display(), %error, "its last use is not noted");
    }
}

/// Whether the disk has no room, or a quota of the system allows no more.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Folders of a store.
#[derive(Debug, Clone)]
pub struct Places(pub PathBuf);

impl Places {
    /// Of a single block: `<first byte>/<digest>` in hexadecimal.
    pub fn single(&self, digest: Digest) -> PathBuf {
        let name = hex::encode(digest.0);
        self.0.join(&name[..2]).join(name)
    }

    /// The bytes of a flat file, or its tree.
    pub fn flat(&self, digest: Digest, kind: &str) -> PathBuf {
        self.0.join(FLAT).join(format!("{}.{kind}", hex::encode(digest.0)))
    }

    /// The folder of flat files.
    pub fn flats(&self) -> PathBuf {
        self.0.join(FLAT)
    }

    /// A file that nobody looks for.
    pub fn unfinished(&self, number: u64) -> PathBuf {
        self.0.join(UNFINISHED).join(number.to_string())
    }
}

/// The digest that a name in hexadecimal stands for.
pub fn digest_in(name: &str) -> Option<Digest> {
    let mut digest = [0; 32];
    hex::decode_to_slice(name, &mut digest).ok().map(|()| Digest(digest))
}

/// Writes a file beside its place, syncs it and renames it: what is there is whole, also after a loss of power.
pub fn write_synced(unfinished: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = write_new(unfinished, bytes).and_then(|()| fs::rename(unfinished, path));
    if written.is_err() {
        let _ = fs::remove_file(unfinished);
    }
    written.and_then(|()| sync_folder(path.parent()))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use io::Write as _;
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}

/// Makes new names in a folder last. Where a system cannot sync folders it does so by itself.
pub fn sync_folder(folder: Option<&Path>) -> io::Result<()> {
    match folder {
        #[cfg(unix)]
        Some(folder) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Opens a file to be read and written, and makes it if it is missing; what it holds stays.
pub fn open_both(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// Removes a file; that it is gone is no error.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reads all of `buffer` from byte `offset` of a file on.
#[cfg(unix)]
pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

/// Writes all of `bytes` from byte `offset` of a file on.
#[cfg(unix)]
pub fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// See the other one; both move the file's own place here, which nobody uses.
#[cfg(not(unix))]
pub fn read_at(mut file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    use io::{Read as _, Seek as _};
    file.seek(io::SeekFrom::Start(offset))?;
    file.read_exact(buffer)
}

/// See the other one.
#[cfg(not(unix))]
pub fn write_at(mut file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    use io::{Seek as _, Write as _};
    file.seek(io::SeekFrom::Start(offset))?;
    file.write_all(bytes)
}
