//! Measures a model on command, so that another program can compare numbers and times with those of other tools.
//!
//! `measure MANIFEST CHECKPOINT DATA BATCH THREADS` makes the checkpoint if there is none; DATA is a file of rows or text, or a shard of
//! tokens, as the manifest has it. Then it reads commands from standard input
//! and answers each with one line of JSON: `losses` gives micronats of each example of the first batch, `rows` the
//! log-probabilities of the last target of each, `evaluate` the seconds of their measurement and the loss in nats, `train STEPS`
//! those of some steps, each on the next batch, and the last loss, `products TURNS` the GFLOP/s of the model's matrix products on the first
//! batch, those of as many that touch no memory, and the median of their ratios, taking turns, `memory` the most KiB of memory so far, `about` the instruction set, which
//! `NEURON_ISA` can force.

#![allow(clippy::disallowed_methods, reason = "a program above the wall: it reads files, the clock and its surroundings")]

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use std::{env, fs};

use evaluator::{AdamW, Checkpoint, Compute, Data, Exact, Examples, Isa, Manifest, Products, Rule, Shard};

/// What commands work on.
struct Worker {
    compute: Compute,
    checkpoint: Checkpoint,
    examples: Examples,
    /// Numbers of the examples of each batch.
    batches: Vec<Vec<u32>>,
    /// What the first batch's targets are predicted from.
    inputs: Vec<Input>,
    exact: Option<Exact>,
    steps: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [manifest, checkpoint, data, batch, threads] = &arguments[..] else {
        return Err("give MANIFEST CHECKPOINT DATA BATCH THREADS".into());
    };
    let isa = env::var("NEURON_ISA").map_or_else(|_| Ok(Isa::detect()), |name| name.parse())?;
    let mut worker = Worker::new(manifest, checkpoint, data, batch.parse()?, Compute::new(isa, threads.parse()?)?)?;
    for command in stdin().lock().lines() {
        println!("{}", worker.answer(&command?)?);
        stdout().flush()?;
    }
    Ok(())
}

impl Worker {
    fn new(manifest: &str, checkpoint: &str, data: &str, batch: usize, compute: Compute) -> Result<Self, Box<dyn Error>> {
        let manifest = Manifest::from_bytes(fs::read_to_string(manifest)?.trim_end().as_bytes())?;
        if !Path::new(checkpoint).exists() {
            fs::write(checkpoint, Checkpoint::initial(&manifest, [1; 32]).to_bytes())?;
        }
        let checkpoint = Checkpoint::from_bytes(&manifest, &fs::read(checkpoint)?)?;
        let data = fs::read(data)?;
        let examples = examples(&manifest, &data)?;
        let order: Vec<u32> = (0..examples.len() as u32).collect();
        let batches: Vec<Vec<u32>> = order.chunks_exact(batch).map(<[u32]>::to_vec).collect();
        let inputs = (0..batch).map(|index| input(&examples, &data, index)).collect::<Option<_>>();
        let inputs = inputs.ok_or("the data hold less than one batch")?;
        Ok(Self { compute, checkpoint, examples, batches, inputs, exact: None, steps: 0 })
    }

    fn answer(&mut self, command: &str) -> Result<String, Box<dyn Error>> {
        let first = &self.batches[0];
        Ok(match command.split_once(' ').unwrap_or((command, "")) {
            ("losses", _) => format!("{:?}", self.compute.evaluate(&self.checkpoint, &self.examples, first)?.losses),
            ("rows", _) => {
                let row = |input: &Input| match input {
                    Input::Line(line) => self.compute.predict(&self.checkpoint, line),
                    Input::Tokens(tokens) => self.compute.predict_tokens(&self.checkpoint, tokens),
                };
                let rows: Result<Vec<Vec<f32>>, _> = self.inputs.iter().map(row).collect();
                format!("{:?}", rows?)
            }
            ("evaluate", _) => {
                let start = Instant::now();
                let mean = self.compute.evaluate(&self.checkpoint, &self.examples, first)?.mean;
                format!("[{}, {}]", start.elapsed().as_secs_f64(), f64::from(mean) / 1e6)
            }
            ("products", turns) => self.products(turns.parse()?),
            ("train", steps) => self.train(steps.parse()?)?,
            ("memory", _) => {
                let status = fs::read_to_string("/proc/self/status")?;
                let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("this system tells no memory")?;
                most.trim_end_matches("kB").trim().to_owned()
            }
            ("about", _) => format!("{:?}", self.compute.isa().to_string()),
            _ => return Err(format!("unknown command {command:?}").into()),
        })
    }

    /// On one thread, as rows of a table: a model's products beside the peak.
    fn products(&self, turns: usize) -> String {
        let mut products = Products::new(self.compute, self.checkpoint.manifest(), self.batches[0].len());
        let operations = 2e-9 * products.count() as f64;
        let mut rates: Vec<[f64; 3]> = Vec::new();
        for _ in 0..=turns {
            let start = Instant::now();
            products.run();
            let middle = Instant::now();
            black_box(products.peak());
            let [ours, most] = [middle - start, middle.elapsed()].map(|time| operations / time.as_secs_f64());
            rates.push([ours, most, ours / most]);
        }
        // The first turn is for memory that nobody has touched.
        let [ours, most, ratio] = [0, 1, 2].map(|place| median(rates[1..].iter().map(|rate| rate[place]).collect()));
        format!(
            r#"{{"name":"products/isa={}","ours":{ours:.1},"theirs":{most:.1},"ratio":{ratio:.3},"unit":"GFLOP/s"}}"#,
            self.compute.isa()
        )
    }

    fn train(&mut self, steps: usize) -> Result<String, Box<dyn Error>> {
        if self.exact.is_none() {
            self.exact = Exact::new(self.compute, &self.checkpoint);
        }
        let exact = self.exact.as_mut().ok_or("this family cannot be trained here")?;
        let rule = Rule::AdamW(AdamW::default());
        let (start, mut loss) = (Instant::now(), 0.0);
        for _ in 0..steps {
            loss = exact.step(&self.examples, &self.batches[self.steps % self.batches.len()], &rule)?;
            self.steps += 1;
        }
        Ok(format!("[{}, {loss}]", start.elapsed().as_secs_f64()))
    }
}

/// The middle one; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Inputs of an example: a line of features without the label, or tokens.
enum Input {
    Line(String),
    Tokens(Vec<u32>),
}

/// The set that is one file, or one shard and the line that names it.
fn examples(manifest: &Manifest, data: &[u8]) -> Result<Examples, Box<dyn Error>> {
    let name = format!("set{}", manifest.data().suffix());
    let Data::Tokens { .. } = manifest.data() else { return Ok(Examples::parse(manifest, [(name, str::from_utf8(data)?)])?) };
    let examples = Examples::parse(manifest, [(name, format!("{}\n", Shard::of(manifest, data, None)))])?;
    examples.hold(0, Arc::new(data.to_vec()))?;
    Ok(examples)
}

fn input(examples: &Examples, data: &[u8], index: usize) -> Option<Input> {
    let Some(mut tokens) = examples.window(index) else {
        let line = str::from_utf8(data).ok()?.lines().nth(index)?;
        return line.rsplit_once(',').map(|(features, _)| Input::Line(features.to_owned()));
    };
    tokens.pop();
    Some(Input::Tokens(tokens))
}
