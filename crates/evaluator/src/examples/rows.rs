//! Lines of csv: features and a label of each example.

use super::{DataError, LineFault};
use super::{EXAMPLES_MAX, FEATURE_MAX, FEATURES_MAX, LINE_BYTES_MAX};

/// Features of all examples, row after row, and a label of each.
#[derive(Debug, PartialEq, Default)]
pub(super) struct Rows {
    features: Vec<f32>,
    labels: Vec<u32>,
}

impl Rows {
    /// All lines of all files; stops at the first that is none, or at a limit.
    pub(super) fn parse<'a>(
        inputs: usize,
        outputs: u32,
        divisor: u32,
        files: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, DataError> {
        let mut rows = Self::default();
        for (path, text) in files {
            for (index, line) in text.split_terminator('\n').enumerate() {
                if rows.labels.len() == EXAMPLES_MAX || rows.features.len() + inputs > FEATURES_MAX {
                    return Err(DataError::TooMany);
                }
                rows.push(inputs, outputs, divisor, line).map_err(|fault| fault.at(path, index))?;
            }
        }
        Ok(rows)
    }

    /// How many lines a file has, if each is an example.
    pub(super) fn count(inputs: usize, outputs: u32, divisor: u32, (path, text): (&str, &str)) -> Result<usize, DataError> {
        let mut row = Self::default();
        let mut read = |(index, line): (usize, &str)| {
            row.features.clear();
            row.labels.clear();
            row.push(inputs, outputs, divisor, line).map_err(|fault| fault.at(path, index))
        };
        text.split_terminator('\n').enumerate().try_fold(0, |count, line| read(line).map(|()| count + 1))
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

    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    /// Features of row `index`, `inputs` of them.
    pub(super) fn features(&self, index: usize, inputs: usize) -> Option<&[f32]> {
        self.features.get(index.checked_mul(inputs)?..)?.get(..inputs)
    }

    pub(super) fn label(&self, index: usize) -> Option<u32> {
        self.labels.get(index).copied()
    }
}

/// Each integer divided by the divisor, rounded once.
pub(super) fn scaled(divisor: u32, values: &[i32]) -> impl Iterator<Item = f32> {
    values.iter().map(move |value| *value as f32 / divisor as f32)
}

/// The values of a line, as many as expected.
pub(super) fn integers(line: &str, expected: usize) -> Result<Vec<i32>, LineFault> {
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
