//! Where things are, how commands run, and the pinned npm tools.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The repository's root.
pub fn root() -> PathBuf {
    // As cargo says now, not as it was when this was compiled: checkouts may share a target folder.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&own).parent().expect("xtask lies in the root").to_owned()
}

/// Runs a command in the root, its output shown, and fails with its name.
pub fn run(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Result<()> {
    run_with(Command::new(program).args(arguments))
}

/// What cargo tells this task about itself. Build scripts watch such variables, so an inner cargo would build anew what a
/// cargo from the shell has built.
const OWN_VARIABLES: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// Runs a prepared command in the root, its output shown, and fails with its name.
pub fn run_with(command: &mut Command) -> Result<()> {
    run_in(command, &root())
}

/// Lets cargo make something of the whole workspace; what it tells of each part.
pub fn artifacts(arguments: &[&str]) -> Result<Vec<Value>> {
    let mut command = Command::new(cargo());
    command.args(arguments).args(["--workspace", "--locked", "--message-format=json-render-diagnostics"]);
    let shown = format!("{command:?}");
    let output = prepared(&mut command, &root()).stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {shown}"))?;
    ensure!(output.status.success(), "{shown} ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Runs a prepared command in a folder, its output shown, and fails with its name.
pub fn run_in(command: &mut Command, folder: &Path) -> Result<()> {
    let shown = format!("{command:?}");
    let status = prepared(command, folder).status().with_context(|| format!("cannot start {shown}"))?;
    ensure!(status.success(), "{shown} ended with {status}");
    Ok(())
}

/// A command that will run in a folder without what cargo tells this task about itself.
pub fn prepared<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OWN_VARIABLES.iter().any(|own| name.starts_with(own))) {
            command.env_remove(name);
        }
    }
    command.current_dir(folder)
}

/// The cargo that runs this task.
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// What cargo knows of all packages.
pub fn metadata() -> Result<Value> {
    metadata_with(&[])
}

/// The same of those that a platform needs.
pub fn metadata_for(triple: &str) -> Result<Value> {
    metadata_with(&["--filter-platform", triple])
}

fn metadata_with(more: &[&str]) -> Result<Value> {
    let arguments = [&["metadata", "--format-version", "1", "--locked"], more].concat();
    let output = Command::new(cargo()).args(arguments).current_dir(root()).output()?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("cargo metadata wrote no JSON")
}

/// Where cargo puts what it builds.
pub fn target_dir() -> Result<PathBuf> {
    let metadata = metadata()?;
    Ok(metadata["target_directory"].as_str().context("cargo metadata names no target directory")?.into())
}

/// Installs the pinned npm packages (compiler, forge, anvil, OpenZeppelin) when they are missing or older than the lock file.
pub fn install_npm() -> Result<()> {
    let (lock, installed) = (root().join("package-lock.json"), root().join("node_modules/.package-lock.json"));
    if installed.exists() && modified(&installed)? >= modified(&lock)? {
        return Ok(());
    }
    // npm would empty the folder behind the link before it puts its own in the link's place.
    ensure!(!root().join("node_modules").is_symlink(), "node_modules is a link to packages of another age: remove the link and run again");
    eprintln!("installing the pinned tools with npm ci …");
    run("npm", &["ci", "--no-fund", "--no-audit", "--loglevel=error"])
        .context("npm is needed once, for the compiler, forge and anvil: install Node 20 or newer")
}

fn modified(path: &Path) -> Result<std::time::SystemTime> {
    Ok(path.metadata().with_context(|| format!("{} is missing", path.display()))?.modified()?)
}

/// An executable that one of the npm packages carries for this platform, else the one on PATH.
pub fn npm_tool(name: &str) -> Result<PathBuf> {
    install_npm()?;
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-amd64",
        (os, _) => os,
    };
    let path = root().join(format!("node_modules/@foundry-rs/{name}-{platform}/bin/{name}"));
    if path.exists() {
        return Ok(path);
    }
    let on_path = Command::new(name).arg("--version").output().is_ok();
    ensure!(on_path, "no {name} for this platform in node_modules and none on PATH: install Foundry 1.7");
    Ok(name.into())
}
