//! Calls of nodes on an old chain, counted by a stub of one.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::{Reach, Row};
use crate::tools;

const PACKAGE: [&str; 5] = ["run", "--locked", "--package", "node", "--example"];
const PROGRAM: &str = "years";
/// How many times fewer calls a start after a week and a first start make.
const WEEK_TIMES: f64 = 200.0;
const FIRST_TIMES: f64 = 20.0;
/// Calls a block for ten groups.
const BLOCK_CALLS: f64 = 3.0;

const WORDS: &str = "\
`cargo xtask bench chain` counts the JSON-RPC calls of nodes on a stub of a chain of 10,000,000 blocks of 12 s with 1,000 groups of 40 positions and 2,000,000 events (`crates/node/tests/feed/stub`): true encodings and blooms, at most 2,000 blocks and 10,000 logs an answer.
`calls/first`: a node of one group from its first start to the end of history; `calls/week-away`: its next start, 50,400 blocks later; `calls/block`: a process of ten groups beside a chain that grows, looks at the tip included. Theirs, of the starts: what the build of 6d03587 calls, first or
later, by its algorithm (`before` in `crates/node/tests/feed/years.rs`): all groups' logs in stretches of 2,000 blocks from the first block on, the header of each block with a log, every block within 2,048 of the tip, a call for each position; of a block: what is to be reached.
";

/// What the program counted.
#[derive(Deserialize)]
struct Counted {
    before: f64,
    first: f64,
    week_away: f64,
    block: f64,
}

/// Counts; prints a table, writes it into docs/BENCHMARKS.md and, if asked, the rows as JSON.
///
/// # Errors
/// When the program fails, or a file cannot be written.
pub fn run(json: Option<&Path>) -> Result<()> {
    let mut command = Command::new(tools::cargo());
    command.args(PACKAGE).arg(PROGRAM).current_dir(tools::root());
    let counted = serde_json::from_str(&super::output(&mut command)?)
        .with_context(|| format!("{command:?} wrote something else than was asked for"))?;
    let rows = rows(&counted);
    let table = super::table(&rows, |value| format!("{value:.2}"));
    print!("{table}");
    super::record("chain", "An old chain", &format!("{WORDS}\n{table}"))?;
    super::write_rows(json, &rows)
}

fn rows(counted: &Counted) -> Vec<Row> {
    let row = |name: &str, ours: f64, theirs: f64, unit, reach| Row {
        name: format!("calls/{name}"),
        ours,
        theirs,
        ratio: theirs / ours.max(f64::MIN_POSITIVE),
        unit,
        reach: Some(Reach::AtLeast(reach)),
    };
    vec![
        row("week-away", counted.week_away, counted.before, "calls", WEEK_TIMES),
        row("first", counted.first, counted.before, "calls", FIRST_TIMES),
        row("block", counted.block, BLOCK_CALLS, "calls a block", 1.0),
    ]
}
