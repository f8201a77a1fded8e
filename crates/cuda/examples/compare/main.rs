//! Compares a GPU with the processor, bit by bit, and measures both: the one command for a machine that has one.
//!
//! `cargo run --release --package cuda --example compare -- [--gpu N] [--json FILE] [--python PROGRAM]`: under eight minutes, most of them on
//! the processor. Rows are written as JSON if a file is named; where that Python has torch, its times stand beside. It ends with 0 if every
//! bit was the same.

#![allow(clippy::unwrap_used, reason = "what cannot be compared ends the comparison")]

mod bits;
#[path = "../../tests/all/cases.rs"]
mod cases;
mod times;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use cuda::{Device, Error, Gpu, Tiles};
use serde_json::{Value, json};

use bits::{files, functions, losses, million, training};
use cases::{frozen, golden, large, odd};

/// Examples of the large model that the GPU measures.
const EXAMPLES: u32 = 32;

/// What was asked for.
struct Options {
    gpu: u32,
    json: Option<PathBuf>,
    python: String,
}

impl Options {
    /// Reads them; what is unknown is named.
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { gpu: 0, json: None, python: "python3".to_owned() };
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("{word} needs a value behind it"))?;
            match word.as_str() {
                "--gpu" => options.gpu = value.parse().map_err(|_| format!("{value:?} is no number of a GPU: give 0, 1 or more"))?,
                "--json" => options.json = Some(value.into()),
                "--python" => options.python = value,
                _ => return Err(format!("{word:?} is unknown: give --gpu N, --json FILE or --python PROGRAM")),
            }
        }
        Ok(options)
    }
}

/// What was compared, how much of it differed, and what was measured.
#[derive(Default)]
pub struct Report {
    differences: usize,
    /// Objects with a name.
    rows: Vec<Value>,
}

impl Report {
    /// Whether two ways gave the same bits.
    pub fn compare(&mut self, what: &str, is_same: bool) {
        println!("{what:<72} {}", if is_same { "same bits" } else { "DIFFERS" });
        self.differences += usize::from(!is_same);
        self.rows.push(json!({ "name": format!("bits/{what}"), "same": is_same }));
    }

    /// Times for one example, what they come to, and what is to be reached.
    pub fn measure(&mut self, name: &str, (ours, theirs): (f64, f64), reach: Option<f64>) {
        let (ratio, wanted) = (theirs / ours, reach.map_or_else(String::new, |reach| format!(", to reach {reach}")));
        println!("{name:<72} {ours:.2} ms beside {theirs:.2} ms, {ratio:.2} times{wanted}");
        self.rows.push(json!({ "name": name, "ours": ours, "theirs": theirs, "ratio": ratio, "unit": "ms", "to_reach": reach }));
    }

    /// A number by itself.
    pub fn note(&mut self, name: &str, value: f64, unit: &str) {
        println!("{name:<72} {value:.2} {unit}");
        self.rows.push(json!({ "name": name, "ours": value, "unit": unit }));
    }

    fn write(&self, path: Option<&PathBuf>, device: &str) -> Result<(), String> {
        let Some(path) = path else { return Ok(()) };
        let text = format!("{:#}\n", json!({ "device": device, "differences": self.differences, "rows": self.rows }));
        std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
    }
}

fn main() -> ExitCode {
    let ended = Options::read(std::env::args().skip(1)).and_then(|options| run(&options));
    match ended {
        Ok(0) => {
            println!("\nevery bit is the same");
            ExitCode::SUCCESS
        }
        Ok(differences) => {
            println!("\n{differences} comparisons differ: do not use this GPU");
            ExitCode::FAILURE
        }
        Err(reason) => {
            println!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Number of differences.
fn run(options: &Options) -> Result<usize, String> {
    let (started, mut report) = (Instant::now(), Report::default());
    let opened = Gpu::new(options.gpu);
    let Ok(gpu) = opened else {
        let reason = opened.err().map_or_else(String::new, |error| error.to_string());
        report.write(options.json.as_ref(), "none")?;
        return Err(format!("nothing was compared: {reason}"));
    };
    println!("{}, kernels compiled in {:.1} s\n", gpu.name(), started.elapsed().as_secs_f64());
    let whole = compare(&gpu, options, &mut report).map_err(|error| error.to_string());
    report.note("all of it", started.elapsed().as_secs_f64(), "s");
    report.write(options.json.as_ref(), &gpu.name())?;
    whole.map(|()| report.differences)
}

fn compare(gpu: &Gpu, options: &Options, report: &mut Report) -> Result<(), Error> {
    cuda::trial(gpu)?;
    functions(gpu, report)?;
    for golden in golden() {
        files(gpu, &golden, report)?;
    }
    for case in golden().into_iter().map(|golden| golden.case).chain(odd()) {
        for tiles in [Tiles::Small, Tiles::Large] {
            losses(gpu, &case, tiles, report)?;
            training(gpu, &case, tiles, report)?;
        }
    }
    for case in frozen() {
        training(gpu, &case, Tiles::Chosen, report)?;
    }
    million(gpu, report)?;
    times::measure(gpu, &large(EXAMPLES), &options.python, report)
}
