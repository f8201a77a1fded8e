//! The `neuron` command.

use std::process::ExitCode;

use anyhow::bail;
use clap::Parser;
use neuron::cli::{self, Arguments};
use node::{logging, stop};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if std::env::var_os("RUST_LOG").is_some() {
        logging::start();
    }
    stop::run(cli::run(arguments), || bail!("interrupted; what was sent before may still be mined: look before you send it again"))
}
