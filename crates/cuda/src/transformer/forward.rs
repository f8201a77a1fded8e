//! Forward pass of a transformer over some examples.

use evaluator::Gelu;

use super::buffers::{BlockBuffers, Buffers};
use super::{Block, Projection, Sizes, Transformer};
use crate::arguments::{ASKED, Embed, LOOKS_AT, Product, Rotate, Softmax};
use crate::error::Error;
use crate::layers::{Layers, Parts, Rows, Then};
use crate::memory::Span;

/// One pass over so many examples.
pub(crate) struct Pass<'a> {
    pub(crate) model: &'a Transformer,
    pub(crate) layers: Layers<'a>,
    pub(crate) buffers: &'a Buffers,
    pub(crate) examples: u64,
}

impl Pass<'_> {
    pub(crate) fn sizes(&self) -> Sizes {
        self.model.sizes
    }

    /// Positions of all examples.
    pub(crate) fn rows(&self) -> u64 {
        self.examples * self.sizes().context
    }

    /// Whole rows, as norms between blocks see them.
    pub(crate) fn whole(&self) -> Parts {
        Parts { rows: self.rows(), parts: 1, columns: self.sizes().width }
    }

    /// From tokens to the last norm; slopes are kept where gradients follow.
    pub(crate) fn forward(&self) -> Result<(), Error> {
        self.embed()?;
        for (index, block) in self.model.blocks.iter().enumerate() {
            let Some(buffers) = self.buffers.block(index) else { continue };
            self.attend(block, buffers)?;
            self.widen(block, buffers, self.buffers.after(index))?;
        }
        let (buffers, of) = (self.buffers, (self.model.spread, self.whole()));
        self.layers.norm(buffers.last, self.model.norm, of, buffers.normal, buffers.moments)
    }

    /// Log-probabilities of all targets, some rows of logits at a time.
    pub(crate) fn predict(&self) -> Result<(), Error> {
        let Buffers { logits, logits_rows, normal, targets, picked, .. } = *self.buffers;
        let (rows, vocabulary) = (self.rows(), self.sizes().vocabulary);
        let mut first = 0;
        while first < rows {
            let count = logits_rows.min(rows - first);
            self.layers.linear(normal.at_row(first), self.model.head, count, logits, Then::Store)?;
            self.layers.predict([logits.span, targets.from(first), picked.from(first)], count, vocabulary)?;
            first += count;
        }
        Ok(())
    }

    fn embed(&self) -> Result<(), Error> {
        let Some(block) = self.buffers.block(0) else { return Ok(()) };
        let weights = self.layers.weights;
        self.layers.queue.embed(Embed {
            tokens: self.buffers.tokens,
            token_weights: self.model.tokens.of(weights),
            position_weights: self.model.positions.map(|positions| positions.of(weights)),
            out: block.x.span,
            rows: self.rows(),
            context: self.sizes().context,
            width: self.sizes().width,
        })
    }

    fn attend(&self, block: &Block, buffers: BlockBuffers) -> Result<(), Error> {
        let of = (self.model.spread, self.whole());
        self.layers.norm(buffers.x, block.norm_1, of, buffers.normal_1, buffers.moments[0])?;
        for projection in &block.projections {
            self.project(*projection, buffers)?;
        }
        self.rotate(buffers.attention, false)?;
        self.scores(buffers.attention, buffers.attention, [0, self.sizes().keys()], self.buffers.scores)?;
        self.softmax()?;
        self.gather(buffers)?;
        self.layers.linear(buffers.gathered, block.out, self.rows(), buffers.middle, Then::Add(buffers.x))
    }

    /// Queries, keys or values, through the norm of each head if there is one.
    fn project(&self, projection: Projection, buffers: BlockBuffers) -> Result<(), Error> {
        let Projection { layer, norm, start } = projection;
        let target = if norm.is_some() { buffers.raw } else { buffers.attention };
        self.layers.linear(buffers.normal_1, layer, self.rows(), target.at_column(start), Then::Store)?;
        let Some(norm) = norm else { return Ok(()) };
        let (parts, moments) = self.heads_of(projection, buffers);
        let (input, output) = (buffers.raw.at_column(start), buffers.attention.at_column(start));
        self.layers.norm(input, norm, (self.model.spread, parts), output, moments)
    }

    /// The heads of a projection as parts of its rows, and where their moments are.
    pub(crate) fn heads_of(&self, projection: Projection, buffers: BlockBuffers) -> (Parts, Span) {
        let size = self.sizes().size;
        let parts = Parts { rows: self.rows(), parts: projection.layer.outputs / size, columns: size };
        (parts, buffers.moments[if projection.start == 0 { 2 } else { 3 }])
    }

    /// Turns queries and keys, or their gradients back.
    pub(crate) fn rotate(&self, values: Rows, back: bool) -> Result<(), Error> {
        if self.model.frequencies.is_empty() {
            return Ok(());
        }
        let Sizes { heads, shared, context, .. } = self.sizes();
        self.layers.queue.rotate(Rotate {
            values: values.span,
            row: values.stride,
            rows: self.rows(),
            context,
            heads: heads + shared,
            pairs: self.model.frequencies.len() as u64,
            cosines: self.buffers.cosines,
            sines: self.buffers.sines,
            back,
        })
    }

    /// Examples times heads.
    pub(crate) fn batches(&self) -> u64 {
        self.examples * self.sizes().heads
    }

    /// A product of some rows of each head with those keys or values that it looks at, [examples, heads, context, context].
    pub(crate) fn scores(&self, left: Rows, right: Rows, [from, of]: [u64; 2], out: Span) -> Result<(), Error> {
        let Sizes { heads, size, context, window, .. } = self.sizes();
        let product = Product {
            left: left.span.from(from),
            left_row: left.stride,
            left_step: 1,
            left_example: context * left.stride,
            left_head: size,
            right: right.span.from(of),
            right_column: right.stride,
            right_step: 1,
            right_example: context * right.stride,
            right_head: size,
            rows: context,
            columns: context,
            depth: size,
            heads,
            group: self.sizes().group(),
            range: ASKED,
            window,
            ..self.squares(out)
        };
        self.layers.queue.product(product, self.batches())
    }

    /// Where a square of each head is written.
    fn squares(&self, out: Span) -> Product {
        let Sizes { heads, context, .. } = self.sizes();
        let square = context * context;
        Product { out, out_row: context, out_example: heads * square, out_head: square, ..Product::default() }
    }

    /// Shares of all scores.
    pub(crate) fn softmax(&self) -> Result<(), Error> {
        let Sizes { context, window, .. } = self.sizes();
        let (scores, batches) = (self.buffers.scores, self.batches());
        self.layers.queue.softmax(Softmax { scores, batches, rows: context, window, scale: self.sizes().scale() })
    }

    /// Sums of values, each times its share.
    fn gather(&self, buffers: BlockBuffers) -> Result<(), Error> {
        let sizes = self.sizes();
        let out = buffers.gathered;
        let product = self.looked_at(self.buffers.scores, buffers.attention, sizes.values());
        let product =
            Product { out: out.span, out_row: out.stride, out_example: sizes.context * out.stride, out_head: sizes.size, ..product };
        self.layers.queue.product(product, self.batches())
    }

    /// For each row and head: the sum of the rows that it looks at, from the column `of` on, each times its factor.
    pub(crate) fn looked_at(&self, factors: Span, right: Rows, of: u64) -> Product {
        let Sizes { heads, size, context, window, .. } = self.sizes();
        let square = context * context;
        Product {
            left: factors,
            left_row: context,
            left_step: 1,
            left_example: heads * square,
            left_head: square,
            right: right.span.from(of),
            right_column: 1,
            right_step: right.stride,
            right_example: context * right.stride,
            right_head: size,
            rows: context,
            columns: size,
            depth: context,
            heads,
            group: self.sizes().group(),
            range: LOOKS_AT,
            window,
            ..Product::default()
        }
    }

    fn widen(&self, block: &Block, buffers: BlockBuffers, after: Rows) -> Result<(), Error> {
        let (rows, of) = (self.rows(), (self.model.spread, self.whole()));
        self.layers.norm(buffers.middle, block.norm_2, of, buffers.normal_2, buffers.moments[1])?;
        self.layers.linear(buffers.normal_2, block.inner, rows, buffers.inner, Then::Store)?;
        if let Some(gate) = block.gate {
            self.layers.linear(buffers.normal_2, gate, rows, buffers.gates, Then::Store)?;
        }
        let [gates, inner, passed] = [buffers.gates, buffers.inner, buffers.passed].map(|rows| Some(rows.span));
        let trains = self.buffers.back.is_some();
        let (kernel, spans) = match (block.gate, trains, self.model.gelu) {
            (Some(_), true, _) => ("neuron_swiglu_and_slopes", [gates, inner, passed]),
            (Some(_), false, _) => ("neuron_swiglu", [gates, inner, passed]),
            (None, true, Gelu::Exact) => ("neuron_gelu_and_slopes", [inner, passed, None]),
            (None, false, Gelu::Exact) => ("neuron_gelu", [inner, passed, None]),
            (None, true, Gelu::Tanh) => ("neuron_gelu_tanh_and_slopes", [inner, passed, None]),
            (None, false, Gelu::Tanh) => ("neuron_gelu_tanh", [inner, passed, None]),
        };
        self.layers.queue.pointwise(kernel, spans, rows * self.sizes().inner)?;
        self.layers.linear(buffers.passed, block.inner_out, rows, after, Then::Add(buffers.middle))
    }
}
