//! Chooses the price of weights and the hidden units of the group `digits` by cross-validation: `choose [--json] [file.csv ...]`, the
//! files of `data/digits` by their names, `genesis.csv` if none is given.
//!
//! Each fifth of the lines is predicted by a network that was trained on the others, to the end, with its price. The choice is the
//! smallest network, and for it the highest price, whose loss on those lines is within one standard error of the least.

use std::{env, error::Error, fs, thread};

use evaluator::{Checkpoint, Compute, Examples, Isa, Manifest, accuracy, evaluate, mean};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use training::{Decay, Device, EngineChoice, Optimizer, Plan, Settings, Trainer};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/digits");
const FOLDS: usize = 5;
/// First weights that each fold is trained from.
const STARTS: u8 = 2;
/// Units of the hidden layer; 0 = no such layer.
const HIDDEN: [u32; 5] = [0, 16, 32, 64, 128];
/// Micronats for the squares of all weights divided by the number of examples; 0 = no price.
const PRICES: [u32; 7] = [0, 10_000, 30_000, 60_000, 100_000, 200_000, 500_000];
/// Training is over when so many steps more lower what it minimises by less than a thousandth; without a price it never is.
const STEPS: u32 = 600;
const RUNS_MAX: u64 = 5;

/// The file of the group.
#[derive(Deserialize)]
struct Group {
    manifest: Value,
}

/// Means over all folds and starts; losses in nats.
#[derive(Serialize)]
struct Row {
    hidden: u32,
    weight_price: u32,
    /// What training minimised: the loss of the lines trained on, with the price.
    trained: f64,
    /// Loss of the lines held out, without it.
    held_out: f64,
    /// Share of them that is right.
    accuracy: f64,
    /// Of the difference to the least loss, fold by fold.
    standard_error: f64,
    #[serde(skip)]
    folds: Vec<f64>,
}

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let (options, mut files): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|word| word.starts_with("--"));
    if files.is_empty() {
        files.push("genesis.csv".to_owned());
    }
    let texts: Result<Vec<String>, _> = files.iter().map(|name| fs::read_to_string(format!("{DATA}/{name}"))).collect();
    let text = texts?.concat();
    let lines: Vec<&str> = text.lines().collect();
    let mut rows = Vec::new();
    for hidden in HIDDEN {
        for weight_price in PRICES {
            rows.push(row(&lines, hidden, weight_price)?);
            eprint!("\r{} of {} rows", rows.len(), HIDDEN.len() * PRICES.len());
        }
    }
    eprintln!();
    compare(&mut rows);
    print(&rows, options.iter().any(|word| word == "--json"))
}

/// The group's manifest with other hidden units and another price.
fn manifest(hidden: u32, weight_price: u32) -> Result<Manifest, Failure> {
    let mut group: Group = toml::from_str(include_str!("../../../configs/groups/digits.toml"))?;
    *group.manifest.pointer_mut("/model/hidden").ok_or("no hidden units in the file of the group")? =
        if hidden == 0 { json!([]) } else { json!([hidden]) };
    group.manifest["weight_price"] = if weight_price == 0 { Value::Null } else { weight_price.into() };
    let manifest: Manifest = serde_json::from_value(group.manifest)?;
    Ok(Manifest::from_bytes(&manifest.to_bytes())?)
}

/// One network at one price, each fold on a thread of its own.
fn row(lines: &[&str], hidden: u32, weight_price: u32) -> Result<Row, Failure> {
    let manifest = manifest(hidden, weight_price)?;
    let folds: Result<Vec<[f64; 3]>, Failure> = thread::scope(|scope| {
        let start = |number| {
            scope.spawn({
                let manifest = &manifest;
                move || fold(manifest, lines, number)
            })
        };
        let folds: Vec<_> = (0..FOLDS).map(start).collect();
        folds.into_iter().map(|fold| fold.join().map_err(|_| "a fold ended in a panic")?).collect()
    });
    let folds = folds?;
    let average = |place: usize| folds.iter().map(|fold| fold[place]).sum::<f64>() / FOLDS as f64;
    let (trained, held_out, accuracy) = (average(0), average(1), average(2));
    Ok(Row { hidden, weight_price, trained, held_out, accuracy, standard_error: 0.0, folds: folds.iter().map(|fold| fold[1]).collect() })
}

/// What was minimised, held-out loss and accuracy where every fifth line from `number` on is held out.
fn fold(manifest: &Manifest, lines: &[&str], number: usize) -> Result<[f64; 3], Failure> {
    let set = |is_held_out: bool| {
        let chosen = lines.iter().enumerate().filter(|(place, _)| (place % FOLDS == number) == is_held_out);
        let chosen: Vec<&str> = chosen.map(|(_, line)| *line).collect();
        Examples::parse(manifest, [("set.csv", chosen.join("\n"))])
    };
    let (set, held_out) = (set(false)?, set(true)?);
    let mut sums = [0.0; 3];
    for start in 0..STARTS {
        let checkpoint = trained(Checkpoint::initial(manifest, [start; 32]), &set)?;
        let found = [loss(&checkpoint, &set, true)?, loss(&checkpoint, &held_out, false)?, accuracy(&checkpoint, &held_out)?.share()];
        sums.iter_mut().zip(found).for_each(|(sum, found)| *sum += found / f64::from(STARTS));
    }
    Ok(sums)
}

/// Mean loss of a whole set in nats.
fn loss(checkpoint: &Checkpoint, set: &Examples, with_price: bool) -> Result<f64, Failure> {
    let all: Vec<u32> = (0..set.len() as u32).collect();
    let found = evaluate(checkpoint, set, &all)?;
    Ok(f64::from(if with_price { found.mean } else { mean(&found.losses) }) / 1e6)
}

/// Runs of the exact engine until one of them hardly improves.
fn trained(mut checkpoint: Checkpoint, set: &Examples) -> Result<Checkpoint, Failure> {
    let settings = Settings {
        engine: EngineChoice::Exact,
        optimizer: Optimizer::AdamW,
        learning_rate: 0.02,
        batch: 128,
        warmup: 30,
        decay: Decay::Cosine,
        ..Settings::default()
    };
    let mut before = loss(&checkpoint, set, true)?;
    for seed in 0..RUNS_MAX {
        let plan = Plan { settings: settings.clone(), seed, steps: STEPS };
        let mut trainer = Trainer::new(&checkpoint, set, &plan, Device::Cpu, Compute::new(Isa::detect(), 1)?)?;
        (0..STEPS).try_for_each(|_| trainer.step().map(drop))?;
        let after = trainer.checkpoint()?;
        let found = loss(&after, set, true)?;
        if found > before {
            break;
        }
        checkpoint = after;
        if found > before * 0.999 {
            break;
        }
        before = found;
    }
    Ok(checkpoint)
}

/// Fills in the standard errors.
fn compare(rows: &mut [Row]) {
    let Some(best) = rows.iter().min_by(|a, b| a.held_out.total_cmp(&b.held_out)).map(|row| row.folds.clone()) else { return };
    for row in rows {
        let differences: Vec<f64> = row.folds.iter().zip(&best).map(|(own, best)| own - best).collect();
        let average = differences.iter().sum::<f64>() / FOLDS as f64;
        let squares: f64 = differences.iter().map(|difference| (difference - average).powi(2)).sum();
        row.standard_error = (squares / (FOLDS * (FOLDS - 1)) as f64).sqrt();
    }
}

fn print(rows: &[Row], as_json: bool) -> Result<(), Failure> {
    let least = rows.iter().map(|row| row.held_out).fold(f64::INFINITY, f64::min);
    if !as_json {
        println!("hidden  weight_price  trained  held-out  ± of the difference  accuracy");
    }
    for row in rows {
        if as_json {
            println!("{}", serde_json::to_string(row)?);
        } else {
            let Row { hidden, weight_price, trained, held_out, accuracy, standard_error, .. } = row;
            println!("{hidden:6}  {weight_price:12}  {trained:7.4}  {held_out:8.4}  {standard_error:19.4}  {accuracy:8.4}");
        }
    }
    let within = rows.iter().filter(|row| row.held_out - least <= row.standard_error);
    let chosen = within.min_by_key(|row| (row.hidden, u32::MAX - row.weight_price)).ok_or("no rows")?;
    eprintln!("the choice: hidden {}, weight_price {}", chosen.hidden, chosen.weight_price);
    Ok(())
}
