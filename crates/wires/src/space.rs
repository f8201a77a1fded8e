//! Network namespaces with names, which end with their guard, and with them all that runs in them.

use std::{
    fs::{self, File},
    io::Write,
    os::fd::AsFd,
    path::Path,
    process::{self, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context, Result, ensure};
use rustix::{
    process::{Pid, Signal, kill_process},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};

/// Where `ip netns` keeps them.
const FOLDER: &str = "/run/netns";
/// Begins the name of each; the process that made it follows.
const PREFIX: &str = "neuron";
/// Those that this process has made so far.
static MADE: AtomicU32 = AtomicU32::new(0);

/// A namespace that this process has made. Dropping it ends whatever runs in it and removes it.
pub struct Space {
    name: String,
}

impl Space {
    /// A new one with nothing but its loopback device; the name begins with this process's number and a further one.
    ///
    /// # Errors
    /// What `ip` says against it.
    pub fn make(label: &str) -> Result<Self> {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}-{}-{number}-{label}", process::id());
        tell(Command::new("ip").args(["netns", "add", &name]), "")?;
        let space = Self { name };
        space.ip("link set lo up")?;
        Ok(space)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Lets `ip` do something in it; words are parted by single blanks.
    ///
    /// # Errors
    /// What it says against it.
    pub fn ip(&self, words: &str) -> Result<()> {
        tell(Command::new("ip").args(["-n", &self.name]).args(words.split(' ')), "")
    }

    /// Runs a program in it, with a text to read.
    ///
    /// # Errors
    /// What it says against it.
    pub fn tell(&self, words: &[&str], input: &str) -> Result<()> {
        tell(command(&self.name).args(words), input)
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

/// `ip netns exec NAME`, to which a program and its words are added. The program takes the process over, number and all.
pub fn command(name: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", name]);
    command
}

/// Moves the calling thread into a namespace; what it opens and starts from now on is there.
///
/// # Errors
/// When there is none of that name, or this process may not.
pub fn enter(name: &str) -> Result<()> {
    let door = File::open(Path::new(FOLDER).join(name)).with_context(|| format!("there is no namespace {name}"))?;
    move_into_link_name_space(door.as_fd(), Some(LinkNameSpaceType::Network)).with_context(|| format!("cannot enter the namespace {name}"))
}

/// Removes what processes have left that were killed before they could.
pub fn clean() {
    for entry in fs::read_dir(FOLDER).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let maker = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').nth(1)?.parse::<u32>().ok());
        if maker.is_some_and(|maker| !Path::new(&format!("/proc/{maker}")).exists()) {
            remove(&name);
        }
    }
}

/// Ends the processes whose first thread is in the namespace, and removes it.
fn remove(name: &str) {
    let found = Command::new("ip").args(["netns", "pids", name]).output();
    let text = found.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let inside = text.lines().filter_map(|line| line.trim().parse::<i32>().ok()).filter(|id| i64::from(*id) != i64::from(process::id()));
    for id in inside.filter_map(Pid::from_raw) {
        // An error means that it has ended by itself.
        _ = kill_process(id, Signal::KILL);
    }
    if let Err(error) = tell(Command::new("ip").args(["netns", "delete", name]), "") {
        eprintln!("the namespace {name} stays: {error:#}");
    }
}

/// Runs a command to its end and gives it a text to read.
fn tell(command: &mut Command, input: &str) -> Result<()> {
    let shown = format!("{command:?}").replace('"', "");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {shown}"))?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input.as_bytes()).with_context(|| format!("{shown} does not read"))?;
    }
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{shown}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
