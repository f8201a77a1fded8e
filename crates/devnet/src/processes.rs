//! Programs that the devnet started: their folders, their output, and how they are stopped.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};

/// Lines of a log that an error shows.
const TAIL: usize = 15;
/// How long one that is asked to end has time for it, and how often that is looked at.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// One node: started with `--config FILE`, its output in `FILE`'s folder.
pub struct Process {
    pub name: String,
    program: PathBuf,
    /// What the command begins with.
    enter: Vec<String>,
    folder: PathBuf,
    child: Option<Child>,
    /// Whether it is asked to end when nobody needs it any more, since it has started programs of its own.
    pub is_asked: bool,
}

impl Process {
    /// Starts `program` (found beside the running one) with the configuration in `folder`.
    pub fn start(name: &str, program: &str, folder: &Path) -> Result<Self> {
        Self::start_by(&[], name, program, folder)
    }

    /// The same by a command that begins with these words, and gives its process over to the program.
    pub fn start_by(enter: &[String], name: &str, program: &str, folder: &Path) -> Result<Self> {
        let (name, program, enter, folder) = (name.to_owned(), beside(program)?, enter.to_owned(), folder.to_owned());
        let mut process = Self { name, program, enter, folder, child: None, is_asked: false };
        process.restart()?;
        Ok(process)
    }

    /// Starts it again with the same folder; its log goes on.
    pub fn restart(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut words = self.enter.iter().map(OsStr::new).chain([self.program.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or(self.program.as_os_str()));
        command.args(words).arg("--config").arg(self.folder.join("config.toml")).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        // A group of its own: Ctrl-C reaches the devnet, which then stops its nodes in order.
        command.process_group(0);
        self.child = Some(command.spawn().with_context(|| format!("cannot start {}", self.program.display()))?);
        Ok(())
    }

    /// Where its output goes.
    pub fn log(&self) -> PathBuf {
        self.folder.join("node.log")
    }

    /// Its process id while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Fails with the end of its log if it has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        if let Some(status) = self.child.as_mut().map(Child::try_wait).transpose()?.flatten() {
            self.child = None;
            bail!("{} ended with {status}; the end of {}:\n{}", self.name, self.log().display(), tail(&self.log()));
        }
        Ok(())
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it to end, so that it ends what it has started, and waits for that.
    fn ask(&mut self) {
        let Some(child) = self.child.as_mut() else { return };
        let (until, pid) = (Instant::now() + PATIENCE, Pid::from_child(child));
        let is_there = rustix::process::kill_process(pid, Signal::TERM).is_ok();
        while is_there && matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
            thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_asked {
            self.ask();
        }
        self.kill();
    }
}

/// A program that was built together with this one.
fn beside(program: &str) -> Result<PathBuf> {
    let mut folder = std::env::current_exe()?;
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let path = folder.join(program);
    if !path.exists() {
        bail!("{} is missing: run `cargo build --workspace`, or use `cargo xtask devnet`", path.display());
    }
    Ok(path)
}

fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}
