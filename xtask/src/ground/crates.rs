//! Where mutants of Rust sources are tested: a copy of the workspace with a target folder that is kept from run to run.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use super::End;
use crate::{copy, tools};

/// What the workspace is made of, but for the contracts' tools.
const PARTS: [&str; 12] = [
    "Cargo.toml",
    "Cargo.lock",
    "clippy.toml",
    "configs",
    "crates",
    "data",
    "deltas",
    "governance",
    "token",
    "trainer-node",
    "validator-node",
    "xtask",
];
/// A mutant that runs longer is one that never ends.
const LIMIT: Duration = Duration::from_secs(900);
const POLL: Duration = Duration::from_millis(50);

/// See the module.
pub struct Ground {
    root: PathBuf,
    _lock: File,
}

impl Ground {
    /// Copies the workspace; the tests of all packages must pass there.
    ///
    /// # Errors
    /// When they do not, or a file cannot be copied.
    pub fn prepare(packages: &BTreeSet<String>) -> Result<Self> {
        let root = tools::target_dir()?.join("mutants-of-crates");
        let lock = copy::whole(&root, &PARTS)?;
        let ground = Self { root, _lock: lock };
        for package in packages {
            let start = Instant::now();
            match ground.run(package)? {
                End::Survived => println!("baseline  {package}: {} s", start.elapsed().as_secs()),
                End::Killed(test) => bail!("mend this first: {test} of {package} fails without any mutation"),
                End::Broken(why) => bail!("mend this first: {package} does not compile: {why}"),
            }
        }
        Ok(ground)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Runs the tests of the packages in turn, until one notices, with other content in one file, which is then as it was.
    ///
    /// # Errors
    /// When a file cannot be written or cargo does not start.
    pub fn test(&self, packages: &[String], file: &str, content: &str) -> Result<End> {
        let path = self.root.join(file);
        let original = fs::read_to_string(&path)?;
        fs::write(&path, content)?;
        let end = self.run_all(packages);
        fs::write(&path, original)?;
        end
    }

    fn run_all(&self, packages: &[String]) -> Result<End> {
        for package in packages {
            match self.run(package)? {
                End::Survived => {}
                end => return Ok(end),
            }
        }
        Ok(End::Survived)
    }

    fn run(&self, package: &str) -> Result<End> {
        let built = self.cargo(package, &["--no-run"])?.output().context("cargo does not start")?;
        if !built.status.success() {
            return Ok(End::Broken(line(&String::from_utf8_lossy(&built.stderr), |line| line.starts_with("error"))));
        }
        let told = self.root.join("told.txt");
        let mut tests = self.cargo(package, &[])?.stdout(File::create(&told)?).stderr(Stdio::null()).spawn()?;
        let start = Instant::now();
        let passed = loop {
            match tests.try_wait()? {
                Some(status) => break status.success(),
                None if start.elapsed() > LIMIT => {
                    tests.kill()?;
                    tests.wait()?;
                    return Ok(End::Killed(format!("{package} does not end")));
                }
                None => std::thread::sleep(POLL),
            }
        };
        let text = fs::read_to_string(&told).unwrap_or_default();
        Ok(if passed { End::Survived } else { End::Killed(line(&text, |line| line.ends_with("FAILED"))) })
    }

    fn cargo(&self, package: &str, more: &[&str]) -> Result<Command> {
        ensure!(self.root.join("Cargo.toml").exists(), "the copy in {} is gone", self.root.display());
        let mut command = Command::new(tools::cargo());
        command.args(["test", "--locked", "--package", package, "--lib", "--bins", "--tests"]).args(more).current_dir(&self.root);
        command.env("CARGO_TARGET_DIR", self.root.join("target"));
        Ok(command)
    }
}

/// The first line that is one of those, else the last one.
fn line(text: &str, is_one: impl Fn(&str) -> bool) -> String {
    let found = text.lines().find(|line| is_one(line)).or_else(|| text.lines().rfind(|line| !line.trim().is_empty()));
    found.unwrap_or("nothing was said").to_owned()
}
