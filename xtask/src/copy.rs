//! A copy of the contracts in the target folder, where a tool may change and add sources. What forge compiled there is kept from run to run.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::tools;

/// What forge needs of the repository; the rest of it is not copied.
const PARTS: [&str; 9] = [
    "foundry.toml",
    "xtask/solc.js",
    "token/contracts",
    "token/test",
    "token/abi",
    "governance/contracts",
    "governance/test",
    "governance/abi",
    "crates/protocol/vectors",
];

/// The quick build, for what does not care how much gas code takes: no optimiser, and contracts as large as that makes them.
pub const QUICK: [(&str, &str); 2] = [("FOUNDRY_OPTIMIZER", "false"), ("FOUNDRY_CODE_SIZE_LIMIT", "1000000")];

/// The folder and the forge that works in it.
pub struct Copy {
    pub root: PathBuf,
    forge: PathBuf,
    /// Held as long as the copy is in use.
    _lock: File,
}

impl Copy {
    /// Copies the contracts as they are now, and what else is named, to the folder `name` below the target folder.
    ///
    /// # Errors
    /// When forge is missing or a file cannot be copied.
    pub fn new(name: &str, more: &[&str]) -> Result<Self> {
        let forge = tools::npm_tool("forge")?;
        let root = tools::target_dir()?.join(name);
        let lock = whole(&root, &[&PARTS[..], more].concat())?;
        // Counterexamples of the last run would be tried first, and one run would no longer be like the next.
        remove(&root.join("cache"))?;
        link(&tools::root().join("node_modules"), &root.join("node_modules"))?;
        Ok(Self { root, forge, _lock: lock })
    }

    /// Forge in the copy, with a profile of foundry.toml; each profile keeps what it compiled to itself.
    pub fn forge(&self, profile: &str) -> Command {
        let mut command = Command::new(&self.forge);
        command.current_dir(&self.root).env("FOUNDRY_PROFILE", profile);
        command.env("FOUNDRY_DISABLE_NIGHTLY_WARNING", "1").env("FOUNDRY_SNAPSHOTS", "cache/gas");
        command.env("FOUNDRY_OUT", format!("out-{profile}")).env("FOUNDRY_CACHE_PATH", format!("cache-{profile}"));
        command
    }
}

/// Copies these parts of the repository as they are now to a folder, which is locked as long as the answer lives.
///
/// # Errors
/// When another run works there, or a file cannot be copied.
pub fn whole(to: &Path, parts: &[&str]) -> Result<File> {
    fs::create_dir_all(to)?;
    let lock = File::create(to.join("lock"))?;
    ensure!(lock.try_lock().is_ok(), "another run works in {}: wait for its end", to.display());
    for part in parts {
        let (from, to) = (tools::root().join(part), to.join(part));
        remove(&to)?;
        if from.exists() {
            copy(&from, &to).with_context(|| format!("cannot copy {part} to {}", to.display()))?;
        }
    }
    Ok(lock)
}

/// Removes a file or a folder, if it is there.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(path: &Path) -> Result<()> {
    let done = if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match done {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_file() {
        fs::create_dir_all(to.parent().context("no folder to copy to")?)?;
        fs::copy(from, to)?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> Result<()> {
    remove(at)?;
    std::os::unix::fs::symlink(to, at).with_context(|| format!("cannot link {}", at.display()))
}

#[cfg(not(unix))]
fn link(to: &Path, at: &Path) -> Result<()> {
    copy(to, at)
}
