//! Ending a program: SIGINT and SIGTERM end it within five seconds, whatever it does; SIGUSR1 lets a node finish its round first.

mod signals;

use std::{pin::pin, process, process::ExitCode, thread, time::Duration};

use anyhow::{Context, Result};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{oneshot, watch},
    time::timeout,
};

/// Time for work that listens for signals itself.
const OWN_WAY: Duration = Duration::from_millis(500);
/// Time for what computes to put on disk where it stands.
const LEAVE: Duration = Duration::from_secs(3);
/// After this nobody waits for anything any more.
const LIMIT: Duration = Duration::from_millis(4_500);
/// Of a program that did not end by itself; what it had to keep stands on disk at any time.
const NOT_ENDED: i32 = 1;

/// Whether a node has been asked to begin nothing new and end what was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    GoOn,
    Finish,
}

/// Runs a program's work until it is done or a signal ends it; then `stopped` says what is left. Work that is under way on other threads
/// has three seconds to put on disk where it stands.
pub fn run(work: impl Future<Output = Result<()>>, stopped: impl FnOnce() -> Result<()>) -> ExitCode {
    let done = start().and_then(|(runtime, was_asked)| {
        let done = runtime.block_on(async {
            let mut work = pin!(work);
            tokio::select! { done = &mut work => return Some(done), _ = was_asked => {} }
            // What listens itself ends in its own way.
            timeout(OWN_WAY, work).await.ok()
        });
        crate::traces::finish();
        runtime.shutdown_timeout(LEAVE);
        done.unwrap_or_else(stopped)
    });
    crate::logging::exit(done)
}

fn start() -> Result<(Runtime, oneshot::Receiver<()>)> {
    let runtime = Builder::new_multi_thread().enable_all().build().context("cannot start threads: raise the limit of processes")?;
    let (asks, was_asked) = oneshot::channel();
    // On a thread of its own, so that nothing that computes can hold it up.
    let listener = Builder::new_current_thread().enable_all().build().context("cannot listen for signals")?;
    thread::spawn(move || {
        if listener.block_on(asked()).is_ok() {
            // The receiver is gone if the program ends anyway.
            let _ = asks.send(());
            thread::sleep(LIMIT);
            process::exit(NOT_ENDED);
        }
    });
    Ok((runtime, was_asked))
}

/// Waits for SIGINT or SIGTERM, where there are no signals for Ctrl-C.
///
/// # Errors
/// When the system gives no signals.
pub async fn asked() -> Result<()> {
    signals::end().await
}

/// Listens for SIGUSR1, where there are signals.
///
/// # Errors
/// When the system gives no signals.
pub fn listen() -> Result<watch::Receiver<Stop>> {
    let mut finish = signals::Finish::listen()?;
    let (sender, receiver) = watch::channel(Stop::GoOn);
    tokio::spawn(async move {
        while finish.comes().await {
            // Asked for again it is the same; and a receiver that is gone asks for nothing.
            let _ = sender.send(Stop::Finish);
        }
    });
    Ok(receiver)
}

/// What a node says when it is ended.
///
/// # Errors
/// None: it was asked for.
pub fn node_stopped() -> Result<()> {
    tracing::info!(
        "stopped; what was sent is judged by the chain, and the next start goes on from the data folder: start it again before the phase \
         of the round ends, or its deposit may be lost"
    );
    Ok(())
}
