//! The whole network on one machine: a chain, contracts, a group, trainers, validators, two weekly votes, and a report.
#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, reason = "they panic where nobody reads any more: `node::output` does not")
)]

mod actors;
mod bounty;
mod chart;
mod devnet;
mod ground;
mod heldout;
mod ledger;
mod liars;
mod news;
mod nodes;
mod options;
mod periods;
mod poison;
mod processes;
mod report;
mod run;
mod screen;
mod setup;
mod story;
mod summary;
mod votes;
mod watch;

pub use actors::{Actor, Cast, Hands, PASSWORD, key_file};
pub use devnet::Devnet;
pub use heldout::HeldOut;
pub use ledger::{Ledger, RoundEntry};
pub use news::{News, Seen};
pub use options::{Host, Options, Rules};
pub use processes::Process;
pub use report::Report;
pub use run::run;
pub use screen::Screen;
pub use summary::make as summarize;
pub use votes::Votes;
