//! The two keys of a node: the account that has authority, here or at a remote signer, and the node key that only speaks on the network.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use chain::{Account, keystore};
use protocol::Address;
use zeroize::Zeroizing;

use crate::password::PasswordSource;

/// Variable that holds the password of a node's or a command's own key.
pub const PASSWORD_VARIABLE: &str = "NEURON_PASSWORD";
const NODE_KEY: &str = "node.key";
/// Folder in which what was sent stands: of a node in its data folder, of a command beside the key.
pub const FLIGHTS: &str = "flights";

/// Where the key of an account is.
#[derive(Clone, Debug)]
pub enum KeyPlace {
    /// In an encrypted file on this machine.
    File { path: PathBuf, password: PasswordSource },
    /// At a remote signer.
    Remote { url: String, account: Address },
}

impl KeyPlace {
    /// At the signer and of the account, if both are named; in the file if neither is.
    ///
    /// # Errors
    /// When only one is named.
    pub fn new(path: &Path, password: PasswordSource, signer: Option<&String>, account: Option<Address>) -> Result<Self> {
        match (signer, account) {
            (None, None) => Ok(Self::File { path: path.to_owned(), password }),
            (Some(url), Some(account)) => Ok(Self::Remote { url: url.clone(), account }),
            (Some(_), None) => bail!("a remote signer is named and no account: name the account whose key it holds"),
            (None, Some(account)) => bail!("account {account} is named and no remote signer that holds its key: name one, or leave it out"),
        }
    }

    /// Opens the file, or asks the signer for the key.
    ///
    /// # Errors
    /// A missing file, a missing or wrong password; a signer that does not answer, or has no such key.
    pub async fn account(&self) -> Result<Account> {
        match self {
            Self::File { path, password } => {
                // Nobody is asked for the password of what is no key file.
                keystore::address(path)?;
                Ok(keystore::open(path, &password.read(path)?)?)
            }
            Self::Remote { url, account } => Ok(Account::remote(url, *account).await?),
        }
    }

    /// Where what a command sends with the key is kept: beside the file if that folder can be written, else, and for a remote signer,
    /// in the user's folder for the state of programs.
    ///
    /// # Errors
    /// When neither the key's folder can be written nor a home is known.
    pub fn flights(&self) -> Result<PathBuf> {
        if let Self::File { path, .. } = self {
            let beside = path.parent().unwrap_or(Path::new(".")).join(FLIGHTS);
            if fs::create_dir_all(&beside).and_then(|()| try_to_write(&beside)).is_ok() {
                return Ok(beside);
            }
        }
        let state = std::env::var_os("XDG_STATE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty()).map(|home| home.join(".local/state"));
        let state =
            state.or(home).context("there is no folder to keep what is sent: set XDG_STATE_HOME, or make the key's folder writable")?;
        Ok(state.join("neuron").join(FLIGHTS))
    }

    /// Whose key it is. A file is opened if its password is at hand or it names no account; else it is believed.
    ///
    /// # Errors
    /// As [`KeyPlace::account`].
    pub async fn address(&self) -> Result<Address> {
        match self {
            Self::File { path, password } if !password.is_given() => match keystore::address(path)? {
                Some(named) => Ok(named),
                None => Ok(self.account().await?.address()),
            },
            Self::File { .. } => Ok(self.account().await?.address()),
            Self::Remote { account, .. } => Ok(*account),
        }
    }
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
    let text = Zeroizing::new(fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?);
    let mut key = [0; 32];
    let read = hex::decode_to_slice(text.trim(), &mut key);
    ensure!(read.is_ok(), "{} is damaged: restore it from a backup, or delete it to start with a new node identity", path.display());
    Ok(key)
}

/// Whether files can be made there.
fn try_to_write(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!(".{}", std::process::id()));
    fs::write(&path, [])?;
    fs::remove_file(&path)
}

fn make(path: &Path) -> Result<[u8; 32]> {
    let key: [u8; 32] = rand::random();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(Zeroizing::new(hex::encode(key)).as_bytes())?;
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
