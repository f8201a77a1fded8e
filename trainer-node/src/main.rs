//! The trainer: follows its group, trains, commits, reveals, settles and collects.

mod config;
mod effects;
mod memory;
mod notes;
mod run;
mod state;
#[cfg(test)]
mod tiny;
mod work;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use node::{logging, stop};
use training::Device;

/// Races in every round of a training group.
#[derive(Parser)]
#[command(name = "trainer-node", version)]
struct Arguments {
    /// Settings of this trainer; `configs/trainer.toml` is an example.
    #[arg(long)]
    config: PathBuf,
    /// Where to train, whatever the settings say: auto, cpu, cuda, cuda:N, wgpu or wgpu:N.
    #[arg(long)]
    device: Option<Device>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    logging::start();
    stop::run(run(arguments), stop::node_stopped)
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut config = config::load(&arguments.config)?;
    config.device = arguments.device.unwrap_or(config.device);
    let stop = stop::listen()?;
    effects::start(config).await?.run(stop).await
}
