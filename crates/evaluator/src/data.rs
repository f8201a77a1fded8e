//! Formats of a training set: what the manifest says of its files and of the tokens in them.
//!
//! Which files of a tree hold examples, and how, is decided by the manifest alone (PROTOCOL 12, Training set).

use serde::{Deserialize, Serialize};

use crate::limits::{ManifestError, within};

/// Largest divisor of a feature: integers up to here are exact in binary32.
const DIVISOR_MAX: u32 = 1 << 24;
/// Largest distance of two windows.
const STRIDE_MAX: u32 = 1 << 20;
/// Values of a byte.
const BYTES: u32 = 256;
/// Most different tokens of a model that reads shards: 2²⁰.
pub const VOCABULARY_MAX: u32 = 1 << 20;
/// Most different tokens of which each takes two bytes in a shard.
const NARROW_MAX: u32 = 1 << 16;
/// Digits of a SHA-256.
const DIGEST_DIGITS: usize = 64;

/// Format of the training set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "lowercase", deny_unknown_fields)]
pub enum Data {
    /// Lines of decimal integers and a label, joined by commas, in files whose path ends in `.csv`: one example each.
    Csv {
        /// A feature is its integer divided by this, 1 to 2²⁴, rounded to binary32.
        divisor: u32,
    },
    /// One stream of tokens from all files whose path ends in `.txt`, one after the other with nothing between them; an example is a window
    /// of one more token than the context.
    Text {
        /// How text becomes tokens.
        tokenizer: Tokenizer,
        /// Tokens from the beginning of a window to that of the next, 1 to 2²⁰; below the context windows overlap.
        stride: u32,
    },
    /// Shards of tokens, files by their CIDs: in files whose path ends in `.tokens` each line names one ([`crate::Shard`]). An example is a
    /// window within a shard.
    Tokens {
        /// Digest of the `tokenizer.json` that made the tokens, by which a file is fetched (PROTOCOL 10), 64 small hexadecimal digits. Nothing
        /// here reads that file: the vocabulary is the model's.
        tokenizer: String,
        /// Tokens from the beginning of a window to that of the next, 1 to 2²⁰; below the context windows overlap.
        stride: u32,
    },
}

/// How text becomes tokens, and tokens text. Tokens are numbers below [`Tokenizer::vocabulary`], at most 65,535 of them.
///
/// ```
/// use evaluator::Tokenizer;
///
/// let letters = Tokenizer::Characters("abc".into());
/// assert_eq!((letters.vocabulary(), letters.encode("cab")), (3, Ok(vec![2, 0, 1])));
/// assert_eq!(letters.encode("cabin"), Err('i'));
/// assert_eq!(letters.decode(&[2, 0, 1]), "cab");
/// assert_eq!(Tokenizer::Bytes.encode("é"), Ok(vec![0xc3, 0xa9]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tokenizer {
    /// Every byte of the UTF-8 text is the token of its value: 256 of them, and no text without tokens.
    Bytes,
    /// Every character is a token: its place in this list of 2 to 65,535, which ascends by code point and names each once.
    Characters(String),
}

impl Data {
    /// How the path of a file with examples ends; other files of a tree, a readme say, hold none and count for nothing.
    pub fn suffix(&self) -> &'static str {
        match self {
            Self::Csv { .. } => ".csv",
            Self::Text { .. } => ".txt",
            Self::Tokens { .. } => ".tokens",
        }
    }

    /// The digest by which the tokenizer is fetched; only sets of shards name one.
    pub fn tokenizer_digest(&self) -> Option<[u8; 32]> {
        let Self::Tokens { tokenizer, .. } = self else { return None };
        let byte = |place: usize| u8::from_str_radix(tokenizer.get(2 * place..2 * place + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..DIGEST_DIGITS / 2).map(byte).collect();
        bytes?.try_into().ok()
    }

    /// Least and most different tokens that a model of such data may have; `family` names it where it reads no rows.
    pub(crate) fn vocabulary(&self, family: &'static str) -> Result<(u64, u64), ManifestError> {
        match self {
            Self::Csv { .. } => Err(ManifestError::Format { family, format: "text or tokens" }),
            Self::Text { tokenizer, .. } => Ok((tokenizer.vocabulary().into(), tokenizer.vocabulary().into())),
            Self::Tokens { .. } => Ok((1, VOCABULARY_MAX.into())),
        }
    }

    /// Whether its numbers keep their limits.
    pub(crate) fn check(&self) -> Result<(), ManifestError> {
        match self {
            Self::Csv { divisor } => within("divisor", u64::from(*divisor), 1, u64::from(DIVISOR_MAX)),
            Self::Text { tokenizer, stride } => {
                within("stride", u64::from(*stride), 1, u64::from(STRIDE_MAX))?;
                tokenizer.check()
            }
            Self::Tokens { tokenizer, stride } => {
                within("stride", u64::from(*stride), 1, u64::from(STRIDE_MAX))?;
                let is_digest =
                    tokenizer.len() == DIGEST_DIGITS && tokenizer.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
                if is_digest { Ok(()) } else { Err(ManifestError::TokenizerDigest) }
            }
        }
    }
}

/// Bytes of a token in a shard: two where the model has at most 65,536 tokens, else four, little-endian.
pub fn token_bytes(vocabulary: u32) -> usize {
    if vocabulary <= NARROW_MAX { 2 } else { 4 }
}

impl Tokenizer {
    fn check(&self) -> Result<(), ManifestError> {
        let Self::Characters(characters) = self else { return Ok(()) };
        within("number of characters", characters.chars().count() as u64, 2, u64::from(u16::MAX))?;
        let ascending = characters.chars().zip(characters.chars().skip(1)).all(|(left, right)| left < right);
        if ascending { Ok(()) } else { Err(ManifestError::NotAscending) }
    }

    /// Number of different tokens; the model must have as many.
    pub fn vocabulary(&self) -> u32 {
        match self {
            Self::Bytes => BYTES,
            Self::Characters(characters) => characters.chars().count() as u32,
        }
    }

    /// Tokens of a text, in its order.
    ///
    /// # Errors
    /// The first character that has no token.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, char> {
        self.encode_narrow(text).map(|tokens| tokens.into_iter().map(u32::from).collect())
    }

    /// The same as they are kept: no tokenizer has more than 65,535.
    pub(crate) fn encode_narrow(&self, text: &str) -> Result<Vec<u16>, char> {
        match self {
            Self::Bytes => Ok(text.bytes().map(u16::from).collect()),
            Self::Characters(characters) => {
                let places: Vec<char> = characters.chars().collect();
                let place = |character| places.binary_search(&character).map(|place| place as u16).map_err(|_| character);
                text.chars().map(place).collect()
            }
        }
    }

    /// Text of tokens; bytes that are no UTF-8 become replacement characters, tokens beyond the vocabulary nothing.
    pub fn decode(&self, tokens: &[u32]) -> String {
        match self {
            Self::Bytes => {
                let bytes: Vec<u8> = tokens.iter().filter_map(|token| u8::try_from(*token).ok()).collect();
                String::from_utf8_lossy(&bytes).into_owned()
            }
            Self::Characters(characters) => {
                let places: Vec<char> = characters.chars().collect();
                tokens.iter().filter_map(|token| places.get(*token as usize)).collect()
            }
        }
    }
}
