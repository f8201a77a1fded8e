//! Backward pass of a transformer: gradients of weights are added as soon as what they are made of is there.

use super::buffers::{BackBuffers, BlockBuffers};
use super::forward::Pass;
use super::{Block, Projection, Sizes};
use crate::arguments::{IS_LOOKED_AT, Probabilities, Product, ScatterPositions, ScatterTokens, Slopes};
use crate::error::Error;
use crate::layers::{Back, Rows, Then};
use crate::memory::Span;
use crate::parameters::NormLayer;

impl Pass<'_> {
    /// From log-probabilities back to the embeddings, or to the first tensor that is trained; every target's gradient counts `share`.
    pub(crate) fn backward(&self, share: f32) -> Result<(), Error> {
        let Some(back) = self.buffers.back else { return Ok(()) };
        self.unpredict(back, share)?;
        for (index, block) in self.model.blocks.iter().enumerate().filter(|(_, block)| block.is_passed).rev() {
            let Some(buffers) = self.buffers.block(index) else { continue };
            self.widen_back(block, buffers, back)?;
            self.attend_back(block, buffers, back)?;
            self.project_back(block, buffers, back)?;
        }
        self.unembed(back)
    }

    /// Gradients of a norm of whole rows: of its weights, and to `output` of its inputs, on from `before`.
    fn norm_back(&self, layer: NormLayer, [gradient, input]: [Rows; 2], moments: Span, to: (Option<Rows>, Rows)) -> Result<(), Error> {
        let back = Back { gradient, input, moments, parts: self.whole(), spread: self.model.spread };
        self.layers.add_norm(back, layer, 1)?;
        self.layers.norm_back(back, layer, to.0, to.1)
    }

    /// From log-probabilities to the gradients of what the last block made.
    fn unpredict(&self, back: BackBuffers, share: f32) -> Result<(), Error> {
        let (buffers, rows) = (self.buffers, self.rows());
        let columns = self.sizes().vocabulary;
        let (logits, targets) = (buffers.logits, buffers.targets);
        self.layers.queue.probabilities(Probabilities { logits: logits.span, targets, rows, columns, share })?;
        if !self.model.is_tied {
            self.layers.add_linear(logits, buffers.normal, self.model.head, rows)?;
        }
        if !self.model.is_passed {
            return Ok(());
        }
        self.layers.linear_back(logits, self.model.head, rows, back.normal, Then::Store)?;
        self.norm_back(self.model.norm, [back.normal, buffers.last], buffers.moments, (None, back.outer))
    }

    /// Gradients of embeddings that are not frozen. One that is the head too takes an example's rows as the head first, then as the embedding.
    fn unembed(&self, back: BackBuffers) -> Result<(), Error> {
        let (gradients, examples) = (self.layers.gradients, self.examples);
        let Sizes { width, context, .. } = self.sizes();
        if let Some(positions) = self.model.positions.filter(|positions| !positions.is_frozen) {
            let into = positions.of(gradients);
            self.layers.queue.scatter_positions(ScatterPositions { gradient: back.outer.span, into, examples, context, width })?;
        }
        if self.model.tokens.is_frozen {
            return Ok(());
        }
        let scatter = |first: u64, rows: u64| {
            let (gradient, tokens) = (back.outer.at_row(first).span, self.buffers.tokens.from(first));
            let into = self.model.tokens.of(gradients);
            self.layers.queue.scatter_tokens(ScatterTokens { gradient, tokens, into, rows, width, shares: 0 })
        };
        if !self.model.is_tied {
            return scatter(0, self.rows());
        }
        for first in (0..examples).map(|example| example * context) {
            let (logits, normal) = (self.buffers.logits.at_row(first), self.buffers.normal.at_row(first));
            self.layers.add_linear(logits, normal, self.model.head, context)?;
            scatter(first, context)?;
        }
        Ok(())
    }

    /// Gradients of the inner layer, from those of what the block made, to those of the residual in the middle.
    fn widen_back(&self, block: &Block, buffers: BlockBuffers, back: BackBuffers) -> Result<(), Error> {
        let (layers, rows) = (self.layers, self.rows());
        layers.add_linear(back.outer, buffers.passed, block.inner_out, rows)?;
        match block.gate {
            None => {
                layers.linear_back(back.outer, block.inner_out, rows, buffers.inner, Then::Times(buffers.inner))?;
                layers.linear_back(buffers.inner, block.inner, rows, back.normal, Then::Store)?;
            }
            Some(gate) => {
                layers.linear_back(back.outer, block.inner_out, rows, back.inner, Then::Store)?;
                for slopes in [buffers.gates, buffers.inner] {
                    let spans = [Some(slopes.span), Some(back.inner.span), None];
                    layers.queue.pointwise("neuron_multiply", spans, rows * self.sizes().inner)?;
                }
                layers.add_linear(buffers.gates, buffers.normal_2, gate, rows)?;
                layers.linear_back(buffers.gates, gate, rows, back.normal, Then::Store)?;
                layers.linear_back(buffers.inner, block.inner, rows, back.normal, Then::Add(back.normal))?;
            }
        }
        layers.add_linear(buffers.inner, buffers.normal_2, block.inner, rows)?;
        let to = (Some(back.outer), back.middle);
        self.norm_back(block.norm_2, [back.normal, buffers.middle], buffers.moments[1], to)
    }

    /// Gradients of queries, keys and values, from those of the residual in the middle.
    fn attend_back(&self, block: &Block, buffers: BlockBuffers, back: BackBuffers) -> Result<(), Error> {
        let (rows, sizes) = (self.rows(), self.sizes());
        self.layers.add_linear(back.middle, buffers.gathered, block.out, rows)?;
        self.layers.linear_back(back.middle, block.out, rows, back.gathered, Then::Store)?;
        self.scores(buffers.attention, buffers.attention, [0, sizes.keys()], self.buffers.scores)?;
        self.softmax()?;
        self.scores(back.gathered, buffers.attention, [0, sizes.values()], back.pulls)?;
        let (shares, pulls, batches) = (self.buffers.scores, back.pulls, self.batches());
        let slopes = Slopes { shares, pulls, batches, rows: sizes.context, window: sizes.window, scale: sizes.scale() };
        self.layers.queue.slopes(slopes)?;
        let queries = self.looked_at(pulls, buffers.attention, sizes.keys());
        self.layers.queue.product(self.to_heads(queries, back.attention, 0), self.batches())?;
        for member in 0..sizes.group() {
            self.add_shared(member, (pulls, buffers.attention), back.attention, sizes.keys())?;
            self.add_shared(member, (shares, back.gathered), back.attention, sizes.values())?;
        }
        self.rotate(back.attention, true)
    }

    /// A product of each head, written to its columns from `start` on.
    fn to_heads(&self, product: Product, out: Rows, start: u64) -> Product {
        let Sizes { context, size, .. } = self.sizes();
        let (out_row, out_example) = (out.stride, context * out.stride);
        Product { out: out.span.from(start), out_row, out_example, out_head: size, ..product }
    }

    /// Adds to the gradients of keys or values, from the column `start` on, what one head of each group says: sums over the rows that look at
    /// them, each times its factor.
    fn add_shared(&self, member: u64, (factors, right): (Span, Rows), out: Rows, start: u64) -> Result<(), Error> {
        let Sizes { heads, shared, size, context, window, .. } = self.sizes();
        let (square, group) = (context * context, self.sizes().group());
        let product = Product {
            left: factors.from(member * square),
            left_row: 1,
            left_step: context,
            left_example: heads * square,
            left_head: group * square,
            right: right.span.from(member * size),
            right_column: 1,
            right_step: right.stride,
            right_example: context * right.stride,
            right_head: group * size,
            rows: context,
            columns: size,
            depth: context,
            heads: shared,
            goes_on: member > 0,
            range: IS_LOOKED_AT,
            window,
            ..Product::default()
        };
        self.layers.queue.product(self.to_heads(product, out, start), self.examples * shared)
    }

    /// Gradients of the projections and of what the block read.
    fn project_back(&self, block: &Block, buffers: BlockBuffers, back: BackBuffers) -> Result<(), Error> {
        for (index, projection) in block.projections.iter().enumerate() {
            let then = if index == 0 { Then::Store } else { Then::Add(back.normal) };
            let gradient = self.heads_back(*projection, buffers, back)?;
            self.layers.add_linear(gradient, buffers.normal_1, projection.layer, self.rows())?;
            self.layers.linear_back(gradient, projection.layer, self.rows(), back.normal, then)?;
        }
        let to = (Some(back.middle), back.outer);
        self.norm_back(block.norm_1, [back.normal, buffers.x], buffers.moments[0], to)
    }

    /// Gradients of a projection's outputs, through the norms of heads if there are any.
    fn heads_back(&self, projection: Projection, buffers: BlockBuffers, back: BackBuffers) -> Result<Rows, Error> {
        let gradient = back.attention.at_column(projection.start);
        let Some(norm) = projection.norm else { return Ok(gradient) };
        let (parts, moments) = self.heads_of(projection, buffers);
        let (input, output) = (buffers.raw.at_column(projection.start), back.raw.at_column(projection.start));
        let of = Back { gradient, input, moments, parts, spread: self.model.spread };
        self.layers.add_norm(of, norm, self.examples)?;
        self.layers.norm_back(of, norm, None, output)?;
        Ok(output)
    }
}
