//! Programs that must refuse: they end soon, with one message that says why, and leave nothing running.

use std::{
    fs,
    io::Read,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

/// How long a program may take to refuse; unreachable servers are asked some times.
const LIMIT: Duration = Duration::from_secs(40);
/// Variable by which everything that a program has started can be found, wherever it went.
const MARK: &str = "NEURON_TEST_MARK";

static MARKS: AtomicU64 = AtomicU64::new(0);

/// A program with its arguments, and words of the message that it must end with.
pub struct Refusal {
    program: &'static str,
    arguments: Vec<String>,
    wanted: &'static str,
}

impl Refusal {
    pub fn new(program: &'static str, arguments: &[&str], wanted: &'static str) -> Self {
        Self { program, arguments: arguments.iter().map(ToString::to_string).collect(), wanted }
    }

    /// Runs it and checks how it ends.
    pub fn check(&self) -> Result<()> {
        let mark = format!("{}-{}", std::process::id(), MARKS.fetch_add(1, Ordering::Relaxed));
        let mut command = Command::new(program(self.program)?);
        command.args(&self.arguments).env(MARK, &mark).env("RUST_LOG", "off").env("RUST_BACKTRACE", "1").env_remove("NEURON_PASSWORD");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        self.judge(child, &mark).with_context(|| format!("{} {}", self.program, self.arguments.join(" ")))
    }

    fn judge(&self, mut child: Child, mark: &str) -> Result<()> {
        let mut output = child.stderr.take().context("its messages")?;
        let reader = thread::spawn(move || {
            let mut text = String::new();
            output.read_to_string(&mut text).map(|_| text)
        });
        let status = wait(&mut child)?;
        let Ok(text) = reader.join() else { bail!("the reader of its messages has ended") };
        let text = text?;
        // Programs end with 1; the command tells kinds of trouble apart.
        ensure!(matches!(status.code(), Some(1 | 3..=6)), "it ended with {status}: {text}");
        let errors = text.lines().filter(|line| line.starts_with("error: ")).count();
        ensure!(errors == 1 && text.starts_with("error: "), "not one message: {text}");
        let body = text.trim_end();
        let is_repeated = body.match_indices(": ").any(|(at, _)| body[..at].ends_with(&body[at + 2..]));
        ensure!(!is_repeated, "it says the same twice: {text}");
        ensure!(text.contains(self.wanted), "no {:?} in: {text}", self.wanted);
        let noise = ["panicked", "backtrace", "Stack", "RUST_BACKTRACE"];
        ensure!(!noise.iter().any(|word| text.contains(word)), "a crash, not a refusal: {text}");
        let left = marked(mark);
        ensure!(left.is_empty(), "it left running: {left:?}");
        Ok(())
    }
}

/// All at once; tells every case that went wrong.
pub fn check(cases: Vec<Refusal>) -> Result<()> {
    let results = thread::scope(|scope| {
        let runs: Vec<_> = cases.iter().map(|case| scope.spawn(|| case.check())).collect();
        runs.into_iter().map(|run| run.join().map_err(|_| anyhow::anyhow!("a check panicked")).flatten()).collect::<Vec<_>>()
    });
    let faults: Vec<String> = results.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    ensure!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
    Ok(())
}

fn wait(child: &mut Child) -> Result<std::process::ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if start.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            bail!("it did not end within {LIMIT:?}");
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Processes with that mark in their environment.
fn marked(mark: &str) -> Vec<PathBuf> {
    let wanted = format!("{MARK}={mark}");
    let processes = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let has_mark = |path: &PathBuf| {
        let environment = fs::read(path.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    };
    processes.filter(has_mark).collect()
}

/// A program that was built together with these tests.
pub fn program(name: &str) -> Result<PathBuf> {
    let tests = std::env::current_exe()?;
    let path = tests.ancestors().nth(2).unwrap_or(&tests).join(name);
    ensure!(path.exists(), "{} is missing: run `cargo build --workspace`", path.display());
    Ok(path)
}
