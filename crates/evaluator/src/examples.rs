//! The training set as numbers: lines become features and labels, texts and shards become windows of tokens.
//!
//! Strict, because a set that one client reads and another refuses would split the network: one way to write an integer, no empty
//! line, no character without a token (PROTOCOL 12, Training set).

mod error;
mod input;
mod rows;
mod shards;
mod text;

pub use error::{DataError, LineFault, ShardFault};
pub(crate) use input::{Input, parse_input, tokens_input};
pub use shards::{Cid, Shard, ShardBytes, ShardError, check_shard, shard_bytes, shard_tokens};
pub(crate) use text::windows;

use std::ops::Range;
use std::sync::Arc;

use crate::data::Data;
use crate::draw::draw_part;
use crate::manifest::Manifest;
use rows::Rows;
use shards::Shards;
use text::Text;

/// Most examples of a training set of rows or text: 2²⁰. One of shards has up to 2³² − 1.
pub const EXAMPLES_MAX: usize = 1 << 20;
/// Most tokens of a training set of text, 2²⁷ (256 MiB of them), counted as the bytes of the text.
pub const TOKENS_MAX: usize = 1 << 27;
/// Most features of a training set, all examples together: 2²⁶ (256 MiB of binary32).
pub const FEATURES_MAX: usize = 1 << 26;
/// Largest magnitude of an integer in a line: exact in binary32.
pub const FEATURE_MAX: i32 = 1 << 24;
/// Longest line in bytes: 1 MiB.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// Most tokens of a shard: 2²⁷.
pub const SHARD_TOKENS_MAX: u32 = 1 << 27;
/// Most shards of a set, 2²⁰: its list stays small, whatever is behind it.
pub const SHARDS_MAX: usize = 1 << 20;

/// Why nothing was measured: what was given does not belong together, or is not here. No file of a stranger can cause it; its caller mixed
/// two groups or two heads up, or has yet to fetch a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MeasureError {
    /// Examples and checkpoint have other inputs or outputs.
    #[error("these examples belong to another manifest than the checkpoint: parse them with its own")]
    OtherManifest,
    /// An index beyond the training set; holds it.
    #[error("example {0} is not in the training set: draw from its own length")]
    NoSuchExample(u32),
    /// An example whose shard is not held.
    #[error("shard {shard} of the training set, {cid}, is not here: fetch it and hold it, then measure again")]
    NotHeld {
        /// Place in [`Examples::shards`].
        shard: usize,
        /// What it is fetched by.
        cid: Cid,
    },
}

/// Examples in their order: files by path, bytewise, then lines or windows. An index of [`crate::draw`] is a place in this order.
/// A clone shares everything with what it was cloned from, the shards that are held too.
///
/// ```
/// use evaluator::{Examples, Manifest};
///
/// let manifest = Manifest::from_bytes(
///     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
/// )?;
/// // The order of files does not matter, and what does not end in .csv holds no example.
/// let files = [("b.csv", "4,8,2\n"), ("README.md", "what this is"), ("a.csv", "1,2,0\n")];
/// let examples = Examples::parse(&manifest, files)?;
/// assert_eq!((examples.len(), examples.features(1), examples.label(1)), (2, Some(&[1.0, 2.0][..]), Some(2)));
/// assert!(Examples::parse(&manifest, [("a.csv", "01,2,0\n")]).is_err(), "one way to write an integer");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Examples {
    /// Features of each, or tokens that a target may see.
    inputs: usize,
    /// Classes, or different tokens.
    outputs: u32,
    /// Examples of the set that these are a part of, which share the price of the weights; of a whole set its own.
    whole: usize,
    /// What the manifest's format makes of the files.
    values: Values,
}

/// One of the formats, never two.
#[derive(Debug, Clone, PartialEq)]
enum Values {
    Rows(Arc<Rows>),
    Text(Arc<Text>),
    Shards(Shards),
}

/// One example, as a pass reads it.
pub(crate) enum Read<'a> {
    /// Features and class.
    Row(&'a [f32], u32),
    /// One token more than the inputs.
    Window(Vec<u32>),
}

impl Read<'_> {
    /// Of a row.
    pub(crate) fn features(&self) -> Option<&[f32]> {
        if let Self::Row(features, _) = self { Some(features) } else { None }
    }

    /// Tokens of a window but its last one.
    pub(crate) fn inputs(&self) -> Option<&[u32]> {
        if let Self::Window(tokens) = self { tokens.split_last().map(|(_, inputs)| inputs) } else { None }
    }

    /// Class or token that is right for input `place`.
    pub(crate) fn target(&self, place: usize) -> usize {
        match self {
            Self::Row(_, label) => *label as usize,
            Self::Window(tokens) => tokens[place + 1] as usize,
        }
    }
}

impl Examples {
    /// Reads `(path, text)` of a tree in any order; paths must differ. One fault refuses the whole set: a delta that leads to it counts as
    /// one that does not apply. Of a set of shards only their list is read: none is held yet.
    ///
    /// # Errors
    /// [`DataError`] with the first fault in the order of paths.
    pub fn parse<P: AsRef<str>, T: AsRef<str>>(manifest: &Manifest, files: impl IntoIterator<Item = (P, T)>) -> Result<Self, DataError> {
        let suffix = manifest.data().suffix();
        let mut files: Vec<(P, T)> = files.into_iter().collect();
        files.retain(|(path, _)| path.as_ref().ends_with(suffix));
        files.sort_by(|left, right| left.0.as_ref().cmp(right.0.as_ref()));
        let files = files.iter().map(|(path, text)| (path.as_ref(), text.as_ref()));
        let (inputs, outputs) = (manifest.inputs() as usize, manifest.outputs());
        let values = match manifest.data() {
            Data::Csv { divisor } => Values::Rows(Arc::new(Rows::parse(inputs, outputs, *divisor, files)?)),
            Data::Text { tokenizer, stride } => Values::Text(Arc::new(Text::parse(tokenizer, *stride as usize, files)?)),
            Data::Tokens { stride, .. } => Values::Shards(Shards::parse(shards::Shape::new(manifest, *stride), files)?),
        };
        let examples = Self { inputs, outputs, whole: 0, values };
        match (examples.len(), &examples.values) {
            (0, _) => Err(Self::none(manifest)),
            (count, Values::Rows(_) | Values::Text(_)) if count > EXAMPLES_MAX => Err(DataError::TooMany),
            (whole, _) => Ok(Self { whole, ..examples }),
        }
    }

    /// Number of examples of files of such sizes, in the order of their paths.
    pub(crate) fn count(manifest: &Manifest, parts: impl Iterator<Item = Part>) -> Result<usize, DataError> {
        let inputs = manifest.inputs() as usize;
        let (examples, most) = match manifest.data() {
            Data::Csv { .. } => {
                let rows_max = FEATURES_MAX.checked_div(inputs).map_or(EXAMPLES_MAX, |rows| rows.min(EXAMPLES_MAX));
                (total(parts, |units, part| units + part.units > rows_max)?, EXAMPLES_MAX)
            }
            Data::Text { stride, .. } => {
                let tokens = total(parts, |units, part| units + part.size > TOKENS_MAX)?;
                (windows(tokens, inputs, *stride as usize), EXAMPLES_MAX)
            }
            Data::Tokens { .. } => (shards::total(parts)?, usize::MAX),
        };
        match examples {
            0 => Err(Self::none(manifest)),
            examples if examples > most => Err(DataError::TooMany),
            examples => Ok(examples),
        }
    }

    /// That a set has no example.
    fn none(manifest: &Manifest) -> DataError {
        let needs = match manifest.data() {
            Data::Csv { .. } => "one example on each line".to_owned(),
            Data::Text { .. } => format!("with more than {} tokens", manifest.inputs()),
            Data::Tokens { .. } => "one shard of tokens on each line".to_owned(),
        };
        DataError::Empty { suffix: manifest.data().suffix(), needs }
    }

    /// Number of examples, at least 1 and at most 2³² − 1: lines, or windows that end within the stream or their shard.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Rows(rows) => rows.len(),
            Values::Text(text) => text.len(self.inputs),
            Values::Shards(shards) => shards.len(),
        }
    }

    /// Never true: a set has at least one example.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of examples of the whole set, by which the price of weights is divided: more than [`Examples::len`] for a part of it.
    pub fn whole_len(&self) -> usize {
        self.whole
    }

    /// Features of one example, or tokens that a target may see.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Classes, or different tokens.
    pub fn outputs(&self) -> u32 {
        self.outputs
    }

    /// Whether examples are windows of tokens, as many targets each as inputs; else each is a row with one.
    pub fn has_tokens(&self) -> bool {
        !matches!(self.values, Values::Rows(_))
    }

    /// Features of example `index`, `inputs` of them, scaled, if there is one and it has features.
    pub fn features(&self, index: usize) -> Option<&[f32]> {
        if let Values::Rows(rows) = &self.values { rows.features(index, self.inputs) } else { None }
    }

    /// Class of example `index`, below `outputs`, if there is one and it has a label.
    pub fn label(&self, index: usize) -> Option<u32> {
        if let Values::Rows(rows) = &self.values { rows.label(index) } else { None }
    }

    /// Tokens of example `index`, one more than `inputs`: each of the first ones is an input, and the target of each is the one that
    /// follows it. `None` in a set of rows, beyond its end, or while its shard is not held.
    pub fn window(&self, index: usize) -> Option<Vec<u32>> {
        match &self.values {
            Values::Rows(_) => None,
            Values::Text(text) => Some(text.window(index, self.inputs)?.iter().copied().map(u32::from).collect()),
            Values::Shards(shards) => shards.window(u32::try_from(index).ok()?),
        }
    }

    /// Example `index` as a pass reads it.
    pub(crate) fn read(&self, index: u32) -> Result<Read<'_>, MeasureError> {
        let place = index as usize;
        let row = || Some(Read::Row(self.features(place)?, self.label(place)?));
        let read = self.window(place).map(Read::Window).or_else(row);
        read.ok_or_else(|| self.check_held(&[index]).err().unwrap_or(MeasureError::NoSuchExample(index)))
    }

    /// Whether all of these examples can be read: each is one of the set, and its shard, if it has one, is held.
    ///
    /// # Errors
    /// [`MeasureError`] with the first that cannot.
    pub fn check_held(&self, drawn: &[u32]) -> Result<(), MeasureError> {
        if let Some(beyond) = drawn.iter().find(|index| **index as usize >= self.len()) {
            return Err(MeasureError::NoSuchExample(*beyond));
        }
        let lacking = self.shards_of(drawn).into_iter().find(|shard| !self.is_held(*shard));
        let shard = lacking.and_then(|shard| Some((shard, self.shards().get(shard)?.cid)));
        shard.map_or(Ok(()), |(shard, cid)| Err(MeasureError::NotHeld { shard, cid }))
    }

    /// The shards of the set, in order; none where it is rows or text.
    pub fn shards(&self) -> &[Shard] {
        self.as_shards().map_or(&[], Shards::list)
    }

    /// Bytes of a shard, if there is one: what is asked for when it is fetched.
    pub fn shard_len(&self, shard: usize) -> Option<u64> {
        self.as_shards()?.bytes(shard)
    }

    /// Places in [`Examples::shards`], ascending, each once, of the shards that some examples lie in; what is no example has none.
    pub fn shards_of(&self, drawn: &[u32]) -> Vec<usize> {
        let Some(shards) = self.as_shards() else { return Vec::new() };
        let mut places: Vec<usize> = drawn.iter().filter_map(|index| Some(shards.find(*index)?.0)).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Takes the bytes of a shard, perhaps a mapped file, and checks length and digest once; every clone of these examples has them
    /// then. Tokens beyond the vocabulary are not refused here: they read as its greatest one.
    ///
    /// # Errors
    /// When there is no such shard, or the bytes are not those that its line names.
    pub fn hold(&self, shard: usize, bytes: ShardBytes) -> Result<(), ShardError> {
        self.as_shards().ok_or(ShardError::NoSuchShard(shard))?.hold(shard, bytes)
    }

    /// The set of one shard, which it holds.
    ///
    /// # Errors
    /// [`DataError`] when the bytes are no shard of the group.
    pub(crate) fn of_shard(manifest: &Manifest, bytes: Vec<u8>) -> Result<Self, DataError> {
        check_shard(manifest, &bytes)?;
        let examples = Self::parse(manifest, [("one.tokens", format!("{}\n", Shard::of(manifest, &bytes, None)))])?;
        // It is what its line says.
        examples.hold(0, Arc::new(bytes)).map_err(|_| DataError::NoShards)?;
        Ok(examples)
    }

    /// Takes over what another set, of the same width of tokens, holds of the shards of this one: a delta leaves most as they are.
    pub fn hold_from(&self, other: &Self) {
        if let (Some(shards), Some(other)) = (self.as_shards(), other.as_shards()) {
            shards.hold_from(other);
        }
    }

    /// Forgets the bytes of a shard.
    pub fn let_go(&self, shard: usize) {
        if let Some(shards) = self.as_shards() {
            shards.let_go(shard);
        }
    }

    /// Whether the bytes of a shard are here.
    pub fn is_held(&self, shard: usize) -> bool {
        self.as_shards().is_some_and(|shards| shards.is_held(shard))
    }

    /// So many shards drawn by a seed, for training on a part of a set that is too large to be fetched: a set of its own, in the order of
    /// the shards, that holds what this one holds of them. All of them where there are no more, and all of a set without shards.
    pub fn part(&self, seed: [u8; 32], shards: u32) -> Self {
        let Some(all) = self.as_shards() else { return self.clone() };
        let drawn = draw_part(seed, all.list().len() as u32, shards.max(1));
        Self { values: Values::Shards(all.part(&drawn)), ..self.clone() }
    }

    fn as_shards(&self) -> Option<&Shards> {
        if let Values::Shards(shards) = &self.values { Some(shards) } else { None }
    }

    /// Indices, ascending, of examples in shards that `before` does not name; nothing unless both are sets of shards.
    pub(crate) fn in_new_shards(&self, before: &Self) -> Option<Vec<Range<u32>>> {
        Some(self.as_shards()?.new_since(before.as_shards()?))
    }

    /// Tokens of all files in their order, if the set is text.
    pub(crate) fn tokens(&self) -> Option<&[u16]> {
        if let Values::Text(text) = &self.values { Some(text.tokens()) } else { None }
    }

    /// The same as [`Examples::window`], as they are kept, if the set is text.
    pub(crate) fn text_window(&self, index: usize) -> Option<&[u16]> {
        if let Values::Text(text) = &self.values { text.window(index, self.inputs) } else { None }
    }

    /// Whether a model of this manifest reads such examples.
    pub fn fit(&self, manifest: &Manifest) -> bool {
        let same_kind = matches!(
            (&self.values, manifest.data()),
            (Values::Rows(_), Data::Csv { .. }) | (Values::Text(_), Data::Text { .. }) | (Values::Shards(_), Data::Tokens { .. })
        );
        same_kind && self.inputs == manifest.inputs() as usize && self.outputs == manifest.outputs()
    }
}

/// What one file adds to a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Part {
    /// Rows, tokens, or examples of its shards.
    pub units: usize,
    /// Bytes of its text, or its shards.
    pub size: usize,
}

/// Units of all files, none of which may be `too_much` behind those before it.
fn total(parts: impl Iterator<Item = Part>, too_much: impl Fn(usize, &Part) -> bool) -> Result<usize, DataError> {
    let mut units = 0;
    for part in parts {
        if too_much(units, &part) {
            return Err(DataError::TooMany);
        }
        units += part.units;
    }
    Ok(units)
}

/// What one file adds, by its path one with examples.
pub(crate) fn part(manifest: &Manifest, path: &str, text: &str) -> Result<Part, DataError> {
    let (inputs, outputs) = (manifest.inputs() as usize, manifest.outputs());
    let units = match manifest.data() {
        Data::Csv { divisor } => Rows::count(inputs, outputs, *divisor, (path, text))?,
        Data::Text { tokenizer, .. } => text::encode(tokenizer, path, text)?.len(),
        Data::Tokens { stride, .. } => return shards::part(shards::Shape::new(manifest, *stride), path, text),
    };
    Ok(Part { units, size: text.len() })
}
