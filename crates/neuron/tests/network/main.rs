//! Networks of real processes: nodes that fall and come back, liars, and programs that are given nonsense.
//!
//! The programs `trainer-node` and `validator-node` must have been built before: `cargo build --workspace`.

mod bad_input;
mod bounties;
mod commands;
mod deploying;
mod devnet;
mod hostile;
mod liars;
mod plays;
mod refusal;
mod small;
mod watched;
