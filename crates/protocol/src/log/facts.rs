//! What a log needs to know of a message: read once from its envelope, signatures inside included, and kept beside it on disk.

use sha2::{Digest as _, Sha256};

use super::body::Body;
use super::envelope::{Envelope, Kind};
use crate::eip712::Domain;
use crate::ids::{Address, Digest, GroupId, NodeId};

/// Why a message is no message of a group's log, whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// It belongs into the log of this group.
    #[error("log message of group {0}: send it to that group's log")]
    OtherGroup(GroupId),
    /// A signature inside is nobody's, or the body contradicts what was signed.
    #[error("log message carries a signature that nobody made: ignore its sender")]
    Forged,
    /// The bytes are not those of [`Facts::to_bytes`].
    #[error("notes about a log message are damaged: read the message itself again")]
    Damaged,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Of the message.
    pub id: Digest,
    /// Who signed the envelope.
    pub author: NodeId,
    /// What the body holds.
    pub kind: Kind,
    /// Its number among the author's messages of that topic.
    pub seq: u64,
    /// UTF-8, [`MAX_TOPIC`](super::MAX_TOPIC) bytes at most.
    pub topic: String,
    /// Strictly ascending, [`MAX_PARENTS`](super::MAX_PARENTS) at most.
    pub parents: Vec<Digest>,
    /// Bytes of the envelope.
    pub bytes: u32,
    /// What the body is about; none if it is of no use to anybody.
    pub(crate) matter: Option<Matter>,
}

/// What a body is about, as far as room is given by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Matter {
    /// Who signed inside; none where the author speaks for an account.
    pub account: Option<Address>,
    /// Round, period, bounty with window, or second of expiry, by kind.
    pub scope: u64,
    /// Of several in one room the higher ones are kept.
    pub rank: u64,
    /// Two with the same say the same.
    pub what: [u8; 16],
}

impl Facts {
    /// Reads an envelope that was checked, for the log of `group`; recovers who signed inside.
    ///
    /// # Errors
    /// [`FactsError::OtherGroup`], [`FactsError::Forged`].
    pub fn read(envelope: &Envelope, group: GroupId, domain: &Domain) -> Result<Self, FactsError> {
        unimplemented!()
    }

    /// Bytes from which [`Facts::from_bytes`] makes the same; version 1, for one's own disk alone.
    pub fn to_bytes(&self) -> Vec<u8> {
        unimplemented!()
    }

    /// What [`Facts::to_bytes`] wrote: no signature is checked again, so never what came from a peer.
    ///
    /// # Errors
    /// [`FactsError::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FactsError> {
        unimplemented!()
    }
}
