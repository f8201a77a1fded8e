//! Times of a model that fills a GPU: there, on the processor, and by PyTorch where it is.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use cuda::{Error, Evaluator, Gpu, Settings, Training};
use evaluator::{AdamW, Checkpoint, Compute, Exact, Rule, evaluate};
use serde_json::Value;

use crate::Report;
use crate::cases::Case;

/// PyTorch's side: a forward pass with loss and a step of AdamW, in binary32 without TF32, and in bfloat16.
const THEIRS: &str = include_str!("theirs.py");
/// Examples of the large model that the processor measures.
const BOTH: usize = 2;
/// Nats by which PyTorch's loss may be another one: it adds in another order.
const TOLERANCE: f64 = 1e-3;

/// Milliseconds for an example, forward and of a step.
struct Times {
    forward: f64,
    step: f64,
}

/// Seconds of `work`, and what it gives.
fn timed<V>(work: impl FnOnce() -> V) -> (f64, V) {
    let started = Instant::now();
    let value = work();
    (started.elapsed().as_secs_f64(), value)
}

/// Compares losses and a step of a large model, and measures all of them.
pub fn measure(gpu: &Gpu, case: &Case, python: &str, report: &mut Report) -> Result<(), Error> {
    let base = case.checkpoint();
    let (forward, on_processor, loss) = forward(gpu, case, &base, report)?;
    let (step, step_on_processor) = step(gpu, case, &base, report)?;
    let ours = Times { forward, step };
    report.measure("evaluate/85 million weights/beside the processor", (ours.forward, on_processor), Some(40.0));
    report.measure("train/85 million weights/beside the processor", (ours.step, step_on_processor), None);
    let flops = operations(case) / (ours.forward / 1e3);
    report.note("evaluate/85 million weights/operations in a second", flops / 1e12, "TFLOP/s");
    if let Some(peak) = gpu.peak() {
        report.note("peak of fused multiply-adds in binary32", peak / 1e12, "TFLOP/s");
        report.note("evaluate/85 million weights/part of the peak", flops / peak, "");
    }
    match theirs(case, &base, python, loss) {
        Ok(rows) => beside(&ours, &rows, report),
        Err(reason) => println!("not measured beside PyTorch: {reason}"),
    }
    Ok(())
}

/// Operations of a forward pass over an example: two for each weight of a product at each position, and those of attention.
fn operations(case: &Case) -> f64 {
    let context = f64::from(case.manifest.inputs());
    let products: u64 =
        case.manifest.tensors().iter().filter(|spec| spec.shape.len() > 1 && !spec.name.contains("wpe")).map(|spec| spec.elements()).sum();
    // Scores and what they gather, of half of the positions: two products of a row of the width each, in each of twelve blocks.
    2.0 * products as f64 * context + 12.0 * 2.0 * context * context * 768.0
}

/// Milliseconds for an example there and on the processor, and the mean loss in nats.
fn forward(gpu: &Gpu, case: &Case, base: &Checkpoint, report: &mut Report) -> Result<(f64, f64, f64), Error> {
    let all = case.all();
    let both = &all[..BOTH];
    let evaluator = Evaluator::new(gpu, base, Settings::default())?;
    evaluator.evaluate(&case.examples, both)?;
    let (on_gpu, found) = timed(|| evaluator.evaluate(&case.examples, &all));
    let (on_processor, expected) = timed(|| evaluate(base, &case.examples, both));
    let found = found?;
    report.compare(&format!("losses: {}", case.name), found.losses[..BOTH] == expected?.losses);
    Ok((1e3 * on_gpu / all.len() as f64, 1e3 * on_processor / BOTH as f64, f64::from(found.mean) / 1e6))
}

/// Milliseconds of a step for an example there and on the processor.
fn step(gpu: &Gpu, case: &Case, base: &Checkpoint, report: &mut Report) -> Result<(f64, f64), Error> {
    let all = case.all();
    let (both, rule) = (&all[..BOTH], Rule::AdamW(AdamW::default()));
    let mut exact = Exact::new(Compute::detect(), base).unwrap();
    let mut run = Training::new(gpu, base, Settings::default())?;
    let (on_processor, expected) = timed(|| exact.step(&case.examples, both, &rule));
    let is_same = run.step(&case.examples, both, &rule)? == expected? && run.snapshot()? == exact.snapshot();
    report.compare(&format!("a step: {}", case.name), is_same);
    let (on_gpu, stepped) = timed(|| {
        run.step(&case.examples, &all, &rule)?;
        // A step is only ordered when it returns: its gradients' copy waits for it.
        run.checkpoint().map(drop)
    });
    stepped?;
    Ok((1e3 * on_gpu / all.len() as f64, 1e3 * on_processor / BOTH as f64))
}

/// What PyTorch needs for it, of which the loss of the same examples must come out.
fn theirs(case: &Case, base: &Checkpoint, python: &str, loss: f64) -> Result<Value, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let place = |name: &str| folder.path().join(name);
    let windows: Vec<Vec<u32>> = case.all().iter().filter_map(|index| case.examples.window(*index as usize)).collect();
    let write = || -> io::Result<()> {
        fs::write(place("theirs.py"), THEIRS)?;
        fs::write(place("manifest.json"), case.manifest.to_bytes())?;
        fs::write(place("windows.json"), format!("{windows:?}"))?;
        base.write(&mut fs::File::create(place("weights.safetensors"))?)
    };
    write().map_err(|error| error.to_string())?;
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../evaluator/pytorch");
    let mut command = Command::new(python);
    command.current_dir(folder.path()).arg("theirs.py").env("PYTHONPATH", models);
    let output = command.output().map_err(|error| format!("{python} does not start ({error})"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or("it said nothing");
    let rows: Value = serde_json::from_slice(&output.stdout).map_err(|_| format!("{python} measured nothing ({last})"))?;
    let found = rows["f32"]["loss"].as_f64().unwrap_or(f64::NAN);
    if (found - loss).abs() < TOLERANCE { Ok(rows) } else { Err(format!("its loss is {found}, ours {loss}: another model")) }
}

/// Rows beside PyTorch's.
fn beside(ours: &Times, rows: &Value, report: &mut Report) {
    println!("PyTorch {}", rows["about"].as_str().unwrap_or_default());
    let time = |form: &str, what: &str| rows[form][what].as_f64().unwrap_or(f64::NAN);
    for (form, [forward, step]) in [("f32", [Some(0.5), Some(0.3)]), ("bf16", [None, None])] {
        report.measure(&format!("evaluate/85 million weights/beside PyTorch {form}"), (ours.forward, time(form, "forward")), forward);
        report.measure(&format!("train/85 million weights/beside PyTorch {form}"), (ours.step, time(form, "step")), step);
    }
}
