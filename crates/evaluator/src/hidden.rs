//! Hidden examples: a file that a sponsor names by a salted root, and opens when the files that it measures stand on chain
//! (PROTOCOL 18).
//!
//! The file is a first line `neuron hidden 1 <seed>` and rows of csv, text or numbers of tokens as the manifest asks. Salts keep examples
//! of few possible values from being guessed out of the root, and one shown example from telling of another.

use std::collections::{BTreeSet, HashSet};

use sha2::{Digest, Sha256};

use crate::data::Data;
use crate::examples::{DataError, Examples, shard_bytes};
use crate::manifest::Manifest;

/// Longest file in bytes: 64 MiB, as a patch.
pub const HIDDEN_BYTES_MAX: usize = 64 << 20;
/// Fewest examples that measure anything, before and after those are dropped that are no secret; below it nothing is certain.
pub const HIDDEN_MIN: usize = 30;
/// Of so many examples one may be known.
const KNOWN_PART: usize = 16;
/// How the first line begins; the seed in 64 small hexadecimal digits ends it.
const HEADER: &str = "neuron hidden 1 ";
/// Keeps salts apart from all other hashes.
const SALT: &str = "neuron/hidden/1";

/// A hidden set: the seed of its salts and its examples. Whoever has the file has both: it is as secret as its holder keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Hidden {
    /// What salts are derived from.
    seed: [u8; 32],
    /// In the order of the file.
    examples: Examples,
}

/// Why bytes are no hidden set of a group. A sponsor who opens such a file has opened none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HiddenError {
    /// Longer than `HIDDEN_BYTES_MAX`.
    #[error("a hidden set has at most {HIDDEN_BYTES_MAX} bytes, this one has {0}: take fewer examples")]
    TooLong(usize),
    /// No first line that names the version and a seed.
    #[error("the first line must be `{HEADER}` and the seed in 64 small hexadecimal digits: give the file as it was sealed")]
    Header,
    /// Bytes that are no UTF-8.
    #[error("the hidden set is no text in UTF-8: save it as one")]
    NotText,
    /// A word that is no number of a token, in a group of tokens.
    #[error("word {0} behind the first line is no number of a token: seal a text with `neuron bounty seal`, which writes them")]
    Word(usize),
    /// Not what the manifest of the group asks for; lines are counted after the first one.
    #[error("the hidden set is none of this group")]
    Examples(#[from] DataError),
    /// Too few to tell anything, or more than the group measures.
    #[error("a hidden set of this group has {HIDDEN_MIN} to {most} examples, this one has {count}: take as many")]
    Count {
        /// Examples found.
        count: usize,
        /// Examples of a measurement at most.
        most: usize,
    },
}

impl Hidden {
    /// Reads the bytes of a file by the manifest of the group.
    ///
    /// # Errors
    /// When it is not what [`Hidden::write`] makes, or could not be measured: too long, another first line, no UTF-8, no examples of this
    /// manifest, or fewer than [`HIDDEN_MIN`] or more than `eval_max`.
    pub fn read(manifest: &Manifest, bytes: &[u8]) -> Result<Self, HiddenError> {
        let (seed, body) = Self::split(bytes)?;
        let examples = match manifest.data() {
            Data::Tokens { .. } => Examples::of_shard(manifest, Self::shard(manifest, bytes)?)?,
            data => Examples::parse(manifest, [(format!("hidden{}", data.suffix()), body)])?,
        };
        let (count, most) = (examples.len(), manifest.eval_max() as usize);
        if (HIDDEN_MIN..=most).contains(&count) { Ok(Self { seed, examples }) } else { Err(HiddenError::Count { count, most }) }
    }

    /// The examples of a file as the text that [`Hidden::write`] was given, without the line with the seed.
    ///
    /// # Errors
    /// When the file is too long, no UTF-8, or has another first line.
    pub fn body(bytes: &[u8]) -> Result<&str, HiddenError> {
        Self::split(bytes).map(|(_, body)| body)
    }

    /// The shard that a file of a group of tokens is, for a set that takes it: its numbers as bytes.
    ///
    /// # Errors
    /// When it has no first line, a word that is no number of a token, or too few of them.
    pub fn shard(manifest: &Manifest, bytes: &[u8]) -> Result<Vec<u8>, HiddenError> {
        let is_number = |word: &&str| word.bytes().all(|digit| digit.is_ascii_digit());
        let numbers = Self::body(bytes)?.split_ascii_whitespace().zip(1..);
        let tokens =
            numbers.map(|(word, place)| Some(word).filter(is_number).and_then(|word| word.parse().ok()).ok_or(HiddenError::Word(place)));
        Ok(shard_bytes(manifest, &tokens.collect::<Result<Vec<u32>, _>>()?)?)
    }

    /// The seed of a file, and its examples as text.
    fn split(bytes: &[u8]) -> Result<([u8; 32], &str), HiddenError> {
        if bytes.len() > HIDDEN_BYTES_MAX {
            return Err(HiddenError::TooLong(bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| HiddenError::NotText)?;
        let (line, body) = text.split_once('\n').ok_or(HiddenError::Header)?;
        let seed = line.strip_prefix(HEADER).and_then(seed_of).ok_or(HiddenError::Header)?;
        Ok((seed, body))
    }

    /// The bytes of the file with these examples: lines of csv, text, or numbers of tokens with blanks between them. A seed of 32 bytes that nobody can guess keeps them hidden.
    ///
    /// ```
    /// use evaluator::{Hidden, Manifest};
    ///
    /// let manifest = Manifest::from_bytes(
    ///     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":64,"weight_max":16}"#,
    /// )?;
    /// let rows: String = (0..30).map(|row| format!("{row},{},{}\n", row * row, row % 3)).collect();
    /// let bytes = Hidden::write(&manifest, [0x5e; 32], &rows)?;
    /// let hidden = Hidden::read(&manifest, &bytes)?;
    /// assert_eq!(hidden.len(), 30);
    /// // Another seed hides the same examples behind another root.
    /// let other = Hidden::read(&manifest, &Hidden::write(&manifest, [0x5f; 32], &rows)?)?;
    /// assert_ne!(hidden.root(), other.root());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When it could not be read again.
    pub fn write(manifest: &Manifest, seed: [u8; 32], body: &str) -> Result<Vec<u8>, HiddenError> {
        let digits: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
        let bytes = format!("{HEADER}{digits}\n{body}").into_bytes();
        Self::read(manifest, &bytes).map(|_| bytes)
    }

    /// RFC 6962 root over a leaf salt ‖ bytes of each example, in the order of the file: what the sponsor seals.
    pub fn root(&self) -> [u8; 32] {
        deltas::merkle::root((0..self.len()).map(|index| [&self.salt(index)[..], &self.bytes(index)].concat()))
    }

    /// Of any part of the examples and their salts, nothing about another one can be tried out.
    fn salt(&self, index: usize) -> [u8; 32] {
        Sha256::new_with_prefix(SALT).chain_update(self.seed).chain_update((index as u64).to_be_bytes()).finalize().into()
    }

    /// u32be of the bits of each feature and of the label, or of each token.
    fn bytes(&self, index: usize) -> Vec<u8> {
        let features = self.examples.features(index).into_iter().flatten().map(|feature| feature.to_bits());
        let tokens = self.examples.window(index).into_iter().flatten();
        features.chain(self.examples.label(index)).chain(tokens).flat_map(u32::to_be_bytes).collect()
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.examples.len()
    }

    /// Never true: a set has at least [`HIDDEN_MIN`].
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// The examples, in the order of the file.
    pub fn examples(&self) -> &Examples {
        &self.examples
    }

    /// Indices, ascending, of the examples that overlap none of the sets that everybody knows (see [`Examples::new_since`]): only these are
    /// measured. Of a group of tokens only whole shards are compared, which their lines name.
    pub fn kept(&self, known: &[&Examples]) -> Vec<u32> {
        let mut kept: BTreeSet<u32> = (0..self.len() as u32).collect();
        for set in known {
            let new: BTreeSet<u32> = self.examples.new_since(set).into_iter().collect();
            kept.retain(|index| new.contains(index));
        }
        kept.into_iter().collect()
    }

    /// The same beside a set that was hidden before. Of a group of tokens, too, an example is known that has a run of half a context of it:
    /// the tokens of both are at hand, as those of a training set are not.
    pub fn kept_beside(&self, earlier: &Self) -> Vec<u32> {
        if self.examples.shards().is_empty() {
            return self.kept(&[&earlier.examples]);
        }
        let windows = |hidden: &Self| (0..hidden.len()).filter_map(|index| hidden.examples.window(index)).collect::<Vec<_>>();
        let (known, own, length) = (windows(earlier), windows(self), self.examples.inputs().div_ceil(2));
        let runs: HashSet<&[u32]> = known.iter().flat_map(|window| window.windows(length)).collect();
        let new = own.iter().zip(0..).filter(|(window, _)| !window.windows(length).any(|run| runs.contains(run)));
        new.map(|(_, index)| index).collect()
    }

    /// Whether so many kept examples measure anything: at most a sixteenth was dropped, and [`HIDDEN_MIN`] are left.
    pub fn is_enough(&self, kept: usize) -> bool {
        kept >= HIDDEN_MIN && self.len().saturating_sub(kept) <= self.len() / KNOWN_PART
    }
}

/// 64 digits, small letters only: a set has one file.
fn seed_of(digits: &str) -> Option<[u8; 32]> {
    let pairs = digits.as_bytes().as_chunks::<2>();
    if digits.len() != 64 || !pairs.1.is_empty() {
        return None;
    }
    let mut seed = [0; 32];
    for (byte, pair) in seed.iter_mut().zip(pairs.0) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(seed)
}

/// The value of a hexadecimal digit, small letters only.
fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    }
}
