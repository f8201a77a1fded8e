//! `neuron key`: encrypted keys on this machine.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use chain::{
    Account,
    keystore::{self, Cost},
    mnemonic::{self, FIRST_ACCOUNT},
};
use clap::{Args, Subcommand};
use node::{
    keys::KeyPlace,
    output,
    password::{self, Secret},
};
use serde_json::json;
use zeroize::Zeroizing;

use super::context::Context;

#[derive(Subcommand)]
pub enum Command {
    /// Make a new key at --key, encrypted with the password of --password-file or NEURON_PASSWORD, or one that is asked for.
    New,
    /// The address of the key at --key. With its password at hand it is checked that the file tells the truth.
    Show,
    /// Bring a key that you have to --key, encrypted as a new one is.
    #[command(subcommand)]
    Import(Import),
    /// Write the key at --key into another file, which must not exist.
    Export {
        file: PathBuf,
        #[command(flatten)]
        new: NewPassword,
        /// Write the bare private key, as 64 digits: whoever reads the file owns the account.
        #[arg(long, conflicts_with = "new_password_file")]
        raw_private_key: bool,
    },
    /// Give the key at --key another password. The old file stays until the new one is on disk.
    Password(NewPassword),
}

#[derive(Subcommand)]
pub enum Import {
    /// From a private key: 64 hexadecimal digits.
    PrivateKey(Source),
    /// From the words that most wallets call a seed or recovery phrase (BIP-39, English).
    Mnemonic {
        #[command(flatten)]
        source: Source,
        /// Which of its keys (BIP-32, BIP-44).
        #[arg(long, default_value = FIRST_ACCOUNT)]
        path: String,
        /// File whose first line is a passphrase that belongs to the words; most have none.
        #[arg(long)]
        passphrase_file: Option<PathBuf>,
        /// Be asked for a passphrase that belongs to the words.
        #[arg(long, conflicts_with = "passphrase_file")]
        ask_passphrase: bool,
    },
    /// From an encrypted key file of geth, ethers, web3.py, Foundry, MyEtherWallet or another program (version 3).
    Keystore {
        file: PathBuf,
        /// File whose first line is its password; otherwise NEURON_OLD_PASSWORD is read, or you are asked.
        #[arg(long)]
        old_password_file: Option<PathBuf>,
    },
}

#[derive(Args)]
pub struct Source {
    /// File that holds it, `-` for standard input; otherwise you are asked. It is no argument, for others see those.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

#[derive(Args)]
pub struct NewPassword {
    /// File whose first line is the new password; otherwise NEURON_NEW_PASSWORD is read, or you are asked.
    #[arg(long)]
    new_password_file: Option<PathBuf>,
}

impl Source {
    fn read(&self, prompt: &str) -> Result<Secret> {
        match &self.from {
            Some(path) => password::read(path),
            None => password::asked(prompt).context("name a file with --from, or `--from -` for standard input"),
        }
    }
}

impl NewPassword {
    fn read(&self, context: &Context, of: &Path) -> Result<Secret> {
        context.other_password(self.new_password_file.as_ref(), "NEURON_NEW_PASSWORD").read_new(of)
    }
}

pub async fn run(context: &Context, command: Command) -> Result<()> {
    let key = &context.key;
    match command {
        Command::New => store(context, || Ok(Account::random()))?,
        Command::Show => {
            let account = context.own_address().await?;
            // Scripts take it as it is.
            match context.json {
                true => context.sum(&json!({ "account": account }))?,
                false => output::show(format!("{account}\n").as_bytes())?,
            }
        }
        Command::Import(import) => store(context, || imported(context, &import))?,
        Command::Export { file, new, raw_private_key } => {
            ensure_free(&file)?;
            let account = KeyPlace::account(&context.place()?).await?;
            if raw_private_key {
                let digits = Zeroizing::new(hex::encode(*account.to_bytes()?));
                keystore::write_new(&file, digits.as_bytes())?;
                output::line(&format!(
                    "the bare private key of {} in {}; whoever reads it owns the account",
                    account.address(),
                    file.display()
                ))?;
            } else {
                keystore::create(&file, &account, &new.read(context, &file)?, Cost::Full)?;
                output::line(&format!("{} in {}", account.address(), file.display()))?;
            }
        }
        Command::Password(new) => {
            let old = context.password().read(key)?;
            let account = keystore::change_password(key, &old, &new.read(context, key)?, Cost::Full)?;
            output::line(&format!("{} in {} has a new password", account.address(), key.display()))?;
        }
    }
    Ok(())
}

/// Writes a key to --key and says so.
fn store(context: &Context, account: impl FnOnce() -> Result<Account>) -> Result<()> {
    ensure_free(&context.key)?;
    let account = account()?;
    keystore::create(&context.key, &account, &context.password().read_new(&context.key)?, Cost::Full)?;
    output::line(&format!("{} in {}; without this file and its password it is lost", account.address(), context.key.display()))?;
    Ok(())
}

/// Nobody types a password for nothing.
fn ensure_free(path: &Path) -> Result<()> {
    ensure!(!path.exists(), "{} exists already; choose another name, no key is ever overwritten", path.display());
    Ok(())
}

fn imported(context: &Context, import: &Import) -> Result<Account> {
    match import {
        Import::PrivateKey(source) => private_key(&source.read("Private key: ")?),
        Import::Mnemonic { source, path, passphrase_file, ask_passphrase } => {
            let words = source.read("Words: ")?;
            let passphrase = match passphrase_file {
                Some(file) => context.other_password(Some(file), "").read(file)?,
                None if *ask_passphrase => password::asked("Passphrase: ")?,
                None => Secret::new(String::new()),
            };
            Ok(mnemonic::account(&words, &passphrase, path)?)
        }
        Import::Keystore { file, old_password_file } => {
            let password = context.other_password(old_password_file.as_ref(), "NEURON_OLD_PASSWORD").read(file)?;
            Ok(keystore::open(file, &password)?)
        }
    }
}

/// The digits, whatever stands around them.
fn private_key(text: &str) -> Result<Account> {
    let digits = text.trim_start_matches('\u{feff}').trim();
    let mut secret = Zeroizing::new([0; 32]);
    let read = hex::decode_to_slice(digits, &mut *secret);
    ensure!(read.is_ok(), "this is no private key: give its 64 hexadecimal digits, with or without 0x");
    Account::from_bytes(&secret).ok().context("this is no private key: it lies outside of the curve's numbers; copy it anew")
}
