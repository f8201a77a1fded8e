//! One training run: where it starts, its steps until the time is over, its file, and the note that lets anybody repeat it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use evaluator::Checkpoint;
use node::{
    Exam, Member,
    claims::{Bar, found},
    member::{blocking, compute, measure},
};
use protocol::{Digest, Micronats, RoundNumber};
use training::{Device, Note, Plan, Settings, StrategyName, Trainer, steps_within};

use crate::{
    state::{Parts, State},
    turns::{Turn, Turns},
};

/// Between two lines about progress.
const PROGRESS: Duration = Duration::from_secs(10);
/// Between two savings of the run.
const SAVE: Duration = Duration::from_secs(30);

/// One order to train.
#[derive(Clone)]
pub struct Run {
    pub round: RoundNumber,
    pub base: Digest,
    pub head: Digest,
    /// What was revealed in the round before, best first.
    pub revealed: Vec<Digest>,
    pub deadline: Instant,
    pub seed: u64,
    pub settings: Settings,
    pub strategy: StrategyName,
    pub device: Device,
    pub state: State,
    /// Shared with the runs of other groups.
    pub turns: Turns,
    /// It is of no use any more.
    pub cancelled: Arc<AtomicBool>,
    /// The program ends: the run is saved, so that the next start goes on with it.
    pub ends: Arc<AtomicBool>,
}

/// A finished run: the stored file, and both losses on the whole set (or as much of it as one round measures).
pub struct Trained {
    pub file: Digest,
    pub base: Micronats,
    pub loss: Micronats,
    /// How to get the same file; none if the engine does not give the same bits everywhere.
    pub note: Option<Note>,
}

/// What came out of the steps.
struct Made {
    checkpoint: Checkpoint,
    starts: Vec<Digest>,
    plan: Plan,
    done: u32,
    is_exact: bool,
}

/// Trains until the steps are done, the time is over, or it is stopped; then stores the result.
pub async fn train(member: Member, mut run: Run) -> Result<Trained> {
    // The seed of the estimate is no secret and no exam: it only has to be the same for both checkpoints.
    let (base, exam) = tokio::try_join!(member.checkpoint(run.base), member.exam(run.head, run.base, run.round))?;
    let began = Instant::now();
    let before = measure(base.clone(), exam.clone()).await?;
    // The result is measured before the deadline, too, perhaps while others on this machine measure theirs.
    run.deadline = run.deadline.checked_sub(began.elapsed() * 3).unwrap_or(began);
    let others = others(&member, &run).await;
    let (made, run) = {
        let exam = exam.clone();
        blocking(move || Ok((steps(&run, &base, &exam, others)?, run))).await?
    };
    let (bytes, after) = (made.checkpoint.to_bytes(), measure(Arc::new(made.checkpoint), exam.clone()).await?);
    // Alone in its round: with others the bar is higher, and REVEAL will tell.
    let improvement = found(&before, &after, Bar::of(&member, &exam, 1));
    ensure!(improvement.is_certain, "from {} to {} nats may be luck: no commit", improvement.base, improvement.loss);
    let file = member.client.add(bytes).await?;
    let starts = made.starts.iter().map(|start| start.0).collect();
    let note = Note { round: run.round.0, file: file.0, starts, head: run.head.0, plan: made.plan, done: made.done };
    Ok(Trained { file, base: Micronats(before.mean), loss: Micronats(after.mean), note: made.is_exact.then_some(note) })
}

/// What the strategy may start from beside the base: as many of the revealed files as can be had and read.
async fn others(member: &Member, run: &Run) -> Vec<(Digest, Checkpoint)> {
    if run.strategy == StrategyName::Solo {
        return Vec::new();
    }
    let fetch = |file: &Digest| {
        let (member, file) = (member.clone(), *file);
        tokio::spawn(async move { (file, member.checkpoint(file).await) })
    };
    let tasks: Vec<_> = run.revealed.iter().map(fetch).collect();
    let mut others = Vec::new();
    for task in tasks {
        match task.await {
            Ok((file, Ok(checkpoint))) => others.push((file, Arc::unwrap_or_clone(checkpoint))),
            Ok((file, Err(error))) => tracing::info!(%file, "not considered as a start: {error:#}"),
            Err(error) => tracing::warn!("{error}"),
        }
    }
    others
}

fn steps(run: &Run, base: &Checkpoint, exam: &Exam, others: Vec<(Digest, Checkpoint)>) -> Result<Made> {
    let (compute, examples, mut turn) = (compute()?, &exam.set.examples, run.turns.begin());
    let (files, revealed): (Vec<_>, Vec<_>) = others.into_iter().unzip();
    let mut loss = |checkpoint: &Checkpoint| compute.evaluate(checkpoint, examples, &exam.drawn).map(|found| found.mean);
    let start = run.strategy.strategy().start(base, &revealed, &mut loss)?;
    let starts: Vec<Digest> = if start.parts.is_empty() { vec![run.base] } else { start.parts.iter().map(|part| files[*part]).collect() };
    drop(revealed);
    let Run { settings, seed, device, .. } = run;
    let parts = Parts { start: &start.checkpoint, examples, settings, seed: *seed, device: *device, compute };
    let (mut trainer, plan) = match run.state.resume(parts) {
        Some(resumed) => resumed,
        None => begin(run, parts, &turn)?,
    };
    let (round, of, done) = (run.round.0, plan.steps, trainer.steps_done());
    tracing::info!(round, done, of, device = trainer.device_name(), averaged = start.parts.len(), "the run begins");
    walk(run, &mut trainer, &plan, &mut turn)?;
    run.state.save(&trainer, &plan);
    let (checkpoint, done, is_exact) = (trainer.checkpoint()?, trainer.steps_done(), trainer.is_exact());
    drop(trainer);
    Ok(Made { checkpoint, starts, plan, done, is_exact })
}

/// A new run of as many steps as the settings say, or as fit its share of the time.
fn begin<'a>(run: &Run, parts: Parts<'a>, turn: &Turn) -> Result<(Trainer<'a>, Plan)> {
    let Parts { start, examples, settings, seed, device, compute } = parts;
    let steps = match settings.steps {
        Some(steps) => steps,
        None => steps_within(start, examples, settings, device, compute, turn.share(left(run)))?,
    };
    let plan = Plan { settings: settings.clone(), seed, steps };
    Ok((Trainer::new(start, examples, &plan, device, compute)?, plan))
}

fn left(run: &Run) -> Duration {
    run.deadline.saturating_duration_since(Instant::now())
}

fn walk(run: &Run, trainer: &mut Trainer<'_>, plan: &Plan, turn: &mut Turn) -> Result<()> {
    let (mut told, mut saved, mut told_at) = (Instant::now(), Instant::now(), trainer.steps_done());
    while trainer.steps_done() < plan.steps && !left(run).is_zero() {
        if run.cancelled.load(Ordering::Relaxed) {
            bail!("training was cancelled");
        }
        if run.ends.load(Ordering::Relaxed) {
            run.state.save(trainer, plan);
            bail!("training was stopped");
        }
        let loss = trainer.step()?;
        turn.pass();
        if saved.elapsed() >= SAVE {
            run.state.save(trainer, plan);
            saved = Instant::now();
        }
        if told.elapsed() >= PROGRESS {
            let (round, step, of, left_s) = (run.round.0, trainer.steps_done(), plan.steps, left(run).as_secs());
            let targets = trainer.targets_per_step() * u64::from(step - told_at);
            let tokens_s = (targets as f64 / told.elapsed().as_secs_f64()) as u64;
            tracing::info!(round, step, of, loss, tokens_s, left_s, "training");
            (told, told_at) = (Instant::now(), step);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::{ROWS, examples, start};
    use evaluator::Compute;

    const STEPS: u32 = 20;

    /// A run of that many steps, or as many as fit, and what is left of its file; `flags`: cancelled, ends.
    fn walked(time: Duration, steps: Option<u32>, flags: (bool, bool)) -> (Result<u32>, bool) {
        let (folder, start, set) = (tempfile::tempdir().expect("a temporary folder"), start(1), examples(ROWS));
        let run = Run {
            round: RoundNumber(3),
            base: Digest([1; 32]),
            head: Digest([2; 32]),
            revealed: Vec::new(),
            deadline: Instant::now() + time,
            seed: 5,
            settings: Settings { batch: 2, steps, ..Settings::default() },
            strategy: StrategyName::Solo,
            device: Device::Cpu,
            state: State::at(folder.path()),
            turns: Turns::default(),
            cancelled: Arc::new(AtomicBool::new(flags.0)),
            ends: Arc::new(AtomicBool::new(flags.1)),
        };
        let Run { settings, seed, device, .. } = &run;
        let parts = Parts { start: &start, examples: &set, settings, seed: *seed, device: *device, compute: Compute::detect() };
        let mut turn = run.turns.begin();
        let (mut trainer, plan) = begin(&run, parts, &turn).expect("a run");
        let walked = walk(&run, &mut trainer, &plan, &mut turn).map(|()| trainer.steps_done());
        (walked, run.state.resume(parts).is_some())
    }

    #[test]
    fn a_run_ends_with_its_steps_or_its_time_and_is_saved_when_the_program_ends() {
        let long = Duration::from_secs(600);
        assert_eq!(walked(long, Some(STEPS), (false, false)).0.expect("all steps"), STEPS);
        assert_eq!(walked(Duration::ZERO, Some(STEPS), (false, false)).0.expect("no time"), 0);
        assert!(walked(Duration::from_millis(1), None, (false, false)).0.is_ok(), "as many as fit");
        for (flags, reason, is_saved) in [((true, false), "cancelled", false), ((false, true), "stopped", true)] {
            let (walked, saved) = walked(long, Some(STEPS), flags);
            assert!(walked.expect_err("no result").to_string().contains(reason));
            assert_eq!(saved, is_saved, "{reason}");
        }
    }
}
