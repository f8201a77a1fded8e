//! A line of a set of shards: `<cid> <tokens> <sha256>`, written in one way.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::Cid;
use crate::data::token_bytes;
use crate::examples::{SHARD_TOKENS_MAX, ShardFault};
use crate::manifest::Manifest;

/// Digits of a SHA-256.
const DIGEST_DIGITS: usize = 64;

/// A shard as a line of the set names it; [`fmt::Display`] writes that line, without its end.
///
/// ```
/// use evaluator::{Cid, Shard};
///
/// let shard = Shard { cid: Cid::new(false, [1; 32]), tokens: 131_072, sha256: [2; 32] };
/// let line = format!("{shard}\n");
/// assert!(line.starts_with("bafybeia") && line.ends_with("02\n") && line.contains(" 131072 "));
/// assert_eq!(Shard::from_line(&line, 1_024), Ok(shard));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shard {
    /// What the network fetches it by.
    pub cid: Cid,
    /// Tokens in it, 1 to 2²⁷.
    pub tokens: u32,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

impl Shard {
    /// Of the bytes of a shard of a group; without a name it is that of a single block.
    pub fn of(manifest: &Manifest, bytes: &[u8], cid: Option<Cid>) -> Self {
        let sha256 = Sha256::digest(bytes).into();
        let tokens = bytes.len() / token_bytes(manifest.outputs());
        Self { cid: cid.unwrap_or(Cid::new(true, sha256)), tokens: u32::try_from(tokens).unwrap_or(u32::MAX), sha256 }
    }

    /// Reads a line with its end, for a model that sees `inputs` tokens.
    ///
    /// # Errors
    /// [`ShardFault`]: anything that [`fmt::Display`] and a newline would write otherwise, a digest that contradicts the CID, or too few tokens
    /// for a window.
    pub fn from_line(line: &str, inputs: usize) -> Result<Self, ShardFault> {
        let words = line.strip_suffix('\n').ok_or(ShardFault::Form)?;
        let (cid, words) = words.split_once(' ').ok_or(ShardFault::Form)?;
        let (tokens, digest) = words.split_once(' ').ok_or(ShardFault::Form)?;
        let shard = Self { cid: cid.parse()?, tokens: number(tokens).ok_or(ShardFault::Tokens)?, sha256: hexadecimal(digest)? };
        if shard.cid.is_raw() && shard.cid.digest() != shard.sha256 {
            return Err(ShardFault::Contradiction);
        }
        let is_long = shard.tokens as usize > inputs;
        if is_long { Ok(shard) } else { Err(ShardFault::Short { tokens: shard.tokens, least: inputs + 1 }) }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} ", self.cid, self.tokens)?;
        self.sha256.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// Plain decimal within the limits.
fn number(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|digit| digit.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|tokens| is_plain && (1..=SHARD_TOKENS_MAX).contains(tokens))
}

/// 64 small digits.
fn hexadecimal(text: &str) -> Result<[u8; 32], ShardFault> {
    let is_digit = |digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != DIGEST_DIGITS || !text.bytes().all(is_digit) {
        return Err(ShardFault::Digest);
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(text.as_bytes().as_chunks::<2>().0) {
        *byte = pair.iter().fold(0, |value, digit| value << 4 | if *digit <= b'9' { digit - b'0' } else { digit - b'a' + 10 });
    }
    Ok(digest)
}
