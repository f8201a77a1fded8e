//! One training run: where it starts, its steps or its command until the time is over, its file, and the note that lets anybody repeat it.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use evaluator::{Checkpoint, Examples};
use node::{
    Exam, Member,
    claims::{Bar, found},
    folder,
    machine::{compute, machine, tell_left},
    member::{blocking, measure},
    shards,
};
use protocol::{Digest, Micronats, RoundNumber};
use trainer_node::settings::{Command, Training};
use training::{Device, Note, Plan, Start, StrategyName, Trainer, lesson, steps_within};

use crate::{
    command::{self, Order},
    state::{Parts, State},
    turns::{Turn, Turns},
};

/// Between two lines about progress.
const PROGRESS: Duration = Duration::from_secs(10);
/// Between two savings of the run.
const SAVE: Duration = Duration::from_secs(30);
/// The folder, in that of a group, of runs by a command.
pub const COMMANDS: &str = "command";
/// And that of the shards that commands learn from.
const SHARDS: &str = "shards";

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
    pub training: Training,
    pub strategy: StrategyName,
    pub device: Device,
    pub state: State,
    /// What belongs to the group.
    pub folder: PathBuf,
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
    /// How to get the same file; none if nothing promises the same bits everywhere.
    pub note: Option<Note>,
}

/// What came out of a run.
struct Made {
    checkpoint: Checkpoint,
    /// How to get the same file; none if nothing promises the same bits everywhere.
    recipe: Option<Recipe>,
}

/// All that the bits of a checkpoint follow from, beside the set.
struct Recipe {
    starts: Vec<Digest>,
    plan: Plan,
    done: u32,
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
    let lesson = match &run.training {
        Training::Steps(settings) => lesson(&exam.set.examples, settings, run.seed),
        Training::Command(_) => None,
    };
    match &run.training {
        Training::Steps(_) => shards::hold_all(&member, lesson.as_ref().unwrap_or(&exam.set.examples)).await?,
        Training::Command(_) if exam.set.examples.shards().is_empty() => {}
        Training::Command(_) => shards::lay(&member, &exam.set.examples, &run.folder.join(SHARDS)).await?,
    }
    let (made, run) = {
        let exam = exam.clone();
        blocking(move || Ok((kept(&base, made(&run, &base, (&exam, lesson.as_ref()), others)?)?, run))).await?
    };
    let (bytes, after) = (made.checkpoint.to_bytes(), measure(Arc::new(made.checkpoint), exam.clone()).await?);
    // Alone in its round: with others the bar is higher, and REVEAL will tell.
    let improvement = found(&before, &after, Bar::of(&member, &exam, 1));
    ensure!(improvement.is_certain, "from {} to {} nats may be luck: no commit", improvement.base, improvement.loss);
    let file = member.client.add(bytes).await?;
    let note = made.recipe.map(|Recipe { starts, plan, done }| {
        let starts = starts.iter().map(|start| start.0).collect();
        Note { round: run.round.0, file: file.0, starts, head: run.head.0, plan, done }
    });
    Ok(Trained { file, base: Micronats(before.mean), loss: Micronats(after.mean), note })
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

/// What was made, if it leaves frozen tensors as they are: of anything else a claim would be false.
fn kept(base: &Checkpoint, made: Made) -> Result<Made> {
    made.checkpoint.keeps_frozen(base).context("no commit")?;
    Ok(made)
}

/// Chooses the start, and trains by whatever the settings name.
fn made(run: &Run, base: &Checkpoint, (exam, lesson): (&Exam, Option<&Examples>), mut others: Vec<(Digest, Checkpoint)>) -> Result<Made> {
    let (compute, examples, turn) = (compute()?, &exam.set.examples, run.turns.begin());
    // A revealed file that is no checkpoint of its round is no start either.
    others.retain(|(_, checkpoint)| checkpoint.keeps_frozen(base).is_ok());
    let (files, revealed): (Vec<_>, Vec<_>) = others.into_iter().unzip();
    let machine = machine()?;
    let mut loss = |checkpoint: &Checkpoint| machine.evaluate(checkpoint, examples, &exam.drawn, tell_left).map(|found| found.mean);
    let start = run.strategy.strategy().start(base, &revealed, &mut loss)?;
    drop(revealed);
    match &run.training {
        Training::Steps(settings) => {
            let examples = lesson.unwrap_or(examples);
            let parts = Parts { start: &start.checkpoint, examples, settings, seed: run.seed, device: run.device, compute };
            let starts = if start.parts.is_empty() { vec![run.base] } else { start.parts.iter().map(|part| files[*part]).collect() };
            steps(run, parts, starts, turn)
        }
        Training::Command(command) => by_command(run, command, &start, exam, &turn),
    }
}

/// Trains step by step, from the saved run of before if there is one.
fn steps(run: &Run, parts: Parts<'_>, starts: Vec<Digest>, mut turn: Turn) -> Result<Made> {
    let (mut trainer, plan) = match run.state.resume(parts) {
        Some(resumed) => resumed,
        None => begin(run, parts, &turn)?,
    };
    let (round, of, done) = (run.round.0, plan.steps, trainer.steps_done());
    tracing::info!(round, done, of, device = trainer.device_name(), starts = starts.len(), "the run begins");
    walk(run, &mut trainer, &plan, &mut turn)?;
    run.state.save(&trainer, &plan);
    let (checkpoint, done, is_exact) = (trainer.checkpoint()?, trainer.steps_done(), trainer.is_exact());
    drop(trainer);
    Ok(Made { checkpoint, recipe: is_exact.then_some(Recipe { starts, plan, done }) })
}

/// Lets the owner's program train; it has its share of the time in one piece, for nobody can make it wait.
fn by_command(run: &Run, command: &Command, start: &Start, exam: &Exam, turn: &Turn) -> Result<Made> {
    let write_set = |place: &Path| folder::write_set(&exam.set.tree, place, run.head);
    let device = if run.device == Device::Auto { command::device_here().to_owned() } else { run.device.to_string() };
    let order = Order {
        command,
        round: run.round.0,
        start: &start.checkpoint,
        write_set: &write_set,
        folder: &run.folder.join(COMMANDS),
        shards: (!exam.set.examples.shards().is_empty()).then(|| run.folder.join(SHARDS)),
        seed: run.seed,
        device,
        until: Instant::now() + turn.share(left(run)),
        cancelled: &run.cancelled,
        ends: &run.ends,
    };
    Ok(Made { checkpoint: command::run(&order)?, recipe: None })
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
    use node::dataset::Set;
    use protocol::GroupId;
    use training::Settings;

    const STEPS: u32 = 20;

    fn order(folder: &Path, training: Training, time: Duration, flags: (bool, bool)) -> Run {
        Run {
            round: RoundNumber(3),
            base: Digest([1; 32]),
            head: Digest([2; 32]),
            revealed: Vec::new(),
            deadline: Instant::now() + time,
            seed: 5,
            training,
            strategy: StrategyName::Solo,
            device: Device::Cpu,
            state: State::at(folder),
            folder: folder.to_owned(),
            turns: Turns::default(),
            cancelled: Arc::new(AtomicBool::new(flags.0)),
            ends: Arc::new(AtomicBool::new(flags.1)),
        }
    }

    /// A run of that many steps, or as many as fit, and what is left of its file; `flags`: cancelled, ends.
    fn walked(time: Duration, steps: Option<u32>, flags: (bool, bool)) -> (Result<u32>, bool) {
        let (folder, start, set) = (tempfile::tempdir().expect("a temporary folder"), start(1), examples(ROWS));
        let settings = Settings { batch: 2, steps, ..Settings::default() };
        let run = order(folder.path(), Training::Steps(settings.clone()), time, flags);
        let Run { seed, device, .. } = run;
        let parts = Parts { start: &start, examples: &set, settings: &settings, seed, device, compute: Compute::detect() };
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

    #[test]
    fn a_command_trains_where_steps_would_and_leaves_no_recipe_to_repeat_it_by() {
        let (folder, start) = (tempfile::tempdir().expect("a temporary folder"), start(1));
        let rows: String = ROWS.lines().map(|row| format!("+{row}\n")).collect();
        let patch = format!("--- /dev/null\n+++ b/rows.csv\n@@ -0,0 +1,{} @@\n{rows}", ROWS.lines().count());
        let set = Arc::new(Set::apply(None, start.manifest(), patch.as_bytes()).expect("a set"));
        let exam = Exam { set, group: GroupId(1), drawn: Arc::new(vec![0, 1, 2]) };
        let script = r#"cat "$NEURON_SET/rows.csv" "$NEURON_SET/.neuron-set" > seen; echo "$NEURON_DEVICE" >> seen; cp "$NEURON_BASE" "$NEURON_OUTPUT""#;
        let text = format!("engine = \"command\"\ncommand = [\"sh\", \"-c\", '{script}']\nfolder = {:?}", folder.path());
        let by = |training: &str| {
            let training = toml::from_str(training).expect("settings");
            let run = order(folder.path(), training, Duration::from_secs(600), (false, false));
            made(&run, &start, (&exam, None), Vec::new()).expect("a checkpoint")
        };
        let commanded = by(&text);
        assert!(commanded.recipe.is_none() && commanded.checkpoint == start);
        let seen = std::fs::read_to_string(folder.path().join("seen")).expect("seen");
        assert_eq!(seen, format!("{ROWS}head {}\ncpu\n", Digest([2; 32])));
        let recipe = by("engine = \"exact\"\nsteps = 3").recipe.expect("steps can be repeated");
        assert_eq!((recipe.starts, recipe.done), (vec![Digest([1; 32])], 3));
    }
}
