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
    /// [`Body::Verdict`](super::Body::Verdict).
    Verdict = 1,
    /// [`Body::Choice`](super::Body::Choice).
    Choice = 2,
    /// [`Body::Assent`](super::Body::Assent).
    Assent = 3,
    /// [`Body::Have`](super::Body::Have).
    Have = 4,
    /// [`Body::Alarm`](super::Body::Alarm).
    Alarm = 5,
    /// [`Body::Announcement`](super::Body::Announcement).
    Announcement = 6,
    /// [`Body::Binding`](super::Body::Binding).
    Binding = 7,
    /// [`Body::Note`](super::Body::Note).
    Note = 8,
    /// [`Body::Measure`](super::Body::Measure).
    Measure = 9,
    /// [`Body::Finding`](super::Body::Finding).
    Finding = 10,
    /// [`Body::Dataset`](super::Body::Dataset).
    Dataset = 11,
    /// [`Body::Training`](super::Body::Training).
    Training = 12,
    /// [`Body::Copy`](super::Body::Copy).
    Copy = 13,
}

impl Kind {
    const ALL: [Self; 13] = [
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
        Self::Dataset,
        Self::Training,
        Self::Copy,
    ];

    /// The kind that a byte stands for, if it is one.
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// Why bytes are no envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The first byte is another one than [`VERSION`].
    #[error("log message of version {0}: this node reads version 1, update it")]
    Version(u8),
    /// Not the canonical bytes of a message.
    #[error("log message is cut short, too long, or not in canonical form: ignore its sender")]
    Form,
    /// A byte that stands for no [`Kind`].
    #[error("log message of unknown kind {0}: this node may be too old, update it")]
    Kind(u8),
    /// Above [`MAX_BODY`], [`MAX_TOPIC`], [`MAX_PARENTS`] or [`MAX_ENVELOPE`].
    #[error("log message has a body, topic or list of parents above the limit: make it smaller")]
    TooLarge,
    /// The signature is another one, or of another key.
    #[error("log message is not signed by its author: ignore its sender")]
    Signature,
}

/// What an author says, before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The group whose log it is for.
    pub group: GroupId,
    /// What the body holds.
    pub kind: Kind,
    /// Messages of one author and topic replace one another by `seq`.
    pub topic: String,
    /// From 1; [`Log::draft`](super::Log::draft) counts it.
    pub seq: u64,
    /// Ids of messages that the author had seen; at most [`MAX_PARENTS`].
    pub parents: Vec<Digest>,
    /// JSON of a [`Body`](super::Body), [`MAX_BODY`] bytes at most.
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
        let (read, signature) = Self::read(bytes)?;
        let signed = [SIGNED_PREFIX, &bytes[..bytes.len() - 64]].concat();
        let key = VerifyingKey::from_bytes(&read.author().0).map_err(|_| EnvelopeError::Signature)?;
        key.verify_strict(&signed, &signature).map_err(|_| EnvelopeError::Signature)?;
        Ok(read)
    }

    /// Reads canonical bytes that this node has checked before and kept itself: their signature is not verified again.
    ///
    /// # Errors
    /// [`EnvelopeError`] for bytes of another form.
    pub fn reread(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        Ok(Self::read(bytes)?.0)
    }

    fn read(bytes: &[u8]) -> Result<(Self, Signature), EnvelopeError> {
        if bytes.len() > MAX_ENVELOPE {
            return Err(EnvelopeError::TooLarge);
        }
        let mut reader = Reader(bytes);
        let (draft, author) = decode(&mut reader)?;
        let signature = Signature::from_bytes(&reader.array()?);
        match reader.0.is_empty() {
            true => Ok((Self(Arc::new(Checked { draft, author, id: id_of(bytes), bytes: bytes.to_vec() })), signature)),
            false => Err(EnvelopeError::Form),
        }
    }

    /// sha2-256 of the bytes: the raw-codec IPFS block of the message has this digest.
    pub fn id(&self) -> Digest {
        self.0.id
    }

    /// The canonical bytes, signature included: what is stored and sent.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// The group whose log it is of.
    pub fn group(&self) -> GroupId {
        self.0.draft.group
    }

    /// The node that signed it.
    pub fn author(&self) -> NodeId {
        self.0.author
    }

    /// What the body holds.
    pub fn kind(&self) -> Kind {
        self.0.draft.kind
    }

    /// UTF-8, [`MAX_TOPIC`] bytes at most.
    pub fn topic(&self) -> &str {
        &self.0.draft.topic
    }

    /// Its number among the author's messages of that topic.
    pub fn seq(&self) -> u64 {
        self.0.draft.seq
    }

    /// Strictly ascending.
    pub fn parents(&self) -> &[Digest] {
        &self.0.draft.parents
    }

    /// Bytes that [`Body::from_bytes`](super::Body::from_bytes) reads.
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
