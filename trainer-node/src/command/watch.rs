//! Watching a command: what it says is taken, at its time it is told to save, and after that it is ended.

use std::{
    io::Read,
    os::{fd::AsFd, unix::process::ExitStatusExt as _},
    process::{ChildStderr, ChildStdout, ExitStatus},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::Result;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::{GRACE_PART, group::Group, log::Log, words::Words};

/// Between two looks at clock and flags.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
/// Between two lines about progress.
const PROGRESS: Duration = Duration::from_secs(10);
/// From SIGTERM to SIGKILL where nobody waits for a result: this program ends within five seconds.
const LEAVE: Duration = Duration::from_secs(2);
/// How long the system may take to end what was killed.
const DEATH: Duration = Duration::from_secs(5);
/// Read at once, bytes.
const CHUNK: usize = 1 << 16;
/// Chunks that are taken of what was said when all is over.
const LAST_CHUNKS: usize = 64;

/// How a command ended.
#[derive(Debug, PartialEq)]
pub enum Ended {
    /// By itself, and it says that all is well.
    Well,
    /// After it was told to; whatever it says, the file counts.
    Asked,
    /// By itself, and not well: how.
    Failed(String),
    /// Not even within this time after it was told to.
    Hung(Duration),
    /// For what it wrote to standard output.
    Flood,
    /// Since nobody wants its result: why.
    GivenUp(&'static str),
}

/// When a command is told to save, and when it is ended.
#[derive(Clone, Copy)]
pub struct Times {
    began: Instant,
    asks_in: Duration,
    grace: Duration,
}

impl Times {
    /// Of a time that begins now, the last part is for saving.
    pub fn within(time: Duration, grace: Duration) -> Self {
        let grace = grace.min(time / GRACE_PART);
        Self { began: Instant::now(), asks_in: time.saturating_sub(grace), grace }
    }

    /// What the command has until it is told to save.
    pub fn asks_in(&self) -> Duration {
        self.asks_in
    }

    fn left(&self) -> Duration {
        self.asks_in.saturating_sub(self.began.elapsed())
    }
}

/// Why a run may be of no use any more.
#[derive(Clone, Copy)]
pub struct Flags<'a> {
    pub cancelled: &'a AtomicBool,
    pub ends: &'a AtomicBool,
}

impl Flags<'_> {
    fn reason(self) -> Option<&'static str> {
        let is_set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        let ends = is_set(self.ends).then_some("training was stopped");
        is_set(self.cancelled).then_some("training was cancelled").or(ends)
    }
}

/// A command under way.
pub struct Watch<'a> {
    pub round: u64,
    pub group: Group,
    pub words: Words,
    pub log: &'a mut Log,
    pub times: Times,
    pub flags: Flags<'a>,
}

/// The pipes that are still open.
struct Pipes {
    output: Option<ChildStdout>,
    error: Option<ChildStderr>,
}

/// What was done about a command, and when it is killed.
#[derive(Clone, Copy)]
struct Asked {
    why: Why,
    kill_at: Instant,
    is_killed: bool,
}

#[derive(Clone, Copy)]
enum Why {
    Time,
    Flood,
    GivenUp(&'static str),
}

impl Watch<'_> {
    /// Watches until it has ended, in one way or another.
    ///
    /// # Errors
    /// When the system does not tell of its processes.
    pub fn until_the_end(&mut self) -> Result<Ended> {
        let (output, error) = self.group.pipes();
        let (mut pipes, mut asked, mut teller) = (Pipes { output, error }, None, Teller::new(self.round));
        loop {
            self.listen(&mut pipes, &TICK)?;
            teller.tell(&self.words, self.times.left());
            if let Some(status) = self.group.ended()? {
                (0..LAST_CHUNKS).try_for_each(|_| self.listen(&mut pipes, &AT_ONCE).ok().filter(|heard| *heard).map(drop));
                return Ok(self.how(status, asked));
            }
            asked = self.step(asked);
            if let Some(asked) = asked.filter(|asked| asked.is_killed && asked.kill_at.elapsed() > DEATH) {
                return Ok(self.how_killed(asked));
            }
        }
    }

    /// Tells the command to end, or ends it, when it is time for that.
    fn step(&self, asked: Option<Asked>) -> Option<Asked> {
        let now = Instant::now();
        match asked {
            None => self.why().map(|why| {
                self.group.ask();
                let time = if matches!(why, Why::Time) { self.times.grace } else { LEAVE };
                Asked { why, kill_at: now + time, is_killed: false }
            }),
            Some(asked @ Asked { why: Why::Time, .. }) if self.flags.reason().is_some() => {
                Some(Asked { why: self.why().unwrap_or(asked.why), kill_at: asked.kill_at.min(now + LEAVE), ..asked })
            }
            Some(asked) if !asked.is_killed && now >= asked.kill_at => {
                self.group.kill();
                Some(Asked { is_killed: true, ..asked })
            }
            asked => asked,
        }
    }

    fn why(&self) -> Option<Why> {
        let flood = self.words.is_flood().then_some(Why::Flood);
        let time = self.times.left().is_zero().then_some(Why::Time);
        self.flags.reason().map(Why::GivenUp).or(flood).or(time)
    }

    fn how(&self, status: ExitStatus, asked: Option<Asked>) -> Ended {
        match asked {
            Some(asked) if asked.is_killed || !matches!(asked.why, Why::Time) => self.how_killed(asked),
            _ if self.words.is_flood() => Ended::Flood,
            Some(_) => Ended::Asked,
            None if status.success() => Ended::Well,
            None => Ended::Failed(told(status)),
        }
    }

    fn how_killed(&self, asked: Asked) -> Ended {
        match asked.why {
            Why::Time => Ended::Hung(self.times.grace),
            Why::Flood => Ended::Flood,
            Why::GivenUp(reason) => Ended::GivenUp(reason),
        }
    }

    /// Takes what the command has said meanwhile, or waits for it; whether there was anything.
    fn listen(&mut self, pipes: &mut Pipes, wait: &Timespec) -> Result<bool> {
        let (has_output, has_error) = pipes.wait(wait)?;
        if has_output {
            self.words.take(&next(&mut pipes.output)?);
        }
        if has_error {
            self.log.take(&next(&mut pipes.error)?);
        }
        Ok(has_output || has_error)
    }
}

impl Pipes {
    /// Which of them have something to read, or have ended.
    fn wait(&self, wait: &Timespec) -> Result<(bool, bool)> {
        let pipes = [self.output.as_ref().map(AsFd::as_fd), self.error.as_ref().map(AsFd::as_fd)];
        let mut polled: Vec<PollFd<'_>> = pipes.iter().flatten().map(|pipe| PollFd::from_borrowed_fd(*pipe, PollFlags::IN)).collect();
        match poll(&mut polled, Some(wait)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = polled.iter().map(|pipe| !pipe.revents().is_empty());
        let mut is_ready = |is_open: bool| is_open && ready.next().unwrap_or(false);
        Ok((is_ready(self.output.is_some()), is_ready(self.error.is_some())))
    }
}

/// The next bytes of a pipe that has some; one that has ended is closed.
fn next(pipe: &mut Option<impl Read>) -> Result<Vec<u8>> {
    let mut bytes = vec![0; CHUNK];
    let read = pipe.as_mut().map_or(Ok(0), |pipe| pipe.read(&mut bytes))?;
    if read == 0 {
        *pipe = None;
    }
    bytes.truncate(read);
    Ok(bytes)
}

/// In words: with which code, or by which signal.
fn told(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

/// Says where a command stands, now and then, and once that it says other things.
struct Teller {
    round: u64,
    told: Instant,
    has_told_others: bool,
}

impl Teller {
    fn new(round: u64) -> Self {
        Self { round, told: Instant::now(), has_told_others: false }
    }

    fn tell(&mut self, words: &Words, left: Duration) {
        let round = self.round;
        if words.other_lines() > 0 && !self.has_told_others {
            self.has_told_others = true;
            tracing::warn!(
                round,
                "the command writes lines to standard output that are no progress, which are passed over: let it write them to standard error"
            );
        }
        let Some(last) = words.last().filter(|_| self.told.elapsed() >= PROGRESS) else { return };
        let (step, of, loss, left_s, other_lines) = (last.step, last.steps, last.loss, left.as_secs(), words.other_lines());
        tracing::info!(round, step, of, loss, left_s, other_lines, "training");
        self.told = Instant::now();
    }
}
