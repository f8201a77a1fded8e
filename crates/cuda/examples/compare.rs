//! Compares a GPU with the processor, bit by bit, and measures both: the one command for a machine that has one.
//!
//! `cargo run --release --package cuda --example compare [number of the GPU]`; some minutes, most of them on the processor. It ends with 0
//! if every bit was the same.

#![allow(clippy::unwrap_used, reason = "what cannot be compared ends the comparison")]

#[path = "../tests/all/cases.rs"]
mod cases;

use std::process::ExitCode;
use std::time::Instant;

use cases::{Case, Golden, golden, large, odd};
use cuda::{Device, Error, Evaluator, Gpu, Of, Settings, Tiles, Training, map};
use evaluator::{AdamW, Checkpoint, Compute, Exact, Rule, erf, evaluate, exp, log, probe, sine_and_cosine};

/// Values of each function.
const VALUES: u32 = 1 << 20;
/// Steps of training of each family.
const STEPS: u32 = 10;
/// Examples of the large model that the GPU measures, and of these the processor.
const EXAMPLES: u32 = 32;
const BOTH: u32 = 2;

/// What was compared, and how much of it differed.
#[derive(Default)]
struct Report {
    differences: usize,
}

impl Report {
    fn add(&mut self, what: &str, is_same: bool) {
        println!("{:<60} {}", what, if is_same { "same bits" } else { "DIFFERS" });
        self.differences += usize::from(!is_same);
    }
}

fn main() -> ExitCode {
    let number = std::env::args().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0);
    let started = Instant::now();
    let compared = Gpu::new(number).and_then(|gpu| {
        println!("{}, kernels compiled in {:.1} s\n", gpu.name(), started.elapsed().as_secs_f64());
        compare(&gpu)
    });
    match compared {
        Ok(Report { differences: 0 }) => {
            println!("\nevery bit is the same, {:.0} s", started.elapsed().as_secs_f64());
            ExitCode::SUCCESS
        }
        Ok(Report { differences }) => {
            println!("\n{differences} comparisons differ: do not use this GPU");
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(gpu: &dyn Device) -> Result<Report, Error> {
    let mut report = Report::default();
    functions(gpu, &mut report)?;
    for golden in golden() {
        files(gpu, &golden, &mut report)?;
    }
    for case in golden().into_iter().map(|golden| golden.case).chain(odd()) {
        for tiles in [Tiles::Small, Tiles::Large] {
            losses(gpu, &case, tiles, &mut report)?;
            training(gpu, &case, tiles, &mut report)?;
        }
    }
    times(gpu, &large(EXAMPLES), &mut report)?;
    Ok(report)
}

/// Bits from a linear congruence.
fn random(count: u32) -> Vec<f32> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from_bits(state.rotate_left(11))
    };
    (0..count).map(next).collect()
}

/// A function as the processor computes it.
type Function = fn(f32) -> f32;

/// A million of random bits in each function, and as many values where results are neither 0 nor infinite.
fn functions(gpu: &dyn Device, report: &mut Report) -> Result<(), Error> {
    let all: [(Of, Function); 5] = [
        (Of::Exp, exp),
        (Of::Log, log),
        (Of::Erf, erf),
        (Of::Sine, |angle| sine_and_cosine(angle).0),
        (Of::Cosine, |angle| sine_and_cosine(angle).1),
    ];
    let near = (0..VALUES).map(|index| (index as f32 / VALUES as f32 - 0.5) * 200.0);
    let values: Vec<f32> = random(VALUES).into_iter().chain(near).collect();
    for (of, expected) in all {
        let found = map(gpu, of, &values)?;
        let is_same = found.iter().zip(&values).all(|(found, value)| found.to_bits() == expected(*value).to_bits());
        report.add(&format!("{of:?} of {} values", values.len()), is_same);
    }
    Ok(())
}

/// Losses that other implementations wrote down.
fn files(gpu: &dyn Device, golden: &Golden, report: &mut Report) -> Result<(), Error> {
    let measured: serde_json::Value = serde_json::from_str(golden.measurement).unwrap();
    let numbers = |name: &str| -> Vec<u32> { serde_json::from_value(measured[name].clone()).unwrap() };
    for (file, name) in [(golden.base, "base"), (golden.new, "new")] {
        let checkpoint = Checkpoint::from_bytes(&golden.case.manifest, file).unwrap();
        let evaluator = Evaluator::new(gpu, &checkpoint, Settings::default())?;
        let found = evaluator.evaluate(&golden.case.examples, &numbers("drawn"))?;
        report.add(&format!("{} file: {name}", golden.case.name), found.losses == numbers(name));
    }
    Ok(())
}

/// All losses, and a probe.
fn losses(gpu: &dyn Device, case: &Case, tiles: Tiles, report: &mut Report) -> Result<(), Error> {
    let (checkpoint, drawn) = (case.checkpoint(), case.all());
    let evaluator = Evaluator::new(gpu, &checkpoint, Settings { tiles, ..Settings::default() })?;
    let is_same = evaluator.evaluate(&case.examples, &drawn)? == evaluate(&checkpoint, &case.examples, &drawn)?;
    report.add(&format!("losses: {}, {tiles:?}", case.name), is_same);
    let expected = probe(&checkpoint, &case.examples, &drawn, [7; 32], [1; 20])?;
    let is_same = evaluator.probe(&case.examples, &drawn, [7; 32], [1; 20])? == expected;
    report.add(&format!("probe: {}, {tiles:?}", case.name), is_same);
    Ok(())
}

/// Some steps, and all that a run remembers after them.
fn training(gpu: &dyn Device, case: &Case, tiles: Tiles, report: &mut Report) -> Result<(), Error> {
    let (base, batch) = (case.checkpoint(), case.all());
    let rule = Rule::AdamW(AdamW { learning_rate: 0.01, clip: Some(0.1), ..AdamW::default() });
    let mut exact = Exact::new(Compute::detect(), &base).unwrap();
    let mut run = Training::new(gpu, &base, Settings { tiles, ..Settings::default() })?;
    let mut is_same = true;
    for _ in 0..STEPS {
        is_same &= run.step(&case.examples, &batch, &rule)? == exact.step(&case.examples, &batch, &rule)?;
    }
    is_same &= run.snapshot()? == exact.snapshot();
    report.add(&format!("{STEPS} steps: {}, {tiles:?}", case.name), is_same);
    Ok(())
}

/// Seconds of `work`, and what it gives.
fn timed<V>(work: impl FnOnce() -> V) -> (f64, V) {
    let started = Instant::now();
    let value = work();
    (started.elapsed().as_secs_f64(), value)
}

/// A model that fills a GPU: losses and steps of both, and their times for one example.
fn times(gpu: &dyn Device, case: &Case, report: &mut Report) -> Result<(), Error> {
    let (base, all) = (case.checkpoint(), case.all());
    let both = &all[..BOTH as usize];
    let evaluator = Evaluator::new(gpu, &base, Settings::default())?;
    evaluator.evaluate(&case.examples, both)?;
    let (on_gpu, found) = timed(|| evaluator.evaluate(&case.examples, &all));
    let (on_processor, expected) = timed(|| evaluate(&base, &case.examples, both));
    report.add(&format!("losses: {}", case.name), found?.losses[..both.len()] == expected?.losses);
    say("evaluation", on_gpu / f64::from(EXAMPLES), on_processor / f64::from(BOTH));
    drop(evaluator);
    let rule = Rule::AdamW(AdamW::default());
    let mut exact = Exact::new(Compute::detect(), &base).unwrap();
    let mut run = Training::new(gpu, &base, Settings::default())?;
    let (on_processor, expected) = timed(|| exact.step(&case.examples, both, &rule));
    let is_same = run.step(&case.examples, both, &rule)? == expected? && run.snapshot()? == exact.snapshot();
    report.add(&format!("a step: {}", case.name), is_same);
    let (on_gpu, step) = timed(|| run.step(&case.examples, &all, &rule));
    step?;
    say("step", on_gpu / f64::from(EXAMPLES), on_processor / f64::from(BOTH));
    Ok(())
}

fn say(what: &str, on_gpu: f64, on_processor: f64) {
    let (gpu, processor, ratio) = (1e3 * on_gpu, 1e3 * on_processor, on_processor / on_gpu);
    println!("{what}, each example: {gpu:.1} ms on the GPU, {processor:.0} ms on the processor, {ratio:.0} times");
}
