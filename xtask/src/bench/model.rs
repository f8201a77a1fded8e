//! Training and evaluation beside PyTorch: the same weights, examples, precision and threads, taking turns.

mod cases;

use std::{
    env, fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context, Error, Result, ensure};
use serde_json::Value;

use super::{
    Reach, Row, median, plot,
    worker::{Memory, Worker},
};

use crate::{copy::remove, python, tools};
use cases::{
    CASES, Case, DIGITS, Examples, MODELS, Model, Pace, SMALL, TINY, TINY_LLAMA,
    Tool::{self, Burn, Compiled, Eager, Ours},
    Work::{Evaluate, Train},
};

/// Names an interpreter that has PyTorch and safetensors, where a virtual environment of 5 GB is too much.
const INTERPRETER: &str = "NEURON_TORCH_PYTHON";
const PLOT: &str = "docs/benchmarks-model.svg";
const SOURCES: &str = "crates/evaluator/pytorch";

/// Plays in ASCII.
const TEXTS: &str = "data/shakespeare/genesis";
/// Groups whose models are measured.
const GROUPS: &str = "configs/groups";
/// What of their manifests decides who is paid: no model of PyTorch knows of it.
const DECIDING: [&str; 2] = ["weight_price", "certainty"];

/// After each measurement, for threads that wait for work to fall asleep.
const PAUSE: Duration = Duration::from_millis(20);

/// Largest difference of a log-probability.
const LOGIT_TOLERANCE: f64 = 1e-5;
/// Of an example's loss in micronats: ours is rounded down.
const LOSS_TOLERANCE: f64 = 20.0;
/// Of the loss after some steps, as a share of it.
const STEP_TOLERANCE: f64 = 1e-3;
const STEPS_COMPARED: usize = 4;

/// Of the loss of runs that go on for long, as a share of it.
const DRIFT: f64 = 0.02;

/// Memory of a measurement in MiB, beside the weights, for each thread.
const THREAD_MIB: f64 = 64.0;

/// Seconds of training in a round of a group that says nothing else.
const PUBLIC_TRAIN_S: i64 = 2400;

const WORDS: &str = "\
`cargo xtask bench model` measures beside PyTorch from PyPI, in processes that take turns: the same architecture, weights (PyTorch loads our file), examples,
binary32, threads, and settings of the allocator that keep freed memory. Before that, log-probabilities must be equal within 10⁻⁵, and the losses of
training stay equal. `train`: a step of AdamW (PyTorch's fused one); `evaluate`: a forward pass with loss. tiny-gpt (0.8 million weights) and tiny-llama (1.0) on 16 × 128 tokens,
small-gpt (10.7) and small-llama (9.5) on 4 × 256, gpt2 (124, vocabulary 50,257) on 2 × 1,024, digits on 64 examples. Ours gives the same bits on every machine. `/compiled`: beside `torch.compile`; `/burn`: the engine burn on the processor, beside eager PyTorch.
Medians of 25 turns of four in a row, of gpt2 of seven turns of one; ratio = median of theirs / ours of each turn, above 1 ours is faster. `memory`: most memory of a process that evaluates, PyTorch's beside it. `check`: seconds in
which a validator measures base and claim on `eval_max` examples, beside the training of a round in `configs/groups`.
";

/// Where programs and files are.
struct Place {
    programs: PathBuf,
    python: PathBuf,
    folder: PathBuf,
}

/// Compares numbers, then measures; prints a table, writes it into docs/BENCHMARKS.md and, if asked, the rows as JSON.
///
/// # Errors
/// When a program cannot be had, or computes something else.
pub fn run(json: Option<&Path>, only: Option<&str>, check: bool) -> Result<()> {
    let cases: Vec<&Case> = CASES.iter().filter(|case| !check && only.is_none_or(|only| case.name().starts_with(only))).collect();
    let place = Place::prepare(cases.iter().any(|case| case.tools().contains(&Burn)))?;
    for model in MODELS.iter().filter(|model| check || cases.iter().any(|case| case.model.name == model.name)) {
        place.compare(model)?;
    }
    if check {
        return Ok(());
    }
    let mut rows = Vec::new();
    for case in cases {
        rows.extend(place.time(case)?);
    }
    if only.is_none() {
        for (model, threads) in [(TINY, 1), (TINY, 2), (TINY_LLAMA, 1), (TINY_LLAMA, 2), (SMALL, 1), (SMALL, 2)] {
            rows.push(place.memory(&model, threads)?);
        }
        rows.extend(place.checks()?);
        let text = format!("{}\n{}\n![ratios]({})\n", place.words()?, super::table(&rows, rounded), PLOT.trim_start_matches("docs/"));
        super::record("model", "Models", &text)?;
        let ratios: Vec<_> = rows.iter().filter(|row| row.unit == "ms").map(bar).collect();
        let title = "Time of PyTorch / ours (above 1 = ours is faster); marks: what is to be reached";
        fs::write(tools::root().join(PLOT), plot::bars(title, &ratios))?;
    }
    super::write_rows(json, &rows)
}

impl Place {
    /// Builds our programs, finds or makes a Python with PyTorch, writes the text.
    fn prepare(with_burn: bool) -> Result<Self> {
        if with_burn {
            tools::run(tools::cargo(), &["build", "--package", "training", "--features", "burn", "--example", "burn", "--locked"])?;
        }
        tools::run(tools::cargo(), &["build", "--package", "evaluator", "--example", "measure", "--locked"])?;
        let target = tools::target_dir()?;
        let python = match env::var_os(INTERPRETER) {
            Some(path) => path.into(),
            None => python::programs(&python::TORCH)?.join("python"),
        };
        let folder = target.join("bench");
        remove(&folder)?;
        fs::create_dir_all(&folder)?;
        let paths: Result<Vec<PathBuf>, _> = fs::read_dir(tools::root().join(TEXTS))?.map(|entry| Ok::<_, Error>(entry?.path())).collect();
        let mut paths = paths?;
        paths.sort();
        let text: Result<String, _> = paths.iter().map(fs::read_to_string).collect();
        fs::write(folder.join("text.txt"), text?)?;
        Ok(Self { programs: target.join("debug/examples"), python, folder })
    }

    fn start(&self, tool: Tool, model: &Model, threads: usize, memory: Memory) -> Result<Worker> {
        let sources = tools::root().join(SOURCES);
        let files = [sources.join(format!("{}.json", model.name)), self.checkpoint(model), self.data(model)?];
        let mut arguments: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
        arguments.extend([model.batch.to_string(), threads.to_string()]);
        let mode = match tool {
            Ours => return Worker::start(&self.programs.join("measure"), &arguments, threads, memory),
            Burn => return Worker::start(&self.programs.join("burn"), &arguments, threads, memory),
            Eager => "eager",
            Compiled => "compiled",
        };
        arguments.insert(0, sources.join("worker.py").display().to_string());
        arguments.push(mode.to_owned());
        Worker::start(&self.python, &arguments, threads, memory)
    }

    /// Where the examples of a model are; drawn tokens are written when they are not there yet.
    fn data(&self, model: &Model) -> Result<PathBuf> {
        let windows = match model.data {
            Examples::Rows(path) => return Ok(tools::root().join(path)),
            Examples::Text => return Ok(self.folder.join("text.txt")),
            Examples::Drawn(windows) => windows,
        };
        let path = self.folder.join(format!("{}.tokens", model.name));
        if !path.exists() {
            fs::write(&path, drawn(&manifest(model)?, windows)?)?;
        }
        Ok(path)
    }

    fn checkpoint(&self, model: &Model) -> PathBuf {
        self.folder.join(format!("{}.safetensors", model.name))
    }

    /// The model must be the group's, if there is one, and PyTorch must open our checkpoint and come to the same numbers.
    fn compare(&self, model: &Model) -> Result<()> {
        if model.is_group {
            let mut expected = serde_json::to_value(group(model)?.get("manifest"))?;
            DECIDING.iter().for_each(|key| drop(expected.as_object_mut().and_then(|manifest| manifest.remove(*key))));
            ensure!(manifest(model)? == expected, "{} is another model in {GROUPS}", model.name);
        }
        let mut ours = self.start(Ours, model, 2, Memory::Kept)?;
        let our_rows: Vec<Vec<f64>> = ours.ask("rows")?;
        // Now the checkpoint is there.
        let mut theirs = self.start(Eager, model, 2, Memory::Kept)?;
        let their_rows: Vec<Vec<f64>> = theirs.ask("rows")?;
        let logits = distance(&our_rows.concat(), &their_rows.concat())?;
        let losses = distance(&ours.ask::<Vec<f64>>("losses")?, &theirs.ask::<Vec<f64>>("losses")?)?;
        println!("{}: log-probabilities differ by {logits:.1e}, losses by {losses:.1} micronats", model.name);
        ensure!(logits <= LOGIT_TOLERANCE && losses <= LOSS_TOLERANCE, "{} is another model in PyTorch", model.name);
        same_steps(model, &mut [ours, theirs])
    }

    /// Rows of a case: everybody in turn, again and again.
    fn time(&self, case: &Case) -> Result<Vec<Row>> {
        let tools = case.tools();
        let workers: Result<Vec<Worker>> = tools.iter().map(|tool| self.start(*tool, &case.model, case.threads, Memory::Kept)).collect();
        let mut workers = workers?;
        let (Pace { warm, counted, turn: row }, mut turns) = (case.model.pace, Vec::new());
        for _ in 0..warm + counted {
            let (mut turn, mut losses) = (Vec::new(), Vec::new());
            for (worker, tool) in workers.iter_mut().zip(&tools) {
                let (mut milliseconds, mut loss) = (0.0, 0.0);
                for _ in 0..row {
                    let time;
                    (time, loss) = case.work.run(worker)?;
                    milliseconds += time / row as f64;
                }
                turn.push(milliseconds);
                // burn draws its batches in an order of its own.
                losses.extend((*tool != Burn).then_some(loss));
                thread::sleep(PAUSE);
            }
            let agree = losses.iter().all(|loss| (loss - losses[0]).abs() <= DRIFT * losses[0] + DRIFT / 10.0);
            ensure!(agree, "{}: the losses are {losses:?}: somebody computes something else", case.name());
            turns.push(turn);
        }
        let turns = &turns[warm..];
        let times = |tool: Tool| {
            let place = tools.iter().position(|other| *other == tool).unwrap_or_default();
            turns.iter().map(move |turn| turn[place])
        };
        let row = |(tool, other, least): &(Tool, Tool, f64)| {
            let suffix = match (tool, other) {
                (Burn, _) => "/burn",
                (_, Compiled) => "/compiled",
                _ => "",
            };
            let (ours, theirs) = (median(times(*tool)), median(times(*other)));
            let ratio = median(times(*tool).zip(times(*other)).map(|(ours, theirs)| theirs / ours));
            let name = case.name() + suffix;
            println!("{name}: {ours:.3} ms, theirs {theirs:.3} ms, ratio {ratio:.2}");
            Row { name, ours, theirs, ratio, unit: "ms", reach: Some(Reach::AtLeast(*least)) }
        };
        Ok(case.pairs.iter().map(row).collect())
    }

    /// Most memory of a process that measures, where freed memory is given back.
    fn memory(&self, model: &Model, threads: usize) -> Result<Row> {
        let mut most = [0.0; 2];
        for (most, tool) in most.iter_mut().zip([Ours, Eager]) {
            let mut worker = self.start(tool, model, threads, Memory::GivenBack)?;
            worker.ask::<[f64; 2]>("evaluate")?;
            *most = worker.ask::<f64>("memory")? / 1024.0;
        }
        let [ours, theirs] = most;
        let weights = self.checkpoint(model).metadata()?.len() as f64 / f64::from(1 << 20);
        let name = format!("memory/{}/threads={threads}", model.name);
        let limit = weights + THREAD_MIB * threads as f64;
        ensure!(ours <= limit, "{name}: {ours:.0} MiB are more than weights and {THREAD_MIB} MiB for each thread, {limit:.0} MiB");
        Ok(Row { name, ours, theirs, ratio: theirs / ours, unit: "MiB", reach: None })
    }

    /// How long a validator measures for one claim, beside the training of a round in the group's own configuration.
    fn checks(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let threads = thread::available_parallelism()?.get();
        for model in [DIGITS, TINY, TINY_LLAMA, SMALL] {
            let group = group(&model)?;
            let number = |section: &str, key: &str| group.get(section)?.get(key)?.as_integer();
            let examples = number("manifest", "eval_max").context("a manifest without eval_max")?;
            let batch = number("training", "batch").unwrap_or(model.batch as i64);
            let mut worker = self.start(Ours, &Model { batch: examples as usize, ..model }, threads, Memory::Kept)?;
            // The base and the claim.
            let times: Result<Vec<f64>> = (0..3).map(|_| Ok(Evaluate.run(&mut worker)?.0 / 1e3)).collect();
            let ours = 2.0 * median(times?.into_iter());
            let theirs = match number("training", "steps") {
                Some(steps) => {
                    let mut worker = self.start(Ours, &Model { batch: batch as usize, ..model }, threads, Memory::Kept)?;
                    Train(10).run(&mut worker)?.0 / 1e3 * steps as f64
                }
                None => number("times", "train_s").unwrap_or(PUBLIC_TRAIN_S) as f64,
            };
            rows.push(Row {
                name: format!("check/{}", model.name),
                ours,
                theirs,
                ratio: theirs / ours,
                unit: "s",
                reach: Some(Reach::AtLeast(100.0)),
            });
        }
        Ok(rows)
    }

    /// What was measured, and on what.
    fn words(&self) -> Result<String> {
        let mut workers = [Ours, Eager].map(|tool| self.start(tool, &DIGITS, 1, Memory::Kept));
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

/// What is measured.
fn manifest(model: &Model) -> Result<Value> {
    let path = tools::root().join(SOURCES).join(format!("{}.json", model.name));
    let text = fs::read_to_string(&path).with_context(|| format!("{} is missing", path.display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// A shard of so many windows: every token of two bytes comes as often as any other, in an order that shows no pattern.
fn drawn(manifest: &Value, windows: usize) -> Result<Vec<u8>> {
    let size = |name: &str| manifest["model"][name].as_u64().with_context(|| format!("a model of tokens without {name}"));
    let (context, vocabulary) = (size("context")? as usize, size("vocabulary")?);
    ensure!(vocabulary <= 1 << 16, "{vocabulary} tokens do not fit into two bytes");
    // The numbers of Knuth's generator MMIX, of which the upper half is taken.
    let mut state = 1_u64;
    let mut token = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 32) % vocabulary) as u16
    };
    Ok((0..windows * context + 1).map(&mut token).flat_map(u16::to_le_bytes).collect())
}

/// The group's own configuration.
fn group(model: &Model) -> Result<toml::Table> {
    let path = tools::root().join(GROUPS).join(format!("{}.toml", model.name));
    let text = fs::read_to_string(&path).with_context(|| format!("{} is missing", path.display()))?;
    Ok(text.parse()?)
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

/// A bar of the plot: name, ratio and what it should reach.
fn bar(row: &Row) -> (String, f64, Option<f64>) {
    let least = row.reach.map(|(Reach::AtLeast(value) | Reach::AtMost(value))| value);
    (row.name.clone(), row.ratio, least)
}

/// Three digits that count.
fn rounded(value: f64) -> String {
    let decimals = (2.0 - value.abs().log10().floor()).clamp(0.0, 6.0);
    format!("{value:.*}", decimals as usize)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::{CASES, MODELS, distance, drawn, manifest, median, rounded};

    #[test]
    fn drawn_tokens_fill_their_windows_and_stay_within_the_vocabulary() {
        let manifest = json!({ "model": { "context": 64, "vocabulary": 50 } });
        let bytes = drawn(&manifest, 8).unwrap();
        let tokens: BTreeSet<u8> = bytes.iter().step_by(2).copied().collect();
        assert_eq!((bytes.len(), tokens.len(), tokens.last()), (2 * (8 * 64 + 1), 50, Some(&49)));
        assert!(drawn(&json!({ "model": { "context": 64, "vocabulary": 65_537 } }), 8).is_err());
    }

    #[test]
    fn every_model_that_is_measured_has_a_manifest_and_a_comparison_before() {
        for case in CASES {
            assert!(manifest(&case.model).is_ok() && MODELS.iter().any(|model| model.name == case.model.name), "{}", case.name());
        }
    }

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
