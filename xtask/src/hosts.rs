//! The network on hosts of their own: minutes in which little is computed, so it runs beside other steps.

use std::process::Command;

use anyhow::Result;

use crate::{beside::Beside, tools};

/// The whole workspace is named so that no library is built anew with fewer features.
const TEST: [&str; 8] = ["test", "--workspace", "--locked", "--test", "hosts", "--", "--ignored", "--nocapture"];

/// Builds all programs and runs the test.
///
/// # Errors
/// When something does not build, or the test fails.
pub fn run() -> Result<()> {
    tools::install_npm()?;
    tools::run(tools::cargo(), &["build", "--workspace", "--locked"])?;
    tools::run(tools::cargo(), &TEST)
}

/// The test beside others, by the programs as the step before has built them. Left alone it ends by itself and removes its hosts.
///
/// # Errors
/// When its output cannot be kept, or cargo does not start.
pub fn beside() -> Result<Beside> {
    tools::install_npm()?;
    let mut cargo = Command::new(tools::cargo());
    Beside::start("hosts", tools::prepared(&mut cargo, &tools::root()).args(TEST))
}
