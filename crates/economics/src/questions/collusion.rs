//! What share must collude to gain?

use protocol::Wei;

use super::{Answer, STAKE, group, lines, nrn, trainers};
use crate::{
    figures::{Table, over_seeds},
    gas::Gas,
    group::Group,
    people::People,
    plot::Plot,
    terms::Terms,
    trainer::{Craft, Trainer},
    validator::{Manner, Validator},
};

const EPOCHS: u64 = 90;
/// Per cent of the group, where a majority of it is sure.
const COLLUDING: u64 = 75;
const MEASURES: [(&str, usize); 4] = [("false wins a day", 1), ("of them struck, %", 0), ("gain a day, NRN", 0), ("stake left, %", 0)];

pub fn ask(gas: &Gas, seeds: u64) -> Answer {
    let needed = needed(gas, seeds);
    let plot = Plot {
        name: "collusion",
        title: "False wins a day by what colludes, where others copy",
        across: "colluding, % of the group's awake stake",
        up: "false wins a day",
        is_logarithmic: false,
        from_zero: true,
        lines: lines(&needed, 0, 1, 0).into_iter().map(|(name, points)| (format!("{name} % copy"), points)).collect(),
    };
    Answer { tables: vec![needed, taken_back(gas, seeds), cartel(gas, seeds)], plots: vec![plot] }
}

/// A friend claims what is not true, colluders sign it; of the others some copy. Shares in per cent of the group's stake.
fn play(gas: &Gas, colluding: u64, copying: u64, people: People, elsewhere: Wei, seed: u64) -> Group {
    let mut all = trainers(3, Craft::Honest, 1.0, 2.0);
    all.push(Trainer::new(Craft::Cheat, 1.0, 0.0));
    let parts = [(Manner::Colludes, colluding), (Manner::Copies, copying), (Manner::Checks, 100 - colluding - copying)];
    let validators = parts.iter().filter(|(_, part)| *part > 0);
    let validators = validators.map(|(manner, part)| Validator::new(Wei::nrn(STAKE / 100 * part), *manner)).collect();
    let mut group = group(Terms { elsewhere, ..Terms::default() }, all, validators, gas, seed);
    group.people = people;
    group.play(EPOCHS);
    group
}

/// What the friend and the colluders have, less what they lost and what the colluders would have earned by honest signing.
fn measures(group: &Group, colluding: u64) -> [f64; 4] {
    let days = EPOCHS as f64;
    let ended = |count: fn(&crate::day::Ended) -> u64| group.days.iter().map(|day| count(&day.ended) as f64).sum::<f64>();
    let friend = group.trainers.last().map_or(0.0, |trainer| nrn(trainer.ledger.earned) - nrn(trainer.ledger.lost));
    let bonded: f64 = group.members.all.iter().filter(|one| one.manner == Manner::Colludes).map(|one| nrn(one.stake)).sum();
    let lost = STAKE as f64 * colluding as f64 / 100.0 - bonded;
    let (falsely, struck) = (ended(|ended| ended.falsely), ended(|ended| ended.struck));
    [falsely / days, 100.0 * struck / falsely.max(1.0), (friend - lost) / days, 100.0 * bonded / (STAKE as f64 * colluding as f64 / 100.0)]
}

const ELSEWHERE: u64 = 18_000_000;

fn needed(gas: &Gas, seeds: u64) -> Table {
    let mut table = Table::new("collusion", &["copying, %", "colluding, %"], &MEASURES);
    for copying in [0, 30, 60] {
        for colluding in [5, 15, 21, 30, 45, 60, 67].into_iter().filter(|colluding| colluding + copying <= 100) {
            let run = |seed| measures(&play(gas, colluding, copying, People::default(), Wei::nrn(ELSEWHERE), seed), colluding);
            table.push(&[&copying, &colluding], &over_seeds(seeds, run));
        }
    }
    table
}

/// Three quarters collude; what do measures take back?
fn taken_back(gas: &Gas, seeds: u64) -> Table {
    let labels = ["stake elsewhere, M NRN", "of which assents, %", "acted on, % an epoch"];
    let mut table = Table::new("collusion-back", &labels, &MEASURES);
    for (elsewhere, turnout) in [(6_u64, 0.9), (18, 0.5), (18, 0.6), (48, 0.5), (48, 0.6)] {
        for diligence in [0.0, 0.1, 0.5] {
            let people = People { turnout, ..People::diligent(diligence) };
            let run = |seed| measures(&play(gas, COLLUDING, 0, people, Wei::nrn(elsewhere * 1_000_000), seed), COLLUDING);
            table.push(&[&elsewhere, &(100.0 * turnout), &(100.0 * diligence)], &over_seeds(seeds, run));
        }
    }
    table
}

/// Of ten equal trainers so many share one machine and what it wins.
fn cartel(gas: &Gas, seeds: u64) -> Table {
    let columns = [("profit of a member, dollars a day", 1), ("of one outside", 1), ("mean loss, nats", 4)];
    let mut table = Table::new("collusion-trainers", &["members of ten", "a round costs, dollars"], &columns);
    for cost in [1.0, 3.0] {
        for members in [1_usize, 2, 4, 6, 8, 10] {
            let run = |seed| {
                let all = trainers(11 - members, Craft::Honest, 1.0, cost);
                let mut group = group(Terms::default(), all, super::validators(5, Manner::Checks), gas, seed);
                group.play(EPOCHS);
                let profit = |place: usize| group.trainers.get(place).map_or(0.0, |one| one.ledger.profit(&group.prices)) / EPOCHS as f64;
                [profit(0) / members as f64, profit(1), super::over(&group.days, |day| day.loss)]
            };
            table.push(&[&members, &cost], &over_seeds(seeds, run));
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_thirds_decide_falsely_and_a_little_less_does_not() {
        let gas = Gas::measured().expect("committed figures");
        let wins = |colluding, copying| {
            let group = play(&gas, colluding, copying, People::default(), Wei::nrn(ELSEWHERE), 0);
            measures(&group, colluding)[0]
        };
        assert_eq!([wins(60, 0), wins(67, 0), wins(15, 60), wins(21, 60)].map(|wins| wins > 23.0), [false, true, false, true]);
    }

    #[test]
    fn validators_of_a_question_have_the_stake_that_it_says() {
        let all: f64 = super::super::validators(20, Manner::Checks).iter().map(|one| nrn(one.stake)).sum();
        assert!((all / STAKE as f64 - 1.0).abs() < 1e-4);
    }
}
