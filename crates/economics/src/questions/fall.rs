//! How long does a group live when NRN falls by nine tenths?

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal};

use super::{Answer, PATIENCE, group, nrn, over, validators};
use crate::{
    day::Day,
    figures::{Table, over_seeds},
    gas::Gas,
    group::Group,
    plot::Plot,
    terms::{Prices, Terms, Trial},
    trainer::{Craft, Trainer},
    validator::{Leaving, Manner},
};

const BEFORE: u64 = 60;
const AFTER: u64 = 300;
const CANDIDATES: u64 = 20;
const MEASURES: [(&str, usize); 8] = [
    ("trainers before", 1),
    ("at the end", 1),
    ("days to half of them", 0),
    ("awake at the end, %", 0),
    ("days to half of it", 0),
    ("won a day at the end", 1),
    ("void rounds", 0),
    ("go on, %", 0),
];

pub fn ask(gas: &Gas, seeds: u64) -> Answer {
    Answer { tables: vec![falls(gas, seeds), leaving(gas, seeds), floor(gas, seeds), costs(gas, seeds)], plots: vec![plot(gas)] }
}

/// How NRN falls, how those leave who leave, and what things cost.
#[derive(Clone, Copy)]
struct Fall {
    to: f64,
    /// Of ten validators, how many switch off without resting.
    silent: usize,
    machine: f64,
    /// Dollars for a million units of gas, and whether the purse pays.
    gas: f64,
    purse: bool,
    /// The least part of the supply that the share rule assumes at stake, where another is tried.
    floor: Option<u128>,
}

const FALL: Fall = Fall { to: 0.1, silent: 3, machine: 0.05, gas: 0.03, purse: true, floor: None };

impl Fall {
    fn play(self, gas: &Gas, seed: u64) -> Group {
        let mut chance = ChaCha8Rng::seed_from_u64(seed ^ 0xfa11);
        let spread = LogNormal::new(0.0, 0.5).ok();
        let mut draw = || spread.map_or(1.0, |spread| spread.sample(&mut chance));
        let trainer = |_| Trainer { patience: Some(PATIENCE), ..Trainer::new(Craft::Honest, 1.0, 2.0) };
        let mut all: Vec<_> = (0..CANDIDATES).map(trainer).collect();
        all.iter_mut().for_each(|trainer| trainer.cost *= draw());
        let mut validators = validators(20, Manner::Checks);
        for (place, validator) in validators.iter_mut().enumerate() {
            validator.leaving = if place * 7 % 10 < self.silent { Leaving::Silent } else { Leaving::Rests };
            validator.machine = self.machine * draw();
        }
        let terms = Terms { trial: Trial { floor: self.floor, ..Trial::default() }, ..Terms::default() };
        let mut group = group(terms, all, validators, gas, seed);
        group.alike = group.terms.elsewhere;
        group.prices = Prices { gas: self.gas / 1e6, purse: self.purse, ..group.prices };
        group.play(BEFORE);
        group.prices.nrn *= self.to;
        group.play(AFTER);
        group
    }

    fn measures(self, gas: &Gas, seed: u64) -> [f64; 8] {
        let group = self.play(gas, seed);
        let (before, after) = group.days.split_at(BEFORE as usize);
        let (settled, late) = (&before[before.len() / 2..], &after[after.len() / 2..]);
        let trainers = |day: &Day| day.trainers as f64;
        let awake = |day: &Day| 100.0 * nrn(day.awake) / nrn(group.members.bonded());
        let half = |of: &dyn Fn(&Day) -> f64| after.iter().position(|day| of(day) <= over(settled, of) / 2.0).unwrap_or(after.len());
        let goes_on = after[after.len() - 30..].iter().any(|day| day.ended.won > 0);
        [
            over(settled, trainers),
            over(late, trainers),
            half(&trainers) as f64,
            over(late, awake),
            half(&awake) as f64,
            over(late, |day| day.ended.won as f64),
            after.iter().map(|day| day.ended.void as f64).sum(),
            100.0 * f64::from(u8::from(goes_on)),
        ]
    }
}

fn falls(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("fall", &["machine, dollars an hour", "NRN falls to, %"], &MEASURES);
    for machine in [0.01, 0.05] {
        for to in [1.0, 0.5, 0.2, 0.1, 0.05, 0.02] {
            table.push(&[&machine, &(100.0 * to)], &over_seeds(seeds, |seed| Fall { to, machine, ..FALL }.measures(gas, seed)));
        }
    }
    table
}

/// Those who go without putting their position to rest.
fn leaving(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("fall-silent", &["NRN falls to, %", "silent of ten"], &MEASURES);
    for to in [0.2, 0.1] {
        for silent in [0, 3, 6, 10] {
            table.push(&[&(100.0 * to), &silent], &over_seeds(seeds, |seed| Fall { silent, to, ..FALL }.measures(gas, seed)));
        }
    }
    table
}

/// Another least stake in the share rule.
fn floor(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("fall-floor", &["total is at least the supply /", "NRN falls to, %"], &MEASURES);
    for (name, floor) in [("10 (the rule)", None), ("100", Some(100))] {
        for to in [0.2, 0.1, 0.05] {
            table.push(&[&name, &(100.0 * to)], &over_seeds(seeds, |seed| Fall { floor, to, ..FALL }.measures(gas, seed)));
        }
    }
    table
}

/// Price of gas, with and without the purse.
fn costs(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("fall-gas", &["a million gas, dollars", "purse", "NRN falls to, %"], &MEASURES);
    for price in [0.03, 1.0, 30.0] {
        for (name, purse) in [("pays", true), ("empty", false)] {
            for to in [1.0, 0.2] {
                let fall = Fall { gas: price, purse, to, ..FALL };
                table.push(&[&price, &name, &(100.0 * to)], &over_seeds(seeds, |seed| fall.measures(gas, seed)));
            }
        }
    }
    table
}

fn plot(gas: &Gas) -> Plot {
    let line = |(name, to, silent): (&str, f64, usize)| {
        let group = Fall { silent, to, ..FALL }.play(gas, 0);
        // New data come each week, and with them wins.
        let won = group.days.chunks_exact(7).map(|week| over(week, |day| day.ended.won as f64));
        (name.to_owned(), (1..).map(f64::from).zip(won).collect())
    };
    Plot {
        name: "fall",
        title: "Won rounds a day, by weeks; in the ninth NRN falls (seed 0)",
        across: "weeks",
        up: "won rounds",
        is_logarithmic: false,
        from_zero: true,
        lines: [("to 20 %, all rest", 0.2, 0), ("to 20 %, all silent", 0.2, 10), ("to 10 %, all rest", 0.1, 0)].map(line).to_vec(),
    }
}
