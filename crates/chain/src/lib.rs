//! The Ethereum side: connection, keys, sending, following events and the local chain.

mod account;
mod asking;
pub mod blueprint;
mod book;
mod ceiling;
mod connection;
mod contract;
pub mod convert;
pub mod dev;
mod endpoint;
mod errand;
mod error;
mod failure;
mod fees;
mod flight;
mod flights;
mod follow;
pub mod geth;
mod header;
pub mod keystore;
mod logs;
pub mod mnemonic;
mod nonces;
pub mod pause;
mod pool;
mod queue;
mod reader;
mod remote;
mod revert;
mod sender;
mod server;
mod settings;
mod span;
mod transaction;
mod trouble;
mod waiting;
pub mod words;

pub use account::Account;
pub use ceiling::{Because, Ceiling};
pub use connection::Connection;
pub use contract::{Contract, name_of};
pub use endpoint::{Endpoint, Endpoints};
pub use errand::{Errand, Urgency};
pub use error::{ChainError, RemoteError};
pub use failure::Failure;
pub use flights::{Flights, Noted};
pub use follow::{Followed, Follower};
pub use reader::Reader;
pub use revert::{Explain, Revert};
pub use settings::Settings;
pub use transaction::{Receipt, Transaction};
pub use trouble::Trouble;
pub use waiting::{Waiting, Where};

/// One event as a contract wrote it, with the place where it stands in the chain.
pub use alloy::rpc::types::Log;
