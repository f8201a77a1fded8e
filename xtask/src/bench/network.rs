//! Files and logs between nodes, beside Kubo and beside what is to be reached.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{Reach, Row, built, median, output};
use crate::tools;

/// Mebibytes of the file over loopback, and of the one over long wires.
const NEAR_MIB: &str = "1024";
const FAR_MIB: &str = "32";
const TURNS: &str = "3";
const MESSAGES: &str = "10000";
const JUNK: &str = "100000";
/// Seconds, for the last message and for a verdict.
const LAST_S: f64 = 3.0;
const VERDICT_S: f64 = 2.0;
/// Where Kubo is, as the tests of the swarm understand it too.
const KUBO: &str = "NEURON_KUBO";

const WORDS: &str = "\
`cargo xtask bench network` moves a file of 1 GiB from one node to another over loopback, ours and Kubo 0.42 by turns, each on the same disk: `add`, from a file to a stored and synced one (Kubo without a daemon, its quicker way); `fetch`, until it is stored and synced by the other one (Kubo: `pin add`); `memory`, the peaks
of the three processes, MiB. `fetch/far`: 32 MiB between two hosts in network namespaces, 50 ms of round trip and 1 % of packets lost each way (`crates/wires`), over TCP. `log/last`: 10,000 messages written at 500 a second by 16 nodes in one process, until the last has reached all. `log/verdict`: a verdict among
100,000 validly signed notes that four peers write as fast as they can, until it is heard. Theirs, of the last two: what is to be reached. Ratios are medians of turns: of times theirs / ours, of memory ours / theirs. `swarm/benches/network` measures.
";

/// What one process printed, and where it can be found.
struct Bench {
    program: String,
    two_hosts: String,
    kubo: String,
}

/// Measures; prints a table, writes it into docs/BENCHMARKS.md and, if asked, the rows as JSON.
///
/// # Errors
/// When something cannot be built or fails, or a file cannot be written.
pub fn run(json: Option<&Path>) -> Result<()> {
    let bench = Bench::build()?;
    let folder = tools::target_dir()?.join("bench-network");
    fs::create_dir_all(&folder)?;
    let place = folder.display().to_string();
    let near = bench.measure(&["near", NEAR_MIB, TURNS, &place])?;
    let far = bench.measure(&["far", FAR_MIB, TURNS, &place, &bench.two_hosts])?;
    let last = bench.measure(&["log", MESSAGES])?;
    let verdict = bench.measure(&["verdict", JUNK])?;
    let rows = rows(&near, &far, &last, &verdict)?;
    let table = super::table(&rows, |value| format!("{value:.2}"));
    print!("{table}");
    super::record("network", "Files and logs between nodes", &format!("{WORDS}\n{table}"))?;
    super::write_rows(json, &rows)
}

impl Bench {
    fn build() -> Result<Self> {
        let (program, two_hosts) = (built("--bench", "network")?, built("--example", "two_hosts")?);
        let kubo = output(Command::new(&program).arg("kubo"))?;
        let kubo = kubo.lines().last().unwrap_or_default().to_owned();
        ensure!(
            !kubo.is_empty() && !kubo.starts_with("skipped"),
            "nothing can be measured beside Kubo: install Go, or name the program `ipfs` in {KUBO}"
        );
        Ok(Self { program, two_hosts, kubo })
    }

    /// The lines of JSON that a measurement printed.
    fn measure(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        println!("measuring {}", arguments[..2].join(" "));
        let text = output(Command::new(&self.program).args(arguments).env(KUBO, &self.kubo))?;
        print!("{text}");
        text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("no JSON: {line}"))).collect()
    }
}

fn rows(near: &[Value], far: &[Value], last: &[Value], verdict: &[Value]) -> Result<Vec<Row>> {
    let mut rows =
        vec![pair(near, "add", "add_s", false, Reach::AtLeast(1.5))?, pair(near, "fetch", "fetch_s", false, Reach::AtLeast(1.5))?];
    for (name, figure) in [("memory/add", "add_mib"), ("memory/serve", "serve_mib"), ("memory/fetch", "fetch_mib")] {
        rows.push(pair(near, name, figure, true, Reach::AtMost(0.25))?);
    }
    rows.push(pair(far, "fetch/far", "fetch_s", false, Reach::AtLeast(1.2))?);
    rows.push(timed(last, "log/last", "lag_ms", LAST_S)?);
    rows.push(timed(verdict, "log/verdict", "ms", VERDICT_S)?);
    Ok(rows)
}

/// A figure of ours beside Kubo's, turn by turn.
fn pair(measured: &[Value], name: &str, figure: &str, is_memory: bool, reach: Reach) -> Result<Row> {
    let mut figures: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for line in measured {
        let (make, value) = (line["make"].as_str(), line[figure].as_f64());
        let (make, value) = make.zip(value).with_context(|| format!("{figure} is missing in {line}"))?;
        figures.entry(make).or_default().push(value.max(f64::MIN_POSITIVE));
    }
    let of = |make: &str| figures.get(make).cloned().with_context(|| format!("nothing was measured of {make}"));
    let (ours, theirs) = (of("ours")?, of("kubo")?);
    let ratios = ours.iter().zip(&theirs).map(|(ours, theirs)| if is_memory { ours / theirs } else { theirs / ours });
    let unit = if is_memory { "MiB" } else { "s" };
    Ok(Row {
        name: name.to_owned(),
        ours: median(ours.iter().copied()),
        theirs: median(theirs.iter().copied()),
        ratio: median(ratios),
        unit,
        reach: Some(reach),
    })
}

/// A time beside the one that is to be reached.
fn timed(measured: &[Value], name: &str, figure: &str, reach_s: f64) -> Result<Row> {
    let ms = measured.first().and_then(|line| line[figure].as_f64()).with_context(|| format!("{figure} is missing in {measured:?}"))?;
    let ours = (ms / 1000.0).max(f64::MIN_POSITIVE);
    Ok(Row { name: name.to_owned(), ours, theirs: reach_s, ratio: reach_s / ours, unit: "s", reach: Some(Reach::AtLeast(1.0)) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ratios_are_medians_of_turns_and_say_better_by_more_for_times_and_by_less_for_memory() {
        let line = |make: &str, add_s: f64, add_mib: u64| json!({ "make": make, "add_s": add_s, "add_mib": add_mib });
        let turns = [
            line("ours", 1.0, 10),
            line("kubo", 3.0, 100),
            line("ours", 2.0, 30),
            line("kubo", 2.0, 100),
            line("ours", 1.0, 20),
            line("kubo", 9.0, 100),
        ];
        let (time, memory) =
            (pair(&turns, "add", "add_s", false, Reach::AtLeast(1.5)), pair(&turns, "memory", "add_mib", true, Reach::AtMost(0.25)));
        assert_eq!((time.unwrap().ratio, memory.unwrap().ratio), (3.0, 0.2));
        assert!(pair(&turns[..1], "add", "add_s", false, Reach::AtLeast(1.5)).is_err(), "nothing beside ours");
        assert!((timed(&[json!({ "lag_ms": 600 })], "log/last", "lag_ms", 3.0).unwrap().ratio - 5.0).abs() < 1e-9);
    }
}
