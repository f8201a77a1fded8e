//! What can go wrong between this node and its network, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use libp2p::Multiaddr;
use protocol::Digest;

use crate::store::StoreError;

/// Errors of starting and using the network.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The port is taken or the address is not one of this machine.
    #[error("cannot listen on {address}: {reason}; choose another address or port, or stop the program that uses it")]
    Listen { address: Multiaddr, reason: String },
    /// The address cannot be dialled at all.
    #[error("cannot dial {address}: {reason}; an address looks like /ip4/203.0.113.7/tcp/4400/p2p/12D3Koo…")]
    Dial { address: Multiaddr, reason: String },
    /// Another process uses the folder.
    #[error("the data folder {path} is used by another running node: stop it or choose another folder")]
    FolderInUse { path: PathBuf },
    /// The folder cannot be read or written.
    #[error("the data folder {path} cannot be used: {source}; check that it exists and is writable")]
    Folder { path: PathBuf, source: io::Error },
    #[error("the network could not be set up: {0}; this is a fault of the program or of the system")]
    Setup(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The swarm's task has ended.
    #[error("the network was shut down: start the node again")]
    Closed,
}

/// Why a file could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nobody delivered in time.
    #[error("{digest} was not found within {time:?}: no connected peer offers all of it; check that a holder is online, and try again")]
    TimedOut { digest: Digest, time: Duration },
    /// The file exists but is not what was asked for.
    #[error("{digest} is not a file of {length} bytes in the network's encoding: its digest is wrong or its author made it differently")]
    NotThatFile { digest: Digest, length: u64 },
    /// The length that the root block tells is above the caller's limit.
    #[error("{digest} has {length} bytes, and at most {limit} are read: refuse it")]
    TooLong { digest: Digest, length: u64, limit: u64 },
    /// More blocks are waited for than the node allows.
    #[error("too many fetches at once: try again when others have ended")]
    Busy,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the network was shut down: start the node again")]
    Closed,
}
