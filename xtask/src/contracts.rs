//! Compiles the contracts and keeps the committed ABI and bytecode equal to their sources.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::tools;

/// Contract, forge profile, room whose `abi/` holds it.
const ARTIFACTS: [(&str, &str, &str); 6] = [
    ("Neuron", "token", "token"),
    ("Emission", "token", "token"),
    ("Sale", "token", "token"),
    ("Purse", "token", "token"),
    ("IStake", "token", "token"),
    ("Network", "default", "governance"),
];

/// The largest contract that Ethereum accepts (EIP-170), bytes.
const MAX_CODE: usize = 24_576;

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
    let forge = tools::npm_tool("forge")?;
    tools::run_with(Command::new(forge).args(arguments).env("FOUNDRY_PROFILE", profile).env("FOUNDRY_DISABLE_NIGHTLY_WARNING", "1"))
}

fn artifact(name: &str, room: &str, check: bool) -> Result<()> {
    let built: Value = read(tools::root().join(format!("out/{name}.sol/{name}.json")))?;
    let size = built["deployedBytecode"]["object"].as_str().map_or(0, |code| code.len() / 2 - 1);
    if size > MAX_CODE {
        bail!("{name} has {size} bytes, {MAX_CODE} is the most that a chain accepts");
    }
    let path = tools::root().join(format!("{room}/abi/{name}.json"));
    let wanted = json!({ "abi": built["abi"], "bytecode": built["bytecode"]["object"] });
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

fn read(path: PathBuf) -> Result<Value> {
    let bytes = fs::read(&path).with_context(|| format!("{} is missing: forge did not build it", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is no artifact", path.display()))
}
