//! The price of weights, as a founder chooses it before the birth of a group.

use evaluator::{Checkpoint, Compute, Examples};
use training::{Decay, Device, EngineChoice, Optimizer, Plan, Settings, Trainer};

use crate::group::{FOLDS, Group, Parts};
use crate::{Failure, contestants::seed, loss};

/// Micronats for the squares of all weights divided by the number of examples.
const PRICES: [u32; 7] = [3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000];

/// By cross-validation on training and validation part, the highest price for which the loss of what is held out is within one standard
/// error of the least: the rule by which the example `choose` chose that of the group `digits`.
///
/// # Errors
/// When a run fails.
pub fn choose(group: &Group, parts: &Parts, compute: Compute) -> Result<u32, Failure> {
    let mut rows = Vec::new();
    for price in PRICES {
        let losses = parts.folds.iter().map(|fold| held_out(group, price, fold, compute));
        rows.push((price, losses.collect::<Result<Vec<f64>, _>>()?));
    }
    let best = rows.iter().map(|(_, losses)| losses).min_by(|a, b| mean(a).total_cmp(&mean(b))).ok_or("no prices")?;
    let within = rows.iter().filter(|(_, losses)| is_as_good(losses, best)).map(|(price, _)| *price);
    Ok(within.max().ok_or("no price is the best")?)
}

/// Whether the mean difference, fold by fold, is at most one standard error.
fn is_as_good(losses: &[f64], best: &[f64]) -> bool {
    let differences: Vec<f64> = losses.iter().zip(best).map(|(loss, best)| loss - best).collect();
    let average = mean(&differences);
    let squares: f64 = differences.iter().map(|difference| (difference - average).powi(2)).sum();
    average <= (squares / (FOLDS * (FOLDS - 1)) as f64).sqrt()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Micronats.
fn held_out(group: &Group, price: u32, (training, held_out): &(Examples, Examples), compute: Compute) -> Result<f64, Failure> {
    let (steps, batch) = group.choice;
    let settings = Settings {
        engine: EngineChoice::Exact,
        optimizer: Optimizer::AdamW,
        learning_rate: 0.01,
        batch,
        decay: Decay::Cosine,
        ..Settings::default()
    };
    let start = Checkpoint::initial(&group.manifest(Some(price))?, seed(&[]));
    let mut trainer = Trainer::new(&start, training, &Plan { settings, seed: 0, steps }, Device::Cpu, compute)?;
    (0..steps).try_for_each(|_| trainer.step().map(drop))?;
    Ok(loss(compute, &trainer.checkpoint()?, held_out)?.into())
}
