//! A host of an internet, as whoever runs something on it knows it.

use std::{io, net::Ipv4Addr, process::Command, thread};

use anyhow::{Result, bail};

use crate::space;

/// Where programs run that shall have an address of their own. The host is gone with its [`crate::Internet`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub name: String,
    /// The address under which others see it: its own, or that of the router before it.
    pub address: Ipv4Addr,
    /// Whether it stands behind a router that lets in only answers.
    pub is_behind: bool,
    space: String,
}

impl Host {
    pub(crate) fn new(name: &str, address: Ipv4Addr, is_behind: bool, space: &str) -> Self {
        Self { name: name.to_owned(), address, is_behind, space: space.to_owned() }
    }

    /// What a command begins with that shall run there. The program takes the process over, so that its number is the child's.
    pub fn words(&self) -> Vec<String> {
        ["ip", "netns", "exec", &self.space].map(str::to_owned).into()
    }

    /// A program that will run there.
    pub fn command(&self, program: &str) -> Command {
        let mut command = space::command(&self.space);
        command.arg(program);
        command
    }

    /// Moves the calling thread there; sockets that it opens and processes that it starts from now on are there.
    ///
    /// # Errors
    /// When the host is gone.
    pub fn enter(&self) -> io::Result<()> {
        space::enter(&self.space).map_err(|error| io::Error::other(format!("{error:#}")))
    }

    /// Does something there, on a thread of its own.
    ///
    /// # Errors
    /// When the host is gone, and what `work` fails with.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let ended = thread::scope(|scope| scope.spawn(|| self.enter().map_err(Into::into).and_then(|()| work())).join());
        ended.unwrap_or_else(|_| bail!("what ran on {} ended unexpectedly", self.name))
    }
}
