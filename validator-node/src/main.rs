//! The validator: rechecks the best claim of every round, signs, keeps the weekly votes moving, and watches the other validators.

mod config;
mod duties;
mod effects;
mod hidden;
mod juror;
mod work;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use node::{Groups, logging, stop};

/// Rechecks claims in a training group.
#[derive(Parser)]
#[command(name = "validator-node", version)]
struct Arguments {
    /// Settings of this validator; `configs/validator.toml` is an example.
    #[arg(long)]
    config: PathBuf,
    /// Sign at once, though chain or log may show verdicts of this account that its signing log lacks. For whoever knows that no other
    /// node signs with its key.
    #[arg(long)]
    no_doppelganger_check: bool,
    /// Which groups, whatever the settings say: 1, or 1,4, or "all I have stake in".
    #[arg(long)]
    group: Option<Groups>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    stop::run(run(arguments), stop::node_stopped)
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut config = config::load(&arguments.config)?;
    logging::start_as(&config.log)?;
    config.doppelganger_check &= !arguments.no_doppelganger_check;
    config.node.group = arguments.group.unwrap_or(config.node.group);
    let stop = stop::listen()?;
    effects::serve(config, stop).await
}
