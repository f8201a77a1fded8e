//! The `neuron` command.

use std::process::ExitCode;

use clap::Parser;
use neuron::cli::{self, Arguments};
use node::logging;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if std::env::var_os("RUST_LOG").is_some() {
        logging::start();
    }
    logging::exit(cli::run(arguments).await)
}
