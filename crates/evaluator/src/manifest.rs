//! The manifest of a model: its family, sizes and limits as canonical JSON, and the tensors that follow from them.
//!
//! A manifest is named by the digest of its bytes, so there is one way to write each (PROTOCOL 12, Manifest): JSON without spaces,
//! every key once and in order, numbers in plain decimal, what is left out left out.

use serde::{Deserialize, Serialize};

use crate::data::Data;
use crate::families::{Family, Model};
use crate::frozen;
use crate::limits::{MANIFEST_BYTES_MAX, ManifestError, within};
use crate::tensor::TensorSpec;
use crate::values::Dtype;

/// The only version of the manifest that this client reads; another one is a reason to update, not to guess.
pub const MANIFEST_VERSION: u32 = 1;
/// Most weights and biases of a model: a file of 32 GiB of binary32, or of 16 GiB of bfloat16.
const PARAMETERS_MAX: u64 = 1 << 33;
/// Most examples of one measurement.
const EVAL_MAX: u32 = 1 << 20;
/// Largest bound on a weight; with `WIDTH_MAX` it keeps three layers finite.
const WEIGHT_MAX: u32 = 65_536;
/// Greatest certainty: ten standard errors.
const CERTAINTY_MAX: u32 = 1000;

/// What a group trains. Its bytes are the JSON without spaces, keys in the order of the fields below; only [`Manifest::from_bytes`]
/// makes one for the network, so every manifest keeps the limits of this file.
///
/// ```
/// use evaluator::{Manifest, ManifestError};
///
/// let text = r#"{"version":1,"model":{"family":"mlp","inputs":64,"hidden":[32],"outputs":10,"activation":"relu"},"data":{"format":"csv","divisor":16},"loss":"cross_entropy","eval_max":256,"weight_max":16}"#;
/// let manifest = Manifest::from_bytes(text.as_bytes())?;
/// assert_eq!((manifest.inputs(), manifest.outputs(), manifest.parameters()), (64, 10, 64 * 32 + 32 + 32 * 10 + 10));
/// assert_eq!(manifest.to_bytes(), text.as_bytes());
/// // The same content with a blank in it has another digest, and is refused with the bytes that it should have.
/// let spaced = text.replacen(',', ", ", 1);
/// assert_eq!(Manifest::from_bytes(spaced.as_bytes()), Err(ManifestError::NotCanonical(text.into())));
/// # Ok::<(), ManifestError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    version: u32,
    model: Model,
    data: Data,
    loss: LossRule,
    eval_max: u32,
    weight_max: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight_price: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certainty: Option<u32>,
    #[serde(default, skip_serializing_if = "Dtype::is_f32")]
    dtype: Dtype,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    frozen: Vec<String>,
}

/// Cost of one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LossRule {
    /// Negative log-likelihood of the label.
    CrossEntropy,
}

impl Manifest {
    /// Reads canonical bytes; anything that [`Manifest::to_bytes`] would write otherwise is refused.
    ///
    /// # Errors
    /// [`ManifestError`]: too long, not JSON of this shape, a number out of its limits, a family that does not read such data,
    /// frozen tensors that there are not, or right content in other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLong(bytes.len()));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| ManifestError::Unreadable(error.to_string()))?;
        manifest.check()?;
        let canonical = manifest.to_bytes();
        if canonical == bytes {
            Ok(manifest)
        } else {
            let text = String::from_utf8_lossy(&canonical).into_owned();
            Err(ManifestError::NotCanonical(text))
        }
    }

    /// The canonical bytes: JSON without spaces, integers in decimal, no newline at the end; at most [`MANIFEST_BYTES_MAX`].
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, integers and lists only: serde_json has nothing to refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Each number by itself, then what the family says of sizes and data, then the number of parameters.
    fn check(&self) -> Result<(), ManifestError> {
        let version = u64::from(MANIFEST_VERSION);
        within("version", u64::from(self.version), version, version)?;
        self.data.check()?;
        self.family().check(&self.data)?;
        within("eval_max", u64::from(self.eval_max), 1, u64::from(EVAL_MAX))?;
        within("weight_max", u64::from(self.weight_max), 1, u64::from(WEIGHT_MAX))?;
        within("weight_price", u64::from(self.weight_price.unwrap_or(1)), 1, u64::from(u32::MAX))?;
        within("certainty", u64::from(self.certainty.unwrap_or(1)), 1, u64::from(CERTAINTY_MAX))?;
        self.check_dtype()?;
        within("number of parameters", self.parameters(), 1, PARAMETERS_MAX)?;
        frozen::check(&self.family().tensors(), &self.frozen)
    }

    /// That files can hold `weight_max`: then no clamped weight is above it after rounding.
    fn check_dtype(&self) -> Result<(), ManifestError> {
        let (most, held) = (self.weight_max(), self.dtype.rounded(self.weight_max()));
        if held == most {
            Ok(())
        } else {
            Err(ManifestError::WeightMax { most: self.weight_max, dtype: self.dtype.name(), held: held as u32 })
        }
    }

    /// Family and sizes, for whoever computes with them elsewhere.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The family's own rules and computations.
    pub(crate) fn family(&self) -> &dyn Family {
        self.model.family()
    }

    /// Format of the training set: how its files become examples.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Most examples drawn for a measurement, 1 to 2²⁰: of a larger set that many are drawn ([`crate::draw`]), else all are taken.
    pub fn eval_max(&self) -> u32 {
        self.eval_max
    }

    /// Largest magnitude of a weight or bias, 1 to 65,536; exact in binary32. A checkpoint with a larger one is none.
    pub fn weight_max(&self) -> f32 {
        self.weight_max as f32
    }

    /// Micronats that the squares of all weights, summed and divided by the number of examples, cost for each unit; none = nothing. 500,000
    /// is the prior of a standard normal distribution on every value.
    pub fn weight_price(&self) -> Option<u32> {
        self.weight_price
    }

    /// Hundredths of a standard error by which an improvement must exceed luck, 1 to 1,000; none = any improvement counts. See
    /// [`crate::is_certain`].
    pub fn certainty(&self) -> Option<u32> {
        self.certainty
    }

    /// Form of the values in a checkpoint.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Patterns of the tensors that no checkpoint may change: whole names, or beginnings of names with `*` behind them, ascending. Which
    /// tensors these are [`TensorSpec::is_frozen`] tells.
    pub fn frozen(&self) -> &[String] {
        &self.frozen
    }

    /// Features of an example, or tokens that a target may see: the context of a transformer.
    pub fn inputs(&self) -> u32 {
        self.family().inputs()
    }

    /// Classes of a target: labels, or the vocabulary.
    pub fn outputs(&self) -> u32 {
        self.family().outputs()
    }

    /// Tensors of a checkpoint in the order of their bytes, a weight before its bias.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let mut tensors = self.family().tensors();
        frozen::mark(&mut tensors, &self.frozen);
        tensors
    }

    /// Number of weights and biases, 1 to 2³³: four bytes each in a checkpoint, or two.
    pub fn parameters(&self) -> u64 {
        self.family().tensors().iter().map(TensorSpec::elements).sum()
    }
}
