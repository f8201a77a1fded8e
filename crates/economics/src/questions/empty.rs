//! Do validators of a group that cannot get better still earn, and how long does such a group live?

use super::{Answer, PATIENCE, group, nrn, over, trainers, validators};
use crate::{
    figures::{Table, over_seeds},
    gas::Gas,
    group::Group,
    people::Data,
    plot::Plot,
    terms::{Terms, Trial},
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
    Answer { tables: vec![ground(gas, seeds), other(gas, seeds)], plots: vec![plot(gas)] }
}

/// What such a group is in.
#[derive(Clone)]
struct Ground {
    /// New data each week raise the loss by so many nats.
    nats: f64,
    /// Whether one trainer goes on from its own file where the others begin anew each round.
    patient: bool,
    validators: u32,
    machine: f64,
    interest: f64,
    pay: (u128, u128),
}

const USUAL: Ground = Ground { nats: 0.0, patient: false, validators: 20, machine: 0.05, interest: 0.04, pay: (1, 1) };

impl Ground {
    fn play(&self, gas: &Gas, seed: u64) -> Group {
        let mut all = trainers(4, Craft::Honest, 1.0, 2.0);
        if self.patient {
            all.push(Trainer::new(Craft::Leader { feeds: Feeds::All, every: 1 }, 1.0, 2.0));
        }
        all.iter_mut().for_each(|trainer| trainer.patience = Some(PATIENCE));
        let mut validators = validators(self.validators, Manner::Checks);
        for validator in &mut validators {
            (validator.leaving, validator.machine) = (Leaving::Rests, self.machine);
        }
        let terms = Terms { trial: Trial { validators: self.pay, ..Trial::default() }, ..Terms::default() };
        let mut group = group(terms, all, validators, gas, seed);
        group.data = Data { chance: 1.0, nats: self.nats };
        group.prices.interest = self.interest;
        group.play(EPOCHS);
        group
    }
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
    for nats in [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.0] {
        for (name, patient) in [("begin anew", false), ("one goes on", true)] {
            let ground = Ground { nats, patient, ..USUAL };
            table.push(&[&nats, &name], &over_seeds(seeds, |seed| measures(&ground.play(gas, seed))));
        }
    }
    table
}

/// The same with one thing different.
fn other(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("empty-other", &["what is different", "new data, nats a week"], &MEASURES);
    let grounds = [
        ("nothing", USUAL),
        ("machine 0.01 dollars an hour", Ground { machine: 0.01, ..USUAL }),
        ("machine 0.2 dollars an hour", Ground { machine: 0.2, ..USUAL }),
        ("5 validators of the same stake", Ground { validators: 5, ..USUAL }),
        ("100 validators of the same stake", Ground { validators: 100, ..USUAL }),
        ("capital earns nothing elsewhere", Ground { interest: 0.0, ..USUAL }),
        ("capital earns 8 % elsewhere", Ground { interest: 0.08, ..USUAL }),
        ("V = R / 10", Ground { pay: (1, 2), ..USUAL }),
        ("V = 2 R / 5", Ground { pay: (2, 1), ..USUAL }),
    ];
    for (name, ground) in grounds {
        for nats in [0.2, 0.6] {
            let ground = Ground { nats, ..ground.clone() };
            table.push(&[&name, &nats], &over_seeds(seeds, |seed| measures(&ground.play(gas, seed))));
        }
    }
    table
}

fn plot(gas: &Gas) -> Plot {
    let line = |nats| {
        let group = Ground { nats, ..USUAL }.play(gas, 0);
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
        from_zero: true,
        lines: [0.0, 0.2, 0.4, 0.5, 0.6, 1.0].map(line).to_vec(),
    }
}
