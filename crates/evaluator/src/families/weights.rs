//! Weights of transformers: what they are at first, and the tensors of a checkpoint one after the other.

use crate::kernels::{Linear, Packed};
use crate::stream::Stream;
use crate::tensor::TensorSpec;
use crate::values::Values;

/// Bound of the uniform first weights, √3 · 0.02: the standard deviation is GPT-2's.
const INITIAL_BOUND: f32 = f32::from_bits(0x3d0d_e3bd);

/// Name, shape and first values of a tensor.
pub(crate) type Named = (String, Vec<u32>, First);

/// First values of a tensor.
#[derive(Clone, Copy)]
pub(crate) enum First {
    /// Of a bias.
    Zero,
    /// Of a norm's weight.
    One,
    /// Uniform in ±`INITIAL_BOUND`.
    Drawn,
    /// The same, divided by √(2 · layers): every block adds to the same row twice.
    Residual,
}

/// Names and shapes.
pub(crate) fn specs(tensors: Vec<Named>) -> Vec<TensorSpec> {
    let spec = |(name, shape, first)| TensorSpec { name, shape, is_gain: matches!(first, First::One), is_frozen: false };
    tensors.into_iter().map(spec).collect()
}

/// First values of each of a model of so many blocks.
pub(crate) fn initial(tensors: Vec<Named>, layers: u32, stream: &mut Stream) -> Vec<Vec<f32>> {
    let residual = INITIAL_BOUND / ((2 * layers) as f32).sqrt();
    let values = |(_, shape, first): Named| {
        let count = shape.iter().map(|side| *side as usize).product();
        match first {
            First::Zero => vec![0.0; count],
            First::One => vec![1.0; count],
            First::Drawn => stream.uniform(count, INITIAL_BOUND),
            First::Residual => stream.uniform(count, residual),
        }
    };
    tensors.into_iter().map(values).collect()
}

/// Tensors that were not taken yet, each perhaps in panels too.
pub(crate) struct Tensors<'a> {
    values: std::slice::Iter<'a, Values<'a>>,
    packed: std::slice::Iter<'a, Option<Packed>>,
}

impl<'a> Tensors<'a> {
    /// All of a checkpoint.
    pub(crate) fn new(tensors: &'a [Values<'a>], packed: &'a [Option<Packed>]) -> Self {
        Self { values: tensors.iter(), packed: packed.iter() }
    }

    /// The next tensor, and its panels if it was packed.
    pub(crate) fn next(&mut self) -> Option<(Values<'a>, Option<&'a Packed>)> {
        Some((*self.values.next()?, self.packed.next().and_then(Option::as_ref)))
    }

    /// The next one of a single row: those lie in memory.
    pub(crate) fn row(&mut self) -> Option<&'a [f32]> {
        self.next()?.0.wide()
    }

    /// The next one of a single row, if the model has it; nothing of nothing.
    pub(crate) fn next_if(&mut self, has: bool) -> Option<Option<&'a [f32]>> {
        Some(if has { Some(self.row()?) } else { None })
    }

    /// The next linear layer: weight, then bias if it has one.
    pub(crate) fn linear(&mut self, outputs: usize, inputs: usize, bias: bool) -> Option<Linear<'a>> {
        let (weight, packed) = self.next()?;
        Some(Linear { weight, bias: self.next_if(bias)?, inputs, outputs, packed })
    }
}
