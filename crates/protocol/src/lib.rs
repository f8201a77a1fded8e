//! What all nodes agree on: names, amounts, rules, signed messages, the log, and the machines of trainer and validator.
//!
//! Nothing here has a clock, a socket, a disk or entropy: time, seeds and bytes are arguments.

mod attempts;
pub mod bindings;
pub mod bounty;
pub mod chain;
pub mod eip712;
pub mod feed;
mod holders;
pub mod ids;
pub mod jury;
pub mod lineage;
pub mod log;
pub mod machine;
pub mod measures;
pub mod money;
mod order;
mod pace;
pub mod panel;
mod rolls;
pub mod rules;
mod seeds;
pub mod signing_log;
pub mod steward;
pub mod trainer;
pub mod validator;
pub mod warden;

pub use ids::{Address, BountyNumber, DeltaNumber, Digest, GroupId, NodeId, PeriodNumber, PositionNumber, RoundNumber, keccak256};
pub use money::{Micronats, Wei};
