//! `neuron key`: encrypted keys on this machine.

use anyhow::{Context as _, Result};
use chain::{Account, keystore};
use clap::Subcommand;
use node::keys::PASSWORD_VARIABLE;

use super::context::Context;

#[derive(Subcommand)]
pub enum Command {
    /// Make a new key at --key, encrypted with the password of --password-file or NEURON_PASSWORD.
    New,
    /// The address of the key at --key.
    Show,
}

pub fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::New => {
            let password = match &context.password_file {
                Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
                None => std::env::var(PASSWORD_VARIABLE)
                    .with_context(|| format!("no password: give --password-file, or set {PASSWORD_VARIABLE}"))?,
            };
            let account = Account::random();
            keystore::create(&context.key, &account, password.lines().next().unwrap_or_default())?;
            println!("{} in {}; without this file and its password it is lost", account.address(), context.key.display());
        }
        Command::Show => println!("{}", keystore::address(&context.key)?),
    }
    Ok(())
}
