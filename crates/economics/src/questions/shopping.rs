//! What do many files earn, copies with noise or shaken ones, by the size of the draw and the price of conceding?

use super::{Answer, FRESH, group, nrn, over, trainers, validators};
use crate::{
    figures::{Table, over_seeds},
    gas::Gas,
    group::Group,
    people::Data,
    plot::Plot,
    terms::{Terms, Trial},
    trainer::{Craft, Trainer},
    validator::Manner,
};

const EPOCHS: u64 = 28;
const HONEST: usize = 3;
const COPIES: u32 = 50;
const SHAKEN: u32 = 10;
const MEASURES: [(&str, usize); 6] = [
    ("won rounds a day", 1),
    ("worse than the base, %", 1),
    ("an honest one, NRN a day", 0),
    ("the copier", 0),
    ("the shopper", 0),
    ("mean loss, nats", 3),
];

pub fn ask(gas: &Gas, seeds: u64) -> Answer {
    let table = draws(gas, seeds);
    let lines = |certainty: &str| {
        let rows = table.rows.iter().filter(|(labels, _)| labels[1] == certainty && labels[2] == "none");
        (format!("certainty {certainty}"), rows.map(|(labels, figures)| (labels[0].parse().unwrap_or_default(), figures[1].mean)).collect())
    };
    let plot = Plot {
        name: "shopping",
        title: "Rounds won by files that are worse than their base, where nothing is new",
        across: "examples of a draw",
        up: "% of won rounds",
        is_logarithmic: true,
        from_zero: true,
        lines: ["none", "200"].map(lines).to_vec(),
    };
    Answer { tables: vec![table, conceding(gas, seeds)], plots: vec![plot] }
}

fn play(gas: &Gas, terms: Terms, data: Data, files: u32, seed: u64) -> Group {
    let mut all = trainers(HONEST, Craft::Honest, 1.0, 2.0);
    all.push(Trainer::new(Craft::Copier { files }, 1.0, 0.0));
    all.push(Trainer::new(Craft::Shopper { files: SHAKEN }, 1.0, 2.0));
    let mut group = group(terms, all, validators(5, Manner::Checks), gas, seed);
    group.data = data;
    group.play(EPOCHS);
    group
}

fn measures(group: &Group) -> [f64; 6] {
    let days = &group.days;
    let won = over(days, |day| day.ended.won as f64);
    let net = |place: usize| (nrn(group.trainers[place].ledger.earned) - nrn(group.trainers[place].ledger.lost)) / EPOCHS as f64;
    let honest = (0..HONEST).map(net).sum::<f64>() / HONEST as f64;
    let worse = 100.0 * over(days, |day| day.ended.worse as f64) / won.max(1e-9);
    [won, worse, honest, net(HONEST), net(HONEST + 1), over(days, |day| day.loss)]
}

fn draws(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("shopping", &["examples of a draw", "certainty", "new data"], &MEASURES);
    for (name, data) in [("none", Data::default()), ("each week", FRESH)] {
        for drawn in [64, 256, 1024, 4096] {
            for (certain, certainty) in [("none", None), ("200", Some(200))] {
                let terms = Terms { drawn, certainty, ..Terms::default() };
                let figures = over_seeds(seeds, |seed| measures(&play(gas, terms.clone(), data, COPIES, seed)));
                table.push(&[&drawn, &certain, &name], &figures);
            }
        }
    }
    table
}

/// Where the draw is small and nothing is new: does a dearer concession keep copies out?
fn conceding(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("shopping-conceding", &["certainty", "copies", "the k-th loses"], &MEASURES);
    for (certain, certainty) in [("none", None), ("200", Some(200))] {
        for copies in [2, 10, COPIES] {
            for (name, conceding) in [("k/16 (the rule)", 1), ("4k/16", 4)] {
                let terms = Terms { drawn: 256, certainty, trial: Trial { conceding, ..Trial::default() }, ..Terms::default() };
                let figures = over_seeds(seeds, |seed| measures(&play(gas, terms.clone(), Data::default(), copies, seed)));
                table.push(&[&certain, &copies, &name], &figures);
            }
        }
    }
    table
}
