//! The devnet as a program; `cargo xtask devnet` builds all that it starts and runs it.

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Result, bail};
use clap::Parser;
use devnet::Options;
use node::{
    keys::{self, KeyPlace},
    logging,
    password::PasswordSource,
    stop,
};

/// Run the whole network on this machine.
#[derive(Parser)]
#[command(name = "devnet", version)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// Your encrypted key, for --rpc.
    #[arg(long, default_value = "account.json")]
    key: PathBuf,
    /// File with its password; otherwise NEURON_PASSWORD is read, or the terminal.
    #[arg(long)]
    password_file: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if std::env::var_os("RUST_LOG").is_some() {
        logging::start();
    }
    let is_kept = AtomicBool::new(false);
    stop::run(run(arguments, &is_kept), || match is_kept.load(Ordering::Relaxed) {
        true => Ok(()),
        false => bail!("interrupted: everything that was started has been stopped"),
    })
}

async fn run(Arguments { mut options, key, password_file }: Arguments, is_kept: &AtomicBool) -> Result<()> {
    if options.rpc.is_some() {
        let password = PasswordSource { file: password_file, variable: keys::PASSWORD_VARIABLE, as_is: false };
        options.payer = Some(KeyPlace::File { path: key, password }.account().await?);
    }
    devnet::run(options, is_kept).await
}
