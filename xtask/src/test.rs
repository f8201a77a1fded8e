//! The two doors: every test in order of how soon it can fail, and the devnet.

use std::{os::unix::process::CommandExt, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{analysis, contracts, crates, hosts, mutants, properties, sim, tidy, tools, web};

/// Runs every check and test; stops at the first failure.
pub fn everything() -> Result<()> {
    let cargo = tools::cargo();
    step("format", || tools::run(&cargo, &["fmt", "--all", "--check"]))?;
    step("house rules", tidy::run)?;
    step("contracts are what was committed", || contracts::run(true))?;
    for profile in ["token", "default"] {
        // What only measures is run by `bench gas`.
        step(&format!("contracts, profile {profile}"), || {
            contracts::forge(profile, &["test", "--no-match-path", "governance/test/bench/*"])
        })?;
    }
    step("seeded bugs still fit the contracts", mutants::check)?;
    step("static analysis of the contracts", analysis::run)?;
    step("public ERC20 properties", properties::run)?;
    step("the page, without a browser", || web::run(web::Wishes { size: false, write: false, browser: false }))?;
    step("build", || tools::run(&cargo, &["build", "--workspace", "--all-targets", "--locked"]))?;
    step("lints", || tools::run(&cargo, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))?;
    let (hosts, page) = (hosts::beside()?, web::beside()?);
    step("golden files, not optimised", || {
        tools::run(&cargo, &["test", "--profile", "plain", "--package", "evaluator", "--test", "all", "--locked", "golden"])
    })?;
    step("simulated networks", sim::check)?;
    step("hosts of their own, beside the two before", || hosts.end())?;
    step("crates and network, two at a time", crates::run)?;
    step("the page in a browser, beside all these", || page.end())
}

/// Builds all programs and hands over to the devnet.
pub fn devnet(options: &[String]) -> Result<()> {
    tools::install_npm()?;
    tools::run(tools::cargo(), &["build", "--workspace", "--locked"])?;
    // In its place, so that a signal to one is a signal to the other.
    Err(Command::new(tools::target_dir()?.join("debug/devnet")).args(options).current_dir(tools::root()).exec())
        .context("cannot start the devnet")
}

/// Runs the network behind bad providers for so many minutes.
pub fn soak(minutes: u64, json: Option<&Path>) -> Result<()> {
    let mut command = network(&["soak", "--", "--nocapture"])?;
    command.env("NEURON_SOAK_MINUTES", minutes.to_string());
    if let Some(path) = json {
        command.env("NEURON_SOAK_FIGURES", std::path::absolute(path)?);
    }
    tools::run_with(&mut command)
}

/// Runs the network on geth with its own pool and twelve-second blocks.
pub fn geth() -> Result<()> {
    tools::run_with(&mut network(&["on_geth", "--", "--ignored"])?)
}

/// What ordinary tests draw a sample of, whole: all inputs of the evaluator's own functions, all angles, many groups.
pub fn exhaustive() -> Result<()> {
    // The whole workspace is named so that no library is built anew with fewer features.
    tools::run(tools::cargo(), &["test", "--workspace", "--locked", "--lib", "--test", "all", "--", "--ignored"])
}

/// A run of those tests of the devnet's that last too long for every day.
fn network(arguments: &[&str]) -> Result<Command> {
    let cargo = tools::cargo();
    tools::install_npm()?;
    tools::run(&cargo, &["build", "--workspace", "--locked"])?;
    let mut command = Command::new(cargo);
    command.args(["test", "--locked", "--package", "devnet", "--test", "network"]).args(arguments);
    Ok(command)
}

fn step(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    eprintln!("── {name}");
    let start = std::time::Instant::now();
    work()?;
    eprintln!("── {name}: {:.0} s", start.elapsed().as_secs_f32());
    Ok(())
}
