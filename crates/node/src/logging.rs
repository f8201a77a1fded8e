//! One line per state transition, on standard error; `RUST_LOG` says how much.

use std::{io::IsTerminal, process::ExitCode};

use tracing_subscriber::EnvFilter;

/// What is shown without `RUST_LOG`: our own news, and of the libraries only trouble.
const DEFAULT: &str = "info,libp2p=warn,libp2p_swarm=warn,alloy=warn,hyper=warn,hickory=error,netlink=off";

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

/// An error with its causes, but for those that it names already.
pub fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told.as_str() {
        "" => cause,
        told if told.contains(&cause) => told.to_owned(),
        told => format!("{told}: {cause}"),
    })
}

/// Ends a program: an error is told once, with its causes.
pub fn exit(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn nothing_is_said_twice() {
        for (error, wanted) in [
            (anyhow!("no space left").context("cannot write: no space left; free some"), "cannot write: no space left; free some"),
            (anyhow!("no space left").context("cannot write").context("round 3"), "round 3: cannot write: no space left"),
            (anyhow!("refused: X").context("refused: X"), "refused: X"),
        ] {
            assert_eq!(told(&error), wanted);
        }
    }
}
