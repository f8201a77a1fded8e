//! Arguments of kernels: the structures of the source, field by field in its order, each as a word of eight bytes.

use crate::memory::Span;

/// One field.
trait Word {
    fn word(self) -> u64;
}

impl Word for u64 {
    fn word(self) -> u64 {
        self
    }
}

impl Word for bool {
    fn word(self) -> u64 {
        self.into()
    }
}

impl Word for f32 {
    /// In the lower half, as `Number` has it where the lower half comes first.
    fn word(self) -> u64 {
        self.to_bits().into()
    }
}

impl Word for Span {
    fn word(self) -> u64 {
        self.address()
    }
}

impl Word for Option<Span> {
    fn word(self) -> u64 {
        self.map_or(0, Span::address)
    }
}

macro_rules! arguments {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? })*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub(crate) struct $name {
            $(pub(crate) $field: $type,)*
        }

        impl $name {
            /// As the kernel gets it.
            pub(crate) fn words(self) -> Vec<u64> {
                vec![$(self.$field.word()),*]
            }
        })*
    };
}

/// What happens to a finished sum.
pub(crate) const STORE: u64 = 0;
/// It is added to what was before.
pub(crate) const ADD: u64 = 1;
/// It is multiplied with it.
pub(crate) const TIMES: u64 = 2;
/// Which steps a row takes part in: all.
pub(crate) const ALL: u64 = 0;
/// Those that it looks at.
pub(crate) const LOOKS_AT: u64 = 1;
/// Those that look at it.
pub(crate) const IS_LOOKED_AT: u64 = 2;
/// All steps, but only outputs that a row looks at.
pub(crate) const ASKED: u64 = 3;

arguments! {
    /// A product of matrices; distances in values.
    Product {
        left: Span, left_row: u64, left_step: u64, left_example: u64, left_head: u64,
        right: Span, right_column: u64, right_step: u64, right_example: u64, right_head: u64,
        out: Span, out_row: u64, out_example: u64, out_head: u64,
        bias: Option<Span>, before: Option<Span>, before_row: u64,
        rows: u64, columns: u64, depth: u64, heads: u64, group: u64,
        then: u64, goes_on: bool, range: u64, window: u64,
    }
    /// A norm of each part of each row.
    Norm {
        input: Span, input_row: u64, weight: Span, bias: Option<Span>, out: Span, out_row: u64, moments: Option<Span>,
        rows: u64, parts: u64, columns: u64, is_deviation: bool, epsilon: f32,
    }
    /// The gradient of its inputs.
    NormBack {
        gradient: Span, gradient_row: u64, input: Span, input_row: u64, weight: Span, before: Option<Span>, before_row: u64,
        out: Span, out_row: u64, moments: Span, rows: u64, parts: u64, columns: u64, is_deviation: bool,
    }
    /// The gradient of its weight.
    NormSums {
        gradient: Span, gradient_row: u64, input: Span, input_row: u64, moments: Span, into: Span,
        examples: u64, rows: u64, parts: u64, columns: u64,
    }
    /// Softmax of scores.
    Softmax { scores: Span, batches: u64, rows: u64, window: u64, scale: f32 }
    /// Its gradient.
    Slopes { shares: Span, pulls: Span, batches: u64, rows: u64, window: u64, scale: f32 }
    /// Log-probabilities of rows of logits.
    LogSoftmax { logits: Span, rows: u64, columns: u64 }
    /// Rows of tokens.
    Embed { tokens: Span, token_weights: Span, position_weights: Option<Span>, out: Span, rows: u64, context: u64, width: u64 }
    /// Angles of pairs.
    Turns { frequencies: Span, cosines: Span, sines: Span, positions: u64, pairs: u64 }
    /// The turning of heads.
    Rotate {
        values: Span, row: u64, rows: u64, context: u64, heads: u64, pairs: u64, cosines: Span, sines: Span, back: bool,
    }
    /// A function of neighbouring values.
    Pointwise { first: Span, second: Option<Span>, third: Option<Span>, count: u64 }
    /// Log-probabilities of targets.
    Pick { logits: Span, targets: Span, out: Span, rows: u64, columns: u64 }
    /// Gradients of logits.
    Probabilities { logits: Span, targets: Span, rows: u64, columns: u64, share: f32 }
    /// Sums of rows.
    ColumnSums { gradient: Span, gradient_row: u64, into: Span, rows: u64, columns: u64 }
    /// Rows to those of their tokens.
    ScatterTokens { gradient: Span, tokens: Span, into: Span, rows: u64, width: u64, shares: u64 }
    /// Rows to those of their positions.
    ScatterPositions { gradient: Span, into: Span, examples: u64, context: u64, width: u64 }
    /// Sums of squares of tensors.
    Squares { values: Span, tensors: Span, out: Span }
    /// The slope of a price.
    Price { gradients: Span, weights: Span, count: u64, slope: f32, rest: f32 }
    /// One step of AdamW.
    Adam {
        weights: Span, gradients: Span, first: Span, second: Span, count: u64, learning_rate: f32, beta_1: f32, beta_2: f32,
        epsilon: f32, decay: f32, correction_1: f32, correction_2: f32, scale: f32,
    }
    /// One step of plain descent.
    Descent { weights: Span, gradients: Span, count: u64, learning_rate: f32, decay: f32, scale: f32 }
    /// Zeros.
    Clear { values: Span, count: u64 }
    /// A function of many values.
    Function { inputs: Span, outputs: Span, count: u64, which: u64 }
    /// Powers of many bases.
    Powers { bases: Span, exponents: Span, outputs: Span, count: u64 }
}
