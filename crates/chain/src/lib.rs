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
pub mod mnemonic;
mod pool;
mod reader;
mod remote;
mod revert;
mod sender;
mod settings;
mod transaction;
pub mod words;

pub use account::Account;
pub use connection::Chain;
pub use contract::{Contract, name_of};
pub use error::{ChainError, RemoteError};
pub use follow::{Followed, Follower};
pub use reader::Reader;
pub use revert::{Explain, Revert};
pub use settings::Settings;
pub use transaction::{Receipt, Transaction};

/// One event as a contract wrote it, with the place where it stands in the chain.
pub use alloy::rpc::types::Log;
