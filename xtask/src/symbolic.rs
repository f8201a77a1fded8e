//! Two invariants of stake proved for all values: the sums of a group are those of its seats, and what leaves is what is paid.

use std::process::Command;

use anyhow::Result;

use crate::{
    copy::Copy,
    python::{self, HALMOS},
    tools,
};

/// What the solver is asked: functions of token/test/symbolic that begin so. What it does not finish is only fuzzed, under other names.
const CHECKS: &str = "check_";
const FOLDER: &str = "token/test/symbolic";

/// Runs the symbolic tests in a copy of the contracts, with artifacts of their own: Halmos wants syntax trees in them.
///
/// # Errors
/// When a tool cannot run, or a check does not hold.
pub fn run() -> Result<()> {
    let programs = python::programs(&HALMOS)?;
    let copy = Copy::new("symbolic", &[])?;
    let mut halmos = Command::new(programs.join("halmos"));
    halmos
        .current_dir(&copy.root)
        .env("PATH", python::path_with(&tools::npm_tool("forge")?)?)
        .envs([("FOUNDRY_PROFILE", "token"), ("FOUNDRY_SRC", FOLDER), ("FOUNDRY_TEST", FOLDER)])
        .envs([("FOUNDRY_OUT", "symbolic-out"), ("FOUNDRY_CACHE_PATH", "symbolic-cache")]);
    halmos.args(["--root", ".", "--forge-build-out", "symbolic-out", "--no-status", "--function", CHECKS]);
    tools::run_in(&mut halmos, &copy.root)
}
