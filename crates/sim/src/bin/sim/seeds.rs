//! Runs seeds, one a core, and tells of them in their order; or shrinks one seed and tells its story.

use std::{
    collections::BTreeMap,
    fs,
    io::IsTerminal as _,
    ops::Range,
    path::PathBuf,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sim::{depth::Depth, faults::Kind, plan::Plan, story};

use crate::{
    outcome::{Counts, Outcome},
    state::State,
};

/// Outcomes that wait to be told of, at most.
const QUEUE: usize = 64;
/// Rounds of one seed.
const MAX_ROUNDS: u64 = 100_000;
/// The word for no faults at all.
const CALM: &str = "calm";

#[derive(Args)]
pub struct Options {
    /// Seeds to run, from A up to B, which is not among them.
    #[arg(long, value_name = "A..B", value_parser = range, required_unless_present = "story")]
    seeds: Option<Range<u64>>,
    /// Rounds of each seed.
    #[arg(long, value_name = "N", default_value_t = 34, value_parser = clap::value_parser!(u64).range(1..=MAX_ROUNDS))]
    rounds: u64,
    /// Run this seed alone, take out the faults that it fails without, and tell what happens.
    #[arg(long, value_name = "SEED", conflicts_with = "state")]
    story: Option<u64>,
    /// Kinds of faults that are drawn, with commas between; `calm` for none. All if left out.
    #[arg(long, value_name = "KINDS", value_parser = kinds)]
    kinds: Option<Kinds>,
    /// With two adversaries that each seed draws.
    #[arg(long)]
    vices: bool,
    /// What checkpoints are: `coarse`, numbers, or `exact`, files that the real trainer makes and the real evaluator measures.
    #[arg(long, value_name = "DEPTH", default_value = "coarse", value_parser = depth)]
    depth: Depth,
    /// Remember there which seeds are done, and go on from what it remembers.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Where failing seeds are written, if there are any.
    #[arg(long, value_name = "FILE", default_value = "sim-failures.log")]
    failures: PathBuf,
    /// Seeds at a time; as many as there are cores if left out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    jobs: Option<u64>,
}

/// Kinds of faults, none for a calm network.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kinds(Vec<Kind>);

impl Options {
    fn kinds(&self) -> &[Kind] {
        self.kinds.as_ref().map_or(&Kind::ALL, |kinds| &kinds.0)
    }

    fn plan(&self, seed: u64) -> Plan {
        let plan = match self.kinds() {
            [] => Plan { depth: self.depth, ..Plan::calm(seed, self.rounds) },
            kinds => Plan::draw(seed, self.rounds, self.depth, kinds),
        };
        if self.vices { plan.haunted() } else { plan }
    }

    /// What all runs have in common that one state file may hold.
    fn kind_of_run(&self) -> String {
        let names: Vec<String> = self.kinds().iter().map(name).collect();
        let (kinds, vices) = (if names.is_empty() { CALM.to_owned() } else { names.join(",") }, if self.vices { ", vices" } else { "" });
        let depth = if self.depth == Depth::Exact { ", exact" } else { "" };
        format!("{} rounds, {kinds}{vices}{depth}", self.rounds)
    }
}

/// Does what was asked for; whether nothing failed.
///
/// # Errors
/// When a file cannot be read or written, or a story makes no network.
pub fn run(options: &Options) -> Result<bool> {
    match (options.story, &options.seeds) {
        (Some(seed), _) => tell(&options.plan(seed)),
        (None, Some(seeds)) => run_all(options, seeds),
        // The parser asks for one of both.
        (None, None) => Ok(true),
    }
}

fn tell(plan: &Plan) -> Result<bool> {
    let first = Outcome::of(plan);
    let small = if first.is_failure() { story::shrunk(plan, |plan| Outcome::of(plan).is_failure()) } else { plan.clone() };
    let outcome = Outcome::of(&small);
    // Whoever panics leaves no trace.
    match std::panic::catch_unwind(|| story::tell(&small)) {
        Ok(story) => print!("{}", story?),
        Err(_) => println!("{small:#?}\nFAILED: {}", outcome.told()),
    }
    println!("{}", last_line(1, plan.rounds, u64::from(outcome.is_failure())));
    Ok(!outcome.is_failure())
}

fn run_all(options: &Options, seeds: &Range<u64>) -> Result<bool> {
    let started = Instant::now();
    let mut state = options.state.as_ref().map(|path| State::open(path, &options.kind_of_run())).transpose()?;
    let known: BTreeMap<u64, Outcome> = seeds.clone().filter_map(|seed| Some((seed, state.as_ref()?.find(seed)?.clone()))).collect();
    let (open, all) = (seeds.clone().filter(|seed| !known.contains_key(seed)).collect::<Vec<u64>>(), seeds.end - seeds.start);
    let bar = bar(all);
    let (mut counts, mut failing) = (Counts::default(), Vec::new());
    let tell = |outcome: Outcome| {
        bar.inc(1);
        counts.add(outcome.counts);
        if outcome.is_failure() {
            let line = format!("seed {}: {}", outcome.seed, outcome.told());
            bar.suspend(|| println!("{line}"));
            failing.push(line);
        }
    };
    in_order(options, &open, known, |outcome| state.as_mut().map_or(Ok(()), |state| state.note(outcome)), tell)?;
    bar.finish_and_clear();
    let took_s = started.elapsed().as_secs_f64();
    println!("{counts}");
    #[expect(clippy::cast_precision_loss, reason = "rounds have far fewer than 52 bits")]
    let rate = (open.len() as u64 * options.rounds) as f64 / took_s;
    println!("{took_s:.0} s, {rate:.1} rounds a second");
    write_failing(options, &failing)?;
    println!("{}", last_line(all, all * options.rounds, failing.len() as u64));
    Ok(failing.is_empty())
}

fn last_line(seeds: u64, rounds: u64, failures: u64) -> String {
    format!("{seeds} seeds, {rounds} rounds, {failures} failures")
}

fn write_failing(options: &Options, failing: &[String]) -> Result<()> {
    let path = &options.failures;
    if failing.is_empty() {
        return Ok(());
    }
    fs::write(path, failing.join("\n") + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    println!("failing seeds are in {}; `--story SEED` tells one", path.display());
    Ok(())
}

/// Runs what is open, notes each when it is done, and tells of all in the order of their seeds.
fn in_order(
    options: &Options,
    open: &[u64],
    known: BTreeMap<u64, Outcome>,
    mut note: impl FnMut(&Outcome) -> Result<()>,
    mut tell: impl FnMut(Outcome),
) -> Result<()> {
    let jobs = options.jobs.map_or_else(|| thread::available_parallelism().map_or(1, usize::from), |jobs| jobs as usize);
    let (next, mut ready) = (AtomicU64::new(0), known);
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(QUEUE);
        for _ in 0..jobs.min(open.len()) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || work(options, open, next, &sender));
        }
        drop(sender);
        collect(&receiver, open, &mut ready, &mut note, &mut tell)
    })
}

fn work(options: &Options, open: &[u64], next: &AtomicU64, sender: &SyncSender<Outcome>) {
    // Nobody listens any more when a file could not be written.
    while let Some(seed) = open.get(next.fetch_add(1, Ordering::Relaxed) as usize)
        && sender.send(Outcome::of(&options.plan(*seed))).is_ok()
    {}
}

fn collect(
    receiver: &Receiver<Outcome>,
    open: &[u64],
    ready: &mut BTreeMap<u64, Outcome>,
    note: &mut impl FnMut(&Outcome) -> Result<()>,
    tell: &mut impl FnMut(Outcome),
) -> Result<()> {
    for seed in open {
        while !ready.contains_key(seed) {
            let outcome = receiver.recv().context("whoever ran the seeds is gone")?;
            note(&outcome)?;
            ready.insert(outcome.seed, outcome);
        }
        while let Some(entry) = ready.first_entry().filter(|entry| entry.key() <= seed) {
            tell(entry.remove());
        }
    }
    std::mem::take(ready).into_values().for_each(tell);
    Ok(())
}

/// On a terminal only.
fn bar(seeds: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(seeds);
    // The template is a constant: it cannot be wrong on one machine only.
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

fn range(text: &str) -> Result<Range<u64>> {
    let parts = text.split_once("..").and_then(|(first, end)| Some((first.parse().ok()?, end.parse().ok()?)));
    let (first, end) = parts.context("two numbers with .. between are wanted, like 0..300")?;
    ensure!(first < end, "there is no seed from {first} up to {end}: the second number must be larger");
    Ok(first..end)
}

fn kinds(text: &str) -> Result<Kinds> {
    if text == CALM {
        return Ok(Kinds(Vec::new()));
    }
    let known = || Kind::ALL.iter().map(name).collect::<Vec<_>>().join(", ");
    let find = |word: &str| Kind::ALL.into_iter().find(|kind| name(kind) == word);
    let kinds =
        text.split(',').map(|word| find(word).with_context(|| format!("there is no kind {word:?}: use {CALM}, or some of {}", known())));
    kinds.collect::<Result<_>>().map(Kinds)
}

fn depth(text: &str) -> Result<Depth> {
    Depth::ALL.into_iter().find(|depth| name(depth) == text).with_context(|| format!("there is no depth {text:?}: use coarse or exact"))
}

/// What a kind is called where it is asked for.
fn name(kind: &impl std::fmt::Debug) -> String {
    format!("{kind:?}").to_lowercase()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn ranges_and_kinds_are_read_and_anything_else_is_refused_with_what_is_wanted() {
        assert_eq!(range("3..8").expect("a range"), 3..8);
        for (text, told) in [("8..3", "must be larger"), ("3", "like 0..300"), ("a..b", "like 0..300"), ("-1..2", "like 0..300")] {
            assert!(range(text).expect_err(text).to_string().contains(told), "{text}");
        }
        assert_eq!(kinds("calm").expect("none"), Kinds(Vec::new()));
        assert_eq!(kinds("kill,chain").expect("two"), Kinds(vec![Kind::Kill, Kind::Chain]));
        assert!(kinds("storm").expect_err("unknown").to_string().contains("reorganisation"));
    }

    #[test]
    fn a_state_file_of_one_depth_is_none_of_the_other() {
        let run = |depth| match crate::Arguments::try_parse_from(["sim", "seeds", "--seeds", "0..1", "--depth", depth]) {
            Ok(crate::Arguments { task: crate::Task::Seeds(options) }) => Ok((options.plan(0).depth, options.kind_of_run())),
            Ok(_) => Err("another task".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let (coarse, exact) = (run("coarse").expect("a depth"), run("exact").expect("a depth"));
        assert_eq!((coarse.0, exact.0), (Depth::Coarse, Depth::Exact));
        assert_eq!(exact.1, format!("{}, exact", coarse.1));
        assert!(run("deep").expect_err("unknown").contains("use coarse or exact"));
    }

    #[test]
    fn outcomes_are_told_in_the_order_of_seeds_however_they_come() {
        let outcome = |seed| Outcome { seed, counts: Counts::default(), failures: Vec::new() };
        let (sender, receiver) = sync_channel(8);
        for seed in [5, 1, 3] {
            sender.send(outcome(seed)).expect("room");
        }
        let mut ready: BTreeMap<u64, Outcome> = [2, 4, 9].map(|seed| (seed, outcome(seed))).into();
        let (mut noted, mut told) = (Vec::new(), Vec::new());
        let mut note = |outcome: &Outcome| {
            noted.push(outcome.seed);
            Ok(())
        };
        collect(&receiver, &[1, 3, 5], &mut ready, &mut note, &mut |outcome| told.push(outcome.seed)).expect("all came");
        assert_eq!((noted, told), (vec![5, 1, 3], vec![1, 2, 3, 4, 5, 9]));
    }
}
