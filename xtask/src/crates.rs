//! Every test program of the workspace, two side by side: some wait for blocks and peers while others compute.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::tools;

const SIDE_BY_SIDE: usize = 2;
/// Package and program of those that last longest; they begin first, in this order.
const LONG: [(&str, &str); 5] = [("devnet", "network"), ("neuron", "walked"), ("neuron", "network"), ("swarm", "swarm"), ("sim", "chain")];

/// A test program, and the folder of its package, in which it runs.
#[derive(Debug, Clone)]
struct Program {
    name: String,
    folder: PathBuf,
    path: PathBuf,
}

/// Builds all test programs, runs them to their ends, then the examples in docs.
///
/// # Errors
/// When something cannot be built, or with the names of all programs that failed.
pub fn run() -> Result<()> {
    let mut programs = built()?;
    // The last is taken first.
    programs.sort_by_key(|program| std::cmp::Reverse(program.place()));
    let (queue, failed) = (Mutex::new(programs), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(program) = next(&queue) {
                    if let Err(error) = program.run() {
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{error:#}"));
                    }
                }
            });
        }
    });
    let examples = tools::run(tools::cargo(), &["test", "--workspace", "--locked", "--doc", "--no-fail-fast"]);
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    examples
}

fn next(queue: &Mutex<Vec<Program>>) -> Option<Program> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// All test programs of the workspace, built.
fn built() -> Result<Vec<Program>> {
    let programs: Vec<Program> = tools::artifacts(&["test", "--no-run"])?.iter().filter_map(Program::of).collect();
    ensure!(!programs.is_empty(), "cargo made no test program");
    Ok(programs)
}

impl Program {
    /// What cargo tells of an artifact, if that is a test program.
    fn of(artifact: &Value) -> Option<Self> {
        let path = artifact["executable"].as_str().filter(|_| artifact["profile"]["test"] == true)?.into();
        let folder: PathBuf = PathBuf::from(artifact["manifest_path"].as_str()?).parent()?.into();
        let name = format!("{}/{}", folder.file_name()?.to_str()?, artifact["target"]["name"].as_str()?);
        Some(Self { name, folder, path })
    }

    /// Its place among those that begin first, and that of its name.
    fn place(&self) -> (usize, String) {
        let long = LONG.iter().position(|(package, program)| self.name == format!("{package}/{program}"));
        (long.unwrap_or(LONG.len()), self.name.clone())
    }

    /// Runs it as cargo does, and prints what it said when it has ended.
    fn run(&self) -> Result<()> {
        println!("── {} begins", self.name);
        let start = Instant::now();
        let mut command = Command::new(&self.path);
        tools::prepared(&mut command, &self.folder).env("CARGO_MANIFEST_DIR", &self.folder).stdin(Stdio::null());
        let output = command.output().with_context(|| format!("cannot run {}", self.path.display()))?;
        let mut out = std::io::stdout().lock();
        out.write_all(&output.stdout)?;
        out.write_all(&output.stderr)?;
        writeln!(out, "── {}: {:.0} s", self.name, start.elapsed().as_secs_f32())?;
        ensure!(
            output.status.success(),
            "{} failed ({}): run it alone by `cargo test --workspace --locked --test NAME`, or `--lib`",
            self.name,
            output.status
        );
        Ok(())
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
        assert!(Program::of(&artifact("devnet", "devnet", false)).is_none(), "a program that is no test");
        assert!(Program::of(&json!({ "reason": "build-finished", "success": true })).is_none());
    }
}
