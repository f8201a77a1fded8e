//! What does a leader who is far ahead lose or gain by handing out his lead in small steps, or by keeping it?

use protocol::Micronats;

use super::{Answer, FRESH, PATIENCE, group, nrn, over, validators};
use crate::{
    curve::{BEGUN, Curve},
    figures::{Table, over_seeds},
    gas::Gas,
    group::Group,
    people::Data,
    plot::Plot,
    terms::{Terms, Trial},
    trainer::{Craft, Feeds, Trainer},
    validator::Manner,
};

const EPOCHS: u64 = 28;
const RIVALS: usize = 4;
/// What a round's work costs, dollars.
const COST: f64 = 2.0;
const WAYS: [(&str, Feeds, u64); 6] = [
    ("all, each round", Feeds::All, 1),
    ("least step", Feeds::Least, 1),
    ("by rivals", Feeds::Rivals, 1),
    ("ladder", Feeds::Ladder, 1),
    ("all, once a day", Feeds::All, 24),
    ("all, once a week", Feeds::All, 168),
];
const MEASURES: [(&str, usize); 5] =
    [("NRN a day", 0), ("% of won rounds", 0), ("won rounds a day", 1), ("mean loss, nats", 3), ("last loss, nats", 3)];

/// A leader beside rivals.
#[derive(Clone)]
struct Race {
    /// Rounds of work that he is ahead, and his skill beside that of each rival.
    lead: f64,
    skill: f64,
    rivals: usize,
    data: Data,
    feeds: Feeds,
    every: u64,
    terms: Terms,
    curve: Curve,
}

impl Race {
    fn of(lead: f64, (_, feeds, every): (&str, Feeds, u64)) -> Self {
        Self { lead, skill: 1.0, rivals: RIVALS, data: Data::default(), feeds, every, terms: Terms::default(), curve: Curve::default() }
    }

    fn play(&self, gas: &Gas, seed: u64) -> Group {
        let leader = Craft::Leader { feeds: self.feeds, every: self.every };
        let mut all = vec![Trainer { own: BEGUN + self.lead, ..Trainer::new(leader, self.skill, COST) }];
        let rival = Trainer { patience: Some(PATIENCE), ..Trainer::new(Craft::Honest, 1.0, COST) };
        all.extend(vec![rival; self.rivals]);
        let mut group = group(self.terms.clone(), all, validators(5, Manner::Checks), gas, seed);
        (group.data, group.curve) = (self.data, self.curve);
        group.play(EPOCHS);
        group
    }

    fn measures(&self, gas: &Gas, seed: u64) -> [f64; 5] {
        let group = self.play(gas, seed);
        let leader = &group.trainers[0];
        let (days, won) = (EPOCHS as f64, group.days.iter().map(|day| day.ended.won).sum::<u64>() as f64);
        let paid = (nrn(leader.ledger.earned) - nrn(leader.ledger.lost)) / days;
        [paid, 100.0 * leader.won as f64 / won.max(1.0), won / days, over(&group.days, |day| day.loss), group.loss()]
    }
}

pub fn ask(gas: &Gas, seeds: u64) -> Answer {
    let tables = vec![far(gas, seeds), steady(gas, seeds), steps(gas, seeds), price(gas, seeds), other(gas, seeds)];
    Answer { tables, plots: vec![plot(gas)] }
}

/// A lead that was brought along, and nothing new to learn.
fn far(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("feeding", &["lead, rounds of work", "rivals", "hands out"], &MEASURES);
    for (lead, rivals) in [(50.0, 4), (400.0, 4), (400.0, 0)] {
        for way in WAYS {
            let race = Race { rivals, ..Race::of(lead, way) };
            table.push(&[&lead, &rivals, &way.0], &over_seeds(seeds, |seed| race.measures(gas, seed)));
        }
    }
    table
}

/// No lead at first, new data each week.
fn steady(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("feeding-steady", &["skill beside a rival's", "hands out"], &MEASURES);
    for skill in [0.7, 1.0, 1.5] {
        for way in WAYS {
            let race = Race { skill, data: FRESH, ..Race::of(0.0, way) };
            table.push(&[&skill, &way.0], &over_seeds(seeds, |seed| race.measures(gas, seed)));
        }
    }
    table
}

/// Do larger steps help against the one who hands out the least, and what do they cost a group without such a one?
fn steps(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("feeding-steps", &["improve", "least, micronats", "where", "hands out"], &MEASURES);
    for (improve, least) in [(13, 100), (10, 1_000), (10, 3_000), (9, 1_000), (8, 1_000), (7, 1_000)] {
        let terms = Terms { improve, least: Micronats(least), ..Terms::default() };
        let far = |way| Race { terms: terms.clone(), ..Race::of(400.0, way) };
        let races = [
            ("lead 400, alone", WAYS[0], Race { rivals: 0, ..far(WAYS[0]) }),
            ("lead 400, alone", WAYS[1], Race { rivals: 0, ..far(WAYS[1]) }),
            ("lead 400, 4 rivals", WAYS[1], far(WAYS[1])),
            ("no lead, 4 rivals, new data", WAYS[0], Race { lead: 0.0, data: FRESH, ..far(WAYS[0]) }),
        ];
        for (name, way, race) in races {
            table.push(&[&improve, &least, &name, &way.0], &over_seeds(seeds, |seed| race.measures(gas, seed)));
        }
    }
    table
}

/// Does a dearer concession?
fn price(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("feeding-conceding", &["the k-th loses", "hands out"], &MEASURES);
    for (name, conceding) in [("k/16 (the rule)", 1), ("4k/16", 4), ("all", 16)] {
        for way in [WAYS[0], WAYS[2], WAYS[3]] {
            let terms = Terms { trial: Trial { conceding, ..Trial::default() }, ..Terms::default() };
            let race = Race { terms, data: FRESH, ..Race::of(0.0, way) };
            table.push(&[&name, &way.0], &over_seeds(seeds, |seed| race.measures(gas, seed)));
        }
    }
    table
}

/// Another curve, as far above its floor at first, and draws in which gains are twice as uncertain.
fn other(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("feeding-other", &["loss falls with work^", "examples of a draw", "hands out"], &MEASURES);
    let steep = Curve { scale: 2.0 * BEGUN.powf(0.6), power: 0.6, ..Curve::default() };
    for curve in [Curve::default(), steep] {
        for drawn in [1024, 256] {
            for way in [WAYS[0], WAYS[1]] {
                let race = Race { curve, terms: Terms { drawn, ..Terms::default() }, ..Race::of(400.0, way) };
                table.push(&[&-curve.power, &drawn, &way.0], &over_seeds(seeds, |seed| race.measures(gas, seed)));
            }
        }
    }
    table
}

/// Loss day by day.
fn plot(gas: &Gas) -> Plot {
    let line = |(name, feeds, every): (&str, Feeds, u64)| {
        let group = Race::of(400.0, (name, feeds, every)).play(gas, 0);
        (name.to_owned(), (1..).map(f64::from).zip(group.days.iter().map(|day| day.loss)).collect())
    };
    Plot {
        name: "feeding",
        title: "Loss of the checkpoint beside a leader 400 rounds ahead of four rivals (seed 0)",
        across: "days",
        up: "nats",
        is_logarithmic: false,
        from_zero: false,
        lines: WAYS.map(line).to_vec(),
    }
}
