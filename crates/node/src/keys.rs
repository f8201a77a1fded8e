//! The two keys of a node: the account that has authority, and the node key that only speaks on the network.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use chain::{Account, keystore};

/// Variable that holds the password when no file is named.
const PASSWORD_VARIABLE: &str = "NEURON_PASSWORD";
const NODE_KEY: &str = "node.key";

/// Opens the encrypted account.
///
/// # Errors
/// A missing file, a missing or wrong password.
pub fn account(path: &Path, password_file: Option<&PathBuf>) -> Result<Account> {
    Ok(keystore::open(path, &password(path, password_file)?)?)
}

/// The password for the key at `path`: first line of the file, else the variable.
///
/// # Errors
/// When there is neither.
pub fn password(path: &Path, file: Option<&PathBuf>) -> Result<String> {
    let Some(file) = file else {
        let help = || format!("no password for {}: name a password file, or set {PASSWORD_VARIABLE}", path.display());
        return std::env::var(PASSWORD_VARIABLE).with_context(help);
    };
    let text = fs::read_to_string(file).with_context(|| format!("cannot read the password file {}", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// The ed25519 secret of this data folder, made on the first start.
///
/// # Errors
/// When the file cannot be written or holds anything but 32 bytes in hex.
pub fn node_key(data: &Path) -> Result<[u8; 32]> {
    let path = data.join(NODE_KEY);
    if !path.exists() {
        return make(&path);
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut key = [0; 32];
    let read = hex::decode_to_slice(text.trim(), &mut key);
    ensure!(read.is_ok(), "{} is damaged: restore it from a backup, or delete it to start with a new node identity", path.display());
    Ok(key)
}

fn make(path: &Path) -> Result<[u8; 32]> {
    let key: [u8; 32] = rand::random();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(hex::encode(key).as_bytes())?;
    file.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::node_key;

    #[test]
    fn the_node_key_stays_the_same_and_a_damaged_one_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let first = node_key(folder.path()).expect("made");
        assert_eq!(first, node_key(folder.path()).expect("read"));
        std::fs::write(folder.path().join("node.key"), "12").expect("written");
        let error = node_key(folder.path()).expect_err("damaged").to_string();
        assert!(error.contains("restore it"), "{error}");
    }
}
