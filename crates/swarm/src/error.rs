//! What can go wrong between this node and its network, and what to do about it.
//!
//! Peers are no source of errors here: what they send wrongly costs them their connection, and shows as
//! something that did not come.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use libp2p::Multiaddr;
use protocol::log::{BodyError, EnvelopeError, LogError};
use protocol::{Digest, GroupId};

use crate::addresses::EXAMPLES;
use crate::config::GROUPS_MAX;
use crate::store::StoreError;

/// Errors of starting and using the network; each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum SwarmError {
    /// The port is taken, needs rights that this process has not, or the address is not one of this machine.
    #[error("cannot listen on {address}: {reason}; choose another address or port, or stop the program that uses it")]
    Listen { address: Multiaddr, reason: String },
    /// The address cannot be dialled at all. That nobody answers there is no error: it is tried again.
    #[error("cannot dial {address}: {reason}; addresses look like {EXAMPLES}")]
    Dial { address: Multiaddr, reason: String },
    /// What the configuration names for others to dial cannot be dialled.
    #[error("`external` names {address}, which nobody can dial: {reason}; addresses look like {EXAMPLES}")]
    External { address: Multiaddr, reason: String },
    /// A number of the configuration with which no node can work.
    #[error("{name} is {value}: {reason}")]
    Limit { name: &'static str, value: u64, reason: &'static str },
    /// Another process uses the folder; its lock goes with it, also when it is killed.
    #[error("the data folder {path} is used by another running node: stop it or choose another folder")]
    FolderInUse { path: PathBuf },
    /// The folder cannot be read or written.
    #[error("the data folder {path} cannot be used: {source}; check that it exists and is writable")]
    Folder { path: PathBuf, source: io::Error },
    /// A part of the swarm refused what it was built with: a name that is none, a key that is none, no listener in time.
    #[error("the network could not be set up: {0}; this is a fault of the program or of the system")]
    Setup(String),
    /// Blocks could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The swarm's task has ended: by [`crate::Client::shutdown`], or with its runtime.
    #[error("the network was shut down: start the node again")]
    Closed,
}

/// Why a file could not be had. Only `NotThatFile` and `TooLong` are about the file; all others are about
/// this moment, and the same fetch may succeed later.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nobody delivered in time. Blocks that came are kept, so that the next attempt goes on from there.
    #[error("{digest} was not found within {time:?}: no connected peer offers all of it; check that a holder is online, and try again")]
    TimedOut { digest: Digest, time: Duration },
    /// The digest is that of something else than a file of this length: decided from blocks that hash to
    /// what they should, so no peer can cause it for a digest that is right.
    #[error("{digest} is not a file of {length} bytes in the network's encoding: its digest is wrong or its author made it differently")]
    NotThatFile { digest: Digest, length: u64 },
    /// It was here, and is not any more, or not as it was written: it fell when room was needed, was removed, or its block is damaged.
    #[error("{digest} was here and cannot be read any more: fetch it again; if that happens often, check the disk")]
    Gone { digest: Digest },
    /// The length that the root block tells, or that was asked for, is above the caller's limit.
    #[error("{digest} has {length} bytes, and at most {limit} are read: refuse it")]
    TooLong { digest: Digest, length: u64, limit: u64 },
    /// More blocks are waited for than the node allows, over all fetches.
    #[error("too many fetches at once: try again when others have ended")]
    Busy,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the network was shut down: start the node again")]
    Closed,
}

/// Why a log cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// This node keeps no log of that group.
    #[error("this node does not take part in group {0}: subscribe to it first")]
    NotSubscribed(GroupId),
    /// It keeps [`GROUPS_MAX`] logs already.
    #[error("this node takes part in {GROUPS_MAX} groups already: use another node for more")]
    TooManyGroups,
    /// The log's file cannot be opened; it is as it was.
    #[error("the log file {path} cannot be used: {source}; check the disk's free space and the file's permissions")]
    File { path: PathBuf, source: io::Error },
    /// The disk refused a message, which is not in the log then.
    #[error("a log file cannot be written: {0}; check the disk's free space")]
    Disk(#[from] io::Error),
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    #[error(transparent)]
    Refused(#[from] LogError),
    #[error(transparent)]
    Network(#[from] SwarmError),
}

impl LogsError {
    /// Whether no honest peer can have sent the message. A newer version or kind is none: the peer may be ahead.
    pub fn is_misdeed(&self) -> bool {
        match self {
            Self::Envelope(error) => !matches!(error, EnvelopeError::Version(_) | EnvelopeError::Kind(_)),
            Self::Refused(error) => error.is_misdeed(),
            _ => false,
        }
    }
}
