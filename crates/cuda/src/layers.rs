//! Layers forward and back: what of a product, a norm or a sum is read from where.

use crate::arguments::{ADD, ColumnSums, LogSoftmax, Norm, NormBack, NormSums, Pick, Product, STORE, TIMES};
use crate::error::Error;
use crate::memory::{Queue, Span};
use crate::parameters::{Linear, NormLayer, Tensor};

/// Rows in memory, so many values apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    pub(crate) span: Span,
    pub(crate) stride: u64,
}

impl Rows {
    pub(crate) fn new(span: Span, stride: u64) -> Self {
        Self { span, stride }
    }

    /// From that column on.
    pub(crate) fn at_column(self, column: u64) -> Self {
        Self { span: self.span.from(column), ..self }
    }

    /// From that row on.
    pub(crate) fn at_row(self, row: u64) -> Self {
        Self { span: self.span.from(row * self.stride), ..self }
    }
}

/// What is done with the outputs of a layer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Then {
    Store,
    /// They are added to these.
    Add(Rows),
    /// They are multiplied with these.
    Times(Rows),
}

/// What a norm divides a row by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    /// Whether the mean is taken off first.
    pub(crate) is_deviation: bool,
    pub(crate) epsilon: f32,
}

/// Rows that a norm sees: each has so many parts, one behind the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) rows: u64,
    pub(crate) parts: u64,
    /// Values of a part.
    pub(crate) columns: u64,
}

/// The weights of a model, and their gradients where it is trained.
#[derive(Clone, Copy)]
pub(crate) struct Layers<'a> {
    pub(crate) queue: &'a Queue<'a>,
    pub(crate) weights: Span,
    pub(crate) gradients: Span,
}

impl Layers<'_> {
    /// `output` = `input` · weightᵀ + bias, and what follows.
    pub(crate) fn linear(&self, input: Rows, layer: Linear, rows: u64, output: Rows, then: Then) -> Result<(), Error> {
        let product = Product {
            left: input.span,
            left_row: input.stride,
            left_step: 1,
            right: layer.weight.of(self.weights),
            right_column: layer.inputs,
            right_step: 1,
            bias: layer.bias.map(|bias| bias.of(self.weights)),
            columns: layer.outputs,
            depth: layer.inputs,
            ..Product::default()
        };
        self.product(product, rows, output, then)
    }

    /// `output` = `gradient` · weight, and what follows.
    pub(crate) fn linear_back(&self, gradient: Rows, layer: Linear, rows: u64, output: Rows, then: Then) -> Result<(), Error> {
        let product = Product {
            left: gradient.span,
            left_row: gradient.stride,
            left_step: 1,
            right: layer.weight.of(self.weights),
            right_column: 1,
            right_step: layer.inputs,
            columns: layer.inputs,
            depth: layer.outputs,
            ..Product::default()
        };
        self.product(product, rows, output, then)
    }

    fn product(&self, product: Product, rows: u64, output: Rows, then: Then) -> Result<(), Error> {
        let (then, before) = match then {
            Then::Store => (STORE, None),
            Then::Add(before) => (ADD, Some(before)),
            Then::Times(before) => (TIMES, Some(before)),
        };
        let before_row = before.map_or(0, |before| before.stride);
        let before = before.map(|before| before.span);
        self.queue.product(Product { rows, out: output.span, out_row: output.stride, then, before, before_row, ..product }, 1)
    }

    /// Adds gradientᵀ · input to the gradient of a layer's weight, and the gradient to that of its bias; of frozen ones nothing.
    pub(crate) fn add_linear(&self, gradient: Rows, input: Rows, layer: Linear, rows: u64) -> Result<(), Error> {
        if let Some(bias) = layer.bias {
            self.add_rows(gradient, bias, rows)?;
        }
        if layer.weight.is_frozen {
            return Ok(());
        }
        let product = Product {
            left: gradient.span,
            left_row: 1,
            left_step: gradient.stride,
            right: input.span,
            right_column: 1,
            right_step: input.stride,
            out: layer.weight.of(self.gradients),
            out_row: layer.inputs,
            rows: layer.outputs,
            columns: layer.inputs,
            depth: rows,
            goes_on: true,
            ..Product::default()
        };
        self.queue.product(product, 1)
    }

    /// Adds every row to the gradient of a tensor, unless it is frozen.
    fn add_rows(&self, gradient: Rows, tensor: Tensor, rows: u64) -> Result<(), Error> {
        if tensor.is_frozen {
            return Ok(());
        }
        let into = tensor.of(self.gradients);
        self.queue.column_sums(ColumnSums { gradient: gradient.span, gradient_row: gradient.stride, into, rows, columns: tensor.len })
    }

    /// The norm of each part, with its moments kept.
    pub(crate) fn norm(&self, input: Rows, layer: NormLayer, of: (Spread, Parts), output: Rows, moments: Span) -> Result<(), Error> {
        let (Spread { is_deviation, epsilon }, Parts { rows, parts, columns }) = of;
        self.queue.norm(Norm {
            input: input.span,
            input_row: input.stride,
            weight: layer.weight.of(self.weights),
            bias: layer.bias.map(|bias| bias.of(self.weights)),
            out: output.span,
            out_row: output.stride,
            moments: Some(moments),
            rows,
            parts,
            columns,
            is_deviation,
            epsilon,
        })
    }

    /// Back through a norm, on from `before`.
    pub(crate) fn norm_back(&self, back: Back, layer: NormLayer, before: Option<Rows>, output: Rows) -> Result<(), Error> {
        let Parts { rows, parts, columns } = back.parts;
        self.queue.norm_back(NormBack {
            gradient: back.gradient.span,
            gradient_row: back.gradient.stride,
            input: back.input.span,
            input_row: back.input.stride,
            weight: layer.weight.of(self.weights),
            before: before.map(|before| before.span),
            before_row: before.map_or(0, |before| before.stride),
            out: output.span,
            out_row: output.stride,
            moments: back.moments,
            rows,
            parts,
            columns,
            is_deviation: back.spread.is_deviation,
        })
    }

    /// Adds the gradients of a norm's weight and bias, of frozen ones nothing. Rows are those of so many examples.
    pub(crate) fn add_norm(&self, back: Back, layer: NormLayer, examples: u64) -> Result<(), Error> {
        let Parts { rows, parts, columns } = back.parts;
        if let Some(bias) = layer.bias {
            self.add_rows(back.gradient, bias, rows)?;
        }
        if layer.weight.is_frozen {
            return Ok(());
        }
        self.queue.norm_sums(NormSums {
            gradient: back.gradient.span,
            gradient_row: back.gradient.stride,
            input: back.input.span,
            input_row: back.input.stride,
            moments: back.moments,
            into: layer.weight.of(self.gradients),
            examples,
            rows: rows / examples.max(1),
            parts,
            columns,
        })
    }

    /// Log-probabilities of some rows, and of the target of each.
    pub(crate) fn predict(&self, [logits, targets, out]: [Span; 3], rows: u64, columns: u64) -> Result<(), Error> {
        self.queue.log_softmax(LogSoftmax { logits, rows, columns })?;
        self.queue.pick(Pick { logits, targets, out, rows, columns })
    }
}

/// What the gradients of a norm are made of.
#[derive(Clone, Copy)]
pub(crate) struct Back {
    /// Of its outputs.
    pub(crate) gradient: Rows,
    /// What it normalised.
    pub(crate) input: Rows,
    pub(crate) moments: Span,
    pub(crate) parts: Parts,
    pub(crate) spread: Spread,
}
