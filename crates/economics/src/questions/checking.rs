//! When is checking worth its cost?

use protocol::Wei;

use super::{Answer, PATIENCE, STAKE, group, lines, over, trainers, validators};
use crate::{
    day::Day,
    figures::{Figure, Table, over_seeds},
    gas::Gas,
    group::Group,
    people::People,
    plot::Plot,
    terms::{Prices, Terms, Trial},
    trainer::{Craft, Trainer},
    validator::Manner,
};

const EPOCHS: u64 = 360;
/// The last of them are looked at.
const LATE: usize = 90;
/// Dollars for a measurement: `small-gpt` and models of 30 and 1,000 times its work, at 0.1 dollars an hour of two cores.
const CHECKS: [f64; 3] = [4e-4, 0.012, 0.4];

pub fn ask(gas: &Gas, seeds: u64) -> Answer {
    let shares = shares(gas, seeds);
    let mut acted = lines(&shares, 0, 1, 0);
    acted.iter_mut().for_each(|(_, points)| points.retain(|(acted, _)| *acted > 0.0));
    let plot = Plot {
        name: "checking",
        title: "Share of awake stake that runs the models after nine months, by dollars a check",
        across: "chance that people act, % an epoch",
        up: "share",
        is_logarithmic: true,
        from_zero: true,
        lines: acted,
    };
    Answer { tables: vec![even(), shares, pay(gas, seeds)], plots: vec![plot] }
}

/// The chance of being slashed at which a validator earns as much by copying: what an epoch's checking costs over a tenth of its
/// stake.
fn even() -> Table {
    let columns = [("a check 0.0004", 4), ("0.012", 4), ("0.4", 4), ("pay an epoch", 2)];
    let mut table = Table::new("even", &["stake, NRN"], &columns);
    let (terms, prices) = (Terms::default(), Prices::default());
    let (rounds, all) = (terms.rounds_of_epoch() as f64, Wei::nrn(STAKE));
    for stake in [500, 5_000, 50_000, 500_000].map(Wei::nrn) {
        // The base and the first claim, in each round.
        let even = |check: f64| 100.0 * rounds * 2.0 * check / (0.1 * prices.dollars(stake));
        let pay = rounds * prices.dollars(protocol::rules::earned_for(terms.reward(all), all, stake));
        let [small, large, largest] = CHECKS.map(even);
        let figures = [small, large, largest, pay].map(|mean| Figure { mean, deviation: 0.0 });
        table.push(&[&stake.to_nrn()], &figures);
    }
    table
}

/// Validators who choose; a cheat tries false claims whenever it likes.
fn play(gas: &Gas, check: f64, slash: f64, (pay, count): ((u128, u128), u32), seed: u64) -> Group {
    let terms = Terms { trial: Trial { validators: pay, ..Trial::default() }, ..Terms::default() };
    let mut trainers = trainers(3, Craft::Honest, 1.0, 2.0);
    trainers.push(Trainer { patience: Some(PATIENCE / 7), ..Trainer::new(Craft::Cheat, 1.0, 0.0) });
    let mut validators = validators(count, Manner::Checks);
    for validator in &mut validators {
        (validator.is_free, validator.check) = (true, check);
    }
    let mut group = group(terms, trainers, validators, gas, seed);
    group.people = People::diligent(slash);
    group.play(EPOCHS);
    group
}

fn measures(group: &Group) -> [f64; 5] {
    let days = &group.days[group.days.len() - LATE..];
    let rounds = |count: fn(&Day) -> u64| over(days, |day| count(day) as f64);
    [
        over(days, |day| day.checks),
        over(days, |day| day.copies),
        over(days, |day| day.lazy),
        rounds(|day| day.ended.falsely),
        rounds(|day| day.ended.void),
    ]
}

const MEASURES: [(&str, usize); 5] = [("check", 2), ("copy", 2), ("sign unread", 2), ("false wins a day", 2), ("void rounds a day", 2)];

fn shares(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("checking", &["a check, dollars", "acted on, % an epoch"], &MEASURES);
    for check in CHECKS {
        for slash in [0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0] {
            let figures = over_seeds(seeds, |seed| measures(&play(gas, check, slash / 100.0, ((1, 1), 20), seed)));
            table.push(&[&check, &slash], &figures);
        }
    }
    table
}

/// Does another pay of validators, or another number of them, change who checks?
fn pay(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("checking-pay", &["V / R", "validators", "acted on, % an epoch"], &MEASURES);
    for (name, pay, count) in [("1/20", (1, 4), 20), ("1/5", (1, 1), 5), ("1/5", (1, 1), 20), ("1/5", (1, 1), 100), ("4/5", (4, 1), 20)] {
        for acted in [0.0, 0.1, 1.0] {
            let figures = over_seeds(seeds, |seed| measures(&play(gas, CHECKS[1], acted / 100.0, (pay, count), seed)));
            table.push(&[&name, &count, &acted], &figures);
        }
    }
    table
}
