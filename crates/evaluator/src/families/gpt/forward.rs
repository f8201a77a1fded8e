//! Forward pass of the family `gpt`: many examples at a time, some rows of the wide layers at a time.

use super::{Block, EXPANSION, Gelu, Gpt, Norm, PASS_ROWS, Weights};
use crate::arena::Arena;
use crate::families::cache::{Cache, Rows};
use crate::families::vocabulary::{logits_len, predict};
use crate::kernels::{Head, Kernels, Matrix, MatrixMut, Then, packing_len, scratch_len, stride_of};

/// Values of the inner layer of a block held at once (16 MiB).
const INNER: usize = 1 << 22;

/// Lengths of rows and numbers of them.
#[derive(Clone, Copy)]
struct Sizes {
    width: usize,
    heads: usize,
    vocabulary: usize,
    /// Positions of all examples.
    rows: usize,
    /// Positions before them, of which keys and values are kept.
    before: usize,
    /// Positions of the longest example, with those before it.
    longest: usize,
    /// Rows that are kept in all layers, with padding.
    stride: usize,
    stride_attention: usize,
    stride_inner: usize,
    /// Rows of the inner layer at a time.
    rows_inner: usize,
}

impl Sizes {
    /// Of a pass over these examples, behind so many positions.
    fn new(gpt: &Gpt, examples: &[&[u32]], before: usize) -> Self {
        let (width, vocabulary) = (gpt.width as usize, gpt.vocabulary as usize);
        let stride_inner = stride_of(EXPANSION * width);
        Self {
            width,
            heads: gpt.heads as usize,
            vocabulary,
            rows: examples.iter().map(|tokens| tokens.len()).sum(),
            before,
            longest: before + examples.iter().map(|tokens| tokens.len()).max().unwrap_or(0),
            stride: stride_of(width),
            stride_attention: stride_of(3 * width),
            stride_inner,
            rows_inner: (INNER / stride_inner).clamp(1, PASS_ROWS),
        }
    }

    /// Of the one buffer that holds queries, keys and values, or a part of the inner layer, or logits.
    fn wide_len(&self) -> usize {
        let attention = (self.before + self.rows) * self.stride_attention;
        let logits = logits_len(self.vocabulary, PASS_ROWS.min(self.rows));
        attention.max(self.rows.min(self.rows_inner) * self.stride_inner).max(logits)
    }

    /// Of the space for packed weights, or packed keys and values.
    fn packing_len(&self) -> usize {
        packing_len(EXPANSION * self.width).max(scratch_len(self.longest, self.width / self.heads))
    }
}

/// The whole pass over some examples; `read` gets each position's log-probabilities, example after example.
pub(super) fn forward(
    gpt: &Gpt,
    (kernels, weights): (Kernels, &Weights<'_>),
    examples: &[&[u32]],
    arena: &mut Arena,
    read: &mut dyn FnMut(usize, &[f32]),
) {
    Forward { sizes: Sizes::new(gpt, examples, 0), activation: gpt.activation, kernels, weights, examples }.run(None, arena, read);
}

/// The pass over tokens behind those that `cache` has; `read` gets the log-probabilities after the last one.
pub(super) fn go_on(
    gpt: &Gpt,
    (kernels, weights): (Kernels, &Weights<'_>),
    tokens: &[u32],
    (cache, arena): (&mut Cache, &mut Arena),
    read: &mut dyn FnMut(&[f32]),
) {
    let examples = [tokens];
    let sizes = Sizes::new(gpt, &examples, cache.rows());
    Forward { sizes, activation: gpt.activation, kernels, weights, examples: &examples }.run(Some(cache), arena, &mut |_, row| read(row));
}

/// One pass over some examples.
struct Forward<'a> {
    sizes: Sizes,
    activation: Gelu,
    kernels: Kernels,
    weights: &'a Weights<'a>,
    examples: &'a [&'a [u32]],
}

impl Forward<'_> {
    /// The whole pass; `read` gets each position's log-probabilities, example after example, or with a cache those of the last one.
    fn run(&self, mut cache: Option<&mut Cache>, arena: &mut Arena, read: &mut dyn FnMut(usize, &[f32])) {
        let sizes = self.sizes;
        let rows = sizes.rows * sizes.stride;
        let [x, normal, wide, packing] = arena.slices([rows, rows, sizes.wide_len(), sizes.packing_len()]);
        let mut x = MatrixMut::new(x, sizes.rows, sizes.width, sizes.stride);
        let mut normal = MatrixMut::new(normal, sizes.rows, sizes.width, sizes.stride);
        self.weights.embed(self.examples.iter().copied(), sizes.before, &mut x);
        for (index, block) in self.weights.blocks.iter().enumerate() {
            let kept = cache.as_deref_mut().map(|cache| (cache, index));
            self.attend((block, kept), &mut x, &mut normal, wide, packing);
            self.widen(block, &mut x, &mut normal, wide, packing);
        }
        self.norm(&x, self.weights.norm, &mut normal);
        let first = if cache.is_some() { sizes.rows.saturating_sub(1) } else { 0 };
        let asked = normal.read().part(first, sizes.rows - first);
        predict(self.kernels, (asked, self.weights.head), PASS_ROWS.min(sizes.rows), [wide, packing], read);
        if let Some(cache) = cache {
            cache.went_on(sizes.rows);
        }
    }

    /// Layer norm of every row.
    fn norm(&self, x: &MatrixMut<'_>, (weight, bias): Norm<'_>, normal: &mut MatrixMut<'_>) {
        self.kernels.layer_norm(x.read(), weight, bias, normal.part(0, self.sizes.rows));
    }

    /// x += attention of its layer norm; rows of queries, keys and values stand behind those that are kept.
    fn attend(
        &self,
        (block, kept): (&Block<'_>, Option<(&mut Cache, usize)>),
        x: &mut MatrixMut<'_>,
        normal: &mut MatrixMut<'_>,
        wide: &mut [f32],
        packing: &mut [f32],
    ) {
        let sizes = self.sizes;
        let (rows, before, width, stride) = (sizes.rows, sizes.before, sizes.width, sizes.stride_attention);
        self.norm(x, block.norm_1, normal);
        let output = MatrixMut::new(&mut wide[before * stride..], rows, 3 * width, stride);
        self.kernels.linear(normal.read(), block.attention, output, Then::Store, packing);
        if let Some((cache, index)) = kept {
            cache.exchange(index, Rows { values: &mut wide[..(before + rows) * stride], stride, columns: width..3 * width });
        }
        let size = width / sizes.heads;
        let scale = 1.0 / (size as f32).sqrt();
        let mut first = 0;
        for tokens in self.examples {
            let count = before + tokens.len();
            let values = &mut wide[first * stride..(first + count) * stride];
            for start in (0..width).step_by(size) {
                let places = [start, width + start, 2 * width + start];
                let head = Head { rows: count, from: before, stride, places, size, scale, window: usize::MAX };
                self.kernels.attention(values, head, packing);
            }
            first += tokens.len();
        }
        let gathered = Matrix::new(&wide[before * stride..], rows, width, stride);
        self.kernels.linear(gathered, block.attention_out, x.part(0, rows), Then::Add, packing);
    }

    /// x += the inner layer on its layer norm, part by part.
    fn widen(&self, block: &Block<'_>, x: &mut MatrixMut<'_>, normal: &mut MatrixMut<'_>, wide: &mut [f32], packing: &mut [f32]) {
        let sizes = self.sizes;
        self.norm(x, block.norm_2, normal);
        for first in (0..sizes.rows).step_by(sizes.rows_inner) {
            let rows = sizes.rows_inner.min(sizes.rows - first);
            let inner = &mut wide[..rows * sizes.stride_inner];
            let output = MatrixMut::new(inner, rows, block.inner.outputs, sizes.stride_inner);
            self.kernels.linear(normal.read().part(first, rows), block.inner, output, Then::Store, packing);
            self.activation.all(self.kernels, inner);
            let input = Matrix::new(inner, rows, block.inner.outputs, sizes.stride_inner);
            self.kernels.linear(input, block.inner_out, x.part(first, rows), Then::Add, packing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::GPT_WIDTH_MAX;
    use super::*;
    use crate::data::{Data, Tokenizer};
    use crate::families::Family as _;

    /// Most bytes of the working memory of a thread: of any sizes, and of a `context` times `width` of at most 2²¹.
    const THREAD_BYTES: usize = 256 << 20;
    const SMALL_BYTES: usize = 64 << 20;

    #[test]
    fn a_thread_needs_at_most_256_mebibytes_for_any_allowed_sizes_and_64_for_small_ones() {
        let small = [(1, GPT_WIDTH_MAX), (256, GPT_WIDTH_MAX), (65_536, 32), (2048, 1024), (1024, 2048), (300, 1000), (128, 128)];
        let large = [(1024, GPT_WIDTH_MAX), (65_536, 128), (8192, 1024), (4096, 2048), (8000, 1000)];
        for (context, width) in small.into_iter().chain(large) {
            let most = if context * width <= 1 << 21 { SMALL_BYTES } else { THREAD_BYTES };
            for heads in [1, width / 16] {
                let gpt = Gpt {
                    layers: 1,
                    heads: heads.max(1),
                    width,
                    context,
                    vocabulary: 256,
                    bias: true,
                    tied: true,
                    activation: Gelu::Exact,
                };
                let data = Data::Text { tokenizer: Tokenizer::Bytes, stride: 1 };
                if gpt.width.is_multiple_of(gpt.heads) {
                    gpt.check(&data).unwrap();
                }
                let window = vec![0; context as usize];
                let examples = vec![window.as_slice(); gpt.examples_per_pass()];
                let sizes = Sizes::new(&gpt, &examples, 0);
                let values = 2 * sizes.rows * sizes.stride + sizes.wide_len() + sizes.packing_len();
                assert!(4 * values <= most, "{gpt:?} needs {} bytes", 4 * values);
            }
        }
    }
}
