//! Where mutants of contracts are tested: a copy of the contracts, and the build that is quickest there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Output,
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::End;
use crate::copy::Copy;

/// Few but always the same runs of what is random.
const DETERMINED: [(&str, &str); 4] =
    [("FOUNDRY_FUZZ_SEED", "1"), ("FOUNDRY_FUZZ_RUNS", "64"), ("FOUNDRY_INVARIANT_RUNS", "8"), ("FOUNDRY_INVARIANT_DEPTH", "60")];

/// Tests that are left out of every run: what measures gas takes long and asserts little else.
const MEASURING: [&str; 2] = ["--no-match-path", "governance/test/{bench/*,Gas*.t.sol}"];

/// A way to compile for tests: its name, the settings that differ from foundry.toml, arguments for tests.
struct Build {
    name: &'static str,
    settings: &'static [(&'static str, &'static str)],
    arguments: &'static [&'static str],
}

/// The first serves if everything compiles and passes in it; a mutant takes a third of the time then. Some function may become too large for
/// the stack without the optimiser, and some test too dear: then all is compiled as it will be deployed.
const BUILDS: [Build; 2] = [
    Build {
        name: "quick",
        settings: &[
            ("FOUNDRY_OPTIMIZER", "false"),
            ("FOUNDRY_VIA_IR", "false"),
            ("FOUNDRY_ADDITIONAL_COMPILER_PROFILES", "[]"),
            ("FOUNDRY_COMPILATION_RESTRICTIONS", "[]"),
            ("FOUNDRY_CODE_SIZE_LIMIT", "1000000"),
            ("FOUNDRY_GAS_LIMIT", "30000000000"),
        ],
        // The purse gives receivers of coins little gas, and blocks are small: what fits in is tested in the other build.
        arguments: &["--no-match-test", "AReceiverThatCallsAgain|SmallBlocks"],
    },
    Build { name: "as deployed", settings: &[], arguments: &[] },
];

/// Tests that run together: a profile of foundry.toml and a regular expression over contracts of tests, empty for all.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
pub struct Suite {
    pub profile: String,
    pub tests: String,
}

/// The copy and the build that serves there.
pub struct Ground {
    copy: Copy,
    build: &'static Build,
}

impl Ground {
    /// Copies the contracts and finds the first build in which all tests pass without a mutation.
    ///
    /// # Errors
    /// When there is none.
    pub fn prepare(suites: &BTreeSet<Suite>) -> Result<Self> {
        let mut ground = Self { copy: Copy::new("mutants", &[])?, build: &BUILDS[0] };
        let mut wrong = String::new();
        for build in &BUILDS {
            ground.build = build;
            match ground.complaint(suites)? {
                None => return Ok(ground),
                Some(complaint) => wrong = complaint,
            }
            println!("baseline  not with the {} build: {wrong}", build.name);
        }
        bail!("mend this first: {wrong}");
    }

    pub fn root(&self) -> &Path {
        &self.copy.root
    }

    fn complaint(&self, suites: &BTreeSet<Suite>) -> Result<Option<String>> {
        for suite in suites {
            let start = Instant::now();
            match self.run(suite)? {
                End::Survived => {
                    println!("baseline  {} build, profile {}: {} s", self.build.name, suite.profile, start.elapsed().as_secs())
                }
                End::Killed(test) => return Ok(Some(format!("profile {}: {test} fails without any mutation", suite.profile))),
                End::Broken(why) => return Ok(Some(format!("profile {} does not compile: {why}", suite.profile))),
            }
        }
        Ok(None)
    }

    /// Runs a suite with other content in one file, which is then as it was.
    ///
    /// # Errors
    /// When a file cannot be written or forge does not run.
    pub fn test(&self, suite: &Suite, file: &str, content: &str) -> Result<End> {
        let path = self.copy.root.join(file);
        let original = fs::read_to_string(&path)?;
        fs::write(&path, content)?;
        let end = self.run(suite);
        fs::write(&path, original)?;
        end
    }

    fn run(&self, suite: &Suite) -> Result<End> {
        let mut forge = self.copy.forge(&suite.profile);
        forge.args(["test", "--json", "--fail-fast"]).args(MEASURING).args(self.build.arguments);
        forge.envs(DETERMINED).envs(self.build.settings.iter().copied());
        if !suite.tests.is_empty() {
            forge.args(["--match-contract", &suite.tests]);
        }
        let output = forge.output().context("forge does not start")?;
        match serde_json::from_slice::<BTreeMap<String, Value>>(&output.stdout) {
            Ok(results) => end(suite, &results),
            Err(_) => Ok(End::Broken(complaint(&output))),
        }
    }
}

fn end(suite: &Suite, results: &BTreeMap<String, Value>) -> Result<End> {
    let tests = || results.values().filter_map(|contract| contract["test_results"].as_object()).flatten();
    if let Some((test, _)) = tests().find(|(_, result)| result["status"] == "Failure") {
        return Ok(End::Killed(test.clone()));
    }
    let passed = tests().any(|(_, result)| result["status"] == "Success");
    ensure!(passed, "profile {}: no contract of tests is like {:?}", suite.profile, suite.tests);
    Ok(End::Survived)
}

/// The compiler's first error, else the last words of forge.
fn complaint(output: &Output) -> String {
    let text = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].join("\n");
    let is_error = |line: &&str| line.starts_with("Error") && !line.ends_with("Compiler run failed:");
    let lines: Vec<_> = text.lines().skip_while(|line| !is_error(line)).take(2).map(str::trim).collect();
    match lines.is_empty() {
        false => lines.join(" "),
        true => text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("forge said nothing").to_owned(),
    }
}
