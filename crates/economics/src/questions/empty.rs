//! Do validators of a group that cannot get better still earn, and how long does such a group live?

use super::{Answer, PATIENCE, group, nrn, over, trainers, validators};
use crate::{
    figures::{Table, over_seeds},
    gas::Gas,
    group::{Data, Group},
    plot::Plot,
    terms::Terms,
    trainer::{Craft, Feeds, Trainer},
    validator::{Leaving, Manner},
};

const EPOCHS: u64 = 360;
const LATE: usize = 90;
const MEASURES: [(&str, usize); 6] = [
    ("won rounds a day", 1),
    ("empty rounds a day", 1),
    ("V a day, NRN", 0),
    ("awake at the end, %", 0),
    ("days to half awake", 0),
    ("trainers", 1),
];

pub fn ask(gas: &Gas, seeds: u64) -> Answer {
    Answer { tables: vec![ground(gas, seeds), machines(gas, seeds)], plots: vec![plot(gas)] }
}

/// A group whose data change by that; `patient`: one trainer goes on from its own file where the others begin anew each round.
fn play(gas: &Gas, data: Data, patient: bool, machine: f64, seed: u64) -> Group {
    let mut all = trainers(4, Craft::Honest, 1.0, 2.0);
    if patient {
        all.push(Trainer::new(Craft::Leader { feeds: Feeds::All, every: 1 }, 1.0, 2.0));
    }
    all.iter_mut().for_each(|trainer| trainer.patience = Some(PATIENCE));
    let mut validators = validators(20, Manner::Checks);
    for validator in &mut validators {
        (validator.leaving, validator.machine) = (Leaving::Rests, machine);
    }
    let mut group = group(Terms::default(), all, validators, gas, seed);
    group.data = data;
    group.play(EPOCHS);
    group
}

fn measures(group: &Group) -> [f64; 6] {
    let (days, bonded) = (&group.days, nrn(group.members.bonded()));
    let late = &days[days.len() - LATE..];
    let paid: f64 = group.members.all.iter().map(|validator| nrn(validator.ledger.earned)).sum();
    let half = days.iter().position(|day| nrn(day.awake) < bonded / 2.0).unwrap_or(days.len());
    [
        over(days, |day| day.ended.won as f64),
        over(days, |day| day.ended.empty as f64),
        paid / days.len() as f64,
        100.0 * group.awake_share(),
        half as f64,
        over(late, |day| day.trainers as f64),
    ]
}

fn ground(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("empty", &["new data, nats a week", "trainers"], &MEASURES);
    for nats in [0.0, 0.03, 0.1, 0.3, 0.6, 1.0] {
        for (name, patient) in [("begin anew", false), ("one goes on", true)] {
            let data = Data { chance: 1.0, nats };
            table.push(&[&nats, &name], &over_seeds(seeds, |seed| measures(&play(gas, data, patient, 0.05, seed))));
        }
    }
    table
}

/// The same group with machines of other prices.
fn machines(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("empty-machines", &["machine, dollars an hour", "new data, nats a week"], &MEASURES);
    for machine in [0.01, 0.05, 0.2] {
        for nats in [0.1, 0.6] {
            let data = Data { chance: 1.0, nats };
            table.push(&[&machine, &nats], &over_seeds(seeds, |seed| measures(&play(gas, data, false, machine, seed))));
        }
    }
    table
}

fn plot(gas: &Gas) -> Plot {
    let line = |nats| {
        let group = play(gas, Data { chance: 1.0, nats }, false, 0.05, 0);
        let bonded = nrn(group.members.bonded());
        let awake = group.days.iter().map(|day| 100.0 * nrn(day.awake) / bonded);
        (format!("{nats} nats a week"), (1..).map(f64::from).zip(awake).collect())
    };
    Plot {
        name: "empty",
        title: "Awake stake of a group by what new data leave to learn (seed 0)",
        across: "days",
        up: "% of what is bonded",
        is_logarithmic: false,
        lines: [0.0, 0.1, 0.3, 0.6, 1.0].map(line).to_vec(),
    }
}
