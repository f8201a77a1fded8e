//! Every test program of the workspace, two side by side: some wait for blocks and peers while others compute. What runs by the clock of
//! a real chain and fails beside others is run once more by itself, and told.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, ExitStatus, Output, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{failures, tools};

const SIDE_BY_SIDE: usize = 2;
/// Package and program of those that last longest; they begin first, in this order.
const LONG: [(&str, &str); 6] = [
    ("devnet", "network"),
    ("neuron", "walked"),
    ("devnet", "network two_groups"),
    ("neuron", "network"),
    ("swarm", "swarm"),
    ("sim", "chain"),
];
/// So many of these, from the first on, run by the clock of a real chain or of real peers.
const TIMED: usize = 5;
/// A part of the longest program, which runs beside the rest of it.
const PART: (&str, &str) = ("devnet/network", "two_groups");

/// Tests that failed, of one program, and what they said.
struct Failure {
    program: Program,
    status: ExitStatus,
    tests: Vec<String>,
    said: String,
}

/// A test program, and the folder of its package, in which it runs.
#[derive(Debug, Clone)]
struct Program {
    name: String,
    folder: PathBuf,
    path: PathBuf,
    /// Which of its tests run; all if nothing is said.
    chosen: Vec<String>,
}

/// Builds all test programs, runs them to their ends, then the examples in docs.
///
/// # Errors
/// When something cannot be built, or with all tests that failed and what they said.
pub fn run() -> Result<()> {
    let mut programs = built()?;
    // The last is taken first.
    programs.sort_by_key(|program| std::cmp::Reverse(program.place()));
    let (queue, failed) = (Mutex::new(programs), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(program) = next(&queue) {
                    let failure = program.run().transpose();
                    failed.lock().unwrap_or_else(PoisonError::into_inner).extend(failure);
                }
            });
        }
    });
    let examples = tools::run(tools::cargo(), &["test", "--workspace", "--locked", "--doc", "--no-fail-fast"]);
    let mut left = Vec::new();
    for failure in failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let failure = failure?;
        if !failure.is_gone_alone()? {
            left.push(failure.told());
        }
    }
    ensure!(left.is_empty(), "{}", left.join("\n"));
    examples
}

fn next(queue: &Mutex<Vec<Program>>) -> Option<Program> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// All test programs of the workspace, built.
fn built() -> Result<Vec<Program>> {
    let programs: Vec<Program> = tools::artifacts(&["test", "--no-run"])?.iter().filter_map(Program::of).flat_map(Program::parts).collect();
    ensure!(!programs.is_empty(), "cargo made no test program");
    Ok(programs)
}

impl Program {
    /// What cargo tells of an artifact, if that is a test program.
    fn of(artifact: &Value) -> Option<Self> {
        let path = artifact["executable"].as_str().filter(|_| artifact["profile"]["test"] == true)?.into();
        let folder: PathBuf = PathBuf::from(artifact["manifest_path"].as_str()?).parent()?.into();
        let name = format!("{}/{}", folder.file_name()?.to_str()?, artifact["target"]["name"].as_str()?);
        Some(Self { name, folder, path, chosen: Vec::new() })
    }

    /// It, or its two parts.
    fn parts(self) -> Vec<Self> {
        let (name, part) = PART;
        if self.name != name {
            return vec![self];
        }
        let of =
            |name: String, chosen: &[&str]| Self { name, chosen: chosen.iter().map(|&word| word.to_owned()).collect(), ..self.clone() };
        vec![of(name.to_owned(), &["--skip", part]), of(format!("{name} {part}"), &[part])]
    }

    /// Its place among those that begin first, and that of its name.
    fn place(&self) -> (usize, String) {
        let long = LONG.iter().position(|(package, program)| self.name == format!("{package}/{program}"));
        (long.unwrap_or(LONG.len()), self.name.clone())
    }

    /// Runs it as cargo does, and prints what it said when it has ended; what failed.
    fn run(&self) -> Result<Option<Failure>> {
        println!("── {} begins", self.name);
        let start = Instant::now();
        let output = self.output(&self.chosen)?;
        println!("── {}: {:.0} s", self.name, start.elapsed().as_secs_f32());
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let failure = || Failure { program: self.clone(), status: output.status, tests: failures::names(&said), said };
        Ok((!output.status.success()).then(failure))
    }

    /// Runs it with such arguments, and prints what it said.
    fn output(&self, arguments: &[String]) -> Result<Output> {
        let mut command = Command::new(&self.path);
        tools::prepared(&mut command, &self.folder).env("CARGO_MANIFEST_DIR", &self.folder).args(arguments).stdin(Stdio::null());
        let output = command.output().with_context(|| format!("cannot run {}", self.path.display()))?;
        let mut out = std::io::stdout().lock();
        out.write_all(&output.stdout)?;
        out.write_all(&output.stderr)?;
        Ok(output)
    }
}

impl Failure {
    /// Whether it passes by itself: only what runs by the clock of a real chain is asked.
    fn is_gone_alone(&self) -> Result<bool> {
        let is_timed = self.program.place().0 < TIMED;
        if !is_timed || self.tests.is_empty() {
            return Ok(false);
        }
        println!("── {} once more, alone: {}", self.program.name, self.tests.join(" "));
        let exactly: Vec<String> = std::iter::once("--exact".to_owned()).chain(self.tests.iter().cloned()).collect();
        let is_gone = self.program.output(&exactly)?.status.success();
        if is_gone {
            println!("── PASSED ALONE ONLY: {}", self.told());
        }
        Ok(is_gone)
    }

    fn told(&self) -> String {
        let Self { program: Program { name, .. }, status, tests, said } = self;
        let each: String = tests.iter().map(|test| format!("  {test}\n{}", failures::words(said, test))).collect();
        format!("{name} failed ({status}): run it alone by `cargo test --workspace --locked --test NAME`, or `--lib`\n{each}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn test_programs_are_told_from_others_and_the_longest_begin_first() {
        let artifact = |package: &str, name: &str, is_test: bool| {
            json!({
                "manifest_path": format!("/house/{package}/Cargo.toml"), "executable": "/out/program",
                "target": { "name": name }, "profile": { "test": is_test },
            })
        };
        let of = |package: &str, name: &str| {
            Program::of(&artifact(package, name, true)).map(|program| (program.name.clone(), program.place().0))
        };
        assert_eq!(of("devnet", "network"), Some(("devnet/network".into(), 0)));
        assert_eq!(of("deltas", "patches"), Some(("deltas/patches".into(), LONG.len())));
        let parts: Vec<(String, Vec<String>)> = Program::of(&artifact("devnet", "network", true))
            .into_iter()
            .flat_map(Program::parts)
            .map(|program| (program.name.clone(), program.chosen))
            .collect();
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        assert_eq!(
            parts,
            [
                ("devnet/network".to_owned(), words(&["--skip", "two_groups"])),
                ("devnet/network two_groups".to_owned(), words(&["two_groups"]))
            ]
        );
        assert!(Program::of(&artifact("devnet", "devnet", false)).is_none(), "a program that is no test");
        assert!(Program::of(&json!({ "reason": "build-finished", "success": true })).is_none());
    }
}
