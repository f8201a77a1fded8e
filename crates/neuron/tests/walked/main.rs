//! The pages are walked: every command line of the README and of docs/OPERATING.md is run as it is written, beside a devnet that goes on.
//!
//! The programs must have been built before: `cargo build --workspace`.
#![cfg(unix)]

mod desk;
mod kept;
mod lines;
mod rules;
mod sample;
#[path = "../network/schema.rs"]
mod schema;
#[path = "../started/shown.rs"]
mod shown;

use std::{fs, path::Path, thread};

use anyhow::{Result, ensure};

use crate::{
    desk::Desk,
    kept::Kept,
    lines::{Line, lines},
    rules::{FILLED, LEFT, SAYS, Walk},
};

const README: &str = "README.md";
const OPERATING: &str = "docs/OPERATING.md";

pub fn page(name: &str) -> Result<String> {
    Ok(fs::read_to_string(root().join(name))?)
}

pub fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// One network for both pages; each has a folder and accounts of its own.
#[test]
fn readme_and_operating_show_commands_that_run_as_they_are_written() -> Result<()> {
    let kept = Kept::start(&page(README)?)?;
    let walks = [Walk { page: README, actor: "guest" }, Walk { page: OPERATING, actor: "owner-4" }];
    let ended = thread::scope(|scope| {
        let walks = walks.map(|walk| scope.spawn(|| walked(&kept, walk)));
        walks.map(|walk| walk.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a walk has panicked"))))
    });
    let wrong: Vec<String> = ended.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    sample::check(&page(README)?, &kept.told()?)?;
    kept.next_steps()?;
    kept.end()
}

/// Runs a page from its beginning to its end; what goes wrong is told all at once.
fn walked(kept: &Kept, walk: Walk) -> Result<()> {
    let mut desk = Desk::prepare(kept, &walk)?;
    let mut wrong = Vec::new();
    for line in lines(&page(walk.page)?) {
        if let Err(error) = desk.run(&line) {
            wrong.push(format!("{}:{}: {}\n{error:#}", walk.page, line.number, line.text));
        }
    }
    desk.end()?;
    ensure!(wrong.is_empty(), "{} lines of {}:\n{}", wrong.len(), walk.page, wrong.join("\n"));
    Ok(())
}

/// A rule for a line that no page has any more would hide the next one that begins like it.
#[test]
fn every_line_that_is_left_or_filled_in_stands_in_readme_or_operating() -> Result<()> {
    let shown: Vec<(&str, Line)> = [README, OPERATING]
        .into_iter()
        .flat_map(|name| lines(&page(name).unwrap_or_default()).into_iter().map(move |line| (name, line)))
        .collect();
    ensure!(shown.len() > 90, "only {} lines were found", shown.len());
    for left in &LEFT {
        ensure!(shown.iter().any(|(_, line)| left.fits(line)), "no page shows {:?} ({})", left.begins, left.why);
    }
    for (page, begins, words) in &SAYS {
        ensure!(
            shown.iter().any(|(name, line)| name == page && line.text.starts_with(begins)),
            "{page}: nothing begins with {begins:?} ({words:?})"
        );
    }
    for filled in &FILLED {
        let is_there = |(name, line): &(&str, Line)| *name == filled.page && filled.fits(line) && line.text.contains(filled.word);
        ensure!(shown.iter().any(is_there), "{} shows no {:?} where {:?} begins a line", filled.page, filled.word, filled.begins);
    }
    Ok(())
}
