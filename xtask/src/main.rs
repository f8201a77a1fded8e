//! Set-up and checks that need logic: `cargo xtask devnet | test | contracts | tidy`.

mod contracts;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Set-up and checks that need logic")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything and run the whole network on this machine: chain, group, rounds, deltas. Options go to `neuron devnet`.
    #[command(trailing_var_arg = true, disable_help_flag = true)]
    Devnet {
        #[arg(allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Every test: format, lints, house rules, contracts, crates, a network of processes.
    Test,
    /// Compile the contracts and write the committed ABI and bytecode; with --check only compare.
    Contracts {
        #[arg(long)]
        check: bool,
    },
    /// House rules: dependencies between rooms, banned crates, licences, first lines, sizes.
    Tidy,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Devnet { options } => test::devnet(&options),
        Task::Test => test::everything(),
        Task::Contracts { check } => contracts::run(check),
        Task::Tidy => tidy::run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
