//! The Ethereum side: connection, keys, sending, following events and the local chain.

mod account;
mod asking;
pub mod blueprint;
mod chronicle;
mod connection;
mod contract;
pub mod convert;
pub mod dev;
mod endpoint;
mod error;
mod failure;
mod fees;
mod flight;
mod follow;
pub mod geth;
mod header;
pub mod keystore;
mod known;
mod logs;
pub mod mnemonic;
pub mod pause;
mod pool;
mod reader;
mod remote;
mod revert;
mod sender;
mod server;
mod settings;
mod sight;
mod span;
mod transaction;
mod trouble;
pub mod words;

pub use account::Account;
pub use chronicle::{Chronicle, Past, Record};
pub use connection::Connection;
pub use contract::{Contract, name_of};
pub use endpoint::{Endpoint, Endpoints};
pub use error::{ChainError, RemoteError};
pub use failure::Failure;
pub use follow::{Followed, Follower};
pub use reader::Reader;
pub use revert::{Explain, Revert};
pub use settings::Settings;
pub use transaction::{Receipt, Transaction};
pub use trouble::Trouble;

/// One event as a contract wrote it, with the place where it stands in the chain.
pub use alloy::rpc::types::Log;
