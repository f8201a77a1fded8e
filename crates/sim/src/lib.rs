//! A whole network in one process: real machines, real contracts, virtual time, and whatever a seed draws against them.

pub mod adversaries;
pub mod chain;
pub mod check;
pub mod curve;
pub mod depth;
pub mod disk;
pub mod exact;
pub mod exam;
mod excuses;
pub mod faults;
pub mod files;
pub mod forgery;
pub mod fortune;
pub mod ledger;
mod lesson;
pub mod log;
pub mod node;
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
