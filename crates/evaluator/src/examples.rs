//! The training set as numbers: lines of text become features and labels.

use crate::manifest::Manifest;

/// Most examples of a training set.
pub const EXAMPLES_MAX: usize = 1 << 20;
/// Most features of a training set, all examples together (256 MiB of binary32).
pub const FEATURES_MAX: usize = 1 << 26;
/// Largest magnitude of an integer in a line: exact in binary32.
pub const FEATURE_MAX: i32 = 1 << 24;
/// Longest line in bytes.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Only files whose path ends so hold examples; a tree may carry a readme beside them.
const SUFFIX: &str = ".csv";

/// Examples in their order: files by path, bytewise, then lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Examples {
    inputs: usize,
    outputs: u32,
    features: Vec<f32>,
    labels: Vec<u32>,
}

/// Why text is no training set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// No line in any file.
    #[error("no example: the tree needs a file whose name ends in {SUFFIX} with one example per line")]
    Empty,
    /// More than the limits.
    #[error("more than {EXAMPLES_MAX} examples or {FEATURES_MAX} features: make the training set smaller")]
    TooMany,
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

/// What is wrong with a line.
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
    /// Reads `(path, text)` of a tree in any order; paths must differ. One faulty line refuses the whole set.
    pub fn parse<P: AsRef<str>, T: AsRef<str>>(manifest: &Manifest, files: impl IntoIterator<Item = (P, T)>) -> Result<Self, DataError> {
        let mut files: Vec<(P, T)> = files.into_iter().collect();
        files.retain(|(path, _)| path.as_ref().ends_with(SUFFIX));
        files.sort_by(|left, right| left.0.as_ref().cmp(right.0.as_ref()));
        let mut examples = Self::none(manifest);
        for (path, text) in &files {
            for (index, line) in text.as_ref().split_terminator('\n').enumerate() {
                examples.push(manifest, path.as_ref(), index + 1, line)?;
            }
        }
        if examples.is_empty() { Err(DataError::Empty) } else { Ok(examples) }
    }

    fn none(manifest: &Manifest) -> Self {
        let (inputs, outputs) = (manifest.inputs() as usize, manifest.outputs());
        Self { inputs, outputs, features: Vec::new(), labels: Vec::new() }
    }

    fn push(&mut self, manifest: &Manifest, path: &str, line: usize, text: &str) -> Result<(), DataError> {
        if self.len() == EXAMPLES_MAX || self.features.len() + self.inputs > FEATURES_MAX {
            return Err(DataError::TooMany);
        }
        let fault = |fault| DataError::Line { path: path.to_owned(), line, fault };
        let values = integers(text, self.inputs + 1).map_err(fault)?;
        let label = values[self.inputs];
        let most = self.outputs - 1;
        let class = u32::try_from(label).ok().filter(|class| *class <= most);
        self.labels.push(class.ok_or_else(|| fault(LineFault::Label { label, most }))?);
        self.features.extend(scaled(manifest, &values[..self.inputs]));
        Ok(())
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True only before the first example was read.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Features of one example.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Classes.
    pub fn outputs(&self) -> u32 {
        self.outputs
    }

    /// Features of example `index`, scaled, if there is one.
    pub fn features(&self, index: usize) -> Option<&[f32]> {
        self.features.chunks_exact(self.inputs).nth(index)
    }

    /// Class of example `index`, if there is one.
    pub fn label(&self, index: usize) -> Option<u32> {
        self.labels.get(index).copied()
    }
}

/// Features of one line without a label, `inputs` integers joined by commas, scaled as the manifest says.
pub fn parse_features(manifest: &Manifest, line: &str) -> Result<Vec<f32>, DataError> {
    let values = integers(line, manifest.inputs() as usize).map_err(DataError::Features)?;
    Ok(scaled(manifest, &values).collect())
}

fn scaled(manifest: &Manifest, values: &[i32]) -> impl Iterator<Item = f32> {
    let divisor = manifest.divisor() as f32;
    values.iter().map(move |value| *value as f32 / divisor)
}

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
