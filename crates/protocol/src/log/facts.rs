//! What a log needs to know of a message: read once from its envelope, signatures inside included, and kept beside it on disk.
//!
//! Version 1, for a node's own disk, numbers big-endian: version u8 ‖ id 32 ‖ author 32 ‖ kind u8 ‖ seq u64 ‖ bytes u32 ‖ matter u8 (0 none,
//! 1 of the author's account, 2 of a signer) ‖ signer 20 if there is one ‖ scope u64 ‖ rank u64 ‖ what 16 if there is a matter ‖ topic length
//! u8 ‖ topic ‖ parents u8 ‖ 32 each.

use sha2::{Digest as _, Sha256};

use super::body::{Binding, Body};
use super::envelope::{Envelope, Kind};
use crate::eip712::{Domain, SignedVerdict, Typed as _};
use crate::ids::{Address, Digest, GroupId, NodeId};

const VERSION: u8 = 1;
/// Windows of one bounty in a scope; they are fewer.
const WINDOW_BITS: u32 = 2;

/// Why a message is no message of a group's log, whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// It belongs into the log of this group.
    #[error("log message of group {0}: send it to that group's log")]
    OtherGroup(GroupId),
    /// A signature inside is nobody's, or of another account than is said, or about something else.
    #[error("log message carries a signature that was not made for it: ignore its sender")]
    Forged,
    /// The bytes are not those of [`Facts::to_bytes`].
    #[error("what was noted about a log message is damaged: read the message itself again")]
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
    /// Of the envelope.
    pub bytes: u32,
    /// UTF-8, [`MAX_TOPIC`](super::MAX_TOPIC) bytes at most.
    pub topic: String,
    /// Strictly ascending, [`MAX_PARENTS`](super::MAX_PARENTS) at most.
    pub parents: Vec<Digest>,
    /// What the body is about; none where that gives no room.
    pub(crate) matter: Option<Matter>,
}

/// What a body is about, as far as room is given by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Matter {
    /// Who signed inside; none where the author speaks for an account.
    pub signer: Option<Address>,
    /// Round, period, bounty and window, or second of expiry, by kind; see [`window_of`].
    pub scope: u64,
    /// Of several in one room those with the highest are kept.
    pub rank: u64,
    /// Two with the same say the same.
    pub what: [u8; 16],
}

/// Bounty and window of a finding's scope.
pub(crate) fn window_of(scope: u64) -> (u64, u64) {
    (scope >> WINDOW_BITS, scope & ((1 << WINDOW_BITS) - 1))
}

fn scope_of(bounty: u64, window: u64) -> Option<u64> {
    let scope = bounty.checked_mul(1 << WINDOW_BITS)?.checked_add(window)?;
    (window_of(scope) == (bounty, window)).then_some(scope)
}

fn first_half(digest: &Digest) -> [u8; 16] {
    std::array::from_fn(|byte| digest.0[byte])
}

fn hash(parts: &[&[u8]]) -> [u8; 16] {
    let hash = Sha256::digest(parts.concat());
    std::array::from_fn(|byte| hash[byte])
}

impl Facts {
    /// Reads an envelope that was checked, for the log of `group`; recovers who signed inside. A body that is not written as
    /// [`Body::to_bytes`] writes it says nothing here.
    ///
    /// # Errors
    /// [`FactsError::OtherGroup`], [`FactsError::Forged`].
    pub fn read(envelope: &Envelope, group: GroupId, domain: &Domain) -> Result<Self, FactsError> {
        if envelope.group() != group {
            return Err(FactsError::OtherGroup(envelope.group()));
        }
        let body = Body::from_bytes(envelope.kind(), envelope.body()).ok();
        let body = body.filter(|body| body.to_bytes().is_ok_and(|bytes| bytes == envelope.body()));
        let reading = Reading { author: envelope.author(), seq: envelope.seq(), group, domain };
        Ok(Self {
            id: envelope.id(),
            author: envelope.author(),
            kind: envelope.kind(),
            seq: envelope.seq(),
            bytes: envelope.bytes().len() as u32,
            topic: envelope.topic().to_owned(),
            parents: envelope.parents().to_vec(),
            matter: body.map(|body| reading.matter(&body)).transpose()?.flatten(),
        })
    }

    /// Bytes from which [`Facts::from_bytes`] makes the same; golden: `tests/golden/log-facts-1.hex`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.id.0);
        bytes.extend(self.author.0);
        bytes.push(self.kind as u8);
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.bytes.to_be_bytes());
        put_matter(&mut bytes, self.matter.as_ref());
        bytes.push(self.topic.len() as u8);
        bytes.extend(self.topic.as_bytes());
        bytes.push(self.parents.len() as u8);
        self.parents.iter().for_each(|parent| bytes.extend(parent.0));
        bytes
    }

    /// What [`Facts::to_bytes`] wrote. No signature is checked: it is for what this node has written itself, never for what a peer sent.
    ///
    /// # Errors
    /// [`FactsError::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FactsError> {
        let mut reader = Reader(bytes);
        reader.facts().filter(|_| reader.0.is_empty()).ok_or(FactsError::Damaged)
    }
}

/// What a body is read with.
struct Reading<'a> {
    author: NodeId,
    seq: u64,
    group: GroupId,
    domain: &'a Domain,
}

impl Reading<'_> {
    fn matter(&self, body: &Body) -> Result<Option<Matter>, FactsError> {
        Ok(match body {
            Body::Verdict(verdict) if verdict.message.group == self.group => Some(self.verdict(verdict)?),
            Body::Choice(choice) if choice.message.group == self.group => {
                let (message, signer) = (choice.message, self.signed(choice.signer(self.domain).ok())?);
                let what = first_half(&message.digest(self.domain));
                Some(Matter { signer, scope: message.period.0, rank: message.seq, what })
            }
            Body::Assent(assent) => {
                let (measure, signer) = (&assent.measure, self.signed(assent.signer(self.domain))?);
                let what = first_half(&measure.digest(self.domain));
                Some(Matter { signer, scope: measure.expiry_s, rank: measure.expiry_s, what })
            }
            Body::Finding(finding) => {
                let signed = finding.signed().ok_or(FactsError::Forged)?;
                let (message, signer) = (signed.message, self.signed(signed.signer(self.domain).ok())?);
                let scope = scope_of(message.bounty.0, message.window);
                scope.map(|scope| Matter { signer, scope, rank: 0, what: first_half(&message.result) })
            }
            Body::Binding(binding) => Some(self.binding(binding)?),
            Body::Alarm { verdict, .. } => {
                self.signed(verdict.signer(self.domain).ok())?;
                let what = hash(&[&verdict.message.digest(self.domain).0, &verdict.signature.to_bytes()]);
                Some(self.own(verdict.message.round.0, what))
            }
            Body::Measure(body) => Some(self.own(body.measure.expiry_s, first_half(&body.measure.digest(self.domain)))),
            Body::Have { round, file } => Some(self.have(round.0, first_half(file))),
            Body::Training(body) => Some(self.own(body.round.0, first_half(&body.file))),
            Body::Dataset { head, .. } => Some(self.own(0, first_half(head))),
            Body::Copy { file, .. } => Some(self.own(0, first_half(file))),
            Body::Announcement { .. } => Some(self.own(0, hash(&[&self.author.0]))),
            Body::Verdict(_) | Body::Choice(_) | Body::Note(_) => None,
        })
    }

    fn signed(&self, signer: Option<Address>) -> Result<Option<Address>, FactsError> {
        signer.map(Some).ok_or(FactsError::Forged)
    }

    fn verdict(&self, verdict: &SignedVerdict) -> Result<Matter, FactsError> {
        let signer = self.signed(verdict.signer(self.domain).ok())?;
        Ok(Matter { signer, scope: verdict.message.round.0, rank: 0, what: first_half(&verdict.message.claim) })
    }

    fn binding(&self, binding: &Binding) -> Result<Matter, FactsError> {
        let is_bound = binding.binds(self.author, self.domain);
        let signer = self.signed(is_bound.then_some(binding.account))?;
        Ok(Matter { signer, scope: 0, rank: self.seq, what: hash(&[&self.author.0]) })
    }

    /// What was held first in a round is what counts there; bodies of deltas, under round 0, go on for ever.
    fn have(&self, round: u64, file: [u8; 16]) -> Matter {
        let rank = if round == 0 { self.seq } else { u64::MAX - self.seq };
        Matter { signer: None, scope: round, rank, what: file }
    }

    /// What the author says for its account: the newest counts.
    fn own(&self, scope: u64, what: [u8; 16]) -> Matter {
        Matter { signer: None, scope, rank: self.seq, what }
    }
}

fn put_matter(bytes: &mut Vec<u8>, matter: Option<&Matter>) {
    let Some(matter) = matter else { return bytes.push(0) };
    bytes.push(if matter.signer.is_some() { 2 } else { 1 });
    matter.signer.iter().for_each(|signer| bytes.extend(signer.0));
    bytes.extend(matter.scope.to_be_bytes());
    bytes.extend(matter.rank.to_be_bytes());
    bytes.extend(matter.what);
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn facts(&mut self) -> Option<Facts> {
        if self.byte()? != VERSION {
            return None;
        }
        let (id, author) = (Digest(self.array()?), NodeId(self.array()?));
        let (kind, seq, bytes) = (Kind::from_byte(self.byte()?)?, self.number()?, u32::from_be_bytes(self.array()?));
        let matter = self.matter()?;
        let length = self.byte()?;
        let topic = String::from_utf8(self.take(length.into())?.to_vec()).ok()?;
        let parents = (0..self.byte()?).map(|_| self.array().map(Digest)).collect::<Option<_>>()?;
        Some(Facts { id, author, kind, seq, bytes, topic, parents, matter })
    }

    fn matter(&mut self) -> Option<Option<Matter>> {
        let signer = match self.byte()? {
            0 => return Some(None),
            1 => None,
            2 => Some(Address(self.array()?)),
            _ => return None,
        };
        Some(Some(Matter { signer, scope: self.number()?, rank: self.number()?, what: self.array()? }))
    }
}
