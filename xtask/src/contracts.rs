//! Compiles the contracts and keeps the committed ABI and bytecode equal to their sources.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::{opcodes, tools};

/// Contract, forge profile, room whose `abi/` holds it.
const ARTIFACTS: [(&str, &str, &str); 10] = [
    ("Neuron", "token", "token"),
    ("Emission", "token", "token"),
    ("Sale", "token", "token"),
    ("Purse", "token", "token"),
    ("IStake", "token", "token"),
    ("Registry", "default", "governance"),
    ("Council", "default", "governance"),
    ("Bounties", "default", "governance"),
    ("Network", "default", "governance"),
    ("INetwork", "default", "governance"),
];

/// The largest contract, and the largest code that makes one, which a chain accepts (EIP-170, EIP-3860), bytes.
const MAX_CODE: usize = 24_576;
const MAX_INITCODE: usize = 49_152;

/// Builds both profiles and writes (or, with `check`, compares) `*/abi/*.json`.
///
/// # Errors
/// When forge fails, a contract is too large, or a committed artifact differs from the sources.
pub fn run(check: bool) -> Result<()> {
    for profile in ["token", "default"] {
        forge(profile, &["build"])?;
        for (name, _, room) in ARTIFACTS.iter().filter(|artifact| artifact.1 == profile) {
            artifact(name, room, check)?;
        }
    }
    Ok(())
}

/// Runs forge with a profile of foundry.toml.
pub fn forge(profile: &str, arguments: &[&str]) -> Result<()> {
    tools::run_with(forge_command(profile)?.args(arguments))
}

/// Forge in the root, with a profile of foundry.toml. The binary itself: npm's wrapper hides its exit status.
pub fn forge_command(profile: &str) -> Result<Command> {
    let mut command = Command::new(tools::npm_tool("forge")?);
    command.current_dir(tools::root()).env("FOUNDRY_PROFILE", profile).env("FOUNDRY_DISABLE_NIGHTLY_WARNING", "1");
    Ok(command)
}

fn artifact(name: &str, room: &str, check: bool) -> Result<()> {
    let built: Value = read(tools::root().join(format!("out/{name}.sol/{name}.json")))?;
    let size = code(name, &built)?;
    let path = tools::root().join(format!("{room}/abi/{name}.json"));
    let [creation, runtime] = ["bytecode", "deployedBytecode"].map(|part| &built[part]["object"]);
    let wanted = json!({ "abi": built["abi"], "bytecode": creation, "deployedBytecode": runtime });
    if fs::read(&path).is_ok_and(|bytes| serde_json::from_slice::<Value>(&bytes).is_ok_and(|held| held == wanted)) {
        return Ok(());
    }
    if check {
        bail!("{} is not what its source compiles to: run `cargo xtask contracts` and commit it", path.display());
    }
    fs::create_dir_all(path.parent().context("abi folder")?)?;
    fs::write(&path, serde_json::to_string_pretty(&wanted)? + "\n")?;
    println!("{name}: {size} bytes, written to {}", path.display());
    Ok(())
}

/// Checks that every chain in question takes and runs the contract; tells its size in bytes.
fn code(name: &str, built: &Value) -> Result<usize> {
    let mut sizes = [0; 2];
    for (size, (part, most)) in sizes.iter_mut().zip([("deployedBytecode", MAX_CODE), ("bytecode", MAX_INITCODE)]) {
        let code = built[part]["object"].as_str().with_context(|| format!("{name} has no {part}: forge did not build it"))?;
        *size = code.trim_start_matches("0x").len() / 2;
        ensure!(*size <= most, "{part} of {name} has {size} bytes, {most} is the most that a chain accepts");
        opcodes::check(&format!("{part} of {name}"), code)?;
    }
    Ok(sizes[0])
}

fn read(path: PathBuf) -> Result<Value> {
    let bytes = fs::read(&path).with_context(|| format!("{} is missing: forge did not build it", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is no artifact", path.display()))
}
