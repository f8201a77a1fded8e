//! Times steps of the engine burn on command, so that another program can compare them with those of other tools.
//!
//! `burn MANIFEST CHECKPOINT DATA BATCH THREADS [DEVICE]` reads commands from standard input and answers each with one line of
//! JSON: `train STEPS` gives the seconds of some steps of AdamW and the last loss in nats, `about` the device.

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::Instant;
use std::{env, fs};

use evaluator::{Checkpoint, Compute, Examples, Isa, Manifest};
use training::{Device, EngineChoice, Optimizer, Plan, STEPS_MAX, Settings, Trainer};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [manifest, checkpoint, data, batch, threads, device @ ..] = &arguments[..] else {
        return Err("give MANIFEST CHECKPOINT DATA BATCH THREADS [DEVICE]".into());
    };
    let manifest = Manifest::from_bytes(fs::read_to_string(manifest)?.trim_end().as_bytes())?;
    let start = Checkpoint::from_bytes(&manifest, &fs::read(checkpoint)?)?;
    let examples = Examples::parse(&manifest, [(format!("set{}", manifest.data().suffix()), fs::read_to_string(data)?)])?;
    let device = device.first().map_or(Ok(Device::Cpu), |device| device.parse())?;
    let settings = Settings {
        engine: EngineChoice::Burn,
        optimizer: Optimizer::AdamW,
        learning_rate: 0.001,
        weight_decay: 0.01,
        batch: batch.parse()?,
        ..Settings::default()
    };
    let plan = Plan { settings, seed: 1, steps: STEPS_MAX };
    let compute = Compute::new(Isa::detect(), threads.parse()?)?;
    let mut trainer = Trainer::new(&start, &examples, &plan, device, compute)?;
    for command in stdin().lock().lines() {
        println!("{}", answer(&mut trainer, &command?)?);
        stdout().flush()?;
    }
    Ok(())
}

fn answer(trainer: &mut Trainer<'_>, command: &str) -> Result<String, Box<dyn Error>> {
    let Some(("train", steps)) = command.split_once(' ') else {
        return Ok(format!("{:?}", trainer.device_name()));
    };
    let (start, mut loss) = (Instant::now(), 0.0);
    for _ in 0..steps.parse()? {
        loss = trainer.step()?;
    }
    Ok(format!("[{}, {loss}]", start.elapsed().as_secs_f64()))
}
