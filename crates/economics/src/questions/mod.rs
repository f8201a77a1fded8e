//! The questions of docs/ECONOMICS.md: each plays groups and gives tables and plots.

mod checking;
mod collusion;
mod empty;
mod fall;
mod feeding;
mod second;
mod shopping;

use protocol::Wei;

use crate::{
    day::Day,
    figures::Table,
    gas::Gas,
    group::Group,
    members::Members,
    people::Data,
    plot::Plot,
    terms::Terms,
    trainer::{Craft, Trainer},
    validator::{Manner, Validator},
};

/// What a question gives.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub tables: Vec<Table>,
    pub plots: Vec<Plot>,
}

/// Asks one question with that many seeds a row.
pub type Question = fn(&Gas, u64) -> Answer;

/// All of them, by name, in the order of the book.
pub const ALL: [(&str, Question); 7] = [
    ("checking", checking::ask),
    ("feeding", feeding::ask),
    ("second", second::ask),
    ("empty", empty::ask),
    ("collusion", collusion::ask),
    ("fall", fall::ask),
    ("shopping", shopping::ask),
];

/// Stake of the group's validators together, NRN.
const STAKE: u64 = 2_000_000;
/// A delta a week that raises the loss by so many nats: groups go on learning.
const FRESH: Data = Data { chance: 1.0, nats: 0.6 };
/// Rounds in which a trainer decides whether it pays.
const PATIENCE: u32 = 168;

/// Validators whose stakes fall with the root of their rank and are together [`STAKE`].
fn validators(count: u32, manner: Manner) -> Vec<Validator> {
    let whole: f64 = (1..=count).map(|rank| f64::from(rank).powf(-0.5)).sum();
    let stake = |rank: u32| STAKE as f64 * f64::from(rank).powf(-0.5) / whole;
    (1..=count).map(|rank| Validator::new(Wei::nrn(stake(rank) as u64), manner)).collect()
}

fn trainers(count: usize, craft: Craft, skill: f64, cost: f64) -> Vec<Trainer> {
    vec![Trainer::new(craft, skill, cost); count]
}

/// A group that goes on learning.
fn group(terms: Terms, trainers: Vec<Trainer>, validators: Vec<Validator>, gas: &Gas, seed: u64) -> Group {
    let mut group = Group::new(terms, trainers, Members::new(validators), gas.clone(), seed);
    group.data = FRESH;
    group
}

/// Mean over days.
fn over(days: &[Day], value: impl Fn(&Day) -> f64) -> f64 {
    days.iter().map(value).sum::<f64>() / days.len().max(1) as f64
}

/// Amount in NRN.
fn nrn(amount: Wei) -> f64 {
    amount.0 as f64 / protocol::money::WEI_PER_NRN as f64
}

/// Column `figure` of the rows whose first label is each of the first labels, over the number in the label `across`.
fn lines(table: &Table, by: usize, across: usize, figure: usize) -> Vec<(String, Vec<(f64, f64)>)> {
    let mut lines: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for (labels, figures) in &table.rows {
        let point = (labels[across].parse().unwrap_or_default(), figures[figure].mean);
        match lines.iter_mut().find(|(name, _)| *name == labels[by]) {
            Some((_, points)) => points.push(point),
            None => lines.push((labels[by].clone(), vec![point])),
        }
    }
    lines
}
