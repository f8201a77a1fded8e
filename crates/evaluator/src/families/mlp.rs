//! The family `mlp`: linear layers, relu between them, log-softmax at the end (PROTOCOL 12, Forward pass of `mlp`).
//!
//! Softmax regression is the one without hidden layers. Tensors are named as PyTorch's `nn.Linear` in a `ModuleList` named `layers`.

mod backward;

use serde::{Deserialize, Serialize};

use super::tape::Backward;
use super::{Batch, Family, Pass};
use crate::data::Data;
use crate::kernels::{Linear, Matrix, MatrixMut, Then, packing_len, stride_of};
use crate::limits::{ManifestError, WIDTH_MAX, within};
use crate::stream::Stream;
use crate::tensor::TensorSpec;

/// Most hidden layers.
const HIDDEN_LAYERS_MAX: usize = 16;
/// Values of activations that one pass should not exceed (8 MiB), and examples likewise.
const PASS_VALUES: usize = 1 << 21;
const PASS_ROWS: usize = 192;

/// Sizes of a multi-layer perceptron; each layer has `inputs · outputs` weights and `outputs` biases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mlp {
    /// Features of an example, 1 to 65,536.
    pub inputs: u32,
    /// Units of each hidden layer, at most sixteen of them; empty = softmax regression.
    pub hidden: Vec<u32>,
    /// Classes, 2 to 65,536.
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

impl Mlp {
    /// `(inputs, outputs)` of each layer, first layer first; one more than there are hidden ones.
    pub fn layers(&self) -> Vec<(u32, u32)> {
        let widths: Vec<u32> = self.widths().map(|(_, width, _)| width).collect();
        widths.windows(2).map(|pair| (pair[0], pair[1])).collect()
    }

    /// `(field, units, least units)` from the inputs to the outputs.
    fn widths(&self) -> impl Iterator<Item = (&'static str, u32, u64)> {
        let hidden = self.hidden.iter().map(|width| ("hidden", *width, 1));
        let inputs = std::iter::once(("inputs", self.inputs, 1));
        inputs.chain(hidden).chain([("outputs", self.outputs, 2)])
    }

    /// Values of the longest row between two layers.
    fn stride(&self) -> usize {
        self.widths().map(|(_, width, _)| stride_of(width as usize)).max().unwrap_or(0)
    }
}

impl Family for Mlp {
    /// Data of rows, at most sixteen hidden layers, and widths within their limits.
    fn check(&self, data: &Data) -> Result<(), ManifestError> {
        if !matches!(data, Data::Csv { .. }) {
            return Err(ManifestError::Format { family: "mlp", format: "csv" });
        }
        within("number of hidden layers", self.hidden.len() as u64, 0, HIDDEN_LAYERS_MAX as u64)?;
        for (field, width, least) in self.widths() {
            within(field, u64::from(width), least, u64::from(WIDTH_MAX))?;
        }
        Ok(())
    }

    fn inputs(&self) -> u32 {
        self.inputs
    }

    fn outputs(&self) -> u32 {
        self.outputs
    }

    /// Weight, then bias, of each layer.
    fn tensors(&self) -> Vec<TensorSpec> {
        let layer = |(index, (inputs, outputs))| {
            let weight = TensorSpec::new(format!("layers.{index}.weight"), [outputs, inputs]);
            [weight, TensorSpec::new(format!("layers.{index}.bias"), [outputs])]
        };
        self.layers().into_iter().enumerate().flat_map(layer).collect()
    }

    /// Each value uniform in ±1/√inputs of its layer.
    fn initial(&self, stream: &mut Stream) -> Vec<Vec<f32>> {
        let mut tensors = Vec::new();
        for (inputs, outputs) in self.layers() {
            let bound = 1.0 / (inputs as f32).sqrt();
            tensors.push(stream.uniform(inputs as usize * outputs as usize, bound));
            tensors.push(stream.uniform(outputs as usize, bound));
        }
        tensors
    }

    /// As many as keep activations of two layers in 8 MiB.
    fn examples_per_pass(&self) -> usize {
        (PASS_VALUES / (2 * self.stride())).clamp(1, PASS_ROWS)
    }

    /// Two buffers in turn: what a layer writes the next one reads.
    fn forward(&self, pass: Pass<'_>, batch: Batch<'_>, read: &mut dyn FnMut(usize, &[f32])) {
        let Batch::Features(examples) = batch else { return };
        let (rows, stride) = (examples.len(), self.stride());
        let packing = self.widths().map(|(_, width, _)| packing_len(width as usize)).max().unwrap_or(0);
        let [mut values, mut next, packing] = pass.arena.slices([rows * stride, rows * stride, packing]);
        for (row, features) in values.chunks_exact_mut(stride).zip(examples) {
            row[..features.len()].copy_from_slice(features);
        }
        let layers = self.layers();
        let packed = |index: usize| pass.packed.get(2 * index).and_then(Option::as_ref);
        for (index, ((inputs, outputs), [weight, bias])) in layers.iter().zip(pass.tensors.as_chunks::<2>().0).enumerate() {
            let (inputs, outputs) = (*inputs as usize, *outputs as usize);
            let layer = Linear { weight: *weight, bias: bias.wide(), inputs, outputs, packed: packed(index) };
            let output = MatrixMut::new(next, rows, outputs, stride);
            pass.kernels.linear(Matrix::new(values, rows, inputs, stride), layer, output, Then::Store, packing);
            (values, next) = (next, values);
            if index + 1 < layers.len() {
                pass.kernels.relu(values);
            }
        }
        let outputs = self.outputs as usize;
        pass.kernels.log_softmax(MatrixMut::new(values, rows, outputs, stride));
        values.chunks_exact(stride).enumerate().for_each(|(row, values)| read(row, &values[..outputs]));
    }

    fn backward(&self) -> Option<Box<dyn Backward>> {
        Some(Box::new(self.clone()))
    }
}
