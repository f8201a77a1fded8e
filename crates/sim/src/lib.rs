//! A whole network in one process: real machines, real messages, virtual time, and whatever a seed draws against them.

pub mod curve;
pub mod disk;
pub mod faults;
pub mod files;
pub mod log;
pub mod plan;
pub mod random;
pub mod schedule;
pub mod trace;
