//! The trainer: follows its groups, trains, commits, reveals, settles and collects.

#[cfg(unix)]
mod command;
#[cfg(not(unix))]
#[path = "command/elsewhere.rs"]
mod command;
mod effects;
mod memory;
mod notes;
mod run;
mod state;
#[cfg(test)]
mod tiny;
mod turns;
mod work;

use std::process::ExitCode;

use clap::Parser;
use node::{logging, stop};
use trainer_node::{Arguments, config};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    stop::run(run(arguments), stop::node_stopped)
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut config = config::load(&arguments.config)?;
    logging::start_as(&config.log, &config.trace)?;
    config.device = arguments.device.unwrap_or(config.device);
    config.node.group = arguments.group.unwrap_or(config.node.group);
    if config.training.command().is_none() {
        config.device.check()?;
    }
    let stop = stop::listen()?;
    effects::serve(config, stop).await
}
