//! The family `gpt`: learned positions, pre-norm blocks of causal attention and a GELU layer, a head over the vocabulary (PROTOCOL 12,
//! Forward pass of `gpt`).
//!
//! Names, shapes and order of tensors are nanoGPT's, all weights as `[outputs, inputs]`.

mod backward;

use serde::{Deserialize, Serialize};

use super::tape::Backward;
use super::{Batch, Family, Pass};
use crate::arena::Arena;
use crate::data::Data;
use crate::kernels::{Head, Kernels, Linear, Matrix, MatrixMut, Packed, Then, packing_len, scratch_len, stride_of};
use crate::limits::{ManifestError, WIDTH_MAX, within};
use crate::stream::Stream;
use crate::tensor::TensorSpec;

/// Most blocks.
const LAYERS_MAX: u32 = 64;
/// Most values of one row, all heads together.
const GPT_WIDTH_MAX: u32 = 8192;
/// Most values of the activations of one example, `context · width`: with it a thread needs at most 64 MiB.
const ACTIVATIONS_MAX: u32 = 1 << 21;
/// Rows of one pass, where examples are shorter: so often is a packed weight used.
const PASS_ROWS: usize = 1024;
/// Values of the inner layer of a block held at once (16 MiB).
const INNER: usize = 1 << 22;
/// Values of logits held at once (1 MiB), but at least one row.
const LOGITS: usize = 1 << 18;
/// Units of the inner layer of a block for each value of its width.
pub(crate) const EXPANSION: usize = 4;
/// Bound of the uniform first weights, √3 · 0.02: the standard deviation is GPT-2's.
const INITIAL_BOUND: f32 = f32::from_bits(0x3d0d_e3bd);

/// Sizes of a transformer. With w = `width`, v = `vocabulary`, c = `context` it has v·w + c·w + `layers` · (12w² + 2w) + w values
/// without biases, tied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpt {
    /// Blocks, 1 to 64.
    pub layers: u32,
    /// Attention heads of a block; divides `width`, and each has `width` / `heads` values.
    pub heads: u32,
    /// Values of one position between blocks, at most 8,192.
    pub width: u32,
    /// Tokens that a target may see, the positions of an example; times `width` at most 2²¹.
    pub context: u32,
    /// Different tokens: as many as the tokenizer has.
    pub vocabulary: u32,
    /// Whether linear layers (but not the head) and layer norms have a bias.
    pub bias: bool,
    /// Whether the head is the embedding of the tokens; else it has a weight of its own.
    pub tied: bool,
}

impl Gpt {
    /// Tensors of a block in their order: name behind `transformer.h.<i>.`, shape, what the first weights are. Without `bias` only weights.
    pub(crate) fn block(&self) -> Vec<(&'static str, Vec<u32>, First)> {
        let width = self.width;
        let inner = width * EXPANSION as u32;
        let matrix = |name, outputs, inputs, first| (name, vec![outputs, inputs], first);
        let mut tensors = vec![
            ("ln_1.weight", vec![width], First::One),
            ("ln_1.bias", vec![width], First::Zero),
            matrix("attn.c_attn.weight", 3 * width, width, First::Drawn),
            ("attn.c_attn.bias", vec![3 * width], First::Zero),
            matrix("attn.c_proj.weight", width, width, First::Residual),
            ("attn.c_proj.bias", vec![width], First::Zero),
            ("ln_2.weight", vec![width], First::One),
            ("ln_2.bias", vec![width], First::Zero),
            matrix("mlp.c_fc.weight", inner, width, First::Drawn),
            ("mlp.c_fc.bias", vec![inner], First::Zero),
            matrix("mlp.c_proj.weight", width, inner, First::Residual),
            ("mlp.c_proj.bias", vec![width], First::Zero),
        ];
        tensors.retain(|(name, _, _)| self.bias || !name.ends_with("bias"));
        tensors
    }

    /// All tensors in the order of nanoGPT's `state_dict`.
    fn all(&self) -> Vec<(String, Vec<u32>, First)> {
        let mut tensors = vec![
            ("transformer.wte.weight".to_owned(), vec![self.vocabulary, self.width], First::Drawn),
            ("transformer.wpe.weight".to_owned(), vec![self.context, self.width], First::Drawn),
        ];
        for layer in 0..self.layers {
            let name = |name: &str| format!("transformer.h.{layer}.{name}");
            tensors.extend(self.block().into_iter().map(|(tail, shape, first)| (name(tail), shape, first)));
        }
        tensors.push(("transformer.ln_f.weight".to_owned(), vec![self.width], First::One));
        if self.bias {
            tensors.push(("transformer.ln_f.bias".to_owned(), vec![self.width], First::Zero));
        }
        if !self.tied {
            tensors.push(("lm_head.weight".to_owned(), vec![self.vocabulary, self.width], First::Drawn));
        }
        tensors
    }
}

/// First values of a tensor.
#[derive(Clone, Copy)]
pub(crate) enum First {
    Zero,
    One,
    /// Uniform in ±`INITIAL_BOUND`.
    Drawn,
    /// The same, divided by √(2 · layers): every block adds to the same row twice.
    Residual,
}

impl Family for Gpt {
    /// Layers, heads and sizes within their limits, heads of whole values, and as many tokens as the tokenizer has.
    fn check(&self, data: &Data) -> Result<(), ManifestError> {
        let Data::Text { tokenizer, .. } = data else {
            return Err(ManifestError::Format { family: "gpt", format: "text" });
        };
        within("layers", self.layers.into(), 1, LAYERS_MAX.into())?;
        within("width", self.width.into(), 1, GPT_WIDTH_MAX.into())?;
        within("heads", self.heads.into(), 1, self.width.into())?;
        within("width modulo heads", (self.width % self.heads).into(), 0, 0)?;
        within("context", self.context.into(), 1, WIDTH_MAX.into())?;
        within("context times width", u64::from(self.context) * u64::from(self.width), 1, ACTIVATIONS_MAX.into())?;
        let tokens = tokenizer.vocabulary().into();
        within("vocabulary", self.vocabulary.into(), tokens, tokens)
    }

    /// The context: an example has one token more, the last one only a target.
    fn inputs(&self) -> u32 {
        self.context
    }

    fn outputs(&self) -> u32 {
        self.vocabulary
    }

    fn tensors(&self) -> Vec<TensorSpec> {
        let spec = |(name, shape, first)| TensorSpec { name, shape, is_gain: matches!(first, First::One) };
        self.all().into_iter().map(spec).collect()
    }

    /// Weights of norms 1, biases 0, all others drawn; those that add to the residual in narrower bounds.
    fn initial(&self, stream: &mut Stream) -> Vec<Vec<f32>> {
        let residual = INITIAL_BOUND / ((2 * self.layers) as f32).sqrt();
        let values = |(_, shape, first): (String, Vec<u32>, First)| {
            let count = shape.iter().map(|side| *side as usize).product();
            match first {
                First::Zero => vec![0.0; count],
                First::One => vec![1.0; count],
                First::Drawn => stream.uniform(count, INITIAL_BOUND),
                First::Residual => stream.uniform(count, residual),
            }
        };
        self.all().into_iter().map(values).collect()
    }

    /// As many as fill the rows of a pass, so that a packed weight is used often, and at least one.
    fn examples_per_pass(&self) -> usize {
        let rows = PASS_ROWS.min((ACTIVATIONS_MAX / self.width) as usize);
        (rows / self.context as usize).max(1)
    }

    fn forward(&self, pass: Pass<'_>, batch: Batch<'_>, read: &mut dyn FnMut(usize, &[f32])) {
        let Batch::Tokens(examples) = batch else { return };
        let Pass { kernels, tensors, packed, arena } = pass;
        let Some(weights) = Weights::new(self, tensors, packed) else { return };
        Forward { sizes: Sizes::new(self, examples), kernels, weights: &weights, examples }.run(arena, read);
    }

    fn backward(&self) -> Option<Box<dyn Backward>> {
        Some(Box::new(self.clone()))
    }
}

/// The tensors of a checkpoint by their use.
pub(crate) struct Weights<'a> {
    /// Embedding of each token, [vocabulary, width].
    tokens: &'a [f32],
    /// Embedding of each position, [context, width].
    positions: &'a [f32],
    /// First to last.
    pub(crate) blocks: Vec<Block<'a>>,
    /// The last layer norm, before the head.
    pub(crate) norm: Norm<'a>,
    /// [vocabulary, width], without bias: the embedding of tokens, if tied.
    pub(crate) head: Linear<'a>,
}

/// Those of a block.
pub(crate) struct Block<'a> {
    pub(crate) norm_1: Norm<'a>,
    /// Queries, keys and values of all heads, [3 · width, width].
    pub(crate) attention: Linear<'a>,
    /// What heads gathered, back to the residual.
    pub(crate) attention_out: Linear<'a>,
    pub(crate) norm_2: Norm<'a>,
    /// To the inner layer, [4 · width, width].
    pub(crate) inner: Linear<'a>,
    /// And back.
    pub(crate) inner_out: Linear<'a>,
}

/// Weight and bias of a layer norm.
pub(crate) type Norm<'a> = (&'a [f32], Option<&'a [f32]>);

impl<'a> Weights<'a> {
    /// Takes the tensors in the order of `Gpt::all`; nothing if some are missing.
    pub(crate) fn new(gpt: &Gpt, tensors: &'a [Vec<f32>], packed: &'a [Option<Packed>]) -> Option<Self> {
        let width = gpt.width as usize;
        let mut tensors = Tensors { values: tensors.iter(), packed: packed.iter(), bias: gpt.bias };
        let ((tokens, packed), (positions, _)) = (tensors.next()?, tensors.next()?);
        let blocks: Option<Vec<Block<'a>>> = (0..gpt.layers).map(|_| tensors.block(width)).collect();
        let (blocks, norm) = (blocks?, tensors.norm()?);
        let (weight, packed) = if gpt.tied { (tokens, packed) } else { tensors.next()? };
        let head = Linear { weight, bias: None, inputs: width, outputs: gpt.vocabulary as usize, packed };
        Some(Self { tokens, positions, blocks, norm, head })
    }

    /// x[t] = embedding of token t + embedding of position t, one example after the other.
    pub(crate) fn embed<'e>(&self, examples: impl Iterator<Item = &'e [u16]>, x: &mut MatrixMut<'_>) {
        let width = x.columns;
        for (row, (position, token)) in examples.flat_map(|tokens| tokens.iter().enumerate()).enumerate() {
            let token = &self.tokens[usize::from(*token) * width..][..width];
            let position = &self.positions[position * width..][..width];
            let sums = token.iter().zip(position).map(|(token, position)| token + position);
            x.row(row).iter_mut().zip(sums).for_each(|(value, sum)| *value = sum);
        }
    }
}

/// Tensors that were not taken yet, each perhaps in panels too.
struct Tensors<'a> {
    values: std::slice::Iter<'a, Vec<f32>>,
    packed: std::slice::Iter<'a, Option<Packed>>,
    bias: bool,
}

impl<'a> Tensors<'a> {
    /// The next tensor, and its panels if it was packed.
    fn next(&mut self) -> Option<(&'a [f32], Option<&'a Packed>)> {
        Some((self.values.next()?, self.packed.next().and_then(Option::as_ref)))
    }

    /// The next bias, if the model has biases.
    fn bias(&mut self) -> Option<Option<&'a [f32]>> {
        Some(if self.bias { Some(self.next()?.0) } else { None })
    }

    /// The next layer norm.
    fn norm(&mut self) -> Option<Norm<'a>> {
        Some((self.next()?.0, self.bias()?))
    }

    /// The next linear layer: weight, then bias.
    fn linear(&mut self, outputs: usize, inputs: usize) -> Option<Linear<'a>> {
        let (weight, packed) = self.next()?;
        Some(Linear { weight, bias: self.bias()?, inputs, outputs, packed })
    }

    /// The next block.
    fn block(&mut self, width: usize) -> Option<Block<'a>> {
        Some(Block {
            norm_1: self.norm()?,
            attention: self.linear(3 * width, width)?,
            attention_out: self.linear(width, width)?,
            norm_2: self.norm()?,
            inner: self.linear(EXPANSION * width, width)?,
            inner_out: self.linear(width, EXPANSION * width)?,
        })
    }
}

/// Lengths of rows and numbers of them.
#[derive(Clone, Copy)]
struct Sizes {
    width: usize,
    heads: usize,
    vocabulary: usize,
    /// Positions of all examples.
    rows: usize,
    /// Positions of the longest example.
    longest: usize,
    /// Rows that are kept in all layers, with padding.
    stride: usize,
    stride_attention: usize,
    stride_inner: usize,
    stride_logits: usize,
    /// Rows of the inner layer, and of logits, at a time.
    rows_inner: usize,
    rows_logits: usize,
}

impl Sizes {
    /// Of a pass over these examples.
    fn new(gpt: &Gpt, examples: &[&[u16]]) -> Self {
        let (width, vocabulary) = (gpt.width as usize, gpt.vocabulary as usize);
        let (stride_inner, stride_logits) = (stride_of(EXPANSION * width), stride_of(vocabulary));
        Self {
            width,
            heads: gpt.heads as usize,
            vocabulary,
            rows: examples.iter().map(|tokens| tokens.len()).sum(),
            longest: examples.iter().map(|tokens| tokens.len()).max().unwrap_or(0),
            stride: stride_of(width),
            stride_attention: stride_of(3 * width),
            stride_inner,
            stride_logits,
            rows_inner: (INNER / stride_inner).clamp(1, PASS_ROWS),
            rows_logits: (LOGITS / stride_logits).clamp(1, PASS_ROWS),
        }
    }

    /// Of the one buffer that holds queries, keys and values, or a part of the inner layer, or logits.
    fn wide_len(&self) -> usize {
        let attention = self.rows * self.stride_attention;
        attention.max(self.rows.min(self.rows_inner) * self.stride_inner).max(self.rows_logits * self.stride_logits)
    }

    /// Of the space for packed weights, or packed keys and values.
    fn packing_len(&self) -> usize {
        packing_len(EXPANSION * self.width).max(scratch_len(self.longest, self.width / self.heads))
    }
}

/// One pass over some examples.
struct Forward<'a> {
    sizes: Sizes,
    kernels: Kernels,
    weights: &'a Weights<'a>,
    examples: &'a [&'a [u16]],
}

impl Forward<'_> {
    /// The whole pass; `read` gets each position's log-probabilities, example after example.
    fn run(&self, arena: &mut Arena, read: &mut dyn FnMut(usize, &[f32])) {
        let sizes = self.sizes;
        let rows = sizes.rows * sizes.stride;
        let [x, normal, wide, packing] = arena.slices([rows, rows, sizes.wide_len(), sizes.packing_len()]);
        let mut x = MatrixMut::new(x, sizes.rows, sizes.width, sizes.stride);
        let mut normal = MatrixMut::new(normal, sizes.rows, sizes.width, sizes.stride);
        self.weights.embed(self.examples.iter().copied(), &mut x);
        for block in &self.weights.blocks {
            self.attend(block, &mut x, &mut normal, wide, packing);
            self.widen(block, &mut x, &mut normal, wide, packing);
        }
        self.norm(&x, self.weights.norm, &mut normal);
        self.predict(&normal, wide, packing, read);
    }

    /// Layer norm of every row.
    fn norm(&self, x: &MatrixMut<'_>, (weight, bias): Norm<'_>, normal: &mut MatrixMut<'_>) {
        self.kernels.layer_norm(x.read(), weight, bias, normal.part(0, self.sizes.rows));
    }

    /// x += attention of its layer norm.
    fn attend(&self, block: &Block<'_>, x: &mut MatrixMut<'_>, normal: &mut MatrixMut<'_>, wide: &mut [f32], packing: &mut [f32]) {
        let sizes = self.sizes;
        let (rows, width, stride) = (sizes.rows, sizes.width, sizes.stride_attention);
        self.norm(x, block.norm_1, normal);
        let output = MatrixMut::new(wide, rows, 3 * width, stride);
        self.kernels.linear(normal.read(), block.attention, output, Then::Store, packing);
        let size = width / sizes.heads;
        let scale = 1.0 / (size as f32).sqrt();
        let mut first = 0;
        for tokens in self.examples {
            let values = &mut wide[first * stride..(first + tokens.len()) * stride];
            for start in (0..width).step_by(size) {
                let head = Head { rows: tokens.len(), stride, width, start, size, scale };
                self.kernels.attention(values, head, packing);
            }
            first += tokens.len();
        }
        let gathered = Matrix::new(wide, rows, width, stride);
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
            self.kernels.gelu(inner);
            let input = Matrix::new(inner, rows, block.inner.outputs, sizes.stride_inner);
            self.kernels.linear(input, block.inner_out, x.part(first, rows), Then::Add, packing);
        }
    }

    /// Log-probabilities of the next token after each position, some rows at a time.
    fn predict(&self, normal: &MatrixMut<'_>, wide: &mut [f32], packing: &mut [f32], read: &mut dyn FnMut(usize, &[f32])) {
        let Sizes { rows, vocabulary, stride_logits, rows_logits, .. } = self.sizes;
        for first in (0..rows).step_by(rows_logits) {
            let count = rows_logits.min(rows - first);
            let logits = &mut wide[..count * stride_logits];
            let output = MatrixMut::new(logits, count, vocabulary, stride_logits);
            self.kernels.linear(normal.read().part(first, count), self.weights.head, output, Then::Store, packing);
            self.kernels.log_softmax(MatrixMut::new(logits, count, vocabulary, stride_logits));
            logits.chunks_exact(stride_logits).enumerate().for_each(|(row, values)| read(first + row, &values[..vocabulary]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Tokenizer;

    /// Most bytes of the working memory of a thread.
    const THREAD_BYTES: usize = 64 << 20;

    #[test]
    fn a_thread_needs_at_most_64_mebibytes_for_any_allowed_sizes() {
        for (context, width) in
            [(1, GPT_WIDTH_MAX), (256, GPT_WIDTH_MAX), (65_536, 32), (2048, 1024), (1024, 2048), (300, 1000), (128, 128)]
        {
            for heads in [1, width / 16] {
                let gpt = Gpt { layers: 1, heads: heads.max(1), width, context, vocabulary: 256, bias: true, tied: true };
                let data = Data::Text { tokenizer: Tokenizer::Bytes, stride: 1 };
                if gpt.width.is_multiple_of(gpt.heads) {
                    gpt.check(&data).unwrap();
                }
                let window = vec![0; context as usize];
                let examples = vec![window.as_slice(); gpt.examples_per_pass()];
                let sizes = Sizes::new(&gpt, &examples);
                let values = 2 * sizes.rows * sizes.stride + sizes.wide_len() + sizes.packing_len();
                assert!(4 * values <= THREAD_BYTES, "{gpt:?} needs {} bytes", 4 * values);
            }
        }
    }
}
