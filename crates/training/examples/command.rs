//! A program for `engine = "command"` (docs/OPERATING.md) that needs nothing but this crate: `command [STEPS]` trains by the exact kernels
//! until the steps are done or nine tenths of the time are over, and says each step.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use evaluator::{Checkpoint, Compute, Examples, Manifest};
use training::{Device, Optimizer, Plan, STEPS_MAX, Settings, Trainer};

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let begin = Instant::now();
    let steps = env::args().nth(1).map_or(Ok(STEPS_MAX), |steps| steps.parse())?;
    let end = begin + Duration::from_secs(variable("NEURON_SECONDS")?.parse()?).mul_f64(0.9);
    let manifest = Manifest::from_bytes(&fs::read(variable("NEURON_MANIFEST")?)?)?;
    let start = Checkpoint::from_bytes(&manifest, &fs::read(variable("NEURON_BASE")?)?)?;
    let examples = examples(&manifest)?;
    let settings = Settings { optimizer: Optimizer::AdamW, learning_rate: 0.003, batch: 16, clip: Some(1.0), ..Settings::default() };
    let plan = Plan { settings, seed: variable("NEURON_SEED")?.parse()?, steps };
    let mut trainer = Trainer::new(&start, &examples, &plan, Device::Cpu, Compute::detect())?;
    while trainer.steps_done() < steps && Instant::now() < end {
        let loss = trainer.step()?;
        println!("{}", serde_json::json!({ "step": trainer.steps_done(), "loss": loss }));
    }
    // Whole or not at all.
    let (output, written) = (PathBuf::from(variable("NEURON_OUTPUT")?), PathBuf::from(variable("NEURON_OUTPUT")? + ".new"));
    fs::write(&written, trainer.checkpoint()?.to_bytes())?;
    Ok(fs::rename(written, output)?)
}

fn variable(name: &str) -> Result<String, Failed> {
    env::var(name).map_err(|error| format!("{name}: {error}; a trainer with engine = \"command\" sets it").into())
}

/// The set, with all shards that it names.
fn examples(manifest: &Manifest) -> Result<Examples, Failed> {
    let folder = PathBuf::from(variable("NEURON_SET")?);
    let mut files = Vec::new();
    read(&folder, &folder, manifest.data().suffix(), &mut files)?;
    files.sort();
    let examples = Examples::parse(manifest, files)?;
    for (place, shard) in examples.shards().iter().enumerate() {
        let path = Path::new(&variable("NEURON_SHARDS")?).join(shard.cid.to_string());
        examples.hold(place, Arc::new(fs::read(path)?))?;
    }
    Ok(examples)
}

/// The files below a folder whose names end so, under the paths that they have in the set.
fn read(top: &Path, folder: &Path, suffix: &str, files: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(top, &path, suffix, files)?;
        } else if path.to_string_lossy().ends_with(suffix) {
            let name = path.strip_prefix(top).unwrap_or(&path).to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(&path)?));
        }
    }
    Ok(())
}
