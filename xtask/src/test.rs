//! The two doors: every test in order of how soon it can fail, and the devnet.

use anyhow::Result;

use crate::{analysis, contracts, mutants, properties, sim, tidy, tools};

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
    step("build", || tools::run(&cargo, &["build", "--workspace", "--all-targets", "--locked"]))?;
    step("lints", || tools::run(&cargo, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))?;
    step("golden files, not optimised", || {
        tools::run(&cargo, &["test", "--profile", "plain", "--package", "evaluator", "--test", "all", "--locked", "golden"])
    })?;
    step("simulated networks", sim::check)?;
    step("crates and network", || tools::run(&cargo, &["test", "--workspace", "--locked", "--no-fail-fast"]))
}

/// Builds all programs and hands over to the devnet.
pub fn devnet(options: &[String]) -> Result<()> {
    tools::install_npm()?;
    tools::run(tools::cargo(), &["build", "--workspace", "--locked"])?;
    tools::run(tools::target_dir()?.join("debug/devnet"), &options.iter().map(String::as_str).collect::<Vec<_>>())
}

fn step(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    eprintln!("── {name}");
    let start = std::time::Instant::now();
    work()?;
    eprintln!("── {name}: {:.0} s", start.elapsed().as_secs_f32());
    Ok(())
}
