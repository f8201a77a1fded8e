//! Keys on disk, encrypted with a password: the Web3 secret storage format, version 3, as geth and Foundry write it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use eth_keystore::KeystoreError as Inner;
use protocol::ids::Address;

use crate::account::Account;

/// Largest key file that is read.
pub const KEY_FILE_BYTES_LIMIT: u64 = 16 * 1024;

/// Largest `log2(n) + log2(r) + log2(p)` of scrypt that is accepted from a file: 1 GiB of memory.
const SCRYPT_BLOCKS_LIMIT: u64 = 1 << 23;

/// Most rounds of PBKDF2 that are accepted from a file.
const PBKDF2_ROUNDS_LIMIT: u64 = 10_000_000;

/// A key file that cannot be written or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    #[error("{0} exists already; choose another name, no key is ever overwritten")]
    Exists(PathBuf),
    #[error("there is no key file at {0}; create one first, or check the path")]
    Missing(PathBuf),
    #[error("wrong password for {0}; try again")]
    WrongPassword(PathBuf),
    #[error("{path} is no key file of version 3 ({reason}); restore it from a backup")]
    Malformed { path: PathBuf, reason: String },
    #[error("cannot use {path}: {source}")]
    Disk { path: PathBuf, source: io::Error },
}

/// Encrypts `account` into a new file at `path`, readable by its owner only.
pub fn create(path: &Path, account: &Account, password: &str) -> Result<(), KeystoreError> {
    let mut file = create_new(path)?;
    let written = encrypted(account, password, path).and_then(|text| {
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|source| disk(path, source))
    });
    written.inspect_err(|_| drop(fs::remove_file(path)))
}

/// Decrypts the key at `path`. Takes a fraction of a second on purpose: call it off the async threads.
pub fn open(path: &Path, password: &str) -> Result<Account, KeystoreError> {
    check_cost(path, &read(path)?)?;
    let secret = eth_keystore::decrypt_key(path, password).map_err(|error| match error {
        Inner::MacMismatch => KeystoreError::WrongPassword(path.to_owned()),
        other => malformed(path, other),
    })?;
    let secret: [u8; 32] = secret.try_into().map_err(|_| malformed(path, "the secret is not 32 bytes"))?;
    let account = Account::from_bytes(&secret).map_err(|error| malformed(path, error))?;
    Ok(account)
}

/// The address of the key at `path`, without its password.
pub fn address(path: &Path) -> Result<Address, KeystoreError> {
    let text = read(path)?.get("address").and_then(|value| value.as_str()).map(str::to_owned);
    let text = text.ok_or_else(|| malformed(path, "it names no address"))?;
    let prefixed = if text.starts_with("0x") { text } else { format!("0x{text}") };
    prefixed.parse().map_err(|error| malformed(path, error))
}

fn create_new(path: &Path) -> Result<fs::File, KeystoreError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| disk(folder, source))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => KeystoreError::Exists(path.to_owned()),
        _ => disk(path, source),
    })
}

/// The library writes a file of its own; it is read back and gets the address, so that a key can be told from another.
fn encrypted(account: &Account, password: &str, path: &Path) -> Result<String, KeystoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = format!(".{}.{}", account.address(), std::process::id());
    let scratch = folder.join(&name);
    let made = eth_keystore::encrypt_key(folder, &mut rand::thread_rng(), account.to_bytes(), password, Some(&name));
    let text = made.map_err(|error| malformed(path, error)).and_then(|_| read(&scratch));
    drop(fs::remove_file(&scratch));
    let mut value = text?;
    value["address"] = account.address().to_string().trim_start_matches("0x").to_lowercase().into();
    serde_json::to_string_pretty(&value).map_err(|error| malformed(path, error))
}

fn read(path: &Path) -> Result<serde_json::Value, KeystoreError> {
    let about = fs::metadata(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => KeystoreError::Missing(path.to_owned()),
        _ => disk(path, source),
    })?;
    if about.len() > KEY_FILE_BYTES_LIMIT {
        return Err(malformed(path, "it is too large"));
    }
    let text = fs::read_to_string(path).map_err(|source| disk(path, source))?;
    serde_json::from_str(&text).map_err(|error| malformed(path, error))
}

/// The library computes whatever a file asks for and indexes without looking; a file from elsewhere must not bring this program down.
fn check_cost(path: &Path, value: &serde_json::Value) -> Result<(), KeystoreError> {
    let crypto = &value["crypto"];
    let number = |name: &str| crypto["kdfparams"][name].as_u64();
    let work = match crypto["kdf"].as_str() {
        Some("scrypt") => number("n")
            .zip(number("r"))
            .zip(number("p"))
            .map(|((n, r), p)| n.is_power_of_two() && n > 1 && n.saturating_mul(r).saturating_mul(p) <= SCRYPT_BLOCKS_LIMIT),
        Some("pbkdf2") => number("c").map(|rounds| (1..=PBKDF2_ROUNDS_LIMIT).contains(&rounds)),
        _ => None,
    };
    let iv_digits = crypto["cipherparams"]["iv"].as_str().map(str::len);
    match (work, number("dklen"), iv_digits) {
        (Some(true), Some(32), Some(32)) => Ok(()),
        _ => Err(malformed(path, "its encryption is of an unknown kind or cost")),
    }
}

fn malformed(path: &Path, reason: impl ToString) -> KeystoreError {
    KeystoreError::Malformed { path: path.to_owned(), reason: reason.to_string() }
}

fn disk(path: &Path, source: io::Error) -> KeystoreError {
    KeystoreError::Disk { path: path.to_owned(), source }
}
