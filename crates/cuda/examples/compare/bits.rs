//! Whether a GPU gives the bits of the processor.

use cuda::{Device, Error, Evaluator, Of, Settings, Tiles, Training, map, powers};
use evaluator::{AdamW, Checkpoint, Compute, Exact, Rule, erf, evaluate, exp, log, power, probe, sine_and_cosine};

use crate::Report;
use crate::cases::{Case, Golden, rows};

/// Values of each function.
const VALUES: u32 = 1 << 20;
/// Rows of each family in one evaluation, of positions or examples.
const ROWS: usize = 1 << 20;
/// Steps of training of each family.
const STEPS: u32 = 10;

/// Bits from a linear congruence.
fn random(count: u32) -> Vec<u32> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.rotate_left(11)
    };
    (0..count).map(next).collect()
}

/// A function as the processor computes it.
type Function = fn(f32) -> f32;

/// A million of random bits in each function, and as many values where results are neither 0 nor infinite.
pub fn functions(gpu: &dyn Device, report: &mut Report) -> Result<(), Error> {
    let all: [(Of, Function); 5] = [
        (Of::Exp, exp),
        (Of::Log, log),
        (Of::Erf, erf),
        (Of::Sine, |angle| sine_and_cosine(angle).0),
        (Of::Cosine, |angle| sine_and_cosine(angle).1),
    ];
    let near = (0..VALUES).map(|index| (index as f32 / VALUES as f32 - 0.5) * 200.0);
    let values: Vec<f32> = random(VALUES).into_iter().map(f32::from_bits).chain(near).collect();
    for (of, expected) in all {
        let found = map(gpu, of, &values)?;
        let is_same = found.iter().zip(&values).all(|(found, value)| found.to_bits() == expected(*value).to_bits());
        report.compare(&format!("{of:?} of {} values", values.len()), is_same);
    }
    let bases: Vec<u32> = random(VALUES).into_iter().map(|bits| bits.max(2)).collect();
    let exponents: Vec<f32> = (0..VALUES).map(|index| index as f32 / (VALUES - 1) as f32).collect();
    let found = powers(gpu, &bases, &exponents)?;
    let pairs = bases.iter().zip(&exponents).zip(&found);
    let is_same = pairs.into_iter().all(|((base, exponent), found)| found.to_bits() == power(*base, *exponent).to_bits());
    report.compare(&format!("Power of {VALUES} values"), is_same);
    Ok(())
}

/// Losses that other implementations wrote down.
pub fn files(gpu: &dyn Device, golden: &Golden, report: &mut Report) -> Result<(), Error> {
    let measured: serde_json::Value = serde_json::from_str(golden.measurement).unwrap();
    let numbers = |name: &str| -> Vec<u32> { serde_json::from_value(measured[name].clone()).unwrap() };
    for (file, name) in [(golden.base, "base"), (golden.new, "new")] {
        let checkpoint = Checkpoint::from_bytes(&golden.case.manifest, file).unwrap();
        let evaluator = Evaluator::new(gpu, &checkpoint, Settings::default())?;
        let found = evaluator.evaluate(&golden.case.examples, &numbers("drawn"))?;
        report.compare(&format!("{} file: {name}", golden.case.name), found.losses == numbers(name));
    }
    Ok(())
}

/// All losses, and a probe.
pub fn losses(gpu: &dyn Device, case: &Case, tiles: Tiles, report: &mut Report) -> Result<(), Error> {
    let (checkpoint, drawn) = (case.checkpoint(), case.all());
    let evaluator = Evaluator::new(gpu, &checkpoint, Settings { tiles, ..Settings::default() })?;
    let is_same = evaluator.evaluate(&case.examples, &drawn)? == evaluate(&checkpoint, &case.examples, &drawn)?;
    report.compare(&format!("losses: {}, {tiles:?}", case.name), is_same);
    let expected = probe(&checkpoint, &case.examples, &drawn, [7; 32], [1; 20])?;
    let is_same = evaluator.probe(&case.examples, &drawn, [7; 32], [1; 20])? == expected;
    report.compare(&format!("probe: {}, {tiles:?}", case.name), is_same);
    Ok(())
}

/// Some steps, and all that a run remembers after them.
pub fn training(gpu: &dyn Device, case: &Case, tiles: Tiles, report: &mut Report) -> Result<(), Error> {
    let (base, batch) = (case.checkpoint(), case.all());
    let rule = Rule::AdamW(AdamW { learning_rate: 0.01, clip: Some(0.1), ..AdamW::default() });
    let mut exact = Exact::new(Compute::detect(), &base).unwrap();
    let mut run = Training::new(gpu, &base, Settings { tiles, ..Settings::default() })?;
    let mut is_same = true;
    for _ in 0..STEPS {
        is_same &= run.step(&case.examples, &batch, &rule)? == exact.step(&case.examples, &batch, &rule)?;
    }
    is_same &= run.snapshot()? == exact.snapshot();
    let frozen = if case.manifest.frozen().is_empty() { String::new() } else { format!(", {} frozen", case.manifest.frozen().join(" ")) };
    report.compare(&format!("{STEPS} steps: {}, {tiles:?}{frozen}", case.name), is_same);
    Ok(())
}

/// A million rows through each function between layers, each norm, and each softmax: evaluations of narrow models.
pub fn million(gpu: &dyn Device, report: &mut Report) -> Result<(), Error> {
    for case in rows(ROWS) {
        losses(gpu, &case, Tiles::Chosen, report)?;
    }
    Ok(())
}
