//! Measures a model on command, so that another program can compare numbers and times with those of other tools.
//!
//! `measure MANIFEST CHECKPOINT DATA BATCH THREADS` makes the checkpoint if there is none, then reads commands from standard input
//! and answers each with one line of JSON: `losses` gives micronats of each example of the first batch, `rows` the
//! log-probabilities of the last target of each, `evaluate` the seconds of their measurement and the loss in nats, `train STEPS`
//! those of some steps, each on the next batch, and the last loss, `memory` the most KiB of memory so far, `about` the instruction set, which
//! `NEURON_ISA` can force.

#![allow(clippy::disallowed_methods, reason = "a program above the wall: it reads files, the clock and its surroundings")]

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use evaluator::{AdamW, Checkpoint, Compute, Data, Exact, Examples, Isa, Manifest, Rule};

/// What commands work on.
struct Worker {
    compute: Compute,
    checkpoint: Checkpoint,
    examples: Examples,
    /// Numbers of the examples of each batch.
    batches: Vec<Vec<u32>>,
    /// Inputs of the first batch as text.
    texts: Vec<String>,
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
        let text = fs::read_to_string(data)?;
        let examples = Examples::parse(&manifest, [(format!("set{}", manifest.data().suffix()), &text)])?;
        let order: Vec<u32> = (0..examples.len() as u32).collect();
        let batches: Vec<Vec<u32>> = order.chunks_exact(batch).map(<[u32]>::to_vec).collect();
        let texts = (0..batch).map(|index| input(&manifest, &examples, &text, index)).collect::<Option<_>>();
        let texts = texts.ok_or("the data hold less than one batch")?;
        Ok(Self { compute, checkpoint, examples, batches, texts, exact: None, steps: 0 })
    }

    fn answer(&mut self, command: &str) -> Result<String, Box<dyn Error>> {
        let first = &self.batches[0];
        Ok(match command.split_once(' ').unwrap_or((command, "")) {
            ("losses", _) => format!("{:?}", self.compute.evaluate(&self.checkpoint, &self.examples, first)?.losses),
            ("rows", _) => {
                let rows: Result<Vec<Vec<f32>>, _> = self.texts.iter().map(|text| self.compute.predict(&self.checkpoint, text)).collect();
                format!("{:?}", rows?)
            }
            ("evaluate", _) => {
                let start = Instant::now();
                let mean = self.compute.evaluate(&self.checkpoint, &self.examples, first)?.mean;
                format!("[{}, {}]", start.elapsed().as_secs_f64(), f64::from(mean) / 1e6)
            }
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

/// Inputs of an example as text.
fn input(manifest: &Manifest, examples: &Examples, text: &str, index: usize) -> Option<String> {
    match manifest.data() {
        Data::Csv { .. } => text.lines().nth(index)?.rsplit_once(',').map(|(features, _)| features.to_owned()),
        Data::Text { tokenizer, .. } => Some(tokenizer.decode(&examples.window(index)?[..examples.inputs()])),
        // A shard has no text.
        Data::Tokens { .. } => None,
    }
}
