//! The trainer: follows its group, trains, commits, reveals, settles and collects.

mod config;
mod memory;
mod owed;
mod shell;
mod work;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use node::{logging, stop};

/// Races in every round of a training group.
#[derive(Parser)]
#[command(name = "trainer-node", version)]
struct Arguments {
    /// Settings of this trainer; `configs/trainer.toml` is an example.
    #[arg(long)]
    config: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    logging::start();
    logging::exit(run(arguments).await)
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = config::load(&arguments.config)?;
    let stop = stop::listen()?;
    shell::Shell::start(config).await?.run(stop).await
}
