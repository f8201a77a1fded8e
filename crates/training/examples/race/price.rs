//! The price of weights, as a founder chooses it before the birth of a group.

use evaluator::{Checkpoint, Compute, Examples};
use training::{Device, Plan, Trainer};

use crate::group::{FOLDS, Group, Parts};
use crate::{Failure, contestants::seed, loss};

/// Micronats for the squares of all weights divided by the number of examples.
const PRICES: [u32; 7] = [3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000];
/// Rounds after whose steps training is over.
const ROUNDS: u32 = 10;

/// The price with the least loss of what is held out, by cross-validation on training and validation part; the lower of equals.
///
/// # Errors
/// When a run fails.
pub fn choose(group: &Group, parts: &Parts, compute: Compute) -> Result<u32, Failure> {
    let mut best = (u32::MAX, PRICES[0]);
    for price in PRICES {
        let losses = parts.folds.iter().map(|fold| held_out(group, price, fold, compute)).collect::<Result<Vec<u32>, _>>()?;
        let loss = losses.iter().map(|loss| loss / FOLDS as u32).sum();
        if loss < best.0 {
            best = (loss, price);
        }
    }
    Ok(best.1)
}

fn held_out(group: &Group, price: u32, (training, held_out): &(Examples, Examples), compute: Compute) -> Result<u32, Failure> {
    let plan = Plan { settings: group.settings(), seed: 0, steps: ROUNDS * group.steps };
    let start = Checkpoint::initial(&group.manifest(Some(price))?, seed(&[]));
    let mut trainer = Trainer::new(&start, training, &plan, Device::Cpu, compute)?;
    (0..plan.steps).try_for_each(|_| trainer.step().map(drop))?;
    Ok(loss(compute, &trainer.checkpoint()?, held_out)?)
}
