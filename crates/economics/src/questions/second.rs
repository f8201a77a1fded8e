//! Is the winner alone to be paid, or a second as well?

use std::cmp::Reverse;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal};

use super::{Answer, PATIENCE, group, lines, nrn, over, validators};
use crate::{
    figures::{Table, over_seeds},
    gas::Gas,
    group::Group,
    plot::Plot,
    terms::{Pay, Terms, Trial},
    trainer::{Craft, Trainer},
    validator::Manner,
};

const EPOCHS: u64 = 120;
/// The last of them are looked at; then the first trainer quits.
const LATE: usize = 30;
const AFTER: u64 = 7;
/// Those who might train.
const CANDIDATES: u64 = 20;
const RULES: [(&str, Pay); 5] = [
    ("winner (the rule)", Pay::Winner),
    ("second a fifth of it", Pay::SecondOfIt(20)),
    ("second a third of it", Pay::SecondOfIt(33)),
    ("second a fifth on top", Pay::SecondOnTop(20)),
    ("last five winners", Pay::LastFive),
];
const MEASURES: [(&str, usize); 6] = [
    ("trainers", 1),
    ("Herfindahl of pay", 2),
    ("mean loss, nats", 3),
    ("issued a won round, NRN", 0),
    ("seconds of the winner's own, %", 0),
    ("won a day once the first quits, %", 0),
];

pub fn ask(gas: &Gas, seeds: u64) -> Answer {
    let table = rules(gas, seeds);
    let plot = Plot {
        name: "second",
        title: "Trainers that stay, by how much luck a round's training has",
        across: "standard deviation of the logarithm of a round's work",
        up: "trainers",
        is_logarithmic: true,
        from_zero: true,
        lines: lines(&Table { rows: table.rows[..4 * RULES.len()].to_vec(), ..table.clone() }, 0, 1, 0),
    };
    Answer { tables: vec![table], plots: vec![plot] }
}

/// Candidates whose skills and costs differ; with `twins` all of them seal a second file.
fn candidates(luck: f64, twins: bool, seed: u64) -> Vec<Trainer> {
    let mut chance = ChaCha8Rng::seed_from_u64(seed ^ 0x5eed);
    let draw = |chance: &mut ChaCha8Rng, deviation| LogNormal::new(0.0, deviation).map_or(1.0, |spread| spread.sample(chance));
    let candidate = |_| {
        let skill = draw(&mut chance, 0.3);
        // Skill is mostly bought: what is left is who pays less for the same work.
        let cost = 2.0 * skill * draw(&mut chance, 0.3);
        let craft = if twins { Craft::Twin } else { Craft::Honest };
        Trainer { luck, patience: Some(PATIENCE), ..Trainer::new(craft, skill, cost) }
    };
    (0..CANDIDATES).map(candidate).collect()
}

fn play(gas: &Gas, pay: Pay, luck: f64, twins: bool, seed: u64) -> [f64; 6] {
    let terms = Terms { trial: Trial { pay, ..Trial::default() }, ..Terms::default() };
    let mut group = group(terms, candidates(luck, twins, seed), validators(5, Manner::Checks), gas, seed);
    group.play(EPOCHS);
    let measures = measures(&group);
    let before = over(&group.days[group.days.len() - AFTER as usize..], |day| day.ended.won as f64);
    if let Some(first) = group.trainers.iter_mut().min_by_key(|trainer| Reverse(trainer.ledger.earned)) {
        (first.is_in, first.left) = (false, i32::MAX);
    }
    group.play(AFTER);
    let after = over(&group.days[group.days.len() - AFTER as usize..], |day| day.ended.won as f64);
    let [trainers, pay, loss, issued, own] = measures;
    [trainers, pay, loss, issued, own, 100.0 * after / before.max(1e-9)]
}

fn measures(group: &Group) -> [f64; 5] {
    let days = &group.days[group.days.len() - LATE..];
    let earned: Vec<_> = group.trainers.iter().map(|trainer| nrn(trainer.ledger.earned)).collect();
    let all: f64 = earned.iter().sum::<f64>().max(1e-9);
    let won: u64 = group.days.iter().map(|day| day.ended.won).sum();
    let [seconds, own] = group.seconds.map(|rounds| rounds as f64);
    [
        over(days, |day| day.trainers as f64),
        earned.iter().map(|earned| (earned / all).powi(2)).sum(),
        over(days, |day| day.loss),
        nrn(group.issued) / won.max(1) as f64,
        100.0 * own / seconds.max(1.0),
    ]
}

fn rules(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("second", &["who is paid", "luck", "twins"], &MEASURES);
    for (twins, lucks) in [(false, [0.03, 0.1, 0.3, 1.0].as_slice()), (true, &[0.03, 0.3])] {
        for (name, pay) in RULES {
            for luck in lucks {
                table.push(
                    &[&name, luck, &if twins { "all" } else { "none" }],
                    &over_seeds(seeds, |seed| play(gas, pay, *luck, twins, seed)),
                );
            }
        }
    }
    table
}
