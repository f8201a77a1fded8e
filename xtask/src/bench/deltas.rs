//! Patches and roots beside git.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result};

use super::{Reach, Row, built, median, output};
use crate::tools;

const PATCHES: &str = "\
`cargo xtask bench deltas` carries out the same patches with `deltas` and with `git apply`, and writes them with `Patch::between` and with `git diff --no-index`, three turns each. `apply/memory`: 1,000 hunks on a file of 1,000,000 lines, ours from bytes to a set, git's files in a file system in
memory; `apply/files`: the same with files on disk, read and written by both. `apply/1000-small`: 1,000 deltas of a row each, one after the other, beside as many calls of git. `root/small`: the root of a set of 1,000 files after a delta of one row, beside that of a set that nobody has hashed. `between/400000`: a table of
400,000 rows of which each is changed, and one whose rows are shuffled. `memory/64MiB`: the most memory of a process that reads a patch of 64 MiB, of rows and of lines of no letter; `follow/1GiB`: of one that builds a set of 1 GiB and takes it through 1,000 deltas to its root; theirs is what
they may take. Ratio = theirs / ours, the median of the turns. `deltas/examples/beside_git` measures.
";

/// What is to be reached.
const REACH: [(&str, f64); 9] = [
    ("apply/memory", 5.0),
    ("apply/files", 2.0),
    ("apply/1000-small", 20.0),
    ("root/small", 50.0),
    ("between/400000", 1.0 / 1.5),
    ("between/400000/shuffled", 1.0 / 1.5),
    ("memory/64MiB", 1.0),
    ("memory/64MiB/short", 1.0),
    ("follow/1GiB", 1.0),
];

/// Begins of the names of what is measured in memory, not in time.
const IN_MEMORY: [&str; 2] = ["memory/", "follow/"];

/// A file system in memory, where there is one.
const MEMORY: &str = "/dev/shm";

/// Measures; prints a table, writes it into docs/BENCHMARKS.md and, if asked, the rows as JSON.
///
/// # Errors
/// When something cannot be built or fails, or a file cannot be written.
pub fn run(json: Option<&Path>) -> Result<()> {
    let program = built("--example", "beside_git")?;
    let disk = tools::target_dir()?.join("bench-deltas");
    fs::create_dir_all(&disk)?;
    let shared = Path::new(MEMORY).join("neuron-bench-deltas");
    let memory = if fs::create_dir_all(&shared).is_ok() { &shared } else { &disk };
    let text = output(Command::new(program).arg(memory).arg(&disk));
    // What was measured is large, and nobody needs it.
    let _ = fs::remove_dir_all(&shared);
    let _ = fs::remove_dir_all(&disk);
    let rows = rows(&text?)?;
    let table = super::table(&rows, |value| format!("{value:.4}"));
    print!("{table}");
    super::record("deltas", "Patches and roots", &format!("{PATCHES}\n{table}"))?;
    super::write_rows(json, &rows)
}

/// Medians of the turns that a program told, a line of JSON for each.
fn rows(text: &str) -> Result<Vec<Row>> {
    let turns = super::turns(text)?;
    let row = |(name, least): (&str, f64)| {
        let turns = turns.get(name).with_context(|| format!("nothing was measured of {name}"))?;
        Ok(Row {
            name: name.to_owned(),
            ours: median(turns.iter().map(|(ours, _)| *ours)),
            theirs: median(turns.iter().map(|(_, theirs)| *theirs)),
            ratio: median(turns.iter().map(|(ours, theirs)| theirs / ours.max(f64::MIN_POSITIVE))),
            unit: if IN_MEMORY.iter().any(|start| name.starts_with(start)) { "MiB" } else { "s" },
            reach: Some(Reach::AtLeast((least * 100.0).round() / 100.0)),
        })
    };
    REACH.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_medians_of_turns_and_none_may_be_missing() {
        let line =
            |name: &str, ours: f64, theirs: f64| format!("{}\n", serde_json::json!({ "name": name, "ours": ours, "theirs": theirs }));
        let turns = [(1.0, 8.0), (2.0, 4.0), (4.0, 20.0)];
        let all: String = REACH.iter().flat_map(|(name, _)| turns.map(|(ours, theirs)| line(name, ours, theirs))).collect();
        let measured = rows(&all).unwrap();
        assert_eq!(measured.len(), REACH.len());
        assert!(measured.iter().all(|row| (row.ours, row.theirs, row.ratio) == (2.0, 8.0, 5.0)));
        assert!(rows(&line("apply/memory", 1.0, 2.0)).is_err() && rows("nothing\n").is_err());
    }
}
