//! The simulator: rounds a second, memory of groups side by side, and the law by which what a node needs grows.

use std::{fmt::Write as _, path::Path, process::Command};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Reach, Row};
use crate::{sim, tools};

/// Rounds a second of the devnet, which plays one in 16 s, and how many times as many there have to be.
const DEVNET: f64 = 1.0 / 16.0;
const TIMES_DEVNET: f64 = 1600.0;
/// Bytes that a node may take.
const NODE_BYTES: f64 = 2e6;
const MEGABYTE: f64 = 1e6;
/// Rounds of a day, a month and a year of a public network.
const DAY: u64 = 24;
const MONTH: u64 = 30 * DAY;
const YEAR: u64 = 8766;

const WORDS: &str = "\
`cargo xtask bench sim` runs calm networks of `crates/sim` (the committed bytecode in revm, real machines, two threads) in processes of their own. `rounds`: 2 trainers
and 4 validators, rounds a second beside the devnet's one in 16 s. `memory/…`: a simulated day of 1,000 groups and a month of 10, of 2 trainers and 8 validators each,
on the clock of a public network (rounds of an hour, blocks of 12 s); each group has a chain of its own, all live side by side in one process until the last one is at its end, and
what the process grew by, chains included, is divided by all nodes; beside 2 MB.

The law: what a node needs as one thing grows and all else stays (2 trainers, 4 validators, one group, on the clock of a public network; of `groups` all are on one chain). `calls`: requests to its endpoint a round; `bytes`: messages of the log that
come in a round, all copies counted; `events`: topics and data of the contracts' events that the endpoint sends a round; `memory`: of the process, for each node; `disk`: what the node keeps, the log included. `growth`: the last beside the first. Calls, and all else
but for what is named, may not grow with anything; more than a half above the first counts as growth. A curve comes to its end: of a year nearly all rounds are empty, so its bytes and disk are those of a group that no longer gets better.
";

/// One thing that grows.
struct Axis {
    name: &'static str,
    option: &'static str,
    sizes: [u64; 4],
    /// Further options.
    with: &'static [&'static str],
    allowed: &'static str,
}

const AXES: [Axis; 5] = [
    Axis {
        name: "groups",
        option: "--groups",
        sizes: [1, 10, 100, 1000],
        with: &["--rounds", "3", "--one-chain"],
        allowed: "nothing: a group is a network of its own; events: all of the contracts are read",
    },
    Axis {
        name: "peers",
        option: "--strangers",
        sizes: [1, 10, 30, 100],
        with: &["--rounds", "5"],
        allowed: "bytes: copies of a message, a peer at a time",
    },
    Axis {
        name: "positions",
        option: "--idle",
        sizes: [1, 10, 100, 1000],
        with: &["--rounds", "5"],
        allowed: "memory: the group that a node remembers",
    },
    Axis {
        name: "messages",
        option: "--notes",
        sizes: [1, 10, 100, 1000],
        with: &["--rounds", "5"],
        allowed: "bytes, memory and disk: the messages",
    },
    Axis { name: "years", option: "--rounds", sizes: [9, 88, 877, YEAR], with: &[], allowed: "memory and disk: a line a round" },
];

/// What the program tells of a run.
#[derive(Deserialize)]
struct Run {
    nodes: f64,
    rounds: f64,
    seconds: f64,
    memory_bytes: Option<f64>,
    calls: f64,
    received_bytes: f64,
    event_bytes: f64,
    disk_bytes: f64,
}

/// What a node needs: calls, bytes and bytes of events a round, bytes of memory and of disk.
type Needs = [f64; 5];
const NEEDS: [&str; 5] = ["calls", "bytes", "events", "memory", "disk"];

/// Measures; prints tables, writes them into docs/BENCHMARKS.md and, if asked, the rows as JSON.
///
/// # Errors
/// When a network fails, or a file cannot be written.
pub fn run(json: Option<&Path>) -> Result<()> {
    let program = sim::program()?;
    let measure = |options: &[&str]| measure(&program, options);
    let rows = vec![
        rounds(&measure(&["--groups", "8", "--rounds", "500"])?),
        memory("groups=1000/day", &measure(&group_options("1000", &DAY.to_string()))?)?,
        memory("groups=10/month", &measure(&group_options("10", &MONTH.to_string()))?)?,
    ];
    let laws = AXES.iter().map(|axis| law(axis, &measure)).collect::<Result<Vec<_>>>()?;
    let text = format!("{}\n{}", super::table(&rows, |value| format!("{value:.3}")), law_table(&laws));
    print!("{text}");
    super::record("sim", "Simulator", &format!("{WORDS}\n{text}"))?;
    let rows: Vec<Value> = rows.iter().map(|row| json!(row)).chain(laws.iter().flat_map(law_json)).collect();
    super::write_rows(json, &rows)
}

fn group_options<'a>(groups: &'a str, rounds: &'a str) -> [&'a str; 7] {
    ["--public", "--validators", "8", "--groups", groups, "--rounds", rounds]
}

fn measure(program: &Path, options: &[&str]) -> Result<Run> {
    let mut command = Command::new(program);
    command.arg("measure").args(options).current_dir(tools::root());
    eprintln!("{command:?}");
    serde_json::from_str(&super::output(&mut command)?).with_context(|| format!("{command:?} wrote something else than was asked for"))
}

fn rounds(run: &Run) -> Row {
    let ours = run.rounds / run.seconds;
    Row {
        name: "rounds".to_owned(),
        ours,
        theirs: DEVNET,
        ratio: ours / DEVNET,
        unit: "rounds a second",
        reach: Some(Reach::AtLeast(TIMES_DEVNET)),
    }
}

fn memory(name: &str, run: &Run) -> Result<Row> {
    let ours = run.memory_bytes.context("memory is told on Linux alone: run this there")? / run.nodes;
    let (name, ratio) = (format!("memory/{name}"), NODE_BYTES / ours);
    Ok(Row { name, ours: ours / MEGABYTE, theirs: NODE_BYTES / MEGABYTE, ratio, unit: "MB a node", reach: Some(Reach::AtLeast(1.0)) })
}

fn law<'a>(axis: &'a Axis, measure: &impl Fn(&[&str]) -> Result<Run>) -> Result<(&'a Axis, [Needs; 4])> {
    let mut needs = [Needs::default(); 4];
    for (size, needs) in axis.sizes.iter().zip(&mut needs) {
        let (size, public) = (size.to_string(), ["--public", axis.option]);
        let run = measure(&[&public[..], &[&size], axis.with].concat())?;
        let groups = if axis.name == "groups" { run.rounds / axis.with[1].parse::<f64>()? } else { 1.0 };
        let of_rounds = |sum: f64| sum * groups / run.nodes / run.rounds;
        *needs = [
            of_rounds(run.calls),
            of_rounds(run.received_bytes),
            of_rounds(run.event_bytes),
            run.memory_bytes.unwrap_or_default() / run.nodes,
            run.disk_bytes / run.nodes,
        ];
    }
    Ok((axis, needs))
}

fn law_table(laws: &[(&Axis, [Needs; 4])]) -> String {
    let mut text = String::from("| grows | what a node needs | at each size | growth | what may grow |\n|---|---|---|--:|---|\n");
    for (axis, needs) in laws {
        for (number, name) in NEEDS.iter().enumerate() {
            let told: Vec<String> = axis.sizes.iter().zip(needs).map(|(size, needs)| format!("{size}: {:.0}", needs[number])).collect();
            let allowed = if number == 0 { axis.allowed } else { "" };
            let _ = writeln!(text, "| {} | {name} | {} | {:.2} | {allowed} |", axis.name, told.join(", "), growth(needs, number));
        }
    }
    text
}

fn growth(needs: &[Needs; 4], number: usize) -> f64 {
    needs[3][number] / needs[0][number].max(1.0)
}

fn law_json(law: &(&Axis, [Needs; 4])) -> Vec<Value> {
    let (axis, needs) = law;
    let row = |(size, needs): (&u64, &Needs)| {
        let values: Vec<(&str, f64)> = NEEDS.into_iter().zip(*needs).collect();
        values
            .into_iter()
            .map(|(need, value)| json!({ "name": format!("law/{}={size}/{need}", axis.name), "ours": value }))
            .collect::<Vec<_>>()
    };
    axis.sizes.iter().zip(needs).flat_map(row).collect()
}
