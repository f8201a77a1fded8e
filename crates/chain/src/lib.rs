//! The Ethereum side: connection, keys, sending, following events and the local chain.

mod account;
pub mod blueprint;
mod connection;
mod contract;
pub mod convert;
pub mod dev;
mod error;
mod fees;
mod flight;
mod follow;
pub mod geth;
mod header;
pub mod keystore;
mod logs;
mod sender;
pub mod words;

pub use account::Account;
pub use connection::{Chain, Settings};
pub use contract::{Contract, Explain, Revert, name_of};
pub use error::ChainError;
pub use follow::{Followed, Follower};
pub use sender::{Receipt, Transaction};

/// One event as a contract wrote it, with the place where it stands in the chain.
pub use alloy::rpc::types::Log;
