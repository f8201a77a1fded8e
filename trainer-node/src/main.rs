//! The trainer: follows its groups, trains, commits, reveals, settles and collects.

mod config;
mod effects;
mod memory;
mod notes;
mod run;
mod state;
#[cfg(test)]
mod tiny;
mod turns;
mod work;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use node::{Groups, logging, stop};
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
    config.device = arguments.device.unwrap_or(config.device);
    config.node.group = arguments.group.unwrap_or(config.node.group);
    let stop = stop::listen()?;
    effects::serve(config, stop).await
}
