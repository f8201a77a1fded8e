//! Keys on disk, encrypted with a password: the Web3 secret storage format, version 3, as geth, ethers and others write it.

mod member;
mod refusal;
mod sealed;
mod stretch;

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use protocol::ids::Address;

pub use refusal::Refusal;

use crate::account::Account;
use crate::error::ChainError;
use sealed::{Sealed, seal};

/// Largest key file that is read, bytes.
pub const KEY_FILE_BYTES_LIMIT: u64 = 16 * 1024;

/// What it costs to try one password on a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// 128 MiB and some tenths of a second, for keys that own something.
    Full,
    /// Next to nothing, for keys of development networks.
    Trifling,
}

impl Cost {
    /// The n of scrypt is 2 to this.
    fn log_n(self) -> u8 {
        match self {
            Self::Full => 17,
            Self::Trifling => 12,
        }
    }
}

/// A key file that cannot be written or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    #[error("{0} exists already; choose another name, no key is ever overwritten")]
    Exists(PathBuf),
    #[error("there is no key file at {0}; create one first, or check the path")]
    Missing(PathBuf),
    #[error("{path} {refusal}")]
    Refused { path: PathBuf, refusal: Refusal },
    #[error("cannot use {path}: {source}")]
    Disk { path: PathBuf, source: io::Error },
    /// The account keeps its secret elsewhere.
    #[error(transparent)]
    Account(#[from] ChainError),
}

/// Encrypts `account` into a new file at `path`, readable by its owner only.
///
/// # Errors
/// [`KeystoreError`]; nothing is left behind then.
pub fn create(path: &Path, account: &Account, password: &str, cost: Cost) -> Result<(), KeystoreError> {
    write_new(path, encrypted(path, account, password, cost)?.as_bytes())
}

/// Decrypts the key at `path`. Takes a fraction of a second on purpose: call it off the async threads.
///
/// # Errors
/// [`KeystoreError`]: no file, a wrong password, or a file that lies or asks for too much.
pub fn open(path: &Path, password: &str) -> Result<Account, KeystoreError> {
    parsed(path)?.open(password).map_err(|refusal| refused(path, refusal))
}

/// The same for a file's content.
///
/// # Errors
/// [`Refusal`] with the reason.
pub fn decrypt(file: &[u8], password: &str) -> Result<Account, Refusal> {
    Sealed::parse(file)?.open(password)
}

/// The address that the file at `path` names, which only [`open`] can check; some files name none.
///
/// # Errors
/// [`KeystoreError`] if it is no key file.
pub fn address(path: &Path) -> Result<Option<Address>, KeystoreError> {
    Ok(parsed(path)?.address)
}

/// Encrypts the key at `path` anew. The old file stays until the new one is on disk and has been opened once.
///
/// # Errors
/// [`KeystoreError`]; the old file is as it was then.
pub fn change_password(path: &Path, old: &str, new: &str, cost: Cost) -> Result<Account, KeystoreError> {
    let account = open(path, old)?;
    // A link stays one.
    let path = &fs::canonicalize(path).map_err(|source| disk(path, source))?;
    let mut beside = path.clone().into_os_string();
    beside.push(format!(".{:08x}", rand::random::<u32>()));
    let beside = PathBuf::from(beside);
    create(&beside, &account, new, cost)?;
    let placed = open(&beside, new).and_then(|_| fs::rename(&beside, path).map_err(|source| disk(path, source)));
    placed.inspect_err(|_| drop(fs::remove_file(&beside)))?;
    sync_folder(path)?;
    Ok(account)
}

/// Writes a secret into a new file that only its owner may read.
///
/// # Errors
/// [`KeystoreError`]; nothing is left behind then.
pub fn write_new(path: &Path, content: &[u8]) -> Result<(), KeystoreError> {
    let mut file = create_new(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all()).map_err(|source| disk(path, source));
    written.and_then(|()| sync_folder(path)).inspect_err(|_| drop(fs::remove_file(path)))
}

fn create_new(path: &Path) -> Result<fs::File, KeystoreError> {
    let folder = folder(path);
    fs::create_dir_all(folder).map_err(|source| disk(folder, source))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => KeystoreError::Exists(path.to_owned()),
        _ => disk(path, source),
    })
}

/// A file's name is on disk only when its folder is. Windows knows no such thing.
fn sync_folder(path: &Path) -> Result<(), KeystoreError> {
    if cfg!(unix) {
        let folder = folder(path);
        return fs::File::open(folder).and_then(|opened| opened.sync_all()).map_err(|source| disk(folder, source));
    }
    Ok(())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn encrypted(path: &Path, account: &Account, password: &str, cost: Cost) -> Result<String, KeystoreError> {
    let secret = account.to_bytes()?;
    seal(&secret, account.address(), password, cost.log_n(), rand::random()).map_err(|refusal| refused(path, refusal))
}

fn parsed(path: &Path) -> Result<Sealed, KeystoreError> {
    let file = fs::File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => KeystoreError::Missing(path.to_owned()),
        _ => disk(path, source),
    })?;
    let mut bytes = Vec::new();
    file.take(KEY_FILE_BYTES_LIMIT + 1).read_to_end(&mut bytes).map_err(|source| disk(path, source))?;
    if bytes.len() as u64 > KEY_FILE_BYTES_LIMIT {
        return Err(refused(path, Refusal::malformed("it is too large")));
    }
    Sealed::parse(&bytes).map_err(|refusal| refused(path, refusal))
}

fn refused(path: &Path, refusal: Refusal) -> KeystoreError {
    KeystoreError::Refused { path: path.to_owned(), refusal }
}

fn disk(path: &Path, source: io::Error) -> KeystoreError {
    KeystoreError::Disk { path: path.to_owned(), source }
}
