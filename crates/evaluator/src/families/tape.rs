//! What a forward pass keeps for the gradients of some rows, which tensor's gradient is made of which of it, and what a family has to
//! tell of its backward pass.
//!
//! A tape is one piece of memory cut into [`View`]s, all of as many rows: inputs of layers, then their gradients. When several tapes
//! are full, every tensor's gradient is the sum of its [`Source`]s over them, row after row.

use super::Pass;
use crate::arena::Aligned;
use crate::kernels::{Kernels, Matrix, MatrixMut, Slice, Spread, stride_of};

/// What a family tells of its backward pass.
pub(crate) trait Backward: Send + Sync {
    /// Examples of one tape.
    fn examples_per_tape(&self) -> usize;
    /// Values of one tape.
    fn tape_len(&self) -> usize;
    /// Sources of the gradient of each tensor, in the order of `Family::tensors`.
    fn sources(&self) -> Vec<Vec<Source>>;
    /// Forward and backward; every target's gradient counts `share`. Returns the sum of its targets' losses in nats.
    fn run(&self, pass: Pass<'_>, batch: &[Example<'_>], share: f32, tape: &mut Tape) -> f64;
}

/// One example of a batch.
#[derive(Clone, Copy)]
pub(crate) enum Example<'a> {
    /// Features and class.
    Labelled(&'a [f32], u32),
    /// Inputs and, one place on, their targets.
    Window(&'a [u16]),
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

/// Rows of a forward pass.
pub(crate) struct Tape {
    pub(crate) values: Aligned,
    pub(crate) rows: usize,
    /// Token of each row, if the family has tokens.
    pub(crate) tokens: Vec<u16>,
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
                Self::Tokens { gradient } => scatter(tape.view(gradient), tape.tokens.iter().map(|token| usize::from(*token)), part),
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
