//! `neuron data add`: what stands in other programs' files as rows of a set's folder, and what was dropped and why.

mod images;
mod pack;
mod rows;
mod source;

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::{Args, Subcommand};
use deltas::Tree;
use node::{folder, output};

use self::rows::{Map, Taken};
use super::{context::Context, ipfs};

#[derive(Subcommand)]
pub enum Command {
    /// Add the records of a CSV, JSONL or Parquet file, or the CIDs of a folder's images, to a folder that `neuron delta new --out` wrote.
    Add(Options),
    /// Make shards of tokens of text files, JSONL and Parquet, for a folder that `neuron model import` wrote or for a group's set.
    Pack(pack::Options),
}

#[derive(Args)]
pub struct Options {
    /// A file that ends in .csv, .tsv, .jsonl or .parquet; or a folder of images, of which each becomes a line of its CID and the name of
    /// the folder that it is in.
    source: PathBuf,
    /// The set's folder.
    #[arg(long)]
    folder: PathBuf,
    /// Where in the folder the rows go: behind those of a file, or into a new one; by default added.csv, of images images.txt.
    #[arg(long)]
    file: Option<String>,
    /// Take images into the data folder of this node's settings too: the node gives them to the network.
    #[arg(long, value_name = "CONFIG")]
    keep: Option<PathBuf>,
    /// Columns of the features in their order, like a,b,pixel0..pixel63; a list in a column is all of its values. By default all but the
    /// label's, in the order of the file.
    #[arg(long, value_parser = columns)]
    features: Option<Columns>,
    /// Column of the label.
    #[arg(long, default_value = "label")]
    label: String,
    /// What words of labels mean, like cat=0,dog=1.
    #[arg(long, value_parser = words)]
    labels: Option<Words>,
    /// Multiply features by this, and round: whole numbers out of fractions.
    #[arg(long, default_value_t = 1.0)]
    times: f64,
    /// The first line of a table is a record already; its columns are called 1, 2, 3, ….
    #[arg(long)]
    no_header: bool,
}

#[derive(Clone)]
struct Columns(Vec<String>);

#[derive(Clone)]
struct Words(BTreeMap<String, u32>);

fn columns(text: &str) -> Result<Columns, String> {
    rows::columns(text).map(Columns)
}

fn words(text: &str) -> Result<Words, String> {
    rows::labels(text).map(Words)
}

/// Adds data to a folder.
///
/// # Errors
/// When nothing of it can be added.
pub async fn run(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Add(options) => add(options),
        Command::Pack(options) => pack::run(context, options).await,
    }
}

fn add(options: Options) -> Result<()> {
    ensure!(
        options.folder.is_dir(),
        "there is no folder {}: write the set into one with `neuron delta new --out`",
        options.folder.display()
    );
    let (set, _) = folder::read_set(&options.folder, &Tree::new())?;
    match options.source.is_dir() {
        true => images(&set, &options),
        false => records(&set, options),
    }
}

/// Lines of a set's files with that end.
fn lines<'a>(set: &'a Tree, end: &'a str) -> impl Iterator<Item = &'a str> {
    set.iter().filter(move |(path, _)| path.ends_with(end)).flat_map(|(_, text)| text.lines())
}

fn images(set: &Tree, options: &Options) -> Result<()> {
    let file = options.file.as_deref().unwrap_or("images.txt");
    ensure!(file.ends_with(".txt"), "--file must end in .txt: lines that name images are text");
    let shelf = options.keep.as_deref().map(ipfs::shelf).transpose()?;
    let (there, mut seen, mut taken, mut number) = (lines(set, ".txt").collect::<HashSet<&str>>(), HashSet::new(), Taken::default(), 0);
    images::lines(&options.source, shelf.as_ref(), |line| {
        number += 1;
        taken.take(number, line, &there, &mut seen);
    })?;
    end(set, (&options.folder, file), &taken, (number, "files"), Vec::new())
}

fn records(set: &Tree, options: Options) -> Result<()> {
    let file = options.file.unwrap_or_else(|| "added.csv".to_owned());
    ensure!(file.ends_with(".csv"), "--file must end in .csv: groups of rows read no other files");
    ensure!(options.keep.is_none(), "--keep takes images in; {} is no folder of them", options.source.display());
    let first = lines(set, ".csv")
        .next()
        .with_context(|| format!("{} has no row: groups of text take text files as they are", options.folder.display()))?;
    let map = Map {
        features: options.features.map(|Columns(names)| names),
        label: options.label,
        labels: options.labels.map(|Words(labels)| labels),
        times: options.times,
        width: Some(first.split(',').count().saturating_sub(1)),
    };
    let (there, mut seen, mut taken, mut number) = (lines(set, ".csv").collect::<HashSet<&str>>(), HashSet::new(), Taken::default(), 0);
    source::records(&options.source, !options.no_header, |record| {
        number += 1;
        let row = record.ok_or(rows::Dropped::Unreadable).and_then(|record| map.row(&record));
        taken.take(number, row, &there, &mut seen);
    })?;
    let notes = new_labels(&there, &taken.rows);
    end(set, (&options.folder, &file), &taken, (number, "records"), notes)
}

/// Writes what was taken, if anything was, and tells what became of all.
fn end(set: &Tree, (folder, file): (&Path, &str), taken: &Taken, (number, kind): (usize, &str), notes: Vec<String>) -> Result<()> {
    let mut lines = taken.lines();
    let told = |lines: &[String]| output::show(lines.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes());
    if taken.rows.is_empty() {
        told(&lines)?;
        return Err(anyhow!("none of {number} {kind} was added"));
    }
    lines.extend(notes);
    write(set, folder, file, &taken.rows)?;
    let place = folder.display();
    lines.push(format!("{} of {number} {kind} were added to {} in {place}", taken.rows.len(), patches::shown(file)));
    lines.push(format!("propose them: `neuron delta new --from {place} > rows.patch`, then `neuron delta propose rows.patch`"));
    told(&lines)
}

/// Labels that the set has not.
fn new_labels(there: &HashSet<&str>, rows: &[String]) -> Vec<String> {
    let label = |row: &str| row.rsplit_once(',').map_or(row, |(_, label)| label).to_owned();
    let known: HashSet<String> = there.iter().map(|row| label(row)).collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    rows.iter().map(|row| label(row)).filter(|label| !known.contains(label)).for_each(|label| *counts.entry(label).or_default() += 1);
    counts
        .iter()
        .map(|(label, count)| format!("note: the set has no label {}, {count} of the rows have it", patches::shown(label)))
        .collect()
}

/// Puts rows behind those of a file, or into a new one.
fn write(set: &Tree, place: &Path, file: &str, rows: &[String]) -> Result<()> {
    deltas::check_path(file).with_context(|| format!("--file {}", patches::shown(file)))?;
    patches::portable::check(file).map_err(|words| anyhow!("--file: {words}"))?;
    let mut text = set.get(file).unwrap_or_default().to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    rows.iter().for_each(|row| {
        text.push_str(row);
        text.push('\n');
    });
    let mut after = set.clone();
    after.insert(file, &text).context("the rows cannot be added")?;
    let path = place.join(file);
    fs::create_dir_all(path.parent().unwrap_or(place)).with_context(|| format!("cannot make the folder of {}", path.display()))?;
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
