//! Set-up and checks that need logic: `cargo xtask devnet | test | exhaustive | soak | geth | hosts | sim | contracts | mutants | symbolic | bench | devices | dist | ecosystem | web | tidy`.

mod analysis;
mod bench;
mod beside;
mod contracts;
mod copy;
mod crates;
mod devices;
mod dist;
mod ecosystem;
mod failures;
mod ground;
mod hosts;
mod mutants;
mod opcodes;
mod properties;
mod python;
mod sim;
mod symbolic;
mod test;
mod tidy;
mod tools;
mod web;

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
    /// Build everything and run the whole network on this machine: chain, group, rounds, deltas. Options go to the program `devnet`.
    #[command(trailing_var_arg = true, disable_help_flag = true)]
    Devnet {
        #[arg(allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Every test: format, lints, house rules, contracts, crates, a network of processes.
    Test,
    /// What tests draw a sample of, whole: every input of exp, log, erf, sine, cosine and GELU; fifty groups. More than an hour.
    Exhaustive,
    /// A network whose nodes all stand behind bad providers, as long as one likes: no deposit lost, and flat figures.
    Soak {
        #[arg(long, default_value_t = 60)]
        minutes: u64,
        /// Also write what the nodes needed there.
        #[arg(long, value_name = "FILE")]
        json: Option<std::path::PathBuf>,
    },
    /// A network on geth with its own pool and twelve-second blocks, in a quarter of an hour. Skipped, with a word, where no geth can be had.
    Geth,
    /// Nodes on hosts of their own, behind delay, loss, partitions and home routers. Skipped, with a word, where root or nftables are missing.
    Hosts,
    /// Simulated networks, a seed each: `--seeds A..B --rounds N`, or `--story SEED`. Options go to the program `sim`.
    #[command(trailing_var_arg = true, disable_help_flag = true)]
    Sim {
        #[arg(allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Compile the contracts and write the committed ABI and bytecode; with --check only compare.
    Contracts {
        #[arg(long)]
        check: bool,
    },
    /// Apply the committed mutations of contracts and crates one by one: the tests must notice each. Ends with `N mutants, N killed`.
    Mutants {
        /// Run only the one of this name, or those of the list mutants/NAME.toml.
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
        /// Only look whether every mutation still fits the sources.
        #[arg(long, conflicts_with = "only")]
        check: bool,
    },
    /// Measure, and write docs/BENCHMARKS.md.
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
    /// Static analysis of the contracts: slither and forge lint; each finding must be explained.
    Analyse,
    /// Invariants of stake by symbolic execution (Halmos), in some minutes.
    Symbolic,
    /// The token against public ERC20 properties and the conformance check of slither.
    Properties,
    /// Training on GPUs: built for each kind, run on those that are here (software Vulkan counts).
    Devices,
    /// Models in PyTorch, transformers and llama.cpp, which are installed once (6 GB): the examples train, in a network too, and what is given
    /// out answers as we do.
    Ecosystem,
    /// Archives of the programs for each platform whose target is installed, with sums and a bill of materials.
    Dist {
        /// Only for this target; can be given several times.
        #[arg(long = "target", value_name = "TRIPLE")]
        targets: Vec<String>,
        /// Where to put them; left out: `dist` in the target folder.
        #[arg(long, value_name = "FOLDER")]
        out: Option<std::path::PathBuf>,
    },
    /// The page in the browser: its packages, types, build and tests; ends well when `page/dist` is what its sources build.
    Web {
        /// End with how many bytes it has compressed.
        #[arg(long)]
        size: bool,
        /// Write what is built into `page/dist`.
        #[arg(long)]
        write: bool,
        /// Also try it in Chromium against a devnet, in about five minutes.
        #[arg(long)]
        browser: bool,
    },
    /// House rules: dependencies between rooms and modules, banned crates, licences, first lines, sizes.
    Tidy,
}

#[derive(Subcommand)]
enum Bench {
    /// Gas of the contracts' calls beside OpenZeppelin's.
    Gas {
        /// Also write the rows there.
        #[arg(long, value_name = "FILE")]
        json: Option<std::path::PathBuf>,
    },
    /// Time of training and evaluation beside PyTorch's, which is installed once (5 GB) unless NEURON_TORCH_PYTHON names a Python that has it.
    Model {
        /// Also write the rows there.
        #[arg(long, value_name = "FILE")]
        json: Option<std::path::PathBuf>,
        /// Measure only what begins like this, and leave the book as it is.
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
        /// Only open the checkpoints in PyTorch and compare numbers.
        #[arg(long, conflicts_with_all = ["json", "only"])]
        check: bool,
    },
    /// Rounds a second of the simulator, what groups side by side take, and how that grows.
    Sim {
        /// Also write the rows there.
        #[arg(long, value_name = "FILE")]
        json: Option<std::path::PathBuf>,
    },
    /// Calls of nodes on a chain of years with a thousand groups.
    Chain {
        /// Also write the rows there.
        #[arg(long, value_name = "FILE")]
        json: Option<std::path::PathBuf>,
    },
    /// Files and logs between nodes, beside Kubo, which is built once with Go. Needs root, for two hosts of their own.
    Network {
        /// Also write the rows there.
        #[arg(long, value_name = "FILE")]
        json: Option<std::path::PathBuf>,
    },
    /// Patches and roots, beside git.
    Deltas {
        /// Also write the rows there.
        #[arg(long, value_name = "FILE")]
        json: Option<std::path::PathBuf>,
    },
    /// A model of 1 GB in and out, beside a copy that is hashed.
    Models {
        /// Also write the rows there.
        #[arg(long, value_name = "FILE")]
        json: Option<std::path::PathBuf>,
    },
    /// Who is paid for what, by rules before and now, and accuracies beside scikit-learn's, which is installed once.
    Race {
        /// Also write the rows there.
        #[arg(long, value_name = "FILE")]
        json: Option<std::path::PathBuf>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Devnet { options } => test::devnet(&options),
        Task::Test => test::everything(),
        Task::Exhaustive => test::exhaustive(),
        Task::Soak { minutes, json } => test::soak(minutes, json.as_deref()),
        Task::Geth => test::geth(),
        Task::Hosts => hosts::run(),
        Task::Sim { options } => sim::run(&options),
        Task::Contracts { check } => contracts::run(check),
        Task::Mutants { check: true, .. } => mutants::check(),
        Task::Mutants { only, .. } => mutants::run(only.as_deref()),
        Task::Bench { what: Bench::Gas { json } } => bench::gas(json.as_deref()),
        Task::Bench { what: Bench::Model { json, only, check } } => bench::model::run(json.as_deref(), only.as_deref(), check),
        Task::Bench { what: Bench::Sim { json } } => bench::sim::run(json.as_deref()),
        Task::Bench { what: Bench::Chain { json } } => bench::chain::run(json.as_deref()),
        Task::Bench { what: Bench::Network { json } } => bench::network::run(json.as_deref()),
        Task::Bench { what: Bench::Deltas { json } } => bench::deltas::run(json.as_deref()),
        Task::Bench { what: Bench::Models { json } } => bench::models::run(json.as_deref()),
        Task::Bench { what: Bench::Race { json } } => bench::race::run(json.as_deref()),
        Task::Analyse => analysis::run(),
        Task::Properties => properties::run(),
        Task::Symbolic => symbolic::run(),
        Task::Devices => devices::run(),
        Task::Ecosystem => ecosystem::run(),
        Task::Dist { targets, out } => dist::run(&targets, out.as_deref()),
        Task::Web { size, write, browser } => web::run(web::Wishes { size, write, browser }),
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

#[cfg(test)]
#[path = "../../crates/neuron/tests/started/shown.rs"]
mod shown;

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn readme_and_other_pages_show_no_task_that_is_none() {
        let mut count = 0;
        for name in ["README.md", "CONTRIBUTING.md", "docs/OPERATING.md", "docs/ARCHITECTURE.md", "docs/PROTOCOL.md", "docs/BENCHMARKS.md"]
        {
            let page = std::fs::read_to_string(tools::root().join(name)).expect(name);
            for shown in shown::commands(&page, &["cargo", "xtask"]) {
                count += 1;
                let told = match Arguments::try_parse_from(&shown.words[1..]) {
                    Ok(_) => continue,
                    Err(error) if error.kind() == ErrorKind::DisplayHelp || (!shown.is_whole && is_part(&error)) => continue,
                    Err(error) => error,
                };
                panic!("{name}:{}: {}\n{told}", shown.line, shown.text());
            }
        }
        assert!(count > 25, "only {count} were found");
    }

    fn is_part(error: &clap::Error) -> bool {
        matches!(error.kind(), ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
    }
}
