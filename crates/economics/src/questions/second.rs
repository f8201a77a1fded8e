//! Is the winner alone to be paid, or a second as well?

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
const LATE: usize = 60;
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
    ("changes of the first", 1),
    ("Herfindahl of pay", 2),
    ("mean loss, nats", 4),
    ("issued a day, NRN", 0),
    ("paid to twins, %", 1),
];

pub fn ask(gas: &Gas, seeds: u64) -> Answer {
    let table = rules(gas, seeds);
    let plot = Plot {
        name: "second",
        title: "Trainers that stay, by how much luck a round's training has",
        across: "standard deviation of the logarithm of a round's work",
        up: "trainers",
        is_logarithmic: false,
        lines: lines(&table, 0, 1, 0).into_iter().filter(|(name, _)| !name.ends_with("twins")).collect(),
    };
    Answer { tables: vec![table], plots: vec![plot] }
}

/// Candidates whose skills and costs differ; `twins` of them seal a second file.
fn candidates(luck: f64, twins: bool, seed: u64) -> Vec<Trainer> {
    let mut chance = ChaCha8Rng::seed_from_u64(seed ^ 0x5eed);
    let draw = |chance: &mut ChaCha8Rng, deviation| LogNormal::new(0.0, deviation).map_or(1.0, |spread| spread.sample(chance));
    let candidate = |place| {
        let skill = draw(&mut chance, 0.3);
        // Skill is mostly bought: what is left is who pays less for the same work.
        let cost = 2.0 * skill * draw(&mut chance, 0.3);
        let craft = if twins && place % 2 == 0 { Craft::Twin } else { Craft::Honest };
        Trainer { luck, patience: Some(PATIENCE), ..Trainer::new(craft, skill, cost) }
    };
    (0..CANDIDATES).map(candidate).collect()
}

fn play(gas: &Gas, pay: Pay, luck: f64, twins: bool, seed: u64) -> Group {
    let terms = Terms { trial: Trial { pay, ..Trial::default() }, ..Terms::default() };
    let mut group = group(terms, candidates(luck, twins, seed), validators(5, Manner::Checks), gas, seed);
    group.play(EPOCHS);
    group
}

fn measures(group: &Group) -> [f64; 6] {
    let days = &group.days[group.days.len() - LATE..];
    let earned: Vec<_> = group.trainers.iter().map(|trainer| nrn(trainer.ledger.earned)).collect();
    let all: f64 = earned.iter().sum::<f64>().max(1e-9);
    let twins = group.trainers.iter().zip(&earned).filter(|(trainer, _)| trainer.craft == Craft::Twin);
    [
        over(days, |day| day.trainers as f64),
        days.windows(2).filter(|days| days[0].first != days[1].first).count() as f64,
        earned.iter().map(|earned| (earned / all).powi(2)).sum(),
        over(days, |day| day.loss),
        nrn(group.issued) / EPOCHS as f64,
        100.0 * twins.map(|(_, earned)| earned).sum::<f64>() / all,
    ]
}

fn rules(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("second", &["who is paid", "luck"], &MEASURES);
    for (name, pay) in RULES {
        for luck in [0.03, 0.1, 0.3, 1.0] {
            table.push(&[&name, &luck], &over_seeds(seeds, |seed| measures(&play(gas, pay, luck, false, seed))));
        }
    }
    for (name, pay) in RULES {
        let name = format!("{name}, half of them twins");
        table.push(&[&name, &0.3], &over_seeds(seeds, |seed| measures(&play(gas, pay, 0.3, true, seed))));
    }
    table
}
