//! The validator: rechecks the best claim of every round, signs, keeps the weekly votes moving, and watches the other validators.

mod config;
mod duties;
mod effects;
mod hidden;
mod juror;
mod work;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use node::{logging, stop};

/// Rechecks claims in a training group.
#[derive(Parser)]
#[command(name = "validator-node", version)]
struct Arguments {
    /// Settings of this validator; `configs/validator.toml` is an example.
    #[arg(long)]
    config: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    logging::start();
    stop::run(run(arguments), stop::node_stopped)
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = config::load(&arguments.config)?;
    let stop = stop::listen()?;
    effects::start(config).await?.run(stop).await
}
