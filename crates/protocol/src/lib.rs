//! What all nodes agree on: names, amounts, rules, signed messages, the log, and the machines of trainer and validator.
//!
//! Nothing here has a clock, a socket, a disk or entropy: time, seeds and bytes are arguments.

mod attempts;
/// What became of the deltas of a group (PROTOCOL 7).
pub mod ballot;
/// Which node speaks for which account (PROTOCOL 15).
pub mod bindings;
/// Terms, windows, findings and prizes of hidden sets (PROTOCOL 18).
pub mod bounty;
/// What a log has to know of its group, gathered from what a chain tells (PROTOCOL 14, What is kept).
pub mod census;
/// What contracts tell: blocks, clocks, groups, events (PROTOCOL 3 to 7).
pub mod chain;
/// A group as of one block, for times without a chain (PROTOCOL 14, Copies).
pub mod copy;
/// Typed messages that accounts sign (PROTOCOL 9).
pub mod eip712;
/// Which part of a chain a node is told, in which order.
pub mod feed;
mod holders;
/// Names and numbers of things, as texts and in JSON.
pub mod ids;
/// The machine of a validator's side of bounties (PROTOCOL 18).
pub mod jury;
/// Which files a node keeps (PROTOCOL 15, Files that nodes keep).
pub mod keeping;
/// Which patches lead to a head (PROTOCOL 11, Heads).
pub mod lineage;
/// Envelopes, bodies and the set of a group's messages (PROTOCOL 14).
pub mod log;
/// What all machines have in common, and how to drive one.
pub mod machine;
/// What stake can decide (PROTOCOL 8).
pub mod measures;
/// Wei and micronats.
pub mod money;
mod order;
/// How far apart blocks are, and what follows from it (PROTOCOL 13, Pause, last chance, dropped).
pub mod pace;
/// All machines of a validator as one.
pub mod panel;
mod rolls;
/// Amounts, decisions and hashes that contracts compute too (PROTOCOL 2 to 8).
pub mod rules;
mod seeds;
/// Which verdicts were signed, kept on disk (PROTOCOL 16).
pub mod signing_log;
/// The machine that keeps weekly votes moving (PROTOCOL 13, Voting).
pub mod steward;
/// The machine of a trainer (PROTOCOL 15).
pub mod trainer;
/// The machine that judges claims (PROTOCOL 13).
pub mod validator;
/// The machine that keeps validators present and honest (PROTOCOL 13, Presence and honesty).
pub mod warden;

pub use ids::{Address, BountyNumber, DeltaNumber, Digest, GroupId, NodeId, PeriodNumber, PositionNumber, RoundNumber, keccak256};
pub use money::{Micronats, Wei};
