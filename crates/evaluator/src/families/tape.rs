//! What a forward pass keeps for the gradients of some rows, which tensor's gradient is made of which of it, and what a family has to
//! tell of its backward pass.
//!
//! A tape is one piece of memory cut into [`View`]s, all of as many rows: inputs of layers, then their gradients. When several tapes
//! are full, every tensor's gradient is the sum of its [`Source`]s over them, row after row.

use super::Pass;
use crate::arena::Aligned;
use crate::kernels::{Kernels, Matrix, MatrixMut, Slice, Spread, stride_of};
use crate::tensor::TensorSpec;

/// What a family tells of its backward pass.
pub(crate) trait Backward: Send + Sync {
    /// Examples of one tape.
    fn examples_per_tape(&self) -> usize;
    /// Values of one tape.
    fn tape_len(&self) -> usize;
    /// Sources of the gradient of each tensor, in the order of `Family::tensors`.
    fn sources(&self) -> Vec<Vec<Source>>;
    /// Forward, and backward as far as some gradient is wanted. Returns the sum of its targets' losses in nats.
    fn run(&self, pass: Pass<'_>, batch: Batch<'_>, tape: &mut Tape) -> f64;
}

/// What one tape is made of.
#[derive(Clone, Copy)]
pub(crate) struct Batch<'a> {
    pub(crate) examples: &'a [Example<'a>],
    /// What every target's gradient counts.
    pub(crate) share: f32,
    /// Whether the gradient of each tensor is wanted, in the order of `Family::tensors`; views of others may hold anything.
    pub(crate) wanted: &'a [bool],
}

impl Batch<'_> {
    /// The first tensor whose gradient is wanted; their number, if none is.
    pub(crate) fn first(&self) -> usize {
        self.wanted.iter().position(|wanted| *wanted).unwrap_or(self.wanted.len())
    }
}

/// How the tensors of a transformer follow one another: embeddings, blocks, the last norm, and perhaps a head.
#[derive(Clone, Copy)]
pub(crate) struct Stack {
    pub(crate) embeddings: usize,
    /// How many, and tensors of each.
    pub(crate) blocks: usize,
    pub(crate) block: usize,
    /// Tensors of the last norm.
    pub(crate) norm: usize,
}

impl Stack {
    /// The first block that gradients must go back through, if tensor `first` is the first one whose gradient is wanted: the number of
    /// blocks if through none, one more if not through the last norm and the head either.
    pub(crate) fn first_block(self, first: usize) -> usize {
        let Self { embeddings, blocks, block, norm } = self;
        match first.saturating_sub(embeddings) {
            behind if behind >= blocks * block + norm => blocks + 1,
            behind => (behind / block).min(blocks),
        }
    }
}

/// One example of a batch.
#[derive(Clone, Copy)]
pub(crate) enum Example<'a> {
    /// Features and class.
    Labelled(&'a [f32], u32),
    /// Inputs and, one place on, their targets.
    Window(&'a [u32]),
}

impl Example<'_> {
    /// Targets that it has.
    pub(crate) fn targets(&self) -> usize {
        match self {
            Self::Labelled(..) => 1,
            Self::Window(tokens) => tokens.len() - 1,
        }
    }
}

/// A matrix within a tape: as many rows as the tape has. One that is a part of another may reach beyond its end by some padding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    offset: usize,
    columns: usize,
    stride: usize,
}

/// Cuts a tape into views.
pub(crate) struct Layout {
    rows: usize,
    len: usize,
}

impl Layout {
    /// For tapes of at most so many rows.
    pub(crate) fn new(rows: usize) -> Self {
        Self { rows, len: 0 }
    }

    /// The next view.
    pub(crate) fn view(&mut self, columns: usize) -> View {
        let view = View { offset: self.len, columns, stride: stride_of(columns) };
        self.len += self.rows * view.stride;
        view
    }

    /// Values of a tape.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl View {
    /// So many columns from `first` on.
    pub(crate) fn part(self, first: usize, columns: usize) -> Self {
        Self { offset: self.offset + first, columns, ..self }
    }

    /// As many columns as another view has.
    pub(crate) fn narrow(self, like: Self) -> Self {
        Self { columns: like.columns, ..self }
    }

    /// The first `rows` rows.
    pub(crate) fn read(self, tape: &[f32], rows: usize) -> Matrix<'_> {
        let end = tape.len().min(self.offset + rows * self.stride);
        Matrix::new(&tape[self.offset..end], rows, self.columns, self.stride)
    }
}

/// The first `rows` rows of views that do not overlap.
pub(crate) fn parts<const N: usize>(tape: &mut [f32], rows: usize, views: [View; N]) -> [MatrixMut<'_>; N] {
    let ranges = views.map(|view| view.offset..view.offset + rows * view.stride);
    // Views of one layout follow one another.
    let Ok(slices) = tape.get_disjoint_mut(ranges) else { unreachable!("views of a layout overlap") };
    let mut views = views.into_iter();
    slices.map(|values| {
        let Some(View { columns, stride, .. }) = views.next() else { unreachable!("as many slices as views") };
        MatrixMut::new(values, rows, columns, stride)
    })
}

/// What is added to a tensor's gradient for each tape.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    /// Of a weight: gradientᵀ · input.
    Outer { gradient: View, input: View },
    /// Of a bias: every row.
    Sums { gradient: View },
    /// Of a norm's weight: gradient · normalised input.
    Norm { spread: Spread, gradient: View, input: View },
    /// Of an embedding: each row to the row of its token.
    Tokens { gradient: View },
    /// Of an embedding: each row to the row of its position.
    Positions { gradient: View },
}

/// Outputs and inputs of the tensor with these sources, if it is the weight of a linear layer.
pub(crate) fn linear_shape(sources: &[Source], spec: &TensorSpec) -> Option<(usize, usize)> {
    let is_weight = sources.iter().any(|source| matches!(source, Source::Outer { .. }));
    let [outputs, inputs] = spec.shape[..] else { return None };
    is_weight.then_some((outputs as usize, inputs as usize))
}

/// Rows of a forward pass.
pub(crate) struct Tape {
    pub(crate) values: Aligned,
    pub(crate) rows: usize,
    /// Token of each row, if the family has tokens.
    pub(crate) tokens: Vec<u32>,
}

/// Some rows of a tensor's gradient; a vector is one row.
pub(crate) struct Part<'a> {
    pub(crate) values: &'a mut [f32],
    pub(crate) first: usize,
    pub(crate) columns: usize,
}

impl Source {
    /// Adds what the rows of some tapes say, in their order.
    pub(crate) fn add(self, kernels: Kernels, tapes: &[&Tape], part: &mut Part<'_>) {
        if let Self::Outer { gradient, input } = self {
            let pairs: Vec<_> = tapes.iter().map(|tape| (tape.view(gradient), tape.view(input))).collect();
            return kernels.outer(&pairs, Slice { values: part.values, first: part.first, inputs: part.columns });
        }
        for tape in tapes {
            match self {
                Self::Outer { .. } => {}
                Self::Sums { gradient } => kernels.column_sums(tape.view(gradient), part.values),
                Self::Norm { spread, gradient, input } => kernels.norm_sums(tape.view(gradient), tape.view(input), spread, part.values),
                Self::Tokens { gradient } => scatter(tape.view(gradient), tape.tokens.iter().map(|token| *token as usize), part),
                Self::Positions { gradient } => scatter(tape.view(gradient), 0..tape.rows, part),
            }
        }
    }
}

impl Tape {
    fn view(&self, view: View) -> Matrix<'_> {
        view.read(&self.values, self.rows)
    }
}

/// Adds each row to the row of `places` that it belongs to, if the part has it.
fn scatter(gradient: Matrix<'_>, places: impl Iterator<Item = usize>, part: &mut Part<'_>) {
    for (row, place) in places.enumerate().take(gradient.rows) {
        let start = place.checked_sub(part.first).map(|place| place * part.columns);
        let Some(target) = start.and_then(|start| part.values.get_mut(start..start + part.columns)) else { continue };
        target.iter_mut().zip(gradient.row(row)).for_each(|(sum, value)| *sum += value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_go_back_to_the_block_of_the_first_tensor_that_is_trained() {
        let stack = Stack { embeddings: 2, blocks: 3, block: 6, norm: 2 };
        let cases = [(0, 0), (1, 0), (2, 0), (7, 0), (8, 1), (13, 1), (14, 2), (19, 2), (20, 3), (21, 3), (22, 4), (23, 4)];
        for (first, expected) in cases {
            assert_eq!(stack.first_block(first), expected, "{first}");
        }
        let wanted = |wanted: &[bool]| Batch { examples: &[], share: 1.0, wanted }.first();
        assert_eq!([wanted(&[true, false]), wanted(&[false, true]), wanted(&[false, false])], [0, 1, 2]);
    }
}
