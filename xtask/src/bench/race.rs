//! Who is paid for what, under the rules as they were and as they are, and how far the network's models get beside scikit-learn's.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path, process::Command};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{Reach, Row};
use crate::{python, tools};

const SCRIPT: &str = "xtask/src/bench/race.py";
const EXAMPLE: &str = "race";

/// In the order in which the example counts them.
const CONTESTANTS: [&str; 4] = ["memoriser", "honest", "copier", "shopper"];
/// Groups beside which scikit-learn trains.
const RIVALLED: [&str; 3] = ["digits", "breast-cancer", "wine"];

/// Least share in percent of what is paid that goes to a lower hidden loss, and most points behind.
const PAID_FOR_HIDDEN: f64 = 90.0;
const POINTS_BEHIND: f64 = 1.0;

const WORDS: &str = "\
`cargo xtask bench race` plays thirty rounds in each of 20 splits (60 : 20 : 20 into training, validation and hidden part, classes in equal shares) of scikit-learn's copies of
three sets, with the real trainer, evaluator, draw and rules, and in two splits of 20 KiB of a play (a gpt of one block). Features are standardised by the training part, in
steps of 1/256 within ±8 deviations; nobody who trains sees the hidden part. Contestants: a memoriser, who trains on without end and without the price; an honest trainer, who
trains on what the group asks for and keeps what the validation part likes best, or seals nothing; a copier, who adds noise to the base; a shopper, who seals fifty such files and
reveals the best one once the draw is known. Who trains has the same number of steps a round. Ours: `least` 1000 and `certainty` 200, as the groups in `configs/groups`, and
in each split the price that the rule of the example `choose` finds among seven by five folds of training and validation part: the highest within one standard error of the least loss.
`…/before` and the other side of `paid/…` and `rounds/…`: under the rules without price, certainty and least improvement. `paid-for-hidden`: share of paid rounds whose winner
lowered the hidden part's loss, weights not priced. `paid/…`: share of the paid rounds that each contestant won; `rounds`: paid rounds of a race. `accuracy`: of the last model on the
hidden part, beside the better of LogisticRegression and MLPClassifier, means of the 20 splits; their settings are chosen by cross-validation on training and validation part
together, on which they are then trained. `points-behind`: the difference, beside that under the rules before; `best of each split`: behind whichever of the two came out better
on each hidden part, which nobody can know.
";

/// What the example tells of a group under some rules.
#[derive(Deserialize)]
struct Outcome {
    accuracy: Vec<f64>,
    paid: [u32; CONTESTANTS.len()],
    helped: [u32; CONTESTANTS.len()],
    prices: Vec<u32>,
}

/// A group under the rules as they are and as they were.
#[derive(Deserialize)]
struct Race {
    now: Outcome,
    before: Outcome,
}

/// Accuracies of each classifier, one for each split.
type Theirs = BTreeMap<String, BTreeMap<String, Vec<f64>>>;

/// Makes the groups, races and compares; prints a table, writes it into docs/BENCHMARKS.md and, if asked, the rows as JSON.
///
/// # Errors
/// When Python or scikit-learn cannot be had, or a program fails.
pub fn run(json: Option<&Path>) -> Result<()> {
    let folder = tools::target_dir()?.join("bench").join("race");
    fs::create_dir_all(&folder)?;
    let python = python::programs(&python::SKLEARN)?.join("python");
    // Not every setting of a grid converges, and each says so.
    let quiet = [("OMP_NUM_THREADS", "1"), ("PYTHONWARNINGS", "ignore")];
    tools::run_with(Command::new(python).arg(tools::root().join(SCRIPT)).arg(&folder).envs(quiet))?;
    let outcomes = folder.join("outcomes.json");
    tools::run_with(
        Command::new(tools::cargo())
            .args(["run", "--package", "training", "--example", EXAMPLE, "--locked", "--"])
            .args([&folder, &outcomes]),
    )?;
    let races: BTreeMap<String, Race> = read(&outcomes)?;
    let theirs: Theirs = read(&folder.join("theirs.json"))?;
    let rows = rows(&races, &theirs)?;
    let table = format!("{}{}", super::table(&rows, |value| format!("{value:.1}")), prices(&races));
    print!("{table}");
    super::record("race", "Races", &format!("{WORDS}\n{table}"))?;
    super::write_rows(json, &rows)
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T> {
    let bytes = fs::read(path).with_context(|| format!("{} is missing", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} holds something else", path.display()))
}

fn rows(races: &BTreeMap<String, Race>, theirs: &Theirs) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for name in RIVALLED {
        let race = races.get(name).with_context(|| format!("nobody raced in {name}"))?;
        let rivals = theirs.get(name).with_context(|| format!("scikit-learn was not trained on {name}"))?;
        let better = rivals.values().map(|shares| mean(shares)).fold(0.0, f64::max);
        // In each split the one that came out better on the hidden part, which nobody can choose beforehand: that is to their favour.
        let best =
            (0..race.now.accuracy.len()).map(|split| rivals.values().filter_map(|shares| shares.get(split)).copied().fold(0.0, f64::max));
        let best = mean(&best.collect::<Vec<f64>>());
        let [now, before] = [&race.now, &race.before].map(|outcome| mean(&outcome.accuracy));
        let behind = |name: String, theirs: f64| row(name, 100.0 * (theirs - now), 100.0 * (theirs - before), "points");
        rows.push(Row { reach: Some(Reach::AtMost(POINTS_BEHIND)), ..behind(format!("points-behind/{name}"), better) });
        rows.push(behind(format!("points-behind/{name}/best of each split"), best));
        rows.push(row(format!("accuracy/{name}"), 100.0 * now, 100.0 * better, "%"));
    }
    for (name, Race { now, before }) in races {
        let paid_for_hidden = row(format!("paid-for-hidden/{name}"), now.paid_for_hidden(), 100.0, "%");
        rows.push(Row { reach: Some(Reach::AtLeast(PAID_FOR_HIDDEN)), ..paid_for_hidden });
        rows.push(row(format!("paid-for-hidden/{name}/before"), now.paid_for_hidden(), before.paid_for_hidden(), "%"));
        let [accuracy, accuracy_before] = [now, before].map(|outcome| 100.0 * mean(&outcome.accuracy));
        rows.push(row(format!("accuracy/{name}/before"), accuracy, accuracy_before, "%"));
        rows.push(row(format!("rounds/{name}"), now.rounds(), before.rounds(), "rounds"));
        for (place, contestant) in CONTESTANTS.into_iter().enumerate() {
            rows.push(row(format!("paid/{name}/{contestant}"), now.share(place), before.share(place), "%"));
        }
    }
    Ok(rows)
}

impl Outcome {
    fn paid_rounds(&self) -> u32 {
        self.paid.iter().sum()
    }

    fn paid_for_hidden(&self) -> f64 {
        percent(self.helped.iter().sum(), self.paid_rounds())
    }

    fn share(&self, contestant: usize) -> f64 {
        percent(self.paid[contestant], self.paid_rounds())
    }

    /// Paid ones of a race.
    fn rounds(&self) -> f64 {
        f64::from(self.paid_rounds()) / self.accuracy.len().max(1) as f64
    }
}

/// Ratio = ours / theirs; 1 where both are nothing.
fn row(name: String, ours: f64, theirs: f64, unit: &'static str) -> Row {
    let ratio = if ours == theirs { 1.0 } else { ours / theirs };
    // Nothing beside nothing is no number, and JSON has none for it.
    Row { name, ours, theirs, ratio: if ratio.is_finite() { ratio } else { 0.0 }, unit, reach: None }
}

fn percent(part: u32, whole: u32) -> f64 {
    100.0 * f64::from(part) / f64::from(whole.max(1))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// How often each price was chosen.
fn prices(races: &BTreeMap<String, Race>) -> String {
    let mut text = String::from("\nPrices chosen (in so many splits):");
    for (place, (name, race)) in races.iter().enumerate() {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        race.now.prices.iter().for_each(|price| *counts.entry(*price).or_default() += 1);
        let counts: Vec<String> = counts.into_iter().map(|(price, count)| format!("{} ({count})", super::grouped(price.into()))).collect();
        let _ = write!(text, "{} {name} {}", if place == 0 { "" } else { ";" }, counts.join(", "));
    }
    text + ".\n"
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Race, rows};

    #[test]
    fn a_network_that_is_behind_has_a_positive_number_of_points() {
        let outcome = |accuracy: f64| Outcome { accuracy: vec![accuracy], paid: [1, 3, 0, 0], helped: [0, 3, 0, 0], prices: vec![3000] };
        let names = super::RIVALLED.map(str::to_owned);
        let races = names.clone().map(|name| (name, Race { now: outcome(0.97), before: outcome(0.95) })).into();
        let rivals = [("LogisticRegression".to_owned(), vec![0.96]), ("MLPClassifier".to_owned(), vec![0.98])];
        let rows = rows(&races, &names.map(|name| (name, rivals.clone().into())).into()).unwrap();
        let row = |name: &str| rows.iter().find(|row| row.name == name).map(|row| (row.ours.round(), row.theirs.round()));
        assert_eq!(row("points-behind/wine"), Some((1.0, 3.0)));
        assert_eq!(row("paid-for-hidden/wine"), Some((75.0, 100.0)));
        assert_eq!(row("paid/wine/memoriser"), Some((25.0, 25.0)));
    }
}
