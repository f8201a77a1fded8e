//! The key of a new node: made, found, or at a remote signer; and its password, which has to lie beside it if the node shall start alone.

use std::path::{Path, PathBuf, absolute};

use anyhow::{Context as _, Result, ensure};
use chain::{
    Account,
    keystore::{self, Cost},
};
use node::{
    keys::{self, KeyPlace},
    password::{PasswordSource, Secret},
};
use protocol::Address;

use super::{Report, text::KeyLines};
use crate::cli::{
    context::{Context, KEY_FILE},
    program::Program,
};

/// Names in the settings' folder.
const KEY: &str = KEY_FILE;
const PASSWORD: &str = "password";
/// Of a password that nobody has to remember, bytes.
const RANDOM_BYTES: usize = 16;

/// Who holds the key.
pub enum Holder {
    Nobody,
    File { path: PathBuf, password: PathBuf, account: Address },
    Remote { url: String, account: Address },
}

impl Holder {
    /// Finds or makes the key, and sees that it opens.
    pub async fn prepare(context: &Context, program: Program, folder: &Path, yes: bool, report: &mut Report) -> Result<Self> {
        if program == Program::Seed {
            return Ok(Self::Nobody);
        }
        if let KeyPlace::Remote { url, account } = context.place()? {
            return Ok(Self::Remote { url, account });
        }
        let path = if context.key == Path::new(KEY_FILE) { folder.join(KEY) } else { absolute(&context.key)? };
        let password = context.password_file.as_ref().map(absolute).transpose()?.unwrap_or_else(|| folder.join(PASSWORD));
        ensure!(
            !context.password_as_is,
            "leave --password-as-is away: it would have to stand in the settings as well; change the password"
        );
        let there = path.exists();
        let secret = password_for(context, &path, &password, there || !yes)?;
        let account = match there {
            true => keystore::open(&path, &secret)?,
            false => Account::random(),
        };
        // The password first: a key whose password is lost is worth nothing.
        write_password(&password, &secret, report)?;
        if there {
            report.kept(&path, "left as it is; its password opens it");
        } else {
            keystore::create(&path, &account, &secret, Cost::Full)?;
            report.made(&path, "without this file and its password it is lost: keep a copy elsewhere");
        }
        Ok(Self::File { path, password, account: account.address() })
    }

    /// As settings name it.
    pub fn lines(&self) -> KeyLines {
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        match self {
            Self::Nobody => KeyLines::None,
            Self::File { path, password, .. } => KeyLines::File { keystore: shown(path), password_file: shown(password) },
            Self::Remote { url, account } => KeyLines::Remote { url: url.clone(), account: account.to_string() },
        }
    }

    /// Whose node it is.
    pub fn account(&self) -> Option<Address> {
        match self {
            Self::Nobody => None,
            Self::File { account, .. } | Self::Remote { account, .. } => Some(*account),
        }
    }

    /// How a command is told of it.
    pub fn flags(&self) -> String {
        match self {
            Self::Nobody => String::new(),
            Self::File { path, password, .. } => format!("--key {} --password-file {}", super::word(path), super::word(password)),
            Self::Remote { account, .. } => format!("--remote-signer URL --remote-account {account}"),
        }
    }
}

/// From the file if it is there, else from the variable or the terminal; where nobody shall be asked a random one.
fn password_for(context: &Context, key: &Path, file: &Path, is_known: bool) -> Result<Secret> {
    let source = PasswordSource { file: file.exists().then(|| file.to_owned()), variable: keys::PASSWORD_VARIABLE, as_is: false };
    ensure!(context.password_file.is_none() || file.exists(), "there is no password file at {}", file.display());
    match (source.is_given() || is_known, key.exists()) {
        (true, true) => source.read(key),
        (true, false) => source.read_new(key),
        (false, _) => Ok(Secret::new(hex::encode(rand::random::<[u8; RANDOM_BYTES]>()))),
    }
}

fn write_password(path: &Path, secret: &Secret, report: &mut Report) -> Result<()> {
    if path.exists() {
        report.kept(path, "left as it is");
        return Ok(());
    }
    keystore::write_new(path, secret.as_bytes()).context("the password cannot be kept for the node")?;
    report.made(path, "readable by you only: whoever reads it and the key owns the account");
    Ok(())
}
