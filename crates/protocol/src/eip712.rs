//! Typed messages that accounts sign (EIP-712), and the recovery of who signed them (ERC-2098).

mod known;

use std::fmt;

use k256::ecdsa::{RecoveryId, SigningKey, VerifyingKey, signature::hazmat::PrehashSigner as _};
use k256::elliptic_curve::ops::{Invert as _, LinearCombination as _, Reduce};
use k256::elliptic_curve::{PrimeField as _, point::DecompressPoint as _};
use k256::{AffinePoint, ProjectivePoint, Scalar, U256};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ids::{Address, BountyNumber, DeltaNumber, Digest, GroupId, NodeId, PeriodNumber, RoundNumber, keccak256};
use crate::rules::{address_word, hash_words, word};

/// Why a signature names no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The two numbers are no signature of this hash.
    #[error("the signature fits no account: sign again with the account's key")]
    Unrecoverable,
    /// The larger of the two possible `s`; contracts refuse it (EIP-2).
    #[error("the signature has a high s: use the lower one of the two (EIP-2)")]
    HighS,
    /// Not 64 or 65 bytes, or a recovery byte other than 0, 1, 27, 28.
    #[error("a signature has 64 bytes (ERC-2098) or 65 with a last byte of 27 or 28")]
    Form,
}

/// A compact signature: `vs` carries the parity of the point in its highest bit (ERC-2098).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    /// x coordinate of the signature's point, big-endian.
    pub r: [u8; 32],
    /// `s`, the lower one of the two, big-endian; its highest bit is the parity of the point's y.
    pub vs: [u8; 32],
}

impl Signature {
    /// From 64 compact bytes or from 65 with a recovery byte.
    ///
    /// # Errors
    /// [`SignatureError::Form`] for any other length or recovery byte.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SignatureError> {
        let (halves, odd) = match (bytes.len(), bytes.get(64)) {
            (64, _) => (bytes, None),
            (65, Some(0 | 27)) => (&bytes[..64], Some(0)),
            (65, Some(1 | 28)) => (&bytes[..64], Some(0x80)),
            _ => return Err(SignatureError::Form),
        };
        let (mut r, mut vs) = ([0; 32], [0; 32]);
        r.copy_from_slice(&halves[..32]);
        vs.copy_from_slice(&halves[32..]);
        if odd.is_some() && vs[0] & 0x80 != 0 {
            return Err(SignatureError::HighS);
        }
        vs[0] |= odd.unwrap_or_default();
        Ok(Self { r, vs })
    }

    /// The 64 compact bytes.
    pub fn to_bytes(self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.r);
        bytes[32..].copy_from_slice(&self.vs);
        bytes
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "0x{}", hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").ok_or_else(|| de::Error::custom(SignatureError::Form))?;
        let mut bytes = [0; 64];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| de::Error::custom(SignatureError::Form))?;
        Self::from_bytes(&bytes).map_err(de::Error::custom)
    }
}

/// The account that signed `digest`.
///
/// # Errors
/// [`SignatureError`] if there is none, or the signature is the malleable twin of one.
pub fn recover(digest: Digest, signature: &Signature) -> Result<Address, SignatureError> {
    known::signer(digest, signature, || computed(digest, signature))
}

fn computed(digest: Digest, signature: &Signature) -> Result<Address, SignatureError> {
    let odd = signature.vs[0] & 0x80 != 0;
    let mut s = signature.vs;
    s[0] &= 0x7f;
    let pair = k256::ecdsa::Signature::from_scalars(signature.r, s).map_err(|_| SignatureError::Unrecoverable)?;
    if pair.normalize_s().is_some() {
        return Err(SignatureError::HighS);
    }
    public_key(digest, &pair, odd).map(|key| address_of(&key)).ok_or(SignatureError::Unrecoverable)
}

/// The key `(s·R − digest·G) / r`, where `R` is the point whose `x` is `r` (SEC 1, 4.1.6). The signature fits it by construction; to
/// verify it once more, as the library does, would cost as much again.
fn public_key(digest: Digest, pair: &k256::ecdsa::Signature, odd: bool) -> Option<VerifyingKey> {
    let (r, s) = pair.split_scalars();
    let point = Option::<AffinePoint>::from(AffinePoint::decompress(&r.to_repr(), u8::from(odd).into()))?;
    let hash = <Scalar as Reduce<U256>>::reduce_bytes(&digest.0.into());
    let inverse = *r.invert();
    let key = ProjectivePoint::lincomb(&ProjectivePoint::GENERATOR, &-(inverse * hash), &point.into(), &(inverse * *s));
    VerifyingKey::from_affine(key.to_affine()).ok()
}

/// Signs `digest`; deterministic (RFC 6979).
///
/// # Errors
/// [`SignatureError::Unrecoverable`] in the case, never seen, that the key fits no signature.
pub fn sign(digest: Digest, key: &SigningKey) -> Result<Signature, SignatureError> {
    let signed: Result<(k256::ecdsa::Signature, RecoveryId), _> = key.sign_prehash(&digest.0);
    let (pair, parity) = signed.map_err(|_| SignatureError::Unrecoverable)?;
    let mut bytes = [0; 65];
    bytes[..64].copy_from_slice(&pair.to_bytes());
    bytes[64] = parity.is_y_odd().into();
    Signature::from_bytes(&bytes)
}

/// The account of a public key: the last 20 bytes of the hash of its point.
pub fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_encoded_point(false);
    let hash = keccak256(point.as_bytes().get(1..).unwrap_or_default());
    let mut address = [0; 20];
    address.copy_from_slice(&hash[12..]);
    Address(address)
}

/// Where a signature counts: one contract on one chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// EIP-155 number of the chain.
    pub chain_id: u64,
    /// Address of `Network`.
    pub network: Address,
}

impl Domain {
    /// EIP-712 domain separator of name `Neuron Network`, version `1`.
    pub fn separator(&self) -> Digest {
        let kind = keccak256(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        let words = [kind, keccak256(b"Neuron Network"), keccak256(b"1"), word(self.chain_id), address_word(self.network)];
        hash_words(&words)
    }

    /// What an account signs the hash of: a message's words in this domain.
    fn encoded(&self, kind: &str, fields: &[[u8; 32]]) -> Vec<u8> {
        let mut words = vec![keccak256(kind.as_bytes())];
        words.extend_from_slice(fields);
        self.encoded_of(hash_words(&words))
    }

    /// The same of a message with that struct hash.
    pub(crate) fn encoded_of(&self, message: Digest) -> Vec<u8> {
        [&b"\x19\x01"[..], &self.separator().0, &message.0].concat()
    }
}

/// A message that accounts sign.
pub trait Typed {
    /// The 66 bytes whose hash is signed.
    fn encoded(&self, domain: &Domain) -> Vec<u8>;

    /// The 32 bytes that are signed.
    fn digest(&self, domain: &Domain) -> Digest {
        Digest(keccak256(&self.encoded(domain)))
    }
}

/// A message and its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed<T> {
    /// What is signed.
    pub message: T,
    /// By the account that [`Signed::signer`] finds.
    pub signature: Signature,
}

/// A vote for a claim of a round, as the log carries it and `judge` takes it.
pub type SignedVerdict = Signed<Verdict>;
/// A vote for a result of a bounty, as `find` takes it.
pub type SignedFinding = Signed<Finding>;
/// A vote for a delta, as `cast` takes it.
pub type SignedChoice = Signed<Choice>;
/// An account's word that a node is its own.
pub type SignedNode = Signed<Node>;

impl<T: Typed> Signed<T> {
    /// The account that signed this in `domain`.
    ///
    /// # Errors
    /// [`SignatureError`] if nobody did.
    pub fn signer(&self, domain: &Domain) -> Result<Address, SignatureError> {
        recover(self.message.digest(domain), &self.signature)
    }
}

/// A validator's finding: `claim` (0 = none) is the first true one; `probe` shows that the model was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Group of the claim.
    pub group: GroupId,
    /// Its round.
    pub round: RoundNumber,
    /// [`claim_hash`](crate::rules::claim_hash) of the claim, or 0.
    pub claim: Digest,
    /// Of the claim's file, or of the base if `claim` is 0; depends on the signer (PROTOCOL 12, Loss, claim, probe).
    pub probe: Digest,
}

impl Typed for Verdict {
    fn encoded(&self, domain: &Domain) -> Vec<u8> {
        let kind = "Verdict(uint256 group,uint256 round,bytes32 claim,bytes32 probe)";
        domain.encoded(kind, &[word(self.group.0), word(self.round.0), self.claim.0, self.probe.0])
    }
}

/// What a validator found about a bounty in one of its windows, 0 to 2: the hash of its findings, and a probe of the last winner that
/// it measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Which bounty.
    pub bounty: BountyNumber,
    /// 0 to 2: an epoch each.
    pub window: u64,
    /// [`Findings::hash`](crate::bounty::Findings::hash) of what was found.
    pub result: Digest,
    /// 0 if the bounty failed, or nothing was to be measured.
    pub probe: Digest,
}

impl Typed for Finding {
    fn encoded(&self, domain: &Domain) -> Vec<u8> {
        let kind = "Measured(uint256 bounty,uint256 window,bytes32 result,bytes32 probe)";
        domain.encoded(kind, &[word(self.bounty.0), word(self.window), self.result.0, self.probe.0])
    }
}

/// A vote in a period: `delta` of that `patch` (0 and 0 = keep the set as it is); a higher `seq` replaces. The owner of a
/// position signs it too, and outranks the signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Group of the training set.
    pub group: GroupId,
    /// The running period: it counts in no other.
    pub period: PeriodNumber,
    /// The delta voted for.
    pub delta: DeltaNumber,
    /// Digest of the delta.
    pub patch: Digest,
    /// Number of this choice among those of its signer in the period.
    pub seq: u64,
}

impl Typed for Choice {
    fn encoded(&self, domain: &Domain) -> Vec<u8> {
        let kind = "Choice(uint256 group,uint256 period,uint256 delta,bytes32 patch,uint256 seq)";
        domain.encoded(kind, &[word(self.group.0), word(self.period.0), word(self.delta.0), self.patch.0, word(self.seq)])
    }
}

/// A signer lets `owner` make a position for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Group in which the position is made.
    pub group: GroupId,
    /// Who may name the signer's key.
    pub owner: Address,
}

impl Typed for Consent {
    fn encoded(&self, domain: &Domain) -> Vec<u8> {
        let kind = "Consent(uint256 group,address owner)";
        domain.encoded(kind, &[word(self.group.0), address_word(self.owner)])
    }
}

/// An account names its node; the node answers by the envelope that carries this. It moves nothing on chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The node's ed25519 key, which signs envelopes.
    pub node: NodeId,
}

impl Typed for Node {
    fn encoded(&self, domain: &Domain) -> Vec<u8> {
        domain.encoded("Node(bytes32 node)", &[self.node.0])
    }
}
