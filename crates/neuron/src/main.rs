//! The `neuron` command.

use std::process::ExitCode;

use anyhow::bail;
use clap::Parser;
use neuron::cli::{self, Arguments, ending};
use node::{logging, stop};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if std::env::var_os("RUST_LOG").is_some() {
        logging::start();
    }
    let mut code = None;
    let work = async {
        let done = cli::run(arguments).await;
        code = done.as_ref().err().map(ending::code_of);
        done
    };
    let ended = stop::run(work, || bail!("interrupted; what was sent before may still be mined: look before you send it again"));
    code.map_or(ended, ExitCode::from)
}
