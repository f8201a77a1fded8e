//! The whole network in one process: the contracts' own bytecode, in virtual time, one seed one run.

pub mod chain;
