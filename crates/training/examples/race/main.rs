//! Who is paid for what: rounds of a group between an honest trainer and three who would rather not make the model better, without any
//! network. `race FOLDER FILE` reads FOLDER/GROUP/SPLIT/{training,validation,hidden}.csv (.txt) and writes FILE:
//! `{GROUP:{RULES:{"accuracy":[…],"paid":[…],"helped":[…],"prices":[…]}}}` with the accuracy of the last model of each split on its hidden part,
//! rounds paid to memoriser, honest trainer, copier and shopper, those of them whose winner lowered the loss of the hidden part, and the price of
//! weights that was chosen in each split without it.

mod contestants;
mod group;
mod price;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, error::Error, fs, thread};

use evaluator::{Checkpoint, Compute, Examples, Isa, MeasureError, Terms, draw, is_certain, mean};
use protocol::Micronats;
use protocol::rules::{most_loss, rank_key};
use serde::Serialize;

use contestants::{CONTESTANTS, Field, File, seed};
use group::{GROUPS, Group, LEAST, Parts, Rules};

pub type Failure = Box<dyn Error + Send + Sync>;

const ROUNDS: u64 = 30;
/// A claim is better than its base by `base >> IMPROVE`, the default of a group.
const IMPROVE: u8 = 10;
const THREADS: usize = 2;

/// What came of the races of a group.
#[derive(Default, Serialize)]
struct Outcome {
    accuracy: Vec<f64>,
    paid: [u32; CONTESTANTS.len()],
    helped: [u32; CONTESTANTS.len()],
    prices: Vec<u32>,
}

fn main() -> Result<(), Failure> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [folder, file, only @ ..] = &words[..] else { return Err("give the folder of the groups and the file to write".into()) };
    let mut outcomes: BTreeMap<&str, BTreeMap<&str, Outcome>> = BTreeMap::new();
    for group in GROUPS.iter().filter(|group| only.is_empty() || only.iter().any(|name| name == group.name)) {
        for rules in [Rules::Before, Rules::Now] {
            let outcome = races(group, rules, Path::new(folder))?;
            eprintln!("{} {}: {}", group.name, rules.name(), serde_json::to_string(&outcome)?);
            outcomes.entry(group.name).or_default().insert(rules.name(), outcome);
        }
    }
    Ok(fs::write(file, serde_json::to_string_pretty(&outcomes)?)?)
}

/// A race for each split.
fn races(group: &Group, rules: Rules, folder: &Path) -> Result<Outcome, Failure> {
    let next = AtomicU64::new(0);
    let work = || -> Result<Vec<(u64, Outcome)>, Failure> {
        let mut outcomes = Vec::new();
        loop {
            let split = next.fetch_add(1, Ordering::Relaxed);
            if split >= group.splits {
                return Ok(outcomes);
            }
            outcomes.push((split, race(group, rules, &group.parts(folder, split)?, split)?));
        }
    };
    let mut outcomes = thread::scope(|scope| -> Result<Vec<(u64, Outcome)>, Failure> {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        let done: Result<Vec<_>, Failure> = threads.into_iter().map(|thread| thread.join().map_err(|_| "a race ended early")?).collect();
        Ok(done?.into_iter().flatten().collect())
    })?;
    outcomes.sort_by_key(|(split, _)| *split);
    Ok(outcomes.into_iter().fold(Outcome::default(), |sum, (_, outcome)| sum.with(outcome)))
}

impl Outcome {
    fn with(mut self, other: Self) -> Self {
        self.accuracy.extend(other.accuracy);
        self.prices.extend(other.prices);
        let add = |sums: &mut [u32], counts: &[u32]| sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        add(&mut self.paid, &other.paid);
        add(&mut self.helped, &other.helped);
        self
    }
}

fn race(group: &Group, rules: Rules, parts: &Parts, split: u64) -> Result<Outcome, Failure> {
    let compute = Compute::new(Isa::detect(), 1)?;
    let first = seed(&[split]);
    let (price, least) = match rules {
        Rules::Before => (None, 0),
        Rules::Now => (Some(price::choose(group, parts, compute)?), LEAST),
    };
    let mut base = Checkpoint::initial(&group.manifest(price)?, first);
    let memory = Checkpoint::initial(&group.manifest(None)?, first);
    let mut field = Field { group, parts, compute, split, memory };
    let mut outcome = Outcome { prices: price.into_iter().collect(), ..Outcome::default() };
    for round in 0..ROUNDS {
        let mut files = field.seal(&base, round)?;
        let drawn = seed(&[split, round, u64::MAX]);
        let Some(place) = winner(compute, &parts.training, &base, &files, (drawn, round, least))? else { continue };
        let File { by, weights } = files.swap_remove(place);
        outcome.paid[by as usize] += 1;
        outcome.helped[by as usize] += u32::from(loss(compute, &weights, &parts.hidden)? < loss(compute, &base, &parts.hidden)?);
        base = weights;
    }
    outcome.accuracy.push(compute.accuracy(&base, &parts.hidden)?.share());
    Ok(outcome)
}

/// Place of the file that wins a round: of those that are better than the base, by as much as is asked and by more than luck, the one
/// with the least loss; nobody reveals another.
fn winner(
    compute: Compute,
    set: &Examples,
    base: &Checkpoint,
    files: &[File],
    (seed, round, least): ([u8; 32], u64, u32),
) -> Result<Option<usize>, MeasureError> {
    let examples = set.len() as u32;
    let drawn = draw(seed, 1, round, examples, base.manifest().eval_max());
    let old = compute.evaluate(base, set, &drawn)?;
    let Some(most) = most_loss(Micronats(old.mean), IMPROVE, Micronats(least)) else { return Ok(None) };
    let mut best = None;
    for (place, file) in files.iter().enumerate() {
        let new = compute.evaluate(&file.weights, set, &drawn)?;
        let certain = base.manifest().certainty().is_none_or(|certainty| {
            let terms =
                Terms { base_price: old.price, new_price: new.price, examples: Some(examples), commits: files.len() as u64, certainty };
            is_certain(&old.losses, &new.losses, terms)
        });
        let rank = rank_key(Micronats(old.mean), Micronats(new.mean), place as u64);
        if new.mean <= most.0 && certain && best.is_none_or(|best| rank < best) {
            best = Some(rank);
        }
    }
    Ok(best.map(|(_, place)| place as usize))
}

/// Mean loss of all examples of a part, without a price.
fn loss(compute: Compute, weights: &Checkpoint, part: &Examples) -> Result<u32, MeasureError> {
    let all: Vec<u32> = (0..part.len() as u32).collect();
    Ok(mean(&compute.evaluate(weights, part, &all)?.losses))
}
