//! A run by a program of the owner's choice: it is handed what it needs, watched, told to save, ended, and what it wrote is looked at.

mod group;
mod handover;
mod log;
mod marked;
mod order;
mod result;
#[cfg(test)]
mod tests;
mod watch;
mod words;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use evaluator::Checkpoint;

use self::{
    group::Group,
    handover::Handover,
    log::Log,
    watch::{Ended, Flags, Times, Watch},
    words::Words,
};
pub use self::{handover::device_here, order::Order};

/// Of the time that there is, saving never takes more than this part.
const GRACE_PART: u32 = 4;
/// With less time a command is not started.
const LEAST: Duration = Duration::from_secs(1);
/// How lines about a lost run end.
const NO_COMMIT: &str = "no commit";

/// Runs the command until it ends or its time is over; what it wrote, if that is a checkpoint.
///
/// # Errors
/// In one line: what went wrong, where its standard error lies, and what to do.
pub fn run(order: &Order<'_>) -> Result<Checkpoint> {
    let program = order.command.program()?;
    times(order)?;
    let handover = Handover::write(order)?;
    let made = train(order, &program, &handover);
    handover.clear();
    made
}

/// When the command would be told to save, were it started now.
fn times(order: &Order<'_>) -> Result<Times> {
    let times = Times::within(order.until.saturating_duration_since(Instant::now()), Duration::from_secs(order.command.grace_s));
    ensure!(times.asks_in() >= LEAST, "no time was left for the command of [training] in this round: {NO_COMMIT}");
    Ok(times)
}

fn train(order: &Order<'_>, program: &Path, handover: &Handover) -> Result<Checkpoint> {
    let times = times(order)?;
    let time_s = times.asks_in().as_secs();
    let mut log = Log::begin(handover.log())?;
    let group = Group::start(order.command, program, handover, time_s)?;
    tracing::info!(round = order.round, time_s, run = %handover.folder().display(), "the command begins");
    let flags = Flags { cancelled: order.cancelled, ends: order.ends };
    let mut watch = Watch { round: order.round, group, words: Words::default(), log: &mut log, times, flags };
    let ended = watch.until_the_end();
    let steps = watch.words.steps();
    drop(watch);
    checked(order, handover, ended?, steps, &log)
}

/// What was written, if the command ended as it should.
fn checked(order: &Order<'_>, handover: &Handover, ended: Ended, steps: u64, log: &Log) -> Result<Checkpoint> {
    let mend = "mend the program: the next round runs it again";
    match ended {
        Ended::GivenUp(reason) => bail!("{reason}"),
        Ended::Failed(how) => bail!("the command of [training] {how} after {steps} steps ({log}); {mend}: {NO_COMMIT}"),
        Ended::Hung(grace) => bail!(
            "the command of [training] did not end within {:.1} s after SIGTERM and was killed ({log}); let it save and end by then, or raise \
             grace_s, of which a quarter of its time is used at most: {NO_COMMIT}",
            grace.as_secs_f64()
        ),
        Ended::Flood => bail!(
            "the command of [training] wrote more than {} bytes to standard output that are no progress, and was ended ({log}); let it write \
             them to standard error: {NO_COMMIT}",
            words::OTHER_BYTES_MAX
        ),
        Ended::Well | Ended::Asked => {
            let made = result::read(order.start.manifest(), handover.output());
            let made = made.with_context(|| {
                format!("the command of [training] ended after {steps} steps without a file that counts ({log}), {NO_COMMIT}")
            })?;
            tracing::info!(round = order.round, steps, was_asked = matches!(ended, Ended::Asked), "the command has trained");
            Ok(made)
        }
    }
}
