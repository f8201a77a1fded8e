//! Models in and out beside copying and hashing a file.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result};

use super::{Reach, Row, built, median, output};
use crate::{copy::remove, tools};

const WORDS: &str = "\
`cargo xtask bench models` takes a folder of transformers with 1 GB of binary32 in and gives it out again, beside a copy of its `model.safetensors`: seven turns of each, one after the other, files in memory, on one thread each. Ours is also hashed: `import` reads config, tokenizer and weights, looks
at every value and writes the checkpoint; `export` writes a folder; then the SHA-256 of what was written is computed, as it is of theirs. `llama`: tensors lie in both files alike; `gpt`: matrices are turned. Ratio = ours / theirs, the median of the turns: below 1 ours is quicker. `models/examples/large` measures.
";

const NAMES: [&str; 4] = ["import/llama", "export/llama", "import/gpt", "export/gpt"];
/// What may be taken beside a copy that is hashed.
const RATIO: f64 = 1.5;

/// Measures; prints a table, writes it into docs/BENCHMARKS.md and, if asked, the rows as JSON.
///
/// # Errors
/// When something cannot be built or fails, or a file cannot be written.
pub fn run(json: Option<&Path>) -> Result<()> {
    let program = built("--example", "large")?;
    let folder = tools::target_dir()?.join("bench-models");
    fs::create_dir_all(&folder)?;
    let text = output(Command::new(program).arg(&folder));
    remove(&folder)?;
    let rows = rows(&text?)?;
    let table = super::table(&rows, |value| format!("{value:.2}"));
    print!("{table}");
    super::record("models", "Models in and out", &format!("{WORDS}\n{table}"))?;
    super::write_rows(json, &rows)
}

/// Medians of the turns that a program told.
fn rows(text: &str) -> Result<Vec<Row>> {
    let turns = super::turns(text)?;
    let row = |name: &str| {
        let turns = turns.get(name).with_context(|| format!("nothing was measured of {name}"))?;
        Ok(Row {
            name: name.to_owned(),
            ours: median(turns.iter().map(|(ours, _)| *ours)),
            theirs: median(turns.iter().map(|(_, theirs)| *theirs)),
            ratio: median(turns.iter().map(|(ours, theirs)| ours / theirs.max(f64::MIN_POSITIVE))),
            unit: "s",
            reach: Some(Reach::AtMost(RATIO)),
        })
    };
    NAMES.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_medians_of_ratios_and_none_may_be_missing() {
        let line = |name: &str, ours: f64| format!("{}\n", serde_json::json!({ "name": name, "ours": ours, "theirs": 2.0 }));
        let all: String = NAMES.iter().flat_map(|name| [3.0, 1.0, 2.0].map(|ours| line(name, ours))).collect();
        let measured = rows(&all).unwrap();
        assert_eq!(measured.len(), NAMES.len());
        assert!(measured.iter().all(|row| (row.ours, row.theirs, row.ratio) == (2.0, 2.0, 1.0)));
        assert!(rows(&line("import/gpt", 1.0)).is_err());
    }
}
