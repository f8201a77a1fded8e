//! The simulator as a program: runs seeds, tells the story of one, measures; `cargo xtask sim` and `cargo xtask bench sim` build and run it.

mod measure;
mod outcome;
mod seeds;
mod state;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "sim", about = "A whole network in one process")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run seeds, or tell the story of one. Ends with the line `S seeds, R rounds, F failures`.
    #[command(name = "seeds", bin_name = "cargo xtask sim")]
    Seeds(seeds::Options),
    /// Run calm groups side by side, and write what they took as JSON.
    Measure(measure::Options),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Seeds(options) => seeds::run(&options),
        Task::Measure(options) => measure::run(&options).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
