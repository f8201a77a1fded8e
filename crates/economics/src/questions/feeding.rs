//! What does a leader who is far ahead lose or gain by handing out his lead in small steps, or by keeping it?

use protocol::Micronats;

use super::{Answer, PATIENCE, group, nrn, over, trainers, validators};
use crate::{
    curve::BEGUN,
    figures::{Table, over_seeds},
    gas::Gas,
    group::Group,
    plot::Plot,
    terms::{Terms, Trial},
    trainer::{Craft, Feeds, Trainer},
    validator::Manner,
};

const EPOCHS: u64 = 56;
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
const MEASURES: [(&str, usize); 4] = [("NRN a day", 0), ("% of won rounds", 1), ("won rounds a day", 1), ("mean loss, nats", 4)];

/// A leader beside rivals.
struct Race {
    /// Rounds of work that he is ahead, and his skill beside that of each rival.
    lead: f64,
    skill: f64,
    feeds: Feeds,
    every: u64,
    /// Whether rivals leave when it does not pay.
    leave: bool,
    terms: Terms,
}

impl Race {
    fn play(&self, gas: &Gas, seed: u64) -> Group {
        let leader = Craft::Leader { feeds: self.feeds, every: self.every };
        let mut all = vec![Trainer { own: BEGUN + self.lead, ..Trainer::new(leader, self.skill, COST) }];
        all.extend(trainers(RIVALS, Craft::Honest, 1.0, COST));
        for rival in all.iter_mut().skip(1).filter(|_| self.leave) {
            rival.patience = Some(PATIENCE);
        }
        let mut group = group(self.terms.clone(), all, validators(5, Manner::Checks), gas, seed);
        group.play(EPOCHS);
        group
    }

    fn measures(&self, gas: &Gas, seed: u64) -> [f64; 4] {
        let group = self.play(gas, seed);
        let leader = &group.trainers[0];
        let (days, won) = (EPOCHS as f64, group.days.iter().map(|day| day.ended.won).sum::<u64>() as f64);
        let paid = (nrn(leader.ledger.earned) - nrn(leader.ledger.lost)) / days;
        [paid, 100.0 * leader.won as f64 / won.max(1.0), won / days, over(&group.days, |day| day.loss)]
    }
}

fn race(lead: f64, skill: f64, feeds: Feeds, every: u64) -> Race {
    Race { lead, skill, feeds, every, leave: false, terms: Terms::default() }
}

pub fn ask(gas: &Gas, seeds: u64) -> Answer {
    let tables = vec![ways(gas, seeds), leaving(gas, seeds), steps(gas, seeds), price(gas, seeds)];
    Answer { tables, plots: vec![plot(gas)] }
}

fn ways(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("feeding", &["skill", "lead, rounds", "hands out"], &MEASURES);
    for skill in [0.7, 1.0, 1.5] {
        for lead in [0.0, 20.0] {
            for (name, feeds, every) in WAYS {
                let figures = over_seeds(seeds, |seed| race(lead, skill, feeds, every).measures(gas, seed));
                table.push(&[&skill, &lead, &name], &figures);
            }
        }
    }
    table
}

/// The same where rivals leave.
fn leaving(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("feeding-leaving", &["skill", "hands out"], &MEASURES);
    for skill in [1.0, 1.5] {
        for (name, feeds, every) in WAYS {
            let figures = over_seeds(seeds, |seed| Race { leave: true, ..race(20.0, skill, feeds, every) }.measures(gas, seed));
            table.push(&[&skill, &name], &figures);
        }
    }
    table
}

/// Do larger steps help against the one who feeds by the ladder, alone and with rivals?
fn steps(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("feeding-steps", &["improve", "least, micronats", "hands out"], &MEASURES);
    for (improve, least) in [(13, 100), (10, 1_000), (10, 3_000), (8, 1_000), (7, 1_000)] {
        for (name, feeds, every) in [WAYS[0], WAYS[3]] {
            let terms = Terms { improve, least: Micronats(least), ..Terms::default() };
            let figures = over_seeds(seeds, |seed| Race { leave: true, terms: terms.clone(), ..race(20.0, 1.0, feeds, every) }.measures(gas, seed));
            table.push(&[&improve, &least, &name], &figures);
        }
    }
    table
}

/// Does a dearer concession?
fn price(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("feeding-conceding", &["the k-th loses", "hands out"], &MEASURES);
    for (name, conceding) in [("k/16 (the rule)", 1), ("4k/16", 4), ("all", 16)] {
        for (way, feeds, every) in [WAYS[2], WAYS[3]] {
            let terms = Terms { trial: Trial { conceding, ..Trial::default() }, ..Terms::default() };
            let figures = over_seeds(seeds, |seed| Race { terms: terms.clone(), ..race(20.0, 1.0, feeds, every) }.measures(gas, seed));
            table.push(&[&name, &way], &figures);
        }
    }
    table
}

/// Loss day by day.
fn plot(gas: &Gas) -> Plot {
    let line = |name: &str, feeds, every| {
        let group = Race { leave: true, ..race(20.0, 1.0, feeds, every) }.play(gas, 0);
        (name.to_owned(), (1..).map(f64::from).zip(group.days.iter().map(|day| day.loss)).collect())
    };
    Plot {
        name: "feeding",
        title: "Loss of the checkpoint, a leader of equal skill 20 rounds ahead (seed 0)",
        across: "days",
        up: "nats",
        is_logarithmic: false,
        lines: WAYS.map(|(name, feeds, every)| line(name, feeds, every)).to_vec(),
    }
}
