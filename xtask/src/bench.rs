//! Benchmarks: times beside PyTorch, races beside scikit-learn, and what the contracts' calls cost in gas, beside OpenZeppelin's Governor and
//! ERC20 in the same run.

pub mod chain;
pub mod deltas;
pub mod model;
pub mod models;
pub mod network;
mod plot;
pub mod race;
pub mod sim;
mod worker;

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{contracts, copy::remove, tools};

const TESTS: &str = "governance/test/bench/*";
/// Where forge writes what was measured, from the root; under a folder that is not committed.
const MEASURED: &str = "cache/bench";
const BOOK: &str = "docs/BENCHMARKS.md";

/// Rows that must be there, so that a renamed test does not go unseen.
const ROWS: [&str; 17] = [
    "round/verdicts=5",
    "round/verdicts=50",
    "round/verdicts=500",
    "round/verdicts=50/first of a group",
    "vote/choices=5",
    "vote/choices=50",
    "vote/choices=500",
    "verdict",
    "choice",
    "commit",
    "reveal",
    "decide/positions=5000",
    "verdict/before",
    "round/verdicts=50/before",
    "commit/before",
    "reveal/before",
    "choice/before",
];

const TITLE: &str = "# Benchmarks\n\nWhat was measured, beside what else there is. Each section is written by the command that it names.\n";

const WORDS: &str = "\
`cargo xtask bench gas` measures every call as a transaction of its own: calldata and the base fee of 21,000 included, cold storage, refunds taken
off, Osaka's rules. Ours: an admitted group in which everybody has earned or voted before. A round is commit, reveal, judge and collect, which settles; a
vote is propose, cast and turn; `verdict` and `choice` are one more in a batch (50 against 5); `commit` is one after the first of a round, which
opens it. `…/before`: beside this network's contracts as they were when a batch had to decide and a late verdict was worth nothing (a round then was
commit, reveal, judge, settle and collect). `decide/positions=5000`: all `judge` calls of a round of 5,000 equal positions, for each of them, with the
pay of a round, beside the same of 50. Theirs, OpenZeppelin 5.7: as many `castVoteBySig` of a Governor (simple counting, ERC20Votes; voters who voted before) as there are verdicts or choices,
without its propose and execute; for `commit` and `reveal` an ERC20 `transfer` between two holders. `bounty/…`: thirty won
rounds paid in a call, fifty findings in a call; theirs is a transfer for each payment, for `finding`, one more in a batch, our verdict. Ratio = theirs / ours: above 1 ours uses less.
";

/// What was measured of ours beside theirs: a line of a table, and of the JSON that is asked for.
#[derive(Serialize)]
pub struct Row<T = f64> {
    pub name: String,
    pub ours: T,
    pub theirs: T,
    pub ratio: f64,
    pub unit: &'static str,
    #[serde(skip)]
    pub reach: Option<Reach>,
}

/// What is to be reached.
#[derive(Clone, Copy)]
pub enum Reach {
    AtLeast(f64),
    AtMost(f64),
}

impl fmt::Display for Reach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(value) => write!(out, "≥ {value}"),
            Self::AtMost(value) => write!(out, "≤ {value}"),
        }
    }
}

/// Measures gas; prints a table, writes it into docs/BENCHMARKS.md and, if asked, the rows as JSON.
///
/// # Errors
/// When a test fails, a row is missing or a file cannot be written.
pub fn gas(json: Option<&Path>) -> Result<()> {
    remove(&tools::root().join(MEASURED))?;
    let mut forge = contracts::forge_command("default")?;
    tools::run_with(forge.args(["test", "--match-path", TESTS]).env("FOUNDRY_SNAPSHOTS", MEASURED))?;
    let path = tools::root().join(MEASURED).join("Bench.json");
    let measured = fs::read(&path).with_context(|| format!("{} is missing: {TESTS} measured nothing", path.display()))?;
    let rows = rows(&serde_json::from_slice(&measured)?)?;
    let table = gas_table(&rows);
    print!("{table}");
    record("gas", "Gas", &format!("{WORDS}\n{table}"))?;
    write_rows(json, &rows)
}

/// Writes rows as JSON, if that was asked for.
fn write_rows(path: Option<&Path>, rows: &[impl Serialize]) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    fs::write(path, serde_json::to_string_pretty(rows)? + "\n").with_context(|| format!("cannot write {}", path.display()))
}

/// A table of rows whose numbers are shown as `figure` says.
fn table(rows: &[Row], figure: impl Fn(f64) -> String) -> String {
    let mut text = String::from("| name | ours | theirs | unit | ratio | to reach |\n|---|--:|--:|---|--:|--:|\n");
    for Row { name, ours, theirs, ratio, unit, reach } in rows {
        let (ours, theirs, reach) = (figure(*ours), figure(*theirs), reach.map_or_else(String::new, |reach| reach.to_string()));
        let _ = writeln!(text, "| {name} | {ours} | {theirs} | {unit} | {ratio:.2} | {reach} |");
    }
    text
}

/// Pairs what forge wrote as `ours NAME` and `theirs NAME`, those of `ROWS` first and in its order.
fn rows(measured: &Map<String, Value>) -> Result<Vec<Row<u64>>> {
    let value = |key: &str| measured.get(key).and_then(Value::as_str).and_then(|gas| gas.parse().ok());
    let further = measured.keys().filter_map(|key| key.strip_prefix("ours ")).filter(|name| !ROWS.contains(name));
    ROWS.into_iter()
        .chain(further)
        .map(|name| {
            let ours = value(&format!("ours {name}")).with_context(|| format!("nothing of ours was measured for {name}"))?;
            let theirs = value(&format!("theirs {name}")).with_context(|| format!("nothing was measured beside our {name}"))?;
            ensure!(ours > 0, "{name} cost nothing, which cannot be");
            #[expect(clippy::cast_precision_loss, reason = "gas has far fewer than 52 bits")]
            let ratio = (theirs as f64 / ours as f64 * 100.0).round() / 100.0;
            Ok(Row { name: name.to_owned(), ours, theirs, ratio, unit: "gas", reach: None })
        })
        .collect()
}

fn gas_table(rows: &[Row<u64>]) -> String {
    let mut text = String::from("| name | ours (gas) | theirs (gas) | ratio |\n|---|--:|--:|--:|\n");
    for row in rows {
        let _ = writeln!(text, "| {} | {} | {} | {:.2} |", row.name, grouped(row.ours), grouped(row.theirs), row.ratio);
    }
    text
}

/// Ours and theirs of each turn that a program told, a line of JSON for each, by name.
fn turns(text: &str) -> Result<BTreeMap<String, Vec<(f64, f64)>>> {
    let mut turns: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).with_context(|| format!("no JSON: {line}"))?;
        let figures = value["ours"].as_f64().zip(value["theirs"].as_f64());
        let (name, figures) = value["name"].as_str().zip(figures).with_context(|| format!("a figure is missing in {line}"))?;
        turns.entry(name.to_owned()).or_default().push(figures);
    }
    Ok(turns)
}

/// Of an even number of values the greater of the two in the middle; not a number for none.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What a program printed; its errors are shown.
fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?} ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// Builds a program that measures, as it is used; where it lies. `kind` is `--bench` or `--example`.
fn built(kind: &str, name: &str) -> Result<String> {
    let artifacts = tools::artifacts(&["build", kind, name])?;
    let program = artifacts.iter().filter_map(|artifact| artifact["executable"].as_str()).next_back();
    program.map(str::to_owned).with_context(|| format!("cargo made no program of {kind} {name}"))
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let parts: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    parts.join(",")
}

/// Puts a section into docs/BENCHMARKS.md, in the place of the one of that name.
///
/// # Errors
/// When the file cannot be read or written.
pub fn record(name: &str, title: &str, text: &str) -> Result<()> {
    let path = tools::root().join(BOOK);
    let held = if path.exists() { fs::read_to_string(&path)? } else { TITLE.to_owned() };
    fs::write(&path, with_section(&held, name, title, text)).with_context(|| format!("cannot write {BOOK}"))
}

fn with_section(held: &str, name: &str, title: &str, text: &str) -> String {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->\n"));
    let section = format!("{open}## {title}\n\n{text}{close}");
    match (held.find(&open), held.find(&close)) {
        (Some(start), Some(end)) if start < end => format!("{}{section}{}", &held[..start], &held[end + close.len()..]),
        _ => format!("{}\n\n{section}", held.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::{grouped, with_section};

    #[test]
    fn a_section_takes_the_place_of_the_one_of_its_name() {
        let once = with_section("# Book\n", "gas", "Gas", "first\n");
        let both = with_section(&once, "time", "Time", "else\n");
        let again = with_section(&both, "gas", "Gas", "second\n");
        assert!(again.contains("second") && again.contains("else") && !again.contains("first"), "{again}");
        assert_eq!(again.matches("## Gas").count(), 1);
    }

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
