//! The tensors of a checkpoint: names and shapes.

/// Name and shape of one tensor of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorSpec {
    /// Name as PyTorch's `state_dict` writes it.
    pub name: String,
    /// `[outputs, inputs]` of a weight, `[outputs]` of a bias or of a norm.
    pub shape: Vec<u32>,
    /// Whether it is the weight of a norm, which multiplies: 1 changes nothing, as 0 does elsewhere.
    pub is_gain: bool,
}

impl TensorSpec {
    pub(crate) fn new(name: String, shape: impl Into<Vec<u32>>) -> Self {
        Self { name, shape: shape.into(), is_gain: false }
    }

    /// The value that costs nothing where weights have a price.
    pub fn rest(&self) -> f32 {
        if self.is_gain { 1.0 } else { 0.0 }
    }

    /// Number of values.
    pub fn elements(&self) -> u64 {
        self.shape.iter().map(|side| u64::from(*side)).product()
    }
}
