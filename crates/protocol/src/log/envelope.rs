//! One signed message of the log and its canonical bytes.
//!
//! Version 1, all numbers big-endian: version u8 ‖ group u64 ‖ author 32 ‖ kind u8 ‖ seq u64 ‖ topic length u8 ‖ topic
//! ‖ parents u8 ‖ 32 each, strictly ascending ‖ body length u32 ‖ body ‖ ed25519 signature 64. The signature is over
//! [`SIGNED_PREFIX`] and all bytes before it; the id is the sha2-256 digest of all bytes.

use std::sync::Arc;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::ids::{Digest, GroupId, NodeId};

/// The only version there is.
pub const VERSION: u8 = 1;
/// Bytes of a body at most.
pub const MAX_BODY: usize = 64 * 1024;
/// Bytes of a topic at most.
pub const MAX_TOPIC: usize = 64;
/// Parents named at most.
pub const MAX_PARENTS: usize = 16;
/// Bytes of an envelope at most.
pub const MAX_ENVELOPE: usize = 1 + 8 + 32 + 1 + 8 + 1 + MAX_TOPIC + 1 + 32 * MAX_PARENTS + 4 + MAX_BODY + 64;
/// Keeps signatures of the log apart from all other uses of a node's key.
pub const SIGNED_PREFIX: &[u8] = b"neuron log 1\n";

/// What a message is about; its number stands in the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    Verdict = 1,
    Choice = 2,
    Assent = 3,
    Have = 4,
    Alarm = 5,
    Announcement = 6,
    Binding = 7,
    Note = 8,
    Measure = 9,
    Finding = 10,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::Verdict,
        Self::Choice,
        Self::Assent,
        Self::Have,
        Self::Alarm,
        Self::Announcement,
        Self::Binding,
        Self::Note,
        Self::Measure,
        Self::Finding,
    ];

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// Why bytes are no envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    #[error("log message of version {0}: this node reads version 1, update it")]
    Version(u8),
    #[error("log message is cut short, too long, or not in canonical form: ignore its sender")]
    Form,
    #[error("log message of unknown kind {0}: this node may be too old, update it")]
    Kind(u8),
    #[error("log message has a body, topic or list of parents above the limit: make it smaller")]
    TooLarge,
    #[error("log message is not signed by its author: ignore its sender")]
    Signature,
}

/// What an author says, before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub group: GroupId,
    pub kind: Kind,
    /// Messages of one author and topic replace one another by `seq`.
    pub topic: String,
    pub seq: u64,
    /// Ids of messages that the author had seen; at most [`MAX_PARENTS`].
    pub parents: Vec<Digest>,
    pub body: Vec<u8>,
}

/// A message whose signature was checked. Clones share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope(Arc<Checked>);

#[derive(Debug, PartialEq, Eq)]
struct Checked {
    draft: Draft,
    author: NodeId,
    bytes: Vec<u8>,
    id: Digest,
}

impl Envelope {
    /// Signs a draft; parents are sorted and duplicates dropped.
    ///
    /// # Errors
    /// [`EnvelopeError::TooLarge`] above a limit.
    pub fn sign(mut draft: Draft, key: &SigningKey) -> Result<Self, EnvelopeError> {
        draft.parents.sort_unstable();
        draft.parents.dedup();
        let author = NodeId(key.verifying_key().to_bytes());
        let mut bytes = encode(&draft, author)?;
        let signature = key.sign(&[SIGNED_PREFIX, &bytes].concat());
        bytes.extend_from_slice(&signature.to_bytes());
        Ok(Self(Arc::new(Checked { id: id_of(&bytes), draft, author, bytes })))
    }

    /// Reads and checks canonical bytes.
    ///
    /// # Errors
    /// [`EnvelopeError`] for anything that [`Envelope::sign`] would not have written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > MAX_ENVELOPE {
            return Err(EnvelopeError::TooLarge);
        }
        let mut reader = Reader(bytes);
        let (draft, author) = decode(&mut reader)?;
        let signature = Signature::from_bytes(&reader.array()?);
        if !reader.0.is_empty() {
            return Err(EnvelopeError::Form);
        }
        let signed = [SIGNED_PREFIX, &bytes[..bytes.len() - 64]].concat();
        let key = VerifyingKey::from_bytes(&author.0).map_err(|_| EnvelopeError::Signature)?;
        key.verify_strict(&signed, &signature).map_err(|_| EnvelopeError::Signature)?;
        Ok(Self(Arc::new(Checked { draft, author, id: id_of(bytes), bytes: bytes.to_vec() })))
    }

    /// sha2-256 of the bytes: the raw-codec IPFS block of the message has this digest.
    pub fn id(&self) -> Digest {
        self.0.id
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    pub fn group(&self) -> GroupId {
        self.0.draft.group
    }

    pub fn author(&self) -> NodeId {
        self.0.author
    }

    pub fn kind(&self) -> Kind {
        self.0.draft.kind
    }

    pub fn topic(&self) -> &str {
        &self.0.draft.topic
    }

    pub fn seq(&self) -> u64 {
        self.0.draft.seq
    }

    /// Strictly ascending.
    pub fn parents(&self) -> &[Digest] {
        &self.0.draft.parents
    }

    pub fn body(&self) -> &[u8] {
        &self.0.draft.body
    }
}

fn id_of(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

fn encode(draft: &Draft, author: NodeId) -> Result<Vec<u8>, EnvelopeError> {
    if draft.body.len() > MAX_BODY || draft.topic.len() > MAX_TOPIC || draft.parents.len() > MAX_PARENTS {
        return Err(EnvelopeError::TooLarge);
    }
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&draft.group.0.to_be_bytes());
    bytes.extend_from_slice(&author.0);
    bytes.push(draft.kind as u8);
    bytes.extend_from_slice(&draft.seq.to_be_bytes());
    bytes.push(draft.topic.len() as u8);
    bytes.extend_from_slice(draft.topic.as_bytes());
    bytes.push(draft.parents.len() as u8);
    draft.parents.iter().for_each(|parent| bytes.extend_from_slice(&parent.0));
    bytes.extend_from_slice(&(draft.body.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&draft.body);
    Ok(bytes)
}

fn decode(reader: &mut Reader<'_>) -> Result<(Draft, NodeId), EnvelopeError> {
    let [version] = reader.array()?;
    if version != VERSION {
        return Err(EnvelopeError::Version(version));
    }
    let group = GroupId(u64::from_be_bytes(reader.array()?));
    let author = NodeId(reader.array()?);
    let [kind] = reader.array()?;
    let kind = Kind::from_byte(kind).ok_or(EnvelopeError::Kind(kind))?;
    let seq = u64::from_be_bytes(reader.array()?);
    let topic = reader.topic()?;
    let parents = reader.parents()?;
    let body = reader.body()?;
    Ok((Draft { group, kind, topic, seq, parents, body }, author))
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], EnvelopeError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(EnvelopeError::Form)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], EnvelopeError> {
        self.take(N)?.try_into().map_err(|_| EnvelopeError::Form)
    }

    fn topic(&mut self) -> Result<String, EnvelopeError> {
        let [length] = self.array()?;
        if usize::from(length) > MAX_TOPIC {
            return Err(EnvelopeError::TooLarge);
        }
        String::from_utf8(self.take(length.into())?.to_vec()).map_err(|_| EnvelopeError::Form)
    }

    fn parents(&mut self) -> Result<Vec<Digest>, EnvelopeError> {
        let [count] = self.array()?;
        if usize::from(count) > MAX_PARENTS {
            return Err(EnvelopeError::TooLarge);
        }
        let parents = (0..count).map(|_| self.array().map(Digest)).collect::<Result<Vec<_>, _>>()?;
        match parents.windows(2).all(|pair| pair[0] < pair[1]) {
            true => Ok(parents),
            false => Err(EnvelopeError::Form),
        }
    }

    fn body(&mut self) -> Result<Vec<u8>, EnvelopeError> {
        let length = u32::from_be_bytes(self.array()?) as usize;
        if length > MAX_BODY {
            return Err(EnvelopeError::TooLarge);
        }
        Ok(self.take(length)?.to_vec())
    }
}
