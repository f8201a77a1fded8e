//! Simulated networks: the program that runs them, and the seeds that every test runs.

use std::{path::PathBuf, process::Command};

use anyhow::Result;

use crate::tools;

/// What `cargo xtask test` runs: 6,000 rounds, in four to five minutes on two cores. A seed's later rounds take longer than its first ones,
/// for its logs grow; more and longer ones are the `sim` task's: `cargo xtask sim --seeds 0..500 --rounds 20`.
const TESTED: [&str; 4] = ["--seeds", "0..300", "--rounds", "20"];
/// And with the real trainer and the real evaluator: some seconds.
const EXACT: [&str; 6] = ["--seeds", "0..16", "--rounds", "34", "--depth", "exact"];

/// Builds the program and hands over to it.
///
/// # Errors
/// When it cannot be built, or says that something failed.
pub fn run(options: &[String]) -> Result<()> {
    let status = Command::new(program()?).arg("seeds").args(options).status()?;
    // It has said itself what failed, in its last line.
    if status.success() { Ok(()) } else { std::process::exit(1) }
}

/// The seeds of the tests, by the program as the step before has built it: alone it would be built with other libraries' features, anew.
pub fn check() -> Result<()> {
    let program = built()?;
    tools::run_with(Command::new(&program).arg("seeds").args(TESTED))?;
    tools::run_with(Command::new(program).arg("seeds").args(EXACT))
}

/// The program, built. Its profile is that of the tests, in which the simulator is optimised.
pub fn program() -> Result<PathBuf> {
    // The whole workspace is named so that no library is built anew with fewer features.
    tools::run(tools::cargo(), &["build", "--workspace", "--bin", "sim", "--locked"])?;
    built()
}

fn built() -> Result<PathBuf> {
    Ok(tools::target_dir()?.join("debug/sim"))
}
