//! The command, and programs that are given nonsense, on a network of one node.
//!
//! The programs `trainer-node` and `validator-node` must have been built before: `cargo build --workspace`.

mod answering;
mod bad_input;
mod bounties;
mod carried;
mod contending;
mod curating;
mod deploying;
#[path = "../../../devnet/tests/network/groups.rs"]
#[allow(dead_code, reason = "other groups are tried elsewhere")]
mod groups;
mod played;
mod predicting;
mod reading;
mod refusal;
mod schema;
#[path = "../../../chain/tests/rpc/signer.rs"]
mod signer;
mod signers;
mod small;
mod state;
mod stopping;
mod waiting;
mod watching;
