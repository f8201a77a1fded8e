//! One line per state transition, on standard error; `RUST_LOG` says how much.

use std::{io::IsTerminal, process::ExitCode};

use tracing_subscriber::EnvFilter;

/// What is shown without `RUST_LOG`: our own news, and of the libraries only trouble.
const DEFAULT: &str = "info,libp2p=warn,libp2p_swarm=warn,alloy=warn,hyper=warn,netlink=off";

/// Starts logging; a second call changes nothing.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}

/// Ends a program: an error is told once, with its causes.
pub fn exit(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
