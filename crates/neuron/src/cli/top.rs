//! `neuron top`: what a running node does, on the whole terminal; or what one did, from a recording.

mod draw;
mod reel;
mod screen;
mod source;
mod state;
#[cfg(test)]
mod tests;
mod told;

use std::{
    io::{IsTerminal as _, stdin, stdout},
    path::PathBuf,
    sync::mpsc::{self, TrySendError},
    time::Duration,
};

use anyhow::{Result, ensure};
use clap::Args;
use node::logging;
use tokio::time::sleep;

use super::{context::Context, units::plain};
use reel::Recorder;
use screen::Screen;
use source::Source;
use state::{Seen, Top};

/// Between two looks at a node.
const EVERY: Duration = Duration::from_secs(1);
/// Looks that wait for the screen.
const LOOKS_MAX: usize = 8;

#[derive(Args)]
pub struct Options {
    /// Where the node's HTTP room is: `listen` in [http] of its settings.
    #[arg(long, default_value = "127.0.0.1:9464", value_name = "ADDRESS")]
    node: String,
    /// Walk through what --record wrote, without a node.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["node", "record"])]
    replay: Option<PathBuf>,
    /// Write everything that is seen to the end of a file, a line each second.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

pub async fn run(context: &Context, options: Options) -> Result<()> {
    if let Some(path) = options.replay {
        let moments = reel::read(&path)?;
        on_terminal("read the recording with any program that reads JSON, a line at a time")?;
        let (_keep, looks) = mpsc::sync_channel(LOOKS_MAX);
        return Screen::open(Top::replay(&path.display().to_string(), moments).with(context.names().clone()), looks).ended().await;
    }
    let mut source = Source::new(&options.node)?;
    let mut recorder = options.record.as_deref().map(Recorder::open).transpose()?;
    on_terminal(&format!("ask the node itself: `curl {}`", plain(&source.status())))?;
    let first = source.look().await?;
    keep(&mut recorder, &first)?;
    let (mut top, (tell, looks)) = (Top::live(&options.node).with(context.names().clone()), mpsc::sync_channel(LOOKS_MAX));
    top.see(first);
    let mut screen = Screen::open(top, looks);
    tokio::select! {
        ended = screen.ended() => return ended,
        failed = ask(source, recorder, tell) => failed?,
    }
    screen.close().await
}

fn on_terminal(instead: &str) -> Result<()> {
    let is_terminal = stdin().is_terminal() && stdout().is_terminal();
    ensure!(is_terminal, "`neuron top` draws on a terminal, and here is none: {instead}");
    Ok(())
}

fn keep(recorder: &mut Option<Recorder>, seen: &Seen) -> Result<()> {
    recorder.as_mut().map_or(Ok(()), |recorder| recorder.write(seen))
}

/// Looks at the node again and again, until nobody wants to know or the recording cannot be written.
async fn ask(mut source: Source, mut recorder: Option<Recorder>, tell: mpsc::SyncSender<Result<Seen, String>>) -> Result<()> {
    loop {
        sleep(EVERY).await;
        let look = source.look().await;
        if let Ok(seen) = &look {
            keep(&mut recorder, seen)?;
        }
        // A screen that lags behind sees the next one.
        if let Err(TrySendError::Disconnected(_)) = tell.try_send(look.map_err(|error| logging::told(&error))) {
            return Ok(());
        }
    }
}
