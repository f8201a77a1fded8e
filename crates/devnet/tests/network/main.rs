//! Networks of real processes: nodes that fall and come back, liars, and a devnet that is given nonsense.
//!
//! The programs must have been built before: `cargo build --workspace`.

mod bad_input;
mod commands;
mod devnet;
mod elsewhere;
#[path = "../../../chain/tests/rpc/faulty.rs"]
#[allow(dead_code, reason = "some of its faults are played elsewhere")]
mod faulty;
mod groups;
mod hostile;
mod imported;
mod liars;
mod offline;
mod plays;
#[path = "../../../neuron/tests/network/refusal.rs"]
mod refusal;
mod slow;
mod soak;
mod two_groups;
mod watched;
mod weather;
