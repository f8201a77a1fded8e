//! Measures a model on command, so that another program can compare numbers and times with its own.
//!
//! `measure MANIFEST CHECKPOINT TEXT ISA THREADS`: makes the checkpoint if there is none, then reads commands from standard
//! input: `losses` prints micronats of every example, `rows` the log-probabilities after every example's inputs, `time` the
//! seconds of one measurement of all, `train` those of one step of training on all, `memory` the peak in KiB.

#![allow(clippy::disallowed_methods, reason = "a program above the wall: it reads files and the clock")]

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use evaluator::{AdamW, Checkpoint, Compute, Data, Exact, Examples, Isa, Manifest, Rule};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [manifest, checkpoint, text, isa, threads] = &arguments[..] else {
        return Err("give MANIFEST CHECKPOINT TEXT ISA THREADS".into());
    };
    let manifest = Manifest::from_bytes(fs::read_to_string(manifest)?.trim_end().as_bytes())?;
    if !Path::new(checkpoint).exists() {
        fs::write(checkpoint, Checkpoint::initial(&manifest, [1; 32]).to_bytes())?;
    }
    let checkpoint = Checkpoint::from_bytes(&manifest, &fs::read(checkpoint)?)?;
    let examples = Examples::parse(&manifest, [("set.txt", fs::read_to_string(text)?)])?;
    let isa = if isa == "best" { Isa::detect() } else { isa.parse()? };
    let compute = Compute::new(isa, threads.parse()?)?;
    let drawn: Vec<u32> = (0..examples.len() as u32).collect();
    let mut exact = Exact::new(compute, &checkpoint);
    for command in stdin().lock().lines() {
        match command?.as_str() {
            "losses" => println!("{:?}", compute.evaluate(&checkpoint, &examples, &drawn)?.losses),
            "rows" => rows(compute, &checkpoint, &examples)?,
            "time" => {
                let start = Instant::now();
                compute.evaluate(&checkpoint, &examples, &drawn)?;
                println!("{}", start.elapsed().as_secs_f64());
            }
            "train" => {
                let exact = exact.as_mut().ok_or("this family cannot be trained here")?;
                let start = Instant::now();
                let loss = exact.step(&examples, &drawn, &Rule::AdamW(AdamW::default()))?;
                println!("{} {loss}", start.elapsed().as_secs_f64());
            }
            "memory" => {
                let status = fs::read_to_string("/proc/self/status")?;
                println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("unknown"));
            }
            other => return Err(format!("unknown command {other:?}").into()),
        }
        stdout().flush()?;
    }
    Ok(())
}

fn rows(compute: Compute, checkpoint: &Checkpoint, examples: &Examples) -> Result<(), Box<dyn Error>> {
    let Data::Text { tokenizer, .. } = checkpoint.manifest().data() else { return Err("rows are of texts".into()) };
    for window in (0..examples.len()).filter_map(|index| examples.window(index)) {
        let text = tokenizer.decode(&window[..examples.inputs()]);
        println!("{:?}", compute.predict(checkpoint, &text)?);
    }
    println!("[]");
    Ok(())
}
