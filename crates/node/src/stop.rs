//! Asking a program to end: the first signal asks it to finish, the second ends it.

use anyhow::{Context, Result};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// How far a program has been asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    GoOn,
    /// Begin nothing new, end what was begun.
    Finish,
    /// Now.
    AtOnce,
}

/// Listens for SIGINT and SIGTERM.
///
/// # Errors
/// When the system gives no signals.
pub fn listen() -> Result<watch::Receiver<Stop>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let (sender, receiver) = watch::channel(Stop::GoOn);
    tokio::spawn(async move {
        for stop in [Stop::Finish, Stop::AtOnce] {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            if sender.send(stop).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}
