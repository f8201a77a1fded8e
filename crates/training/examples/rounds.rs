//! Plays rounds of two trainers on the digits without any network: `rounds [manifest.json] [optimizer rate decay batch steps rounds]`.

use std::time::Instant;
use std::{env, error::Error, fs};

use evaluator::{Checkpoint, Compute, Examples, Manifest, accuracy, draw, evaluate};
use training::{Device, Optimizer, Plan, Settings, Trainer};

const MANIFEST: &str = r#"{"version":1,"model":{"family":"mlp","inputs":64,"hidden":[32],"outputs":10,"activation":"relu"},"data":{"format":"csv","divisor":16},"loss":"cross_entropy","eval_max":1024,"weight_max":16}"#;
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/digits");
const TRAINERS: u64 = 2;
const ROUNDS: u64 = 25;
const STEPS: u32 = 400;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let manifest = match words.first() {
        Some(path) if path != "-" => Manifest::from_bytes(&fs::read(path)?)?,
        _ => Manifest::from_bytes(MANIFEST.as_bytes())?,
    };
    let settings = settings(&words)?;
    let rounds = words.get(6).map_or(Ok(ROUNDS), |word| word.parse())?;
    let genesis = read(&manifest, &["genesis.csv"])?;
    let more = read(&manifest, &["genesis.csv", "delta-a.csv", "delta-b.csv"])?;
    let held_out = read(&manifest, &["heldout.csv"])?;
    let mut base = Checkpoint::initial(&manifest, [1; 32]);
    println!("{settings:?}, {} parameters", manifest.parameters());
    println!("round      base      loss  gain/needed  held-out  train_ms  eval_ms");
    for round in 0..rounds {
        let set = if round < 5 { &genesis } else { &more };
        base = play(round, base, set, &held_out, &settings)?;
    }
    Ok(())
}

/// One round: each trainer from the same base, the best one becomes the next base.
fn play(round: u64, base: Checkpoint, set: &Examples, held_out: &Examples, settings: &Settings) -> Result<Checkpoint, Box<dyn Error>> {
    let drawn = draw([round as u8; 32], 0, round, set.len() as u32, base.manifest().eval_max());
    let start = Instant::now();
    let old = evaluate(&base, set, &drawn)?.mean;
    let eval_ms = start.elapsed().as_secs_f64() * 1e3;
    let start = Instant::now();
    let mut best = None;
    let mut losses = Vec::new();
    for trainer in 0..TRAINERS {
        let steps = settings.steps.unwrap_or(STEPS);
        let plan = Plan { settings: settings.clone(), seed: round * TRAINERS + trainer, steps };
        let mut trainer = Trainer::new(&base, set, &plan, Device::Cpu, Compute::detect())?;
        (0..steps).try_for_each(|_| trainer.step().map(drop))?;
        let new = trainer.checkpoint()?;
        let loss = evaluate(&new, set, &drawn)?.mean;
        losses.push(loss);
        best = best.filter(|(least, _)| *least <= loss).or(Some((loss, new)));
    }
    let train_ms = start.elapsed().as_secs_f64() * 1e3 / TRAINERS as f64;
    let (_, new) = best.ok_or("no trainer")?;
    let needed = f64::from((old >> 10).max(1));
    let worst = losses.iter().max().copied().unwrap_or_default();
    let gain = (f64::from(old) - f64::from(worst)) / needed;
    let share = accuracy(&new, held_out)?.share();
    let loss = losses.iter().min().copied().unwrap_or_default();
    println!("{round:5} {old:9} {loss:9} {gain:12.1} {share:9.4} {train_ms:9.1} {eval_ms:8.2}");
    Ok(new)
}

fn settings(words: &[String]) -> Result<Settings, Box<dyn Error>> {
    let [_, optimizer, rate, decay, batch, steps, ..] = words else {
        return Ok(Settings::default());
    };
    let optimizer = if optimizer == "sgd" { Optimizer::Sgd } else { Optimizer::AdamW };
    let (learning_rate, weight_decay) = (rate.parse()?, decay.parse()?);
    Ok(Settings { optimizer, learning_rate, weight_decay, batch: batch.parse()?, steps: Some(steps.parse()?), ..Settings::default() })
}

fn read(manifest: &Manifest, names: &[&str]) -> Result<Examples, Box<dyn Error>> {
    let texts = names.iter().map(|name| Ok((*name, fs::read_to_string(format!("{DATA}/{name}"))?)));
    let texts: Result<Vec<_>, std::io::Error> = texts.collect();
    Ok(Examples::parse(manifest, texts?)?)
}
