//! Shards of tokens: a set that names its examples instead of holding them, so that it can be larger than any machine.
//!
//! The files of such a set are lists; a shard is fetched when an example of it is drawn, and held until it is let go. Windows never
//! cross shards, so that the list alone says how many examples there are and where each lies (PROTOCOL 12, Training set).

mod cid;
mod held;
mod line;

pub use cid::Cid;
pub use held::{ShardBytes, ShardError};
pub use line::Shard;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use crate::data::{Data, token_bytes};
use crate::examples::{DataError, LineFault, Part, SHARD_TOKENS_MAX, SHARDS_MAX, windows};
use crate::manifest::Manifest;
use held::Held;

/// How a manifest reads shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Tokens that a target may see.
    inputs: usize,
    /// Tokens from one window to the next.
    stride: usize,
    /// Different tokens.
    vocabulary: u32,
}

impl Shape {
    pub(crate) fn new(manifest: &Manifest, stride: u32) -> Self {
        Self { inputs: manifest.inputs() as usize, stride: stride as usize, vocabulary: manifest.outputs() }
    }

    /// Windows of a shard.
    fn windows(self, shard: &Shard) -> usize {
        windows(shard.tokens as usize, self.inputs, self.stride)
    }

    /// The bytes of a shard.
    fn bytes(self, shard: &Shard) -> usize {
        shard.tokens as usize * token_bytes(self.vocabulary)
    }

    /// Window `index` of the bytes of a shard.
    fn window(self, bytes: &[u8], index: usize) -> Option<Vec<u32>> {
        let width = token_bytes(self.vocabulary);
        let bytes = bytes.get(index.checked_mul(self.stride * width)?..)?.get(..(self.inputs + 1) * width)?;
        let most = self.vocabulary - 1;
        Some(tokens(bytes, width).map(|token| token.min(most)).collect())
    }
}

/// Tokens of the bytes of a shard of a group, each of two or four, little-endian; an incomplete one at the end is left out.
pub fn shard_tokens<'a>(manifest: &Manifest, bytes: &'a [u8]) -> impl Iterator<Item = u32> + use<'a> {
    tokens(bytes, token_bytes(manifest.outputs()))
}

/// The bytes of a shard of a group with these tokens.
///
/// # Errors
/// [`DataError`] as [`check_shard`].
pub fn shard_bytes(manifest: &Manifest, tokens: &[u32]) -> Result<Vec<u8>, DataError> {
    let width = token_bytes(manifest.outputs());
    if let Some((place, token)) = (0..).zip(tokens).find(|(_, token)| **token >= manifest.outputs()) {
        return Err(DataError::Token { place, token: *token, most: manifest.outputs() - 1 });
    }
    let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.to_le_bytes().into_iter().take(width)).collect();
    check_shard(manifest, &bytes).map(|()| bytes)
}

/// Tokens of bytes, each of two or four, little-endian.
fn tokens(bytes: &[u8], width: usize) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(width).map(|token| token.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte)))
}

/// A list of shards, and those of them that are held. Clones share both.
#[derive(Debug, Clone)]
pub(crate) struct Shards {
    shape: Shape,
    list: Arc<Vec<Shard>>,
    /// First example of each shard, and the number of all.
    starts: Arc<Vec<u32>>,
    held: Held,
}

impl PartialEq for Shards {
    /// Sets are equal by what they name, whatever is held of them.
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape && self.list == other.list
    }
}

impl Shards {
    /// All lines of all files.
    pub(crate) fn parse<'a>(shape: Shape, files: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, DataError> {
        let mut list = Vec::new();
        for (path, text) in files {
            read(shape, path, text, |shard| list.push(shard))?;
            if list.len() > SHARDS_MAX {
                return Err(DataError::TooManyShards);
            }
        }
        Self::new(shape, list)
    }

    fn new(shape: Shape, list: Vec<Shard>) -> Result<Self, DataError> {
        let mut starts = Vec::with_capacity(list.len() + 1);
        let mut next = 0_u32;
        for shard in &list {
            starts.push(next);
            let more = u32::try_from(shape.windows(shard)).ok();
            next = more.and_then(|more| next.checked_add(more)).ok_or(DataError::TooManyShards)?;
        }
        starts.push(next);
        Ok(Self { shape, list: Arc::new(list), starts: Arc::new(starts), held: Held::default() })
    }

    /// Examples of all shards.
    pub(crate) fn len(&self) -> usize {
        self.starts.last().map_or(0, |count| *count as usize)
    }

    pub(crate) fn list(&self) -> &[Shard] {
        &self.list
    }

    /// The bytes of a shard.
    pub(crate) fn bytes(&self, place: usize) -> Option<u64> {
        self.list.get(place).map(|shard| self.shape.bytes(shard) as u64)
    }

    /// The place of the shard of an example, and the number of its window there.
    pub(crate) fn find(&self, index: u32) -> Option<(usize, usize)> {
        let place = self.starts.partition_point(|start| *start <= index).checked_sub(1)?;
        self.list.get(place)?;
        Some((place, (index - self.starts.get(place)?) as usize))
    }

    /// Tokens of an example, if its shard is held.
    pub(crate) fn window(&self, index: u32) -> Option<Vec<u32>> {
        let (place, window) = self.find(index)?;
        let bytes = self.held.get(self.list.get(place)?)?;
        self.shape.window((*bytes).as_ref(), window)
    }

    /// Checks the bytes of a shard and keeps them.
    pub(crate) fn hold(&self, place: usize, bytes: ShardBytes) -> Result<(), ShardError> {
        let shard = self.list.get(place).ok_or(ShardError::NoSuchShard(place))?;
        self.held.put(shard, self.shape.bytes(shard), bytes)
    }

    /// Takes over bytes that were checked already, where tokens have the same width.
    pub(crate) fn hold_from(&self, other: &Self) {
        if token_bytes(self.shape.vocabulary) == token_bytes(other.shape.vocabulary) {
            self.held.take_over(&self.list, &other.held);
        }
    }

    pub(crate) fn let_go(&self, place: usize) {
        if let Some(shard) = self.list.get(place) {
            self.held.remove(shard);
        }
    }

    pub(crate) fn is_held(&self, place: usize) -> bool {
        self.list.get(place).is_some_and(|shard| self.held.has(shard))
    }

    /// The shards at some places, and what is held of them.
    pub(crate) fn part(&self, places: &[u32]) -> Self {
        let list = places.iter().filter_map(|place| self.list.get(*place as usize)).cloned().collect();
        // No more examples than before.
        let part = Self::new(self.shape, list).unwrap_or_else(|_| self.clone());
        part.hold_from(self);
        part
    }

    /// Indices, ascending, of the examples in shards that `before` does not name, shard by shard.
    pub(crate) fn new_since(&self, before: &Self) -> Vec<Range<u32>> {
        let known: HashSet<&[u8; 32]> = before.list.iter().map(|shard| &shard.sha256).collect();
        let ranges = self.starts.windows(2).zip(self.list.iter());
        let new = ranges.filter(|(_, shard)| !known.contains(&shard.sha256));
        new.filter_map(|(range, _)| Some(*range.first()?..*range.last()?)).collect()
    }
}

/// Hands every shard of a file on.
fn read(shape: Shape, path: &str, text: &str, mut take: impl FnMut(Shard)) -> Result<(), DataError> {
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if index == SHARDS_MAX {
            return Err(DataError::TooManyShards);
        }
        let shard = Shard::from_line(line, shape.inputs).map_err(|fault| LineFault::from(fault).at(path, index))?;
        take(shard);
    }
    Ok(())
}

/// What one file adds to a set.
pub(crate) fn part(shape: Shape, path: &str, text: &str) -> Result<Part, DataError> {
    let (mut shards, mut examples) = (0, 0_u64);
    read(shape, path, text, |shard| {
        shards += 1;
        examples += shape.windows(&shard) as u64;
    })?;
    // Of 32 bits where an address has as many; a set has fewer than 2³² anyway.
    let units = usize::try_from(examples).map_err(|_| DataError::TooManyShards)?;
    Ok(Part { units, size: shards })
}

/// Examples of files that add so much.
pub(crate) fn total(parts: impl Iterator<Item = Part>) -> Result<usize, DataError> {
    let sum = parts.fold((0_u64, 0_u64), |(examples, shards), part| (examples + part.units as u64, shards + part.size as u64));
    let fits = sum.0 <= u64::from(u32::MAX) && sum.1 <= SHARDS_MAX as u64;
    usize::try_from(sum.0).ok().filter(|_| fits).ok_or(DataError::TooManyShards)
}

/// Whether bytes are a shard of a group, every token within its vocabulary: for whoever packs, proposes or votes. Measuring does not
/// ask: there a token beyond the vocabulary reads as its greatest one, for everyone alike.
///
/// ```
/// use evaluator::{DataError, Manifest, check_shard};
///
/// let manifest = Manifest::from_bytes(
///     br#"{"version":1,"model":{"family":"gpt","layers":1,"heads":1,"width":4,"context":2,"vocabulary":300,"bias":true,"tied":true},"data":{"format":"tokens","tokenizer":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","stride":2},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
/// )?;
/// // Two bytes each, little-endian: 299, 0, 7.
/// assert_eq!(check_shard(&manifest, &[0x2b, 1, 0, 0, 7, 0]), Ok(()));
/// assert_eq!(check_shard(&manifest, &[0, 0, 0x2c, 1, 7, 0]), Err(DataError::Token { place: 1, token: 300, most: 299 }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`DataError`] when the group reads no shards, the length is none of whole tokens for at least one window, or a token is beyond the
/// vocabulary; then with its place.
pub fn check_shard(manifest: &Manifest, bytes: &[u8]) -> Result<(), DataError> {
    if !matches!(manifest.data(), Data::Tokens { .. }) {
        return Err(DataError::NoShards);
    }
    let (width, least, most) = (token_bytes(manifest.outputs()), manifest.inputs() as usize + 1, manifest.outputs() - 1);
    let is_whole = bytes.len().is_multiple_of(width) && (least..=SHARD_TOKENS_MAX as usize).contains(&(bytes.len() / width));
    if !is_whole {
        return Err(DataError::Shard { bytes: bytes.len(), width, least });
    }
    let beyond = tokens(bytes, width).enumerate().find(|(_, token)| *token > most);
    beyond.map_or(Ok(()), |(place, token)| Err(DataError::Token { place, token, most }))
}
