//! A whole network in one process: real machines, real contracts, virtual time, and whatever a seed draws against them.

pub mod adversaries;
pub mod chain;
pub mod check;
pub mod curve;
pub mod disk;
mod excuses;
pub mod faults;
pub mod files;
pub mod fortune;
pub mod ledger;
pub mod log;
pub mod node;
pub(crate) mod noticed;
pub mod plan;
pub(crate) mod racer;
pub mod random;
pub mod schedule;
pub mod story;
pub mod told;
pub mod trace;
pub mod usage;
pub mod vice;
pub mod world;
