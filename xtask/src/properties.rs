//! The token against public ERC20 tests: slither's conformance check, and the properties that its generator writes.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    copy::{Copy, QUICK, remove},
    python::{self, SLITHER},
    tools,
};

/// Scenarios of slither-prop that fit NRN: it moves freely, and its users cannot mint. "Burnable" calls `burn` from within, which is
/// external here: `properties/Erc20.t.sol` asks the same.
const SCENARIOS: [&str; 2] = ["Transferable", "NotMintable"];

/// What the conformance check may find: the standard's own `approve` can be raced, as in every token that follows it; `permit` cannot.
const KNOWN: [&str; 1] = ["lack_of_erc20_race_condition_protection"];

/// Generates the properties in a copy of the contracts and runs them as invariants.
///
/// # Errors
/// When a tool cannot run, the token does not conform, or a property breaks.
pub fn run() -> Result<()> {
    let programs = python::programs(&SLITHER)?;
    let copy = Copy::new("properties", &["properties"])?;
    remove(&copy.root.join("properties-out"))?;
    let path = python::path_with(&tools::npm_tool("forge")?)?;
    tools::run_in(forge(&copy).args(["build", "properties/Token.sol", "--build-info", "--force", "--quiet"]), &copy.root)?;
    let slither = |program: &str| {
        let mut command = Command::new(programs.join(program));
        command.current_dir(&copy.root).env("PATH", &path);
        command
    };
    conforms(&mut slither("slither-check-erc"))?;
    generate(&mut slither("python"), &copy.root)?;
    tools::run_in(forge(&copy).args(["test", "--fuzz-seed", "1"]), &copy.root)
}

fn forge(copy: &Copy) -> Command {
    let mut command = copy.forge("token");
    command
        .envs(QUICK)
        .env("FOUNDRY_TEST", "properties")
        .env("FOUNDRY_OUT", "properties-out")
        .env("FOUNDRY_CACHE_PATH", "properties-cache");
    command.env("FOUNDRY_REMAPPINGS", REMAPPINGS).env("FOUNDRY_IGNORED_ERROR_CODES", GENERATED);
    command
}

/// Warnings that are left out: those of foundry.toml, what generated sources lack (licence, compiler, `view`), and sizes.
const GENERATED: &str = "[2519, 8760, 2394, 6335, 1878, 3420, 2018, 3860, 5574]";

/// Those of foundry.toml that the properties use, and their own.
const REMAPPINGS: &str = "[\"@openzeppelin/=node_modules/@openzeppelin/\",\"token/=token/contracts/\",\"token-test/=token/test/\",\
                          \"properties/=properties/\",\"generated/=generated/\"]";

fn conforms(check: &mut Command) -> Result<()> {
    let output = check.args([".", "Token", "--ignore-compile", "--foundry-out-directory", "properties-out", "--json", "-"]).output()?;
    let result: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("slither-check-erc: {}", String::from_utf8_lossy(&output.stderr)))?;
    ensure!(result["success"] == true, "slither-check-erc: {}", result["error"]);
    let found = result["results"]["erc-conformance"].as_object().context("slither-check-erc changed its form")?;
    let wrong: Vec<_> = found.keys().filter(|kind| !KNOWN.contains(&kind.as_str())).map(String::as_str).collect();
    ensure!(wrong.is_empty(), "the token is no ERC20: {}; run slither-check-erc for the whole story", wrong.join(", "));
    Ok(())
}

fn generate(python: &mut Command, root: &Path) -> Result<()> {
    let folder = root.join("generated");
    remove(&folder)?;
    fs::create_dir_all(&folder)?;
    let script = tools::root().join("xtask/erc20_properties.py");
    python.arg(script).args([".", "properties-out", "Token", "generated"]).args(SCENARIOS);
    let output = python.output().context("Python does not start")?;
    ensure!(output.status.success(), "the ERC20 properties were not generated: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
