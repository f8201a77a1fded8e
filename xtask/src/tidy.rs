//! House rules that no compiler checks: who may depend on whom, modules in layers, banned crates, licences, first lines, sizes,
//! docstrings, pointers to the protocol, tests of its threats.

mod circles;
mod docs;
mod functions;
mod pointers;
mod threats;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::tools;

/// Each room and the rooms it may use. An arrow that is not here does not exist.
const ARROWS: [(&str, &[&str]); 23] = [
    ("deltas", &[]),
    ("patches", &["deltas"]),
    ("protocol", &["deltas"]),
    ("evaluator", &["deltas"]),
    ("page-evaluator", &["evaluator", "deltas"]),
    ("page-log", &["protocol"]),
    ("training", &["cuda", "evaluator"]),
    ("models", &["evaluator"]),
    ("cuda", &["evaluator"]),
    ("views", &["protocol"]),
    ("swarm", &["protocol"]),
    ("chain", &["protocol"]),
    ("token", &["chain", "protocol"]),
    ("governance", &["token", "chain", "protocol"]),
    ("node", &["governance", "token", "chain", "swarm", "protocol", "cuda", "evaluator", "deltas"]),
    (
        "neuron",
        &[
            "trainer-node",
            "validator-node",
            "node",
            "training",
            "models",
            "governance",
            "token",
            "chain",
            "swarm",
            "views",
            "protocol",
            "evaluator",
            "patches",
            "deltas",
        ],
    ),
    ("devnet", &["node", "training", "governance", "token", "chain", "swarm", "protocol", "evaluator", "deltas"]),
    ("trainer-node", &["node", "training", "governance", "token", "chain", "swarm", "protocol", "evaluator", "deltas"]),
    ("validator-node", &["node", "governance", "token", "chain", "swarm", "protocol", "evaluator", "deltas"]),
    ("sim", &["node", "training", "governance", "token", "chain", "swarm", "views", "protocol", "evaluator", "deltas"]),
    ("economics", &["protocol", "evaluator"]),
    ("wires", &[]),
    ("xtask", &[]),
];

/// Rooms below the wall: no clock, socket, runtime, learning framework or chain library.
const PURE: [&str; 3] = ["deltas", "protocol", "evaluator"];
const NOT_BELOW_THE_WALL: [&str; 6] = ["tokio", "burn", "libp2p", "alloy", "rand", "reqwest"];

/// Crates that must never be in the tree, and why.
const BANNED: [(&str, &str); 6] = [
    ("core2", "yanked"),
    ("libipld", "unmaintained"),
    ("ethers", "deprecated by its authors for alloy"),
    ("ipfs-embed", "does not resolve"),
    ("openssl", "rustls serves"),
    ("async-std", "discontinued"),
];

/// Licences that a user of this project can accept without asking a lawyer.
const LICENCES: [&str; 18] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "0BSD",
    "Zlib",
    "Unlicense",
    "CC0-1.0",
    "MPL-2.0",
    "Unicode-3.0",
    "CDLA-Permissive-2.0",
    "BSL-1.0",
    "OpenSSL",
    "MIT-0",
    "NCSA",
];

/// Lines of the longest source file, of tests and of contracts, and of the longest function.
const MAX_LINES: usize = 400;
const MAX_TEST_LINES: usize = 500;
const MAX_FUNCTION_LINES: usize = 60;

/// Checks everything; lists every breach before it fails.
///
/// # Errors
/// When `cargo metadata` fails or a rule is broken.
pub fn run() -> Result<()> {
    let metadata = tools::metadata()?;
    let mut breaches = Vec::new();
    arrows(&metadata, &mut breaches)?;
    packages(&metadata, &mut breaches)?;
    modules(&metadata, &mut breaches)?;
    let (sources, protocol) = (sources()?, fs::read_to_string(tools::root().join("docs/PROTOCOL.md"))?);
    sources.iter().try_for_each(|source| check(source, &mut breaches))?;
    pointers::check(&protocol, &sources, &mut breaches);
    docs::check(&sources, &mut breaches);
    threats::check(&protocol, &sources, &mut breaches);
    ensure!(breaches.is_empty(), "house rules broken:\n  {}", breaches.join("\n  "));
    println!("house rules hold: {} rooms, {} packages", ARROWS.len(), list(&metadata["packages"])?.len());
    Ok(())
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().context("cargo metadata changed its shape")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn arrows(metadata: &Value, breaches: &mut Vec<String>) -> Result<()> {
    let allowed: BTreeMap<_, _> = ARROWS.into_iter().collect();
    for package in list(&metadata["packages"])?.iter().filter(|package| package["source"].is_null()) {
        let name = text(package, "name");
        let Some(may) = allowed.get(name) else {
            breaches.push(format!("{name} is a room that xtask/src/tidy.rs does not know"));
            continue;
        };
        for dependency in list(&package["dependencies"])?.iter().filter(|dependency| dependency["kind"].is_null()) {
            let used = text(dependency, "name");
            if allowed.contains_key(used) && !may.contains(&used) {
                breaches.push(format!("{name} must not depend on {used}"));
            }
            if PURE.contains(&name) && NOT_BELOW_THE_WALL.contains(&used) {
                breaches.push(format!("{name} stands below the wall and must not use {used}"));
            }
            if used == "burn" && name != "training" {
                breaches.push(format!("{name} must not compile burn"));
            }
        }
    }
    Ok(())
}

/// Modules of each room, which stand in layers.
fn modules(metadata: &Value, breaches: &mut Vec<String>) -> Result<()> {
    for package in list(&metadata["packages"])?.iter().filter(|package| package["source"].is_null()) {
        let folder = Path::new(text(package, "manifest_path")).with_file_name("src");
        circles::check(text(package, "name"), &folder, breaches)?;
    }
    Ok(())
}

fn packages(metadata: &Value, breaches: &mut Vec<String>) -> Result<()> {
    for package in list(&metadata["packages"])? {
        let name = text(package, "name");
        if let Some((_, why)) = BANNED.iter().find(|(banned, _)| *banned == name) {
            breaches.push(format!("{name} is banned: {why}"));
        }
        if package["license_file"].is_null() && !licence_is_fine(text(package, "license")) {
            breaches.push(format!("{name} has the licence {:?}, which is not on the list", text(package, "license")));
        }
    }
    Ok(())
}

/// Whether an SPDX expression can be met from the list: one side of each OR, both sides of each AND.
fn licence_is_fine(expression: &str) -> bool {
    let expression = expression.replace(['(', ')'], "").replace('/', " OR ");
    expression.split(" AND ").all(|part| part.split(" OR ").any(|licence| LICENCES.contains(&licence.trim())))
}

/// A file of the project's own, in Rust or Solidity.
struct Source {
    /// From the repository's root on.
    path: String,
    text: String,
}

fn sources() -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for room in ["deltas", "token", "governance", "crates", "trainer-node", "validator-node", "xtask", "properties"] {
        read(&tools::root().join(room), &mut sources)?;
    }
    Ok(sources)
}

fn read(folder: &Path, sources: &mut Vec<Source>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{} is missing", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "sol") {
            let shown = path.strip_prefix(tools::root()).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            sources.push(Source { text: fs::read_to_string(&path)?, path: shown });
        }
    }
    Ok(())
}

fn check(Source { path, text }: &Source, breaches: &mut Vec<String>) -> Result<()> {
    if path.ends_with(".t.sol") {
        return Ok(());
    }
    let opens_well = if path.ends_with(".rs") { text.starts_with("//! ") } else { text.contains("/// @title ") };
    if !opens_well {
        breaches.push(format!("{path} does not say in its first line what lives there"));
    }
    let is_short = path.ends_with(".rs") && !path.contains("/tests/");
    let most = if is_short { MAX_LINES } else { MAX_TEST_LINES };
    if text.lines().count() > most {
        breaches.push(format!("{path} has more than {most} lines: look for its second subject"));
    }
    let long = functions::longer_than(text, MAX_FUNCTION_LINES);
    breaches.extend(long.map(|name| format!("{path}: {name} has more than {MAX_FUNCTION_LINES} lines: name its parts")));
    if text.contains(concat!("TO", "DO")) || text.contains(concat!("FIX", "ME")) {
        bail!("{path} says that something is not done");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::licence_is_fine;

    #[test]
    fn a_licence_needs_one_side_of_or_and_both_sides_of_and() {
        for (expression, fine) in [
            ("MIT OR Apache-2.0", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0", false),
            ("MIT AND GPL-3.0", false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("", false),
        ] {
            assert_eq!(licence_is_fine(expression), fine, "{expression}");
        }
    }
}
