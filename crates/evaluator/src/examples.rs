//! The training set as numbers: lines become features and labels, texts become windows of tokens.
//!
//! Strict, because a set that one client reads and another refuses would split the network: one way to write an integer, no empty
//! line, no character without a token (PROTOCOL 12, Training set).

use crate::data::{Data, Tokenizer};
use crate::manifest::Manifest;

/// Most examples of a training set: 2²⁰.
pub const EXAMPLES_MAX: usize = 1 << 20;
/// Most tokens of a training set, 2²⁷ (256 MiB of them), counted as the bytes of the text.
pub const TOKENS_MAX: usize = 1 << 27;
/// Most features of a training set, all examples together: 2²⁶ (256 MiB of binary32).
pub const FEATURES_MAX: usize = 1 << 26;
/// Largest magnitude of an integer in a line: exact in binary32.
pub const FEATURE_MAX: i32 = 1 << 24;
/// Longest line in bytes: 1 MiB.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// Examples in their order: files by path, bytewise, then lines or windows. An index of [`crate::draw`] is a place in this order.
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
    /// What the manifest's format makes of the files.
    values: Values,
}

/// One of both formats, never both.
#[derive(Debug, Clone, PartialEq)]
enum Values {
    Rows(Rows),
    Windows(Windows),
}

/// Features of all examples, row after row, and a label of each.
#[derive(Debug, Clone, PartialEq, Default)]
struct Rows {
    features: Vec<f32>,
    labels: Vec<u32>,
}

/// All tokens, of which windows are slices, and how far apart these begin.
#[derive(Debug, Clone, PartialEq)]
struct Windows {
    /// Of all files, one after the other.
    tokens: Vec<u16>,
    /// From one window to the next.
    stride: usize,
}

/// Why text is no training set, or a line or text given alone is no input. Each names the file, the line counted from 1, and what is
/// wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// No line in any file, or too few tokens for one window.
    #[error("no example: the tree needs files whose names end in {suffix}, {needs}")]
    Empty {
        /// End of the path of a file with examples.
        suffix: &'static str,
        /// What they must hold.
        needs: String,
    },
    /// More than [`EXAMPLES_MAX`], [`FEATURES_MAX`] or [`TOKENS_MAX`].
    #[error("more than {EXAMPLES_MAX} examples, {FEATURES_MAX} features or {TOKENS_MAX} tokens: make the training set smaller")]
    TooMany,
    /// A character that is no token.
    #[error("{path}, line {line}: {character:?} is not among the characters of the manifest's tokenizer")]
    Character {
        /// File in the tree; empty for a text given alone.
        path: String,
        /// Line, counted from 1.
        line: usize,
        /// The character.
        character: char,
    },
    /// A text given alone that has no token.
    #[error("the text is empty: give at least one character")]
    NoToken,
    /// A model of features was asked for text.
    #[error("this model reads features, not text: give it a line of them")]
    NoText,
    /// A line that is no example.
    #[error("{path}, line {line}: {fault}")]
    Line {
        /// File in the tree.
        path: String,
        /// Line, counted from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// A line given alone, without a file.
    #[error("{0}")]
    Features(LineFault),
}

/// What is wrong with a line of csv.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// Longer than `LINE_BYTES_MAX`.
    #[error("a line has at most {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// Too few or too many values.
    #[error("{expected} values are needed, joined by commas, not {found}")]
    Count {
        /// Values needed.
        expected: usize,
        /// Values found.
        found: usize,
    },
    /// Not the one way to write an integer.
    #[error("{0:?} is no integer in plain decimal (no space, no plus, no leading zero) up to ±{FEATURE_MAX}")]
    Integer(String),
    /// A label that is no class.
    #[error("the label is {label}, it must be 0 to {most}")]
    Label {
        /// Label found.
        label: i32,
        /// Greatest class.
        most: u32,
    },
}

impl Examples {
    /// Reads `(path, text)` of a tree in any order; paths must differ. One fault refuses the whole set: a delta that leads to it counts as
    /// one that does not apply.
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
            Data::Csv { divisor } => Values::Rows(Rows::parse(inputs, outputs, *divisor, files)?),
            Data::Text { tokenizer, stride } => Values::Windows(Windows { tokens: tokens_of(tokenizer, files)?, stride: *stride as usize }),
        };
        let examples = Self { inputs, outputs, values };
        match examples.len() {
            0 => Err(Self::none(manifest)),
            count if count > EXAMPLES_MAX => Err(DataError::TooMany),
            _ => Ok(examples),
        }
    }

    /// Number of examples of files of such sizes, in the order of their paths.
    pub(crate) fn count(manifest: &Manifest, parts: impl Iterator<Item = Part>) -> Result<usize, DataError> {
        let inputs = manifest.inputs() as usize;
        let mut units = 0;
        for part in parts {
            let is_too_much = match manifest.data() {
                Data::Csv { .. } => {
                    units + part.units > FEATURES_MAX.checked_div(inputs).map_or(EXAMPLES_MAX, |rows| rows.min(EXAMPLES_MAX))
                }
                Data::Text { .. } => units + part.bytes > TOKENS_MAX,
            };
            if is_too_much {
                return Err(DataError::TooMany);
            }
            units += part.units;
        }
        let examples = match manifest.data() {
            Data::Csv { .. } => units,
            Data::Text { stride, .. } => windows(units, inputs, *stride as usize),
        };
        match examples {
            0 => Err(Self::none(manifest)),
            examples if examples > EXAMPLES_MAX => Err(DataError::TooMany),
            examples => Ok(examples),
        }
    }

    /// That a set has no example.
    fn none(manifest: &Manifest) -> DataError {
        let needs = match manifest.data() {
            Data::Csv { .. } => "one example on each line".to_owned(),
            Data::Text { .. } => format!("with more than {} tokens", manifest.inputs()),
        };
        DataError::Empty { suffix: manifest.data().suffix(), needs }
    }

    /// Number of examples, 1 to [`EXAMPLES_MAX`]: lines, or windows that end within the stream.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Rows(rows) => rows.labels.len(),
            Values::Windows(of) => windows(of.tokens.len(), self.inputs, of.stride),
        }
    }

    /// Never true: a set has at least one example.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Features of one example, or tokens that a target may see.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Classes, or different tokens.
    pub fn outputs(&self) -> u32 {
        self.outputs
    }

    /// Features of example `index`, `inputs` of them, scaled, if there is one and it has features.
    pub fn features(&self, index: usize) -> Option<&[f32]> {
        let Values::Rows(rows) = &self.values else { return None };
        rows.features.get(index.checked_mul(self.inputs)?..)?.get(..self.inputs)
    }

    /// Class of example `index`, below `outputs`, if there is one and it has a label.
    pub fn label(&self, index: usize) -> Option<u32> {
        let Values::Rows(rows) = &self.values else { return None };
        rows.labels.get(index).copied()
    }

    /// Tokens of example `index`, one more than `inputs`: each of the first ones is an input, and the target of each is the one that
    /// follows it. `None` in a set of rows, or beyond its end.
    pub fn window(&self, index: usize) -> Option<&[u16]> {
        let Values::Windows(windows) = &self.values else { return None };
        windows.tokens.get(index.checked_mul(windows.stride)?..)?.get(..self.inputs + 1)
    }

    /// Tokens of all files in their order, if the set is text.
    pub(crate) fn tokens(&self) -> Option<&[u16]> {
        if let Values::Windows(windows) = &self.values { Some(&windows.tokens) } else { None }
    }

    /// Whether a model reads such examples.
    pub(crate) fn fit(&self, manifest: &Manifest) -> bool {
        let same_kind =
            matches!((&self.values, manifest.data()), (Values::Rows(_), Data::Csv { .. }) | (Values::Windows(_), Data::Text { .. }));
        same_kind && self.inputs == manifest.inputs() as usize && self.outputs == manifest.outputs()
    }
}

impl Rows {
    /// All lines of all files; stops at the first that is none, or at a limit.
    fn parse<'a>(inputs: usize, outputs: u32, divisor: u32, files: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, DataError> {
        let mut rows = Self::default();
        for (path, text) in files {
            for (index, line) in text.split_terminator('\n').enumerate() {
                if rows.labels.len() == EXAMPLES_MAX || rows.features.len() + inputs > FEATURES_MAX {
                    return Err(DataError::TooMany);
                }
                let fault = |fault| DataError::Line { path: path.to_owned(), line: index + 1, fault };
                rows.push(inputs, outputs, divisor, line).map_err(fault)?;
            }
        }
        Ok(rows)
    }

    /// One line: features, then a label.
    fn push(&mut self, inputs: usize, outputs: u32, divisor: u32, line: &str) -> Result<(), LineFault> {
        let values = integers(line, inputs + 1)?;
        let (label, most) = (values[inputs], outputs - 1);
        let class = u32::try_from(label).ok().filter(|class| *class <= most);
        self.labels.push(class.ok_or(LineFault::Label { label, most })?);
        self.features.extend(scaled(divisor, &values[..inputs]));
        Ok(())
    }
}

/// What one file adds to a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Part {
    /// Rows, or tokens.
    pub units: usize,
    /// Of its text.
    pub bytes: usize,
}

/// Windows of so many tokens.
fn windows(tokens: usize, inputs: usize, stride: usize) -> usize {
    tokens.checked_sub(inputs + 1).map_or(0, |rest| rest / stride + 1)
}

/// Rows or tokens of one file.
pub(crate) fn units(manifest: &Manifest, path: &str, text: &str) -> Result<usize, DataError> {
    let (inputs, outputs) = (manifest.inputs() as usize, manifest.outputs());
    match manifest.data() {
        Data::Csv { divisor } => {
            let mut row = Rows::default();
            let mut read = |(index, line): (usize, &str)| {
                row.features.clear();
                row.labels.clear();
                row.push(inputs, outputs, *divisor, line).map_err(|fault| DataError::Line { path: path.to_owned(), line: index + 1, fault })
            };
            text.split_terminator('\n').enumerate().try_fold(0, |count, line| read(line).map(|()| count + 1))
        }
        Data::Text { tokenizer, .. } => Ok(encode(tokenizer, path, text)?.len()),
    }
}

/// Tokens of all files, one after the other.
fn tokens_of<'a>(tokenizer: &Tokenizer, files: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Vec<u16>, DataError> {
    let mut tokens = Vec::new();
    for (path, text) in files {
        if tokens.len() + text.len() > TOKENS_MAX {
            return Err(DataError::TooMany);
        }
        tokens.extend(encode(tokenizer, path, text)?);
    }
    Ok(tokens)
}

/// Tokens of one file, or where its first character without one stands.
fn encode(tokenizer: &Tokenizer, path: &str, text: &str) -> Result<Vec<u16>, DataError> {
    tokenizer.encode(text).map_err(|character| {
        let before = text.split(character).next().unwrap_or_default();
        DataError::Character { path: path.to_owned(), line: before.matches('\n').count() + 1, character }
    })
}

/// Inputs of one example without a target.
pub(crate) enum Input {
    /// Scaled as the manifest says.
    Features(Vec<f32>),
    /// The last ones that the model can see.
    Tokens(Vec<u16>),
}

/// Reads a line of features, or a text that is to be continued.
pub(crate) fn parse_input(manifest: &Manifest, text: &str) -> Result<Input, DataError> {
    match manifest.data() {
        Data::Csv { divisor } => {
            let values = integers(text, manifest.inputs() as usize).map_err(DataError::Features)?;
            Ok(Input::Features(scaled(*divisor, &values).collect()))
        }
        Data::Text { tokenizer, .. } => {
            let tokens = encode(tokenizer, "", text)?;
            let seen = tokens.len().min(manifest.inputs() as usize);
            let tokens = tokens[tokens.len() - seen..].to_vec();
            if tokens.is_empty() { Err(DataError::NoToken) } else { Ok(Input::Tokens(tokens)) }
        }
    }
}

/// Each integer divided by the divisor, rounded once.
fn scaled(divisor: u32, values: &[i32]) -> impl Iterator<Item = f32> {
    values.iter().map(move |value| *value as f32 / divisor as f32)
}

/// The values of a line, as many as expected.
fn integers(line: &str, expected: usize) -> Result<Vec<i32>, LineFault> {
    if line.len() > LINE_BYTES_MAX {
        return Err(LineFault::TooLong);
    }
    let found = line.split(',').count();
    if found != expected {
        return Err(LineFault::Count { expected, found });
    }
    line.split(',').map(integer).collect()
}

/// Writing the value again must give the same text, so that equal values have equal lines.
fn integer(text: &str) -> Result<i32, LineFault> {
    let value = text.parse::<i32>().ok().filter(|value| value.abs_diff(0) <= FEATURE_MAX.unsigned_abs());
    value.filter(|value| value.to_string() == text).ok_or_else(|| LineFault::Integer(text.chars().take(20).collect()))
}
