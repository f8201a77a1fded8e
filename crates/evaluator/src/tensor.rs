//! The tensors of a checkpoint: names and shapes.
//!
//! A plain type below the manifest: families tell their tensors with it, checkpoints are read by it.

/// Name and shape of one tensor of a checkpoint. Their list, [`crate::Manifest::tensors`], implies every byte of a checkpoint's header
/// and its exact length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorSpec {
    /// Name as PyTorch's `state_dict` writes it, so that a checkpoint is loaded there without a table of names.
    pub name: String,
    /// `[outputs, inputs]` of a weight, `[outputs]` of a bias or of a norm; values are row-major.
    pub shape: Vec<u32>,
    /// Whether it is the weight of a norm, which multiplies: 1 changes nothing, as 0 does elsewhere.
    pub is_gain: bool,
    /// Whether no checkpoint of the group may change it ([`crate::Checkpoint::keeps_frozen`]).
    pub is_frozen: bool,
}

impl TensorSpec {
    /// Of anything but a norm's weight.
    pub(crate) fn new(name: String, shape: impl Into<Vec<u32>>) -> Self {
        Self { name, shape: shape.into(), is_gain: false, is_frozen: false }
    }

    /// The value that costs nothing where weights have a price: 1 for what multiplies, else 0. See [`crate::weight_price`].
    pub fn rest(&self) -> f32 {
        if self.is_gain { 1.0 } else { 0.0 }
    }

    /// Number of values, the product of the sides.
    pub fn elements(&self) -> u64 {
        self.shape.iter().map(|side| u64::from(*side)).product()
    }
}
