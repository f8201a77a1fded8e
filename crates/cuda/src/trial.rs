//! Whether a device gives the processor's bits: asked of each before it is used, in less than a second.

use evaluator::{AdamW, Checkpoint, Compute, Exact, Examples, Manifest, Rule, erf, exp, log, sine_and_cosine};

use crate::device::Device;
use crate::error::Error;
use crate::evaluate::{Evaluator, Settings};
use crate::functions::{Of, map};
use crate::memory::Tiles;
use crate::training::Training;

/// Values of each function.
const VALUES: u32 = 1 << 12;
/// From one value's bits to the next one's: over all of binary32, and no power of two.
const STEP: u32 = u32::MAX / VALUES;
/// A model of each family, sizes that fill no tile and no half warp.
const MODELS: [&str; 3] = [
    r#"{"version":1,"model":{"family":"mlp","inputs":3,"hidden":[37],"outputs":4,"activation":"relu"},"data":{"format":"csv","divisor":8},"loss":"cross_entropy","eval_max":8,"weight_max":4}"#,
    r#"{"version":1,"model":{"family":"gpt","layers":2,"heads":3,"width":39,"context":19,"vocabulary":256,"bias":true,"tied":true},"data":{"format":"text","tokenizer":"bytes","stride":7},"loss":"cross_entropy","eval_max":8,"weight_max":4}"#,
    r#"{"version":1,"model":{"family":"llama","layers":1,"heads":4,"key_value_heads":2,"head_size":18,"width":35,"inner":50,"context":23,"vocabulary":256,"epsilon":1000,"rotary_base":500,"window":11,"bias":true,"head_norms":true,"tied":false},"data":{"format":"text","tokenizer":"bytes","stride":7},"loss":"cross_entropy","eval_max":8,"weight_max":4}"#,
];
const FILES: [(&str, &str); 2] = [
    ("a.csv", "1,-2,3,0\n7,5,-8,1\n0,0,9,3\n-4,6,2,2\n"),
    ("a.txt", "Whoever falls back to the processor says so; the bits are the same on every machine.\n"),
];

/// Compares functions, losses, probes and a step of training of each family on `device` with the processor.
///
/// # Errors
/// [`Error::Bits`] with the first that differs, or what the device says.
pub fn trial(device: &dyn Device) -> Result<(), Error> {
    functions(device)?;
    for text in MODELS {
        // Constants that the tests read: none is refused.
        let Ok(manifest) = Manifest::from_bytes(text.as_bytes()) else { return Err(Error::Bits("a manifest")) };
        let Ok(examples) = Examples::parse(&manifest, FILES) else { return Err(Error::Bits("a set")) };
        let base = Checkpoint::initial(&manifest, [7; 32]);
        for tiles in [Tiles::Small, Tiles::Large] {
            let settings = Settings { tiles, ..Settings::default() };
            measures(device, &base, &examples, settings)?;
            trains(device, &base, &examples, settings)?;
        }
    }
    Ok(())
}

fn same(is_same: bool, what: &'static str) -> Result<(), Error> {
    if is_same { Ok(()) } else { Err(Error::Bits(what)) }
}

/// A function as the processor computes it.
type Function = fn(f32) -> f32;

fn functions(device: &dyn Device) -> Result<(), Error> {
    let all: [(Of, Function, &str); 5] = [
        (Of::Exp, exp, "exp"),
        (Of::Log, log, "log"),
        (Of::Erf, erf, "erf"),
        (Of::Sine, |angle| sine_and_cosine(angle).0, "sine"),
        (Of::Cosine, |angle| sine_and_cosine(angle).1, "cosine"),
    ];
    // All magnitudes, and some near 0, of which results are neither 0 nor infinite.
    let values = (0..VALUES).flat_map(|index| [f32::from_bits(index * STEP), index as f32 / 97.0 - 21.0]);
    let values: Vec<f32> = values.collect();
    for (of, expected, what) in all {
        let found = map(device, of, &values)?;
        let is_same = |(value, found): (&f32, &f32)| expected(*value).to_bits() == found.to_bits();
        same(values.len() == found.len() && values.iter().zip(&found).all(is_same), what)?;
    }
    Ok(())
}

fn measures(device: &dyn Device, base: &Checkpoint, examples: &Examples, settings: Settings) -> Result<(), Error> {
    let (evaluator, drawn) = (Evaluator::new(device, base, settings)?, all(examples));
    same(evaluator.evaluate(examples, &drawn)? == evaluator::evaluate(base, examples, &drawn)?, "losses")?;
    let expected = evaluator::probe(base, examples, &drawn, [3; 32], [5; 20])?;
    same(evaluator.probe(examples, &drawn, [3; 32], [5; 20])? == expected, "a probe")
}

fn trains(device: &dyn Device, base: &Checkpoint, examples: &Examples, settings: Settings) -> Result<(), Error> {
    let Some(mut exact) = Exact::new(Compute::detect(), base) else { return Ok(()) };
    let mut training = Training::new(device, base, settings)?;
    let (rule, batch) = (Rule::AdamW(AdamW { clip: Some(0.1), ..AdamW::default() }), all(examples));
    let is_same = training.step(examples, &batch, &rule)? == exact.step(examples, &batch, &rule)?;
    same(is_same && training.snapshot()? == exact.snapshot(), "a step of training")
}

fn all(examples: &Examples) -> Vec<u32> {
    (0..examples.len() as u32).collect()
}
