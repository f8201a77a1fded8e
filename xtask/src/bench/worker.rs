//! Programs that measure on command: one line goes in, one line of JSON comes out.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

/// Memory that was freed stays with the process: what clearing pages costs is no part of a comparison.
const ALLOCATOR: [(&str, &str); 2] = [("MALLOC_MMAP_THRESHOLD_", "1073741824"), ("MALLOC_TRIM_THRESHOLD_", "1073741824")];

/// Where burn looks for the number of its threads.
const THREADS: &str = "RAYON_NUM_THREADS";

/// Whether freed memory stays with a process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    Kept,
    GivenBack,
}

/// A running program; it ends when this is dropped.
pub struct Worker {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    shown: String,
}

impl Worker {
    /// # Errors
    /// When the program does not start.
    pub fn start(program: &Path, arguments: &[String], threads: usize, memory: Memory) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(arguments).env(THREADS, threads.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        if memory == Memory::Kept {
            command.envs(ALLOCATOR);
        }
        let shown = format!("{} {}", program.display(), arguments.join(" "));
        let mut process = command.spawn().with_context(|| format!("cannot start {shown}"))?;
        let input = process.stdin.take().context("a pipe is missing")?;
        let output = BufReader::new(process.stdout.take().context("a pipe is missing")?);
        Ok(Self { process, input, output, shown })
    }

    /// # Errors
    /// When the program has ended or answers something else.
    pub fn ask<T: DeserializeOwned>(&mut self, command: &str) -> Result<T> {
        let mut line = String::new();
        let sent = writeln!(self.input, "{command}").and_then(|()| self.output.read_line(&mut line));
        sent.with_context(|| format!("{} does not answer {command:?}", self.shown))?;
        serde_json::from_str(&line).with_context(|| format!("{} answered {command:?} with {line:?}", self.shown))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Nothing is left to do for a program that has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
