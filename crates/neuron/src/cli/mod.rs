//! What can be asked of the `neuron` command; each subject has a file.

mod alarms;
mod answer;
mod bars;
mod bounty;
mod check;
mod context;
mod dashboard;
mod data;
mod delta;
mod deploy;
mod doctor;
pub mod ending;
mod group;
mod init;
mod ipfs;
mod join;
mod key;
mod ledger;
mod manual;
mod measure;
mod model;
mod names;
mod offline;
mod past;
mod pay;
mod peers;
mod predict;
mod program;
mod replay;
mod rerun;
mod round;
mod sale;
#[cfg(test)]
mod sample;
mod serve;
mod serve_model;
mod settings;
mod signing;
mod speech;
mod stake;
mod token;
mod top;
mod tx;
mod units;
mod verify;
mod voice;
mod vote;

use anyhow::Result;
use clap::{Parser, Subcommand};

use context::Context;

/// Train together, recheck together, vote on data, earn.
#[derive(Parser)]
#[command(name = "neuron", version, after_help = ending::HELP)]
pub struct Arguments {
    #[command(flatten)]
    context: Context,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a folder from which a trainer, a validator or a seed starts and is kept running: settings, key, unit of systemd.
    Init(init::Options),
    /// Make the network that the network file describes; run again, go on or check.
    Deploy,
    /// Balances and transfers of NRN.
    #[command(subcommand)]
    Token(token::Command),
    /// The sale that made the first NRN.
    #[command(subcommand)]
    Sale(sale::Command),
    /// Stake in a group: bond, wake, rest, leave.
    #[command(subcommand)]
    Stake(stake::Command),
    /// Training groups.
    #[command(subcommand)]
    Group(group::Command),
    /// What you got and paid in every round, for every delta and bounty, and what you were not paid for.
    Receipts(pay::Receipts),
    /// Why everybody in a round was paid, or was not, and the transactions that show it.
    Why(pay::Why),
    /// What is being voted on.
    #[command(subcommand)]
    Vote(vote::Command),
    /// Whether all is well here: chain, clock, key, coin, stake, disk, ports, peers; and the command that mends what is not.
    Doctor(doctor::Options),
    /// Look at a checkpoint, a patch or a network's contracts as a validator would, before it costs anything.
    Verify(verify::Options),
    /// Whether this machine is fast enough for a group's rounds, and what a win pays: measured here for some seconds.
    CanJoin(join::Options),
    /// Data of other programs: add them to a folder with a training set.
    #[command(subcommand)]
    Data(data::Command),
    /// Changes of a training set: write, propose, vote.
    #[command(subcommand)]
    Delta(delta::Command),
    /// Bounties for what rounds improve on a hidden test set: seal, fund, open, settle.
    #[command(subcommand)]
    Bounty(bounty::Command),
    /// Rounds of a group.
    #[command(subcommand)]
    Round(round::Command),
    /// Compute a past round anew: losses, verdict, and how files were trained.
    Replay(replay::Options),
    /// What the majority of stake decides: take a delta back, admit a group, strike a round, …
    #[command(subcommand)]
    Measure(measure::Command),
    /// Keys on this machine.
    #[command(subcommand)]
    Key(key::Command),
    /// What a validator has signed: take it to another machine, prune it.
    #[command(subcommand)]
    Signing(signing::Command),
    /// The files that a node keeps: what there is and why it stays, add, get, pin, make room.
    #[command(subcommand)]
    Ipfs(ipfs::Command),
    /// What was sent and is not deep in the chain: look, pay more, take back.
    #[command(subcommand)]
    Tx(tx::Command),
    /// Serve groups without stake or race: a seed, a relay and an archive.
    Serve(serve::Options),
    /// Who is there, how a node here is reached, and what to do if it is not.
    Peers(peers::Options),
    /// Watch a running node on the whole terminal: rounds, losses, claims, pay, log; or walk through a recording.
    Top(top::Options),
    /// The page in your browser: networks, groups, rounds, what is yours; it asks your own wallet.
    Dashboard(dashboard::Options),
    /// Settings of a node: what they come to, and why.
    #[command(subcommand)]
    Config(settings::Command),
    /// A script with which a shell completes this command.
    Completions(manual::Completions),
    /// Manual pages.
    Man(manual::Manual),
    /// Predict with the latest checkpoint, on this machine, for nothing.
    Predict(predict::Options),
    /// Models of other programs: take one in, give one out.
    #[command(subcommand)]
    Model(model::Command),
    /// Let any program that talks to language models talk to a group's, on this machine, for nothing.
    ServeModel(serve_model::Options),
}

/// Does what was asked.
///
/// # Errors
/// Everything that goes wrong, with what to do about it.
pub async fn run(arguments: Arguments) -> Result<()> {
    let context = arguments.context;
    match arguments.command {
        Command::Init(options) => init::run(&context, options).await,
        Command::Deploy => deploy::run(&context).await,
        Command::Token(command) => token::run(&context, command).await,
        Command::Sale(command) => sale::run(&context, command).await,
        Command::Stake(command) => stake::run(&context, command).await,
        Command::Group(command) => group::run(&context, command).await,
        Command::Receipts(options) => pay::receipts(&context, options).await,
        Command::Why(options) => pay::why(&context, options).await,
        Command::Vote(command) => vote::run(&context, command).await,
        Command::Doctor(options) => doctor::run(&context, options).await,
        Command::Verify(options) => verify::run(&context, options).await,
        Command::CanJoin(options) => join::run(&context, options).await,
        Command::Data(command) => data::run(&context, command).await,
        Command::Delta(command) => delta::run(&context, command).await,
        Command::Bounty(command) => bounty::run(&context, command).await,
        Command::Round(command) => round::run(&context, command).await,
        Command::Replay(options) => replay::run(&context, options).await,
        Command::Measure(command) => measure::run(&context, command).await,
        Command::Key(command) => key::run(&context, command).await,
        Command::Signing(command) => signing::run(command).await,
        Command::Ipfs(command) => ipfs::run(&context, command).await,
        Command::Tx(command) => tx::run(&context, command).await,
        Command::Serve(options) => serve::run(&context, options).await,
        Command::Peers(options) => peers::run(&context, options).await,
        Command::Top(options) => top::run(&context, options).await,
        Command::Dashboard(options) => dashboard::run(&context, options).await,
        Command::Config(command) => settings::run(&context, &command),
        Command::Completions(options) => manual::completions(&options),
        Command::Man(options) => manual::pages(&options),
        Command::Predict(options) => predict::run(&context, options).await,
        Command::Model(command) => model::run(&context, command).await,
        Command::ServeModel(options) => serve_model::run(&context, options).await,
    }
}
