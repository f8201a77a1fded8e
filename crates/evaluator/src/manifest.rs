//! The manifest of a model: its family, sizes and limits as canonical JSON, and the tensors that follow from them.

use serde::{Deserialize, Serialize};

/// The only version of the manifest that this client reads.
pub const MANIFEST_VERSION: u32 = 1;
/// Longest manifest in bytes.
pub const MANIFEST_BYTES_MAX: usize = 4096;
/// Most hidden layers of an `mlp`.
const HIDDEN_LAYERS_MAX: usize = 16;
/// Most units of one layer, inputs included.
const WIDTH_MAX: u32 = 65_536;
/// Most weights and biases of a model (1 GiB of binary32).
const PARAMETERS_MAX: u64 = 1 << 28;
/// Most examples of one measurement.
const EVAL_MAX: u32 = 1 << 20;
/// Largest bound on a weight; with `WIDTH_MAX` it keeps three layers finite.
const WEIGHT_MAX: u32 = 65_536;
/// Largest divisor of a feature: integers up to here are exact in binary32.
const DIVISOR_MAX: u32 = 1 << 24;

/// What a group trains. Its bytes are the JSON without spaces, keys in the order of the fields below; only `from_bytes` makes
/// one, so every manifest keeps the limits of this file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    version: u32,
    model: Model,
    data: Data,
    loss: LossRule,
    eval_max: u32,
    weight_max: u32,
}

/// The families that a client ships.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "family", rename_all = "lowercase", deny_unknown_fields)]
pub enum Model {
    /// Fully connected layers, log-softmax at the end.
    Mlp(Mlp),
}

/// Sizes of a multi-layer perceptron.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mlp {
    /// Features of an example.
    pub inputs: u32,
    /// Units of each hidden layer; empty = softmax regression.
    pub hidden: Vec<u32>,
    /// Classes.
    pub outputs: u32,
    /// Function after each hidden layer.
    pub activation: Activation,
}

/// Function between two layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// `x > 0 ? x : 0`.
    Relu,
}

/// Format of the training set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "lowercase", deny_unknown_fields)]
enum Data {
    /// Lines of `inputs` decimal integers and the label, joined by commas.
    Csv {
        /// A feature is its integer divided by this.
        divisor: u32,
    },
}

/// Cost of one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LossRule {
    /// Negative log-likelihood of the label.
    CrossEntropy,
}

/// Name and shape of one tensor of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorSpec {
    /// Name as PyTorch's `state_dict` writes it.
    pub name: String,
    /// `[outputs, inputs]` of a weight, `[outputs]` of a bias.
    pub shape: Vec<u32>,
}

/// Why bytes are no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Longer than `MANIFEST_BYTES_MAX`.
    #[error("a manifest has at most {MANIFEST_BYTES_MAX} bytes, this one has {0}: shorten it")]
    TooLong(usize),
    /// Not JSON, a key missing or unknown, a family or format that this client does not ship.
    #[error("this is no manifest that this client knows ({0}): correct it or update the client")]
    Unreadable(String),
    /// Right content, other bytes.
    #[error("the manifest is not in canonical form: write it without spaces, keys in order: {0}")]
    NotCanonical(String),
    /// A number outside its limits.
    #[error("manifest: {field} is {value}, it must be {least} to {most}")]
    OutOfRange {
        /// Field of the manifest.
        field: &'static str,
        /// What it holds.
        value: u64,
        /// Least value allowed.
        least: u64,
        /// Greatest value allowed.
        most: u64,
    },
}

impl Manifest {
    /// Reads canonical bytes; anything that `to_bytes` would write otherwise is refused.
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

    /// The canonical bytes: JSON without spaces, integers in decimal, no newline at the end.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, integers and lists only: serde_json has nothing to refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn check(&self) -> Result<(), ManifestError> {
        let version = u64::from(MANIFEST_VERSION);
        within("version", u64::from(self.version), version, version)?;
        let Model::Mlp(model) = &self.model;
        let hidden = model.hidden.len() as u64;
        within("number of hidden layers", hidden, 0, HIDDEN_LAYERS_MAX as u64)?;
        for (field, width, least) in model.widths() {
            within(field, u64::from(width), least, u64::from(WIDTH_MAX))?;
        }
        let Data::Csv { divisor } = self.data;
        within("divisor", u64::from(divisor), 1, u64::from(DIVISOR_MAX))?;
        within("eval_max", u64::from(self.eval_max), 1, u64::from(EVAL_MAX))?;
        within("weight_max", u64::from(self.weight_max), 1, u64::from(WEIGHT_MAX))?;
        within("number of parameters", self.parameters(), 1, PARAMETERS_MAX)
    }

    /// Family and sizes.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Divisor of every feature.
    pub fn divisor(&self) -> u32 {
        let Data::Csv { divisor } = self.data;
        divisor
    }

    /// Most examples drawn for a measurement.
    pub fn eval_max(&self) -> u32 {
        self.eval_max
    }

    /// Largest magnitude of a weight or bias; exact in binary32.
    pub fn weight_max(&self) -> f32 {
        self.weight_max as f32
    }

    /// Features of an example.
    pub fn inputs(&self) -> u32 {
        let Model::Mlp(model) = &self.model;
        model.inputs
    }

    /// Classes of a target.
    pub fn outputs(&self) -> u32 {
        let Model::Mlp(model) = &self.model;
        model.outputs
    }

    /// `(inputs, outputs)` of each layer, first layer first.
    pub fn layers(&self) -> Vec<(u32, u32)> {
        let Model::Mlp(model) = &self.model;
        let widths: Vec<u32> = model.widths().map(|(_, width, _)| width).collect();
        widths.windows(2).map(|pair| (pair[0], pair[1])).collect()
    }

    /// Tensors of a checkpoint in the order of their bytes: weight, then bias, of each layer.
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let mut tensors = Vec::new();
        for (index, (inputs, outputs)) in self.layers().into_iter().enumerate() {
            let name = format!("layers.{index}.weight");
            tensors.push(TensorSpec { name, shape: vec![outputs, inputs] });
            let name = format!("layers.{index}.bias");
            tensors.push(TensorSpec { name, shape: vec![outputs] });
        }
        tensors
    }

    /// Number of weights and biases.
    pub fn parameters(&self) -> u64 {
        self.tensors().iter().map(TensorSpec::elements).sum()
    }
}

impl Mlp {
    /// `(field, units, least units)` from the inputs to the outputs.
    fn widths(&self) -> impl Iterator<Item = (&'static str, u32, u64)> {
        let hidden = self.hidden.iter().map(|width| ("hidden", *width, 1));
        let inputs = std::iter::once(("inputs", self.inputs, 1));
        inputs.chain(hidden).chain([("outputs", self.outputs, 2)])
    }
}

impl TensorSpec {
    /// Number of values.
    pub fn elements(&self) -> u64 {
        self.shape.iter().map(|side| u64::from(*side)).product()
    }
}

fn within(field: &'static str, value: u64, least: u64, most: u64) -> Result<(), ManifestError> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(ManifestError::OutOfRange { field, value, least, most }) }
}
