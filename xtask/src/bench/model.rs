//! Training and evaluation beside PyTorch: the same weights, examples, precision and threads, taking turns.

use std::{
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{
    plot,
    worker::{Memory, Worker},
};
use crate::{python, tools};

/// Names an interpreter that has PyTorch and safetensors, where a virtual environment of 5 GB is too much.
const INTERPRETER: &str = "NEURON_TORCH_PYTHON";
const PLOT: &str = "docs/benchmarks-model.svg";
const SOURCES: &str = "crates/evaluator/pytorch";

/// Turns that are not counted, and those that are.
const WARM_TURNS: usize = 3;
const TURNS: usize = 25;
/// After each measurement, for threads that wait for work to fall asleep.
const PAUSE: Duration = Duration::from_millis(20);

/// Largest difference of a log-probability.
const LOGIT_TOLERANCE: f64 = 1e-5;
/// Of an example's loss in micronats: ours is rounded down.
const LOSS_TOLERANCE: f64 = 20.0;
/// Of the loss after some steps, as a share of it.
const STEP_TOLERANCE: f64 = 1e-3;
const STEPS_COMPARED: usize = 4;

/// Memory of a measurement in MiB, beside the weights, for each thread.
const THREAD_MIB: f64 = 64.0;

/// Seconds of training in a round of a group that says nothing else.
const PUBLIC_TRAIN_S: i64 = 2400;

const WORDS: &str = "\
`cargo xtask bench model` measures beside PyTorch from PyPI, in processes that take turns: the same architecture, weights (PyTorch loads our file), examples,
binary32, threads, and settings of the allocator that keep freed memory. Before that, log-probabilities must be equal within 10⁻⁵, and the losses of
some steps of training. `train`: a step of AdamW (PyTorch's fused one), tiny-gpt on 16 × 128 tokens, digits on 64 examples; `evaluate`: a forward pass with loss, tiny-gpt on 16 × 128
tokens, small-gpt on 4 × 256. Ours gives the same bits on every machine. `/compiled`: beside `torch.compile`. Medians of 25 turns; ratio = median of theirs / ours of each turn, above 1
ours is faster. `memory`: most memory of a process that evaluates, PyTorch's beside it. `check`: seconds in which a validator measures base and claim on `eval_max` examples, beside
the training of a round in `configs/groups`.
";

/// A model and the examples of one batch.
struct Model {
    name: &'static str,
    batch: usize,
    /// Examples, from the root; text if there are none.
    data: Option<&'static str>,
}

const TINY: Model = Model { name: "tiny-gpt", batch: 16, data: None };
const SMALL: Model = Model { name: "small-gpt", batch: 4, data: None };
const DIGITS: Model = Model { name: "digits", batch: 64, data: Some("data/digits/genesis.csv") };

/// What is timed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// So many steps of AdamW.
    Train(usize),
    Evaluate,
}

/// Who does it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tool {
    Ours,
    Eager,
    Compiled,
}

/// A row of the table for each tool beside ours, and the ratio that it should reach.
struct Case {
    model: Model,
    work: Work,
    threads: usize,
    least: [(Tool, f64); 2],
}

const CASES: [Case; 7] = [
    Case { model: TINY, work: Work::Train(1), threads: 1, least: [(Tool::Eager, 1.05), (Tool::Compiled, 1.05)] },
    Case { model: TINY, work: Work::Train(1), threads: 2, least: [(Tool::Eager, 1.2), (Tool::Compiled, 1.1)] },
    Case { model: DIGITS, work: Work::Train(100), threads: 1, least: [(Tool::Eager, 3.0), (Tool::Compiled, 1.0)] },
    Case { model: TINY, work: Work::Evaluate, threads: 1, least: [(Tool::Eager, 1.4), (Tool::Compiled, 1.2)] },
    Case { model: TINY, work: Work::Evaluate, threads: 2, least: [(Tool::Eager, 1.4), (Tool::Compiled, 1.2)] },
    Case { model: SMALL, work: Work::Evaluate, threads: 1, least: [(Tool::Eager, 1.4), (Tool::Compiled, 1.2)] },
    Case { model: SMALL, work: Work::Evaluate, threads: 2, least: [(Tool::Eager, 1.4), (Tool::Compiled, 1.2)] },
];

/// A line of the table.
struct Row {
    name: String,
    ours: f64,
    theirs: f64,
    ratio: f64,
    unit: &'static str,
    least: Option<f64>,
}

/// Where programs and files are.
struct Place {
    ours: PathBuf,
    python: PathBuf,
    folder: PathBuf,
}

/// Compares numbers, then measures; prints a table, writes it into docs/BENCHMARKS.md and, if asked, the rows as JSON.
///
/// # Errors
/// When a program cannot be had, or computes something else.
pub fn run(json: Option<&Path>, only: Option<&str>, check: bool) -> Result<()> {
    let place = Place::prepare()?;
    for model in [DIGITS, TINY, SMALL] {
        place.compare(&model)?;
    }
    if check {
        return Ok(());
    }
    let mut rows = Vec::new();
    for case in CASES.iter().filter(|case| only.is_none_or(|only| case.name().starts_with(only))) {
        rows.extend(place.time(case)?);
    }
    if only.is_none() {
        for (model, threads) in [(TINY, 1), (TINY, 2), (SMALL, 1), (SMALL, 2)] {
            rows.push(place.memory(&model, threads)?);
        }
        rows.extend(place.checks()?);
        let text = format!("{}\n{}\n![ratios]({})\n", place.words()?, table(&rows), PLOT.trim_start_matches("docs/"));
        super::record("model", "Models", &text)?;
        let ratios: Vec<_> = rows.iter().filter(|row| row.unit == "ms").map(|row| (row.name.clone(), row.ratio, row.least)).collect();
        let title = "Time of PyTorch / ours (above 1 = ours is faster); marks: what is to be reached";
        fs::write(tools::root().join(PLOT), plot::bars(title, &ratios))?;
    }
    if let Some(path) = json {
        let rows = rows
            .iter()
            .map(|row| json!({ "name": row.name, "ours": row.ours, "theirs": row.theirs, "ratio": row.ratio, "unit": row.unit }));
        super::write_rows(path, rows.collect())?;
    }
    Ok(())
}

impl Case {
    fn name(&self) -> String {
        let work = if self.work == Work::Evaluate { "evaluate" } else { "train" };
        format!("{work}/{}/threads={}", self.model.name, self.threads)
    }
}

impl Tool {
    /// What stands behind the name of a row.
    fn suffix(self) -> &'static str {
        if self == Self::Compiled { "/compiled" } else { "" }
    }
}

impl Place {
    /// Builds the program of ours, finds or makes a Python with PyTorch, writes the text.
    fn prepare() -> Result<Self> {
        tools::run(tools::cargo(), &["build", "--package", "evaluator", "--example", "measure", "--locked"])?;
        let target = tools::target_dir()?;
        let python = match env::var_os(INTERPRETER) {
            Some(path) => path.into(),
            None => python::programs(&python::TORCH)?.join("python"),
        };
        let folder = target.join("bench");
        fs::create_dir_all(&folder)?;
        // Any text will do that has no character of several bytes.
        let mut text = fs::read_to_string(tools::root().join("docs/PROTOCOL.md"))?;
        text.retain(|character| character.is_ascii());
        fs::write(folder.join("text.txt"), text)?;
        Ok(Self { ours: target.join("debug/examples/measure"), python, folder })
    }

    fn start(&self, tool: Tool, model: &Model, threads: usize, memory: Memory) -> Result<Worker> {
        let sources = tools::root().join(SOURCES);
        let data = model.data.map_or_else(|| self.folder.join("text.txt"), |data| tools::root().join(data));
        let files = [sources.join(format!("{}.json", model.name)), self.checkpoint(model), data];
        let mut arguments: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
        arguments.extend([model.batch.to_string(), threads.to_string()]);
        let mode = match tool {
            Tool::Ours => return Worker::start(&self.ours, &arguments, memory),
            Tool::Eager => "eager",
            Tool::Compiled => "compiled",
        };
        arguments.insert(0, sources.join("worker.py").display().to_string());
        arguments.push(mode.to_owned());
        Worker::start(&self.python, &arguments, memory)
    }

    fn checkpoint(&self, model: &Model) -> PathBuf {
        self.folder.join(format!("{}.safetensors", model.name))
    }

    /// PyTorch must open our checkpoint and come to the same numbers.
    fn compare(&self, model: &Model) -> Result<()> {
        let (mut ours, mut theirs) = (self.start(Tool::Ours, model, 2, Memory::Kept)?, self.start(Tool::Eager, model, 2, Memory::Kept)?);
        let rows: [Vec<Vec<f64>>; 2] = [ours.ask("rows")?, theirs.ask("rows")?];
        let logits = distance(&rows[0].concat(), &rows[1].concat())?;
        let losses = distance(&ours.ask::<Vec<f64>>("losses")?, &theirs.ask::<Vec<f64>>("losses")?)?;
        println!("{}: log-probabilities differ by {logits:.1e}, losses by {losses:.1} micronats", model.name);
        ensure!(logits <= LOGIT_TOLERANCE && losses <= LOSS_TOLERANCE, "{} is another model in PyTorch", model.name);
        same_steps(model, &mut [ours, theirs])
    }

    /// Rows of a case: everybody in turn, again and again.
    fn time(&self, case: &Case) -> Result<Vec<Row>> {
        let tools = [Tool::Ours, Tool::Eager, Tool::Compiled];
        let mut workers = Vec::new();
        for tool in tools {
            workers.push(self.start(tool, &case.model, case.threads, Memory::Kept)?);
        }
        let mut turns = Vec::new();
        for _ in 0..WARM_TURNS + TURNS {
            let mut turn = Vec::new();
            for worker in &mut workers {
                turn.push(case.work.milliseconds(worker)?);
                thread::sleep(PAUSE);
            }
            turns.push(turn);
        }
        let turns = &turns[WARM_TURNS..];
        let row = |tool: Tool, least: f64| {
            let place = tools.iter().position(|other| *other == tool).unwrap_or_default();
            let row = Row {
                name: case.name() + tool.suffix(),
                ours: median(turns.iter().map(|turn| turn[0])),
                theirs: median(turns.iter().map(|turn| turn[place])),
                ratio: median(turns.iter().map(|turn| turn[place] / turn[0])),
                unit: "ms",
                least: Some(least),
            };
            println!("{}: {:.3} ms, theirs {:.3} ms, ratio {:.2}", row.name, row.ours, row.theirs, row.ratio);
            row
        };
        Ok(case.least.map(|(tool, least)| row(tool, least)).into())
    }

    /// Most memory of a process that measures, where freed memory is given back.
    fn memory(&self, model: &Model, threads: usize) -> Result<Row> {
        let mut most = [0.0; 2];
        for (most, tool) in most.iter_mut().zip([Tool::Ours, Tool::Eager]) {
            let mut worker = self.start(tool, model, threads, Memory::GivenBack)?;
            worker.ask::<f64>("evaluate")?;
            *most = worker.ask::<f64>("memory")? / 1024.0;
        }
        let [ours, theirs] = most;
        let weights = self.checkpoint(model).metadata()?.len() as f64 / f64::from(1 << 20);
        let name = format!("memory/{}/threads={threads}", model.name);
        let limit = weights + THREAD_MIB * threads as f64;
        ensure!(ours <= limit, "{name}: {ours:.0} MiB are more than weights and {THREAD_MIB} MiB for each thread, {limit:.0} MiB");
        Ok(Row { name, ours, theirs, ratio: theirs / ours, unit: "MiB", least: None })
    }

    /// How long a validator measures for one claim, beside the training of a round in the group's own configuration.
    fn checks(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let threads = thread::available_parallelism()?.get();
        for model in [DIGITS, TINY, SMALL] {
            let path = tools::root().join(format!("configs/groups/{}.toml", model.name));
            let text = fs::read_to_string(&path).with_context(|| format!("{} is missing", path.display()))?;
            let group: toml::Table = text.parse()?;
            let number = |section: &str, key: &str| group.get(section)?.get(key)?.as_integer();
            let examples = number("manifest", "eval_max").context("a manifest without eval_max")?;
            let batch = number("training", "batch").unwrap_or(model.batch as i64);
            let mut worker = self.start(Tool::Ours, &Model { batch: examples as usize, ..model }, threads, Memory::Kept)?;
            // The base and the claim.
            let ours = 2.0 * median((0..5).map(|_| worker.ask::<f64>("evaluate")).collect::<Result<Vec<_>>>()?.into_iter());
            let theirs = match number("training", "steps") {
                Some(steps) => {
                    let mut worker = self.start(Tool::Ours, &Model { batch: batch as usize, ..model }, threads, Memory::Kept)?;
                    let [seconds, _]: [f64; 2] = worker.ask("train 10")?;
                    seconds / 10.0 * steps as f64
                }
                None => number("times", "train_s").unwrap_or(PUBLIC_TRAIN_S) as f64,
            };
            rows.push(Row { name: format!("check/{}", model.name), ours, theirs, ratio: theirs / ours, unit: "s", least: Some(100.0) });
        }
        Ok(rows)
    }

    /// What was measured, and on what.
    fn words(&self) -> Result<String> {
        let mut workers = [Tool::Ours, Tool::Eager].map(|tool| self.start(tool, &DIGITS, 1, Memory::Kept));
        let [Ok(ours), Ok(theirs)] = &mut workers else { anyhow::bail!("a program does not start") };
        let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = processor
            .lines()
            .find_map(|line| line.strip_prefix("model name"))
            .map_or("unknown", |name| name.trim_start_matches([' ', '\t', ':']));
        let cores = thread::available_parallelism()?;
        let (ours, theirs) = (ours.ask::<String>("about")?, theirs.ask::<String>("about")?);
        Ok(format!("{WORDS}\nProcessor: {processor}, {cores} cores, our instruction set {ours}. {theirs}.\n"))
    }
}

impl Work {
    fn milliseconds(self, worker: &mut Worker) -> Result<f64> {
        Ok(match self {
            Self::Train(steps) => {
                let [seconds, _]: [f64; 2] = worker.ask(&format!("train {steps}"))?;
                seconds * 1e3 / steps as f64
            }
            Self::Evaluate => worker.ask::<f64>("evaluate")? * 1e3,
        })
    }
}

/// The losses of some steps must be the same.
fn same_steps(model: &Model, workers: &mut [Worker; 2]) -> Result<()> {
    for step in 0..STEPS_COMPARED {
        let mut losses = [0.0_f64; 2];
        for (loss, worker) in losses.iter_mut().zip(&mut *workers) {
            [_, *loss] = worker.ask("train 1")?;
        }
        let [ours, theirs] = losses;
        ensure!(
            (ours - theirs).abs() <= STEP_TOLERANCE * theirs,
            "{}: before step {step} the loss is {ours}, in PyTorch {theirs}",
            model.name
        );
    }
    Ok(())
}

/// Greatest difference.
fn distance(left: &[f64], right: &[f64]) -> Result<f64> {
    ensure!(left.len() == right.len() && !left.is_empty(), "{} values beside {}", left.len(), right.len());
    Ok(left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f64::max))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from("| name | ours | theirs | unit | ratio | to reach |\n|---|--:|--:|---|--:|--:|\n");
    for row in rows {
        let least = row.least.map_or(String::new(), |least| format!("{least}"));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.2} | {least} |",
            row.name,
            rounded(row.ours),
            rounded(row.theirs),
            row.unit,
            row.ratio
        );
    }
    text
}

/// Three digits that count.
fn rounded(value: f64) -> String {
    let decimals = (2.0 - value.abs().log10().floor()).clamp(0.0, 6.0);
    format!("{value:.*}", decimals as usize)
}

#[cfg(test)]
mod tests {
    use super::{distance, median, rounded};

    #[test]
    fn numbers_keep_three_digits() {
        for (value, text) in [(0.012_345, "0.0123"), (1.0, "1.00"), (45.678, "45.7"), (2400.0, "2400")] {
            assert_eq!(rounded(value), text);
        }
    }

    #[test]
    fn a_median_is_in_the_middle_and_a_distance_the_greatest() {
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < 1e-9);
        assert!((distance(&[1.0, 2.0], &[1.5, 0.0]).unwrap() - 2.0).abs() < 1e-9);
        assert!(distance(&[1.0], &[]).is_err() && distance(&[], &[]).is_err());
    }
}
