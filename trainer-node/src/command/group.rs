//! The processes of a command: a group of their own, all of which are ended with it.

use std::{
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{self, Child, ChildStderr, ChildStdout, ExitStatus, Stdio},
};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use trainer_node::settings::Command;

use super::{handover::Handover, marked};

/// A command that runs. Dropped, none of its processes is left.
pub struct Group {
    child: Child,
    leader: Pid,
    /// What names its run, below which its processes write.
    run: PathBuf,
    is_over: bool,
}

impl Group {
    /// Starts it with nothing of this program but the variables that it is given.
    ///
    /// # Errors
    /// When the system does not start it.
    pub fn start(command: &Command, program: &Path, handover: &Handover, time_s: u64) -> Result<Self> {
        let child = process::Command::new(program)
            .args(command.command.iter().skip(1))
            .current_dir(command.folder())
            .env_clear()
            .envs(handover.environment(command, time_s))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| {
                format!("{} cannot be started: correct `command` of [training], or name what runs it before it", program.display())
            })?;
        let leader = Pid::from_child(&child);
        Ok(Self { child, leader, run: handover.folder().to_owned(), is_over: false })
    }

    /// Its standard output and standard error.
    pub fn pipes(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout.take(), self.child.stderr.take())
    }

    /// Tells all of the group to save and end.
    pub fn ask(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends all of the group at once.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        // As long as the leader was not waited for, nobody else can have its number; that none of the group is left is no trouble.
        if !self.is_over {
            let _ = kill_process_group(self.leader, signal);
        }
    }

    /// How the command ended, if it has; then all that it left behind is ended, too.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        if waitid(WaitId::Pid(self.leader), options)?.is_none() {
            return Ok(None);
        }
        self.end();
        Ok(Some(self.child.wait()?))
    }

    fn end(&mut self) {
        self.kill();
        self.is_over = true;
        marked::end_below(&self.run);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.is_over {
            self.end();
            // Killed, it is gone unless the system holds it; then nobody waits.
            let _ = self.child.try_wait();
        }
    }
}
