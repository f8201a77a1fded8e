//! Forward pass of the family `llama`: many examples at a time, some rows of the wide layers at a time.

use super::rotary::Turns;
use super::weights::{Block, Weights};
use super::{Llama, PASS_ROWS, Row};
use crate::arena::Arena;
use crate::families::cache::{Cache, Rows};
use crate::families::vocabulary::{logits_len, predict};
use crate::kernels::{Head, Kernels, Linear, Matrix, MatrixMut, Then, packing_len, scratch_len, stride_of};

/// Values of gates and inner layer of a block held at once (16 MiB).
const INNER: usize = 1 << 22;

/// Lengths of rows and numbers of them.
#[derive(Clone, Copy)]
struct Sizes {
    /// Positions of all examples.
    rows: usize,
    /// Positions before them, of which keys and values are kept.
    before: usize,
    /// Positions of the longest example, with those before it.
    longest: usize,
    /// Where queries, keys and values lie.
    row: Row,
    /// From one row to the next: of what is kept in all layers, of queries, keys and values, of the inner layer.
    stride: usize,
    stride_attention: usize,
    stride_inner: usize,
    /// Rows of the inner layer at a time.
    rows_inner: usize,
}

impl Sizes {
    /// Of a pass over these examples, behind so many positions.
    fn new(llama: &Llama, examples: &[&[u32]], before: usize) -> Self {
        let (row, stride_inner) = (llama.row(), stride_of(llama.inner as usize));
        Self {
            rows: examples.iter().map(|tokens| tokens.len()).sum(),
            before,
            longest: before + examples.iter().map(|tokens| tokens.len()).max().unwrap_or(0),
            row,
            stride: stride_of(llama.width as usize),
            stride_attention: stride_of(row.len),
            stride_inner,
            rows_inner: (INNER / (2 * stride_inner)).clamp(1, PASS_ROWS),
        }
    }

    /// Of the one buffer that holds queries, keys and values, or parts of gates and inner layer, or logits.
    fn wide_len(&self, llama: &Llama) -> usize {
        let attention = (self.before + self.rows) * self.stride_attention;
        let inner = 2 * self.rows.min(self.rows_inner) * self.stride_inner;
        attention.max(inner).max(logits_len(llama.vocabulary as usize, PASS_ROWS.min(self.rows)))
    }

    /// Of queries, or keys, before their norms.
    fn raw_len(&self, llama: &Llama) -> usize {
        if llama.head_norms { self.rows * stride_of(llama.queries_len()) } else { 0 }
    }

    /// Of the space for packed weights, or packed keys and values.
    fn packing_len(&self, llama: &Llama) -> usize {
        let inputs = llama.width.max(llama.inner) as usize;
        packing_len(inputs.max(llama.queries_len())).max(scratch_len(self.longest, llama.size()))
    }

    /// Of the buffers of a pass in their order: two of rows, the wide one, what precedes norms, packing, cosines, sines.
    fn all(&self, llama: &Llama) -> [usize; 7] {
        let (rows, angles) = (self.rows * self.stride, self.longest * llama.size() / 2);
        [rows, rows, self.wide_len(llama), self.raw_len(llama), self.packing_len(llama), angles, angles]
    }
}

/// The whole pass over some examples; `read` gets each position's log-probabilities, example after example.
pub(super) fn forward(
    llama: &Llama,
    (kernels, weights): (Kernels, &Weights<'_>),
    examples: &[&[u32]],
    arena: &mut Arena,
    read: &mut dyn FnMut(usize, &[f32]),
) {
    run(llama, (kernels, weights), examples, (None, arena), read);
}

/// The pass over tokens behind those that `cache` has; `read` gets the log-probabilities after the last one.
pub(super) fn go_on(
    llama: &Llama,
    (kernels, weights): (Kernels, &Weights<'_>),
    tokens: &[u32],
    (cache, arena): (&mut Cache, &mut Arena),
    read: &mut dyn FnMut(&[f32]),
) {
    run(llama, (kernels, weights), &[tokens], (Some(cache), arena), &mut |_, row| read(row));
}

/// The pass; with a cache there is one example, and only its last row is read.
fn run(
    llama: &Llama,
    (kernels, weights): (Kernels, &Weights<'_>),
    examples: &[&[u32]],
    (mut cache, arena): (Option<&mut Cache>, &mut Arena),
    read: &mut dyn FnMut(usize, &[f32]),
) {
    let sizes = Sizes::new(llama, examples, cache.as_ref().map_or(0, |cache| cache.rows()));
    let [x, normal, wide, raw, packing, cosines, sines] = arena.slices(sizes.all(llama));
    let turns = Turns::new(llama, [cosines, sines]);
    let rows = |values| MatrixMut::new(values, sizes.rows, llama.width as usize, sizes.stride);
    let mut buffers = Buffers { x: rows(x), normal: rows(normal), wide, raw, packing };
    let pass = Forward { llama, sizes, kernels, examples, turns };
    weights.embed(examples.iter().copied(), &mut buffers.x);
    for (index, block) in weights.blocks.iter().enumerate() {
        pass.attend(block, cache.as_deref_mut().map(|cache| (cache, index)), &mut buffers);
        pass.widen(block, &mut buffers);
    }
    pass.norm(weights.norm, &mut buffers);
    let Buffers { normal, wide, packing, .. } = buffers;
    let first = if cache.is_some() { sizes.rows.saturating_sub(1) } else { 0 };
    let asked = normal.read().part(first, sizes.rows - first);
    predict(kernels, (asked, weights.head), PASS_ROWS.min(sizes.rows), [wide, packing], read);
    if let Some(cache) = cache {
        cache.went_on(sizes.rows);
    }
}

/// What is computed with; every part is overwritten again and again.
struct Buffers<'a> {
    x: MatrixMut<'a>,
    normal: MatrixMut<'a>,
    wide: &'a mut [f32],
    raw: &'a mut [f32],
    packing: &'a mut [f32],
}

/// One pass over some examples.
struct Forward<'a> {
    llama: &'a Llama,
    sizes: Sizes,
    kernels: Kernels,
    examples: &'a [&'a [u32]],
    turns: Turns<'a>,
}

impl Forward<'_> {
    /// Norm of every row.
    fn norm(&self, weight: &[f32], buffers: &mut Buffers<'_>) {
        let output = buffers.normal.part(0, self.sizes.rows);
        self.kernels.size_norm(buffers.x.read(), weight, self.llama.epsilon(), output);
    }

    /// x += attention of its norm; rows of queries, keys and values stand behind those that are kept.
    fn attend(&self, block: &Block<'_>, mut kept: Option<(&mut Cache, usize)>, buffers: &mut Buffers<'_>) {
        let (sizes, stride) = (self.sizes, self.sizes.stride_attention);
        self.norm(block.norm_1, buffers);
        self.project((block.queries, block.query_norm), 0, buffers);
        self.project((block.keys, block.key_norm), sizes.row.keys, buffers);
        self.project((block.values, None), sizes.row.values, buffers);
        let mut first = 0;
        for tokens in self.examples {
            let values = &mut buffers.wide[first * stride..(first + sizes.before + tokens.len()) * stride];
            self.turn(values, tokens.len());
            if let Some((cache, index)) = &mut kept {
                cache.exchange(*index, Rows { values, stride, columns: sizes.row.keys..sizes.row.len });
            }
            for head in self.llama.heads(sizes.before + tokens.len(), stride) {
                self.kernels.attention(values, Head { from: sizes.before, ..head }, buffers.packing);
            }
            first += tokens.len();
        }
        let gathered = Matrix::new(&buffers.wide[sizes.before * stride..], sizes.rows, self.llama.queries_len(), stride);
        self.kernels.linear(gathered, block.attention_out, buffers.x.part(0, sizes.rows), Then::Add, buffers.packing);
    }

    /// Outputs of a layer on the normal rows, with the norm of each head if there is one, to their places from `start` on. What stands
    /// behind them up to whole lanes is overwritten: queries come before keys, keys before values.
    fn project(&self, (layer, norm): (Linear<'_>, Option<&[f32]>), start: usize, buffers: &mut Buffers<'_>) {
        let (rows, stride, size, kernels) = (self.sizes.rows, self.sizes.stride_attention, self.llama.size(), self.kernels);
        let (normal, wide) = (buffers.normal.read(), &mut buffers.wide[self.sizes.before * stride + start..]);
        let Some(weight) = norm else {
            return kernels.linear(normal, layer, MatrixMut::new(wide, rows, layer.outputs, stride), Then::Store, buffers.packing);
        };
        let raw_stride = stride_of(self.llama.queries_len());
        let raw = MatrixMut::new(buffers.raw, rows, layer.outputs, raw_stride);
        kernels.linear(normal, layer, raw, Then::Store, buffers.packing);
        for head in (0..layer.outputs).step_by(size) {
            let output = MatrixMut::new(&mut wide[head..], rows, size, stride);
            kernels.size_norm(Matrix::new(&buffers.raw[head..], rows, size, raw_stride), weight, self.llama.epsilon(), output);
        }
    }

    /// Turns the queries and keys of the new rows of one example.
    fn turn(&self, values: &mut [f32], rows: usize) {
        let (before, stride, size) = (self.sizes.before, self.sizes.stride_attention, self.llama.size());
        let turns = self.turns.after(before, size);
        for start in self.llama.turned() {
            self.kernels.rotate(&mut values[before * stride..], turns.of((rows, stride), start, size));
        }
    }

    /// x += the gated layer on its norm, part by part.
    fn widen(&self, block: &Block<'_>, buffers: &mut Buffers<'_>) {
        let (sizes, kernels) = (self.sizes, self.kernels);
        self.norm(block.norm_2, buffers);
        let Buffers { x, normal, wide, packing, .. } = buffers;
        for first in (0..sizes.rows).step_by(sizes.rows_inner) {
            let rows = sizes.rows_inner.min(sizes.rows - first);
            let (gates, inner) = wide[..2 * rows * sizes.stride_inner].split_at_mut(rows * sizes.stride_inner);
            for (layer, output) in [(block.gate, &mut *gates), (block.inner, &mut *inner)] {
                let output = MatrixMut::new(output, rows, layer.outputs, sizes.stride_inner);
                kernels.linear(normal.read().part(first, rows), layer, output, Then::Store, packing);
            }
            kernels.swiglu(gates, inner);
            let input = Matrix::new(gates, rows, block.inner.outputs, sizes.stride_inner);
            kernels.linear(input, block.inner_out, x.part(first, rows), Then::Add, packing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ROW_MAX;
    use super::*;
    use crate::data::{Data, Tokenizer};
    use crate::families::Family as _;

    /// Most bytes of the working memory of a thread: of any sizes, and of activations of at most 2²¹ values.
    const THREAD_BYTES: usize = 320 << 20;
    const SMALL_BYTES: usize = 64 << 20;

    #[test]
    fn a_thread_needs_at_most_320_mebibytes_for_any_allowed_sizes_and_64_for_small_ones() {
        let small = [(1, ROW_MAX, 512), (256, ROW_MAX, 64), (65_536, 32, 16), (2048, 1024, 128), (1024, 2048, 2), (300, 1000, 10)];
        let large = [(1024, ROW_MAX, 64), (65_536, 128, 64), (4096, 2048, 64), (8192, 1024, 2), (8000, 1000, 10)];
        for (context, width, head_size) in small.into_iter().chain(large) {
            let most = if context * width <= 1 << 21 { SMALL_BYTES } else { THREAD_BYTES };
            for (inner, queries) in [(1, width), (65_536, width), (4 * width, head_size)] {
                let heads = queries / head_size;
                let llama = Llama {
                    layers: 1,
                    heads,
                    key_value_heads: heads,
                    head_size,
                    width,
                    inner,
                    context,
                    vocabulary: 256,
                    epsilon: 1000,
                    rotary_base: 10_000,
                    rotary_scaling: None,
                    window: None,
                    bias: true,
                    head_norms: true,
                    tied: true,
                };
                llama.check(&Data::Text { tokenizer: Tokenizer::Bytes, stride: 1 }).unwrap();
                let window = vec![0; context as usize];
                let examples = vec![window.as_slice(); llama.examples_per_pass()];
                let values: usize = Sizes::new(&llama, &examples, 0).all(&llama).iter().sum();
                assert!(4 * values <= most, "{llama:?} needs {} bytes", 4 * values);
            }
        }
    }
}
