//! Answers the questions of docs/ECONOMICS.md: `economics [QUESTION …] [--seeds N] [--json FILE] [--book]` prints the tables; with `--book` they
//! take the place of those in docs/ECONOMICS.md, and the plots that of docs/economics/*.svg.

use std::{env, error::Error, fs, path::PathBuf, time::Instant};

use economics::{
    gas::Gas,
    questions::{ALL, Answer},
};
use serde_json::Value;

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
const SEEDS: u64 = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (mut seeds, mut json, mut book, mut named) = (SEEDS, None, false, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seeds" => seeds = arguments.next().ok_or("--seeds needs a number")?.parse()?,
            "--json" => json = Some(PathBuf::from(arguments.next().ok_or("--json needs a file")?)),
            "--book" => book = true,
            name if ALL.iter().any(|(question, _)| *question == name) => named.push(argument),
            other => return Err(format!("no question {other}: there are {:?}", ALL.map(|(name, _)| name)).into()),
        }
    }
    let (gas, mut rows) = (Gas::measured()?, Vec::new());
    for (name, ask) in ALL.iter().filter(|(name, _)| named.is_empty() || named.iter().any(|one| one == name)) {
        let start = Instant::now();
        let answer = ask(&gas, seeds);
        tell(&answer, &mut rows);
        eprintln!("{name}: {:.1} s", start.elapsed().as_secs_f32());
        if book {
            write(&answer)?;
        }
    }
    if let Some(path) = json {
        fs::write(path, serde_json::to_string_pretty(&rows)? + "\n")?;
    }
    Ok(())
}

fn tell(answer: &Answer, rows: &mut Vec<Value>) {
    for table in &answer.tables {
        println!("{}\n\n{}", table.name, table.markdown());
        rows.extend(table.json());
    }
}

/// Puts tables between their marks and plots into their files.
fn write(answer: &Answer) -> Result<(), Box<dyn Error>> {
    let book = format!("{DOCS}/ECONOMICS.md");
    let mut text = fs::read_to_string(&book)?;
    for table in &answer.tables {
        let (open, close) = (format!("<!-- {} -->\n", table.name), format!("<!-- end of {} -->\n", table.name));
        let start = text.find(&open).ok_or_else(|| format!("docs/ECONOMICS.md has no mark {open:?}"))? + open.len();
        let end =
            text.find(&close).filter(|end| *end >= start).ok_or_else(|| format!("docs/ECONOMICS.md has no mark {close:?} after it"))?;
        text.replace_range(start..end, &table.markdown());
    }
    fs::write(&book, text)?;
    fs::create_dir_all(format!("{DOCS}/economics"))?;
    for plot in &answer.plots {
        fs::write(format!("{DOCS}/economics/{}.svg", plot.name), plot.svg()?)?;
    }
    Ok(())
}
