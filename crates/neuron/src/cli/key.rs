//! `neuron key`: encrypted keys on this machine.

use anyhow::{Result, ensure};
use chain::{Account, keystore};
use clap::Subcommand;
use node::keys;

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
            let password = keys::password(&context.key, context.password_file.as_ref())?;
            ensure!(!password.is_empty(), "the password is empty: whoever finds the file would own the key");
            let account = Account::random();
            keystore::create(&context.key, &account, &password)?;
            println!("{} in {}; without this file and its password it is lost", account.address(), context.key.display());
        }
        Command::Show => println!("{}", keystore::address(&context.key)?),
    }
    Ok(())
}
