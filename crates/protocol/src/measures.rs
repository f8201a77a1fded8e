//! What stake can decide: typed acts, and the bytes in which a contract is given them.

use serde::{Deserialize, Serialize};

use crate::ids::{DeltaNumber, Digest, GroupId, PositionNumber, RoundNumber, keccak256};
use crate::rules::word;

/// Most of a position's stake that one measure takes, in parts of 10,000.
pub const MAX_SLASH_BASIS_POINTS: u64 = 1_000;

/// Why a measure is none of the acts that contracts know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    #[error("no measure has kind {0}: the kinds are 0 to 5")]
    Kind(u8),
    #[error("a measure of kind {kind} has {words} words of 32 bytes as arguments")]
    Length { kind: u8, words: usize },
    #[error("an argument is out of its range: numbers below 2^64, a flag of 0 or 1")]
    Range,
}

/// An act of the majority of stake. In JSON tagged by its `kind` in small letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// The group's periods last that long from the next turn on; more than half of the group's stake.
    Period { group: GroupId, period_s: u64 },
    /// Takes the delta on trial out of the set; more than half of the group's awake stake.
    Rollback { group: GroupId, delta: DeltaNumber },
    /// Lets the group draw on the common issue; this and what follows needs more than half of all stake.
    Admit { group: GroupId },
    /// No longer lets it.
    Revoke { group: GroupId },
    /// Cancels a round's coinbase before its maturity; `restore` returns the checkpoint to that round's base.
    Strike { group: GroupId, round: RoundNumber, restore: bool },
    /// Takes parts of 10,000, at most [`MAX_SLASH_BASIS_POINTS`], of what a position has.
    Slash { group: GroupId, position: PositionNumber, basis_points: u64 },
}

impl Act {
    /// The group that it is about.
    pub fn group(&self) -> GroupId {
        match *self {
            Self::Period { group, .. }
            | Self::Rollback { group, .. }
            | Self::Admit { group }
            | Self::Revoke { group }
            | Self::Strike { group, .. }
            | Self::Slash { group, .. } => group,
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
        }
    }

    /// Whether the group decides it alone, or all stake.
    pub fn is_local(&self) -> bool {
        matches!(self, Self::Period { .. } | Self::Rollback { .. })
    }

    /// Whether only assents of awake positions count.
    pub fn needs_awake(&self) -> bool {
        matches!(self, Self::Rollback { .. })
    }

    /// Its arguments, ABI-encoded.
    pub fn args(&self) -> Vec<u8> {
        let group = self.group().0;
        let words = match *self {
            Self::Period { period_s, .. } => vec![group, period_s],
            Self::Rollback { delta, .. } => vec![group, delta.0],
            Self::Admit { .. } | Self::Revoke { .. } => vec![group],
            Self::Strike { round, restore, .. } => vec![group, round.0, restore.into()],
            Self::Slash { position, basis_points, .. } => vec![group, position.0, basis_points],
        };
        words.into_iter().flat_map(word).collect()
    }

    /// The act with the contracts' `kind` and `args`.
    ///
    /// # Errors
    /// [`ActError`] if no contract would carry it out.
    pub fn decode(kind: u8, args: &[u8]) -> Result<Self, ActError> {
        let words = numbers(args);
        let group = |number: &u64| GroupId(*number);
        Ok(match (kind, words?.as_slice()) {
            (0, [first, period_s]) => Self::Period { group: group(first), period_s: *period_s },
            (1, [first, delta]) => Self::Rollback { group: group(first), delta: DeltaNumber(*delta) },
            (2, [first]) => Self::Admit { group: group(first) },
            (3, [first]) => Self::Revoke { group: group(first) },
            (4, [first, round, restore @ 0..=1]) => {
                Self::Strike { group: group(first), round: RoundNumber(*round), restore: *restore == 1 }
            }
            (4, [_, _, _]) => return Err(ActError::Range),
            (5, [first, position, basis_points]) => {
                Self::Slash { group: group(first), position: PositionNumber(*position), basis_points: *basis_points }
            }
            (0 | 1, _) => return Err(ActError::Length { kind, words: 2 }),
            (2 | 3, _) => return Err(ActError::Length { kind, words: 1 }),
            (4 | 5, _) => return Err(ActError::Length { kind, words: 3 }),
            _ => return Err(ActError::Kind(kind)),
        })
    }
}

/// Whole words of 32 bytes as numbers; a rest, and a word above 2^64 - 1, are none.
fn numbers(args: &[u8]) -> Result<Vec<u64>, ActError> {
    let (words, rest) = args.as_chunks::<32>();
    if !rest.is_empty() {
        return Ok(Vec::new());
    }
    let number = |word: &[u8; 32]| {
        let (high, low) = word.split_last_chunk::<8>().ok_or(ActError::Range)?;
        if high.iter().all(|byte| *byte == 0) { Ok(u64::from_be_bytes(*low)) } else { Err(ActError::Range) }
    };
    words.iter().map(number).collect()
}

/// An act that stake can decide, as it is signed. It is enacted once; another `nonce` makes another measure of the same act.
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
    /// First second at which it can no longer be enacted.
    pub expiry_s: u64,
}

impl Measure {
    /// That act, to be enacted before `expiry_s`.
    pub fn new(act: &Act, nonce: Digest, expiry_s: u64) -> Self {
        Self { kind: act.kind(), args: act.args(), nonce, expiry_s }
    }

    /// Lets `group` draw on the common issue.
    pub fn admit(group: GroupId, nonce: Digest, expiry_s: u64) -> Self {
        Self::new(&Act::Admit { group }, nonce, expiry_s)
    }

    /// What it does.
    ///
    /// # Errors
    /// [`ActError`] if no contract would carry it out.
    pub fn act(&self) -> Result<Act, ActError> {
        Act::decode(self.kind, &self.args)
    }

    /// `keccak256(abi.encode(uint8 kind, bytes args, uint256 nonce, uint256 expiry))`.
    pub fn hash(&self) -> Digest {
        const OFFSET_OF_ARGS: u64 = 4 * 32;
        let length = word(self.args.len() as u64);
        let head = [word(self.kind.into()), word(OFFSET_OF_ARGS), self.nonce.0, word(self.expiry_s), length];
        let mut encoded = head.concat();
        encoded.extend_from_slice(&self.args);
        encoded.resize(encoded.len().next_multiple_of(32), 0);
        Digest(keccak256(&encoded))
    }
}
