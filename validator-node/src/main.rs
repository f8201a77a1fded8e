//! The validator: rechecks the best claim of every round, signs, keeps the weekly votes moving, and watches the other validators.

mod duties;
mod effects;
mod hidden;
mod juror;
mod work;

use std::process::ExitCode;

use clap::Parser;
use node::{logging, stop};
use validator_node::{Arguments, config};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    stop::run(run(arguments), stop::node_stopped)
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut config = config::load(&arguments.config)?;
    logging::start_as(&config.log, &config.trace)?;
    config.doppelganger_check &= !arguments.no_doppelganger_check;
    config.node.group = arguments.group.unwrap_or(config.node.group);
    config.evaluator.device = arguments.device.unwrap_or(config.evaluator.device);
    let stop = stop::listen()?;
    effects::serve(config, stop).await
}
