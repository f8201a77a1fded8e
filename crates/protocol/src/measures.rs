//! What stake can decide: typed acts, and the bytes in which a contract is given them.

use serde::{Deserialize, Serialize};

use crate::eip712::{Domain, Typed};
use crate::ids::{Address, DeltaNumber, Digest, GroupId, PositionNumber, RoundNumber, keccak256};
use crate::money::Micronats;
use crate::rules::{address_word, word};

/// Most of a position's stake that one measure takes, in parts of 10,000.
pub const MAX_SLASH_BASIS_POINTS: u64 = 1_000;
/// Epochs for which an assent may wait to be counted: the expiry of a measure is no further away.
pub const MAX_WAIT_EPOCHS: u64 = 8;
/// Epochs from the showing of a slash to the first in which it can be enacted.
pub const SLASH_NOTICE_EPOCHS: u64 = 2;

/// Why a measure is none of the acts that contracts know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// The number of the kind is none of 0 to 6.
    #[error("no measure has kind {0}: the kinds are 0 to 6")]
    Kind(u8),
    /// Arguments of another length than the kind's.
    #[error("a measure of kind {kind} has {words} words of 32 bytes as arguments")]
    Length { kind: u8, words: usize },
    /// An argument that the kind's type cannot hold.
    #[error("an argument is out of its range: numbers below 2^64, losses below 2^32, accounts below 2^160, a flag of 0 or 1")]
    Range,
}

/// An act of the majority of stake, with what it expects to find. In JSON tagged by its `kind` in small letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// The group's periods, `present_s` long by now, last `period_s` from the next turn on; more than half of the group's stake.
    Period { group: GroupId, present_s: u64, period_s: u64 },
    /// Takes the delta on trial, of that patch, out of the set; more than half of the group's awake stake, and no less than
    /// voted for it.
    Rollback { group: GroupId, delta: DeltaNumber, patch: Digest },
    /// Lets the group of that name draw on the common issue; this and what follows needs more than half of all stake.
    Admit { group: GroupId, name: Digest },
    /// No longer lets it.
    Revoke { group: GroupId, name: Digest },
    /// Cancels what was decided in a round before its maturity; `restore` returns the checkpoint to that round's base.
    Strike { group: GroupId, round: RoundNumber, claim: Digest, restore: bool },
    /// Takes parts of 10,000, at most [`MAX_SLASH_BASIS_POINTS`], of what a position of that owner has; a majority shows it,
    /// and one two epochs later enacts it.
    Slash { group: GroupId, position: PositionNumber, signer: Address, basis_points: u64 },
    /// Claims of the group, which have to be better than their base by `present` now, have to be by `least`, which is lower;
    /// more than half of the group's stake.
    Least { group: GroupId, present: Micronats, least: Micronats },
}

/// EIP-712 types of the kinds, by number.
const TYPES: [&str; 7] = [
    "Period(uint256 group,uint256 present,uint256 period,uint256 nonce,uint256 expiry)",
    "Rollback(uint256 group,uint256 delta,bytes32 patch,uint256 nonce,uint256 expiry)",
    "Admit(uint256 group,bytes32 name,uint256 nonce,uint256 expiry)",
    "Revoke(uint256 group,bytes32 name,uint256 nonce,uint256 expiry)",
    "Strike(uint256 group,uint256 round,bytes32 claim,bool restore,uint256 nonce,uint256 expiry)",
    "Slash(uint256 group,uint256 position,address signer,uint256 basisPoints,uint256 nonce,uint256 expiry)",
    "Least(uint256 group,uint256 present,uint256 least,uint256 nonce,uint256 expiry)",
];
/// Words of arguments of each kind.
const WORDS: [usize; 7] = [3, 3, 2, 2, 4, 4, 3];

impl Act {
    /// The group that it is about.
    pub fn group(&self) -> GroupId {
        match *self {
            Self::Period { group, .. }
            | Self::Rollback { group, .. }
            | Self::Admit { group, .. }
            | Self::Revoke { group, .. }
            | Self::Strike { group, .. }
            | Self::Slash { group, .. }
            | Self::Least { group, .. } => group,
        }
    }

    /// The contracts' number of its kind.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Period { .. } => 0,
            Self::Rollback { .. } => 1,
            Self::Admit { .. } => 2,
            Self::Revoke { .. } => 3,
            Self::Strike { .. } => 4,
            Self::Slash { .. } => 5,
            Self::Least { .. } => 6,
        }
    }

    /// Whether the group decides it alone, or all stake.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Period { .. } | Self::Rollback { .. } | Self::Least { .. })
    }

    /// Its arguments, ABI-encoded.
    pub fn args(&self) -> Vec<u8> {
        let group = word(self.group().0);
        let words = match *self {
            Self::Period { present_s, period_s, .. } => vec![group, word(present_s), word(period_s)],
            Self::Rollback { delta, patch, .. } => vec![group, word(delta.0), patch.0],
            Self::Admit { name, .. } | Self::Revoke { name, .. } => vec![group, name.0],
            Self::Strike { round, claim, restore, .. } => vec![group, word(round.0), claim.0, word(restore.into())],
            Self::Slash { position, signer, basis_points, .. } => {
                vec![group, word(position.0), address_word(signer), word(basis_points)]
            }
            Self::Least { present, least, .. } => vec![group, word(present.0.into()), word(least.0.into())],
        };
        words.into_flattened()
    }

    /// The act with the contracts' `kind` and `args`.
    ///
    /// # Errors
    /// [`ActError`] if no contract would carry it out.
    pub fn decode(kind: u8, args: &[u8]) -> Result<Self, ActError> {
        let (words, rest) = args.as_chunks::<32>();
        let group = words.first().map(number).unwrap_or(Ok(0)).map(GroupId);
        Ok(match (kind, if rest.is_empty() { words } else { &[] }) {
            (0, [_, present, period]) => Self::Period { group: group?, present_s: number(present)?, period_s: number(period)? },
            (1, [_, delta, patch]) => Self::Rollback { group: group?, delta: DeltaNumber(number(delta)?), patch: Digest(*patch) },
            (2, [_, name]) => Self::Admit { group: group?, name: Digest(*name) },
            (3, [_, name]) => Self::Revoke { group: group?, name: Digest(*name) },
            (4, [_, round, claim, restore]) => {
                Self::Strike { group: group?, round: RoundNumber(number(round)?), claim: Digest(*claim), restore: flag(restore)? }
            }
            (5, [_, position, signer, basis_points]) => Self::Slash {
                group: group?,
                position: PositionNumber(number(position)?),
                signer: account(signer)?,
                basis_points: number(basis_points)?,
            },
            (6, [_, present, least]) => Self::Least { group: group?, present: loss(present)?, least: loss(least)? },
            _ => return Err(WORDS.get(usize::from(kind)).map_or(ActError::Kind(kind), |words| ActError::Length { kind, words: *words })),
        })
    }
}

/// A word as a number.
fn number(word: &[u8; 32]) -> Result<u64, ActError> {
    let (high, low) = word.split_last_chunk::<8>().ok_or(ActError::Range)?;
    if high.iter().all(|byte| *byte == 0) { Ok(u64::from_be_bytes(*low)) } else { Err(ActError::Range) }
}

fn loss(word: &[u8; 32]) -> Result<Micronats, ActError> {
    u32::try_from(number(word)?).map(Micronats).map_err(|_| ActError::Range)
}

fn flag(word: &[u8; 32]) -> Result<bool, ActError> {
    match number(word)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(ActError::Range),
    }
}

fn account(word: &[u8; 32]) -> Result<Address, ActError> {
    let (high, low) = word.split_last_chunk::<20>().ok_or(ActError::Range)?;
    if high.iter().all(|byte| *byte == 0) { Ok(Address(*low)) } else { Err(ActError::Range) }
}

/// An act that stake can decide, as it is signed: the assent of a position is its signer's or owner's signature of this
/// message. It is enacted once; another `nonce` makes another measure of the same act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// As numbered by the contracts.
    pub kind: u8,
    /// ABI-encoded arguments.
    #[serde(with = "hex::serde")]
    pub args: Vec<u8>,
    /// Big-endian.
    pub nonce: Digest,
    /// First second at which it can no longer be enacted; at most [`MAX_WAIT_EPOCHS`] ahead when it is.
    pub expiry_s: u64,
}

impl Measure {
    /// That act, to be enacted before `expiry_s`.
    pub fn new(act: &Act, nonce: Digest, expiry_s: u64) -> Self {
        Self { kind: act.kind(), args: act.args(), nonce, expiry_s }
    }

    /// Lets the group of that name draw on the common issue.
    pub fn admit(group: GroupId, name: Digest, nonce: Digest, expiry_s: u64) -> Self {
        Self::new(&Act::Admit { group, name }, nonce, expiry_s)
    }

    /// What it does.
    ///
    /// # Errors
    /// [`ActError`] if no contract would carry it out.
    pub fn act(&self) -> Result<Act, ActError> {
        Act::decode(self.kind, &self.args)
    }

    /// Its EIP-712 type; `None` if no contract knows its kind.
    pub fn kind_type(&self) -> Option<&'static str> {
        TYPES.get(usize::from(self.kind)).copied()
    }

    /// EIP-712 hash of the message that its kind makes of it: arguments, nonce, expiry. A kind that no contract knows has a
    /// type of its own that nobody can mean.
    pub fn name(&self) -> Digest {
        let kind = self.kind_type().map_or([self.kind; 32], |kind| keccak256(kind.as_bytes()));
        let message = [&kind, &self.args[..], &self.nonce.0, &word(self.expiry_s)].concat();
        Digest(keccak256(&message))
    }
}

impl Typed for Measure {
    fn encoded(&self, domain: &Domain) -> Vec<u8> {
        domain.encoded_of(self.name())
    }
}
