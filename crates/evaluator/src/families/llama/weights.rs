//! The tensors of a checkpoint of the family `llama` by their use.

use super::Llama;
use crate::families::weights::Tensors;
use crate::kernels::{Linear, MatrixMut, Packed};
use crate::values::Values;

/// All of a model.
pub(super) struct Weights<'a> {
    /// Embedding of each token, [vocabulary, width].
    tokens: Values<'a>,
    /// First to last.
    pub(super) blocks: Vec<Block<'a>>,
    /// Weight of the last norm, before the head.
    pub(super) norm: &'a [f32],
    /// [vocabulary, width], without bias: the embedding of tokens, if tied.
    pub(super) head: Linear<'a>,
}

/// Those of a block.
pub(super) struct Block<'a> {
    /// [heads · head size, width].
    pub(super) queries: Linear<'a>,
    /// [heads of keys and values · head size, width], the next one too.
    pub(super) keys: Linear<'a>,
    pub(super) values: Linear<'a>,
    /// What heads gathered, back to the residual.
    pub(super) attention_out: Linear<'a>,
    /// Weights of the norms of queries and keys, [head size], if there are any.
    pub(super) query_norm: Option<&'a [f32]>,
    pub(super) key_norm: Option<&'a [f32]>,
    /// To the gates of the inner layer, [inner, width], and to its values.
    pub(super) gate: Linear<'a>,
    pub(super) inner: Linear<'a>,
    /// And back.
    pub(super) inner_out: Linear<'a>,
    /// Weights of the norms before attention and before the inner layer.
    pub(super) norm_1: &'a [f32],
    pub(super) norm_2: &'a [f32],
}

impl<'a> Weights<'a> {
    /// Takes the tensors in the order of `Llama::all`; nothing if some are missing.
    pub(super) fn new(llama: &Llama, tensors: &'a [Values<'a>], packed: &'a [Option<Packed>]) -> Option<Self> {
        let mut tensors = Tensors::new(tensors, packed);
        let (tokens, packed) = tensors.next()?;
        let blocks: Option<Vec<Block<'a>>> = (0..llama.layers).map(|_| Block::new(llama, &mut tensors)).collect();
        let (blocks, norm) = (blocks?, tensors.row()?);
        let (weight, packed) = if llama.tied { (tokens, packed) } else { tensors.next()? };
        let head = Linear { weight, bias: None, inputs: llama.width as usize, outputs: llama.vocabulary as usize, packed };
        Some(Self { tokens, blocks, norm, head })
    }

    /// x[t] = embedding of token t, one example after the other.
    pub(super) fn embed<'e>(&self, examples: impl Iterator<Item = &'e [u32]>, x: &mut MatrixMut<'_>) {
        let width = x.columns;
        for (row, token) in examples.flatten().enumerate() {
            self.tokens.widen(*token as usize * width, &mut x.row(row)[..width]);
        }
    }
}

impl<'a> Block<'a> {
    /// The next tensors, in the order of `Llama::block`.
    fn new(llama: &Llama, tensors: &mut Tensors<'a>) -> Option<Self> {
        let (width, inner) = (llama.width as usize, llama.inner as usize);
        let (queries, keys) = (llama.queries_len(), llama.keys_len());
        Some(Self {
            queries: tensors.linear(queries, width, llama.bias)?,
            keys: tensors.linear(keys, width, llama.bias)?,
            values: tensors.linear(keys, width, llama.bias)?,
            attention_out: tensors.linear(width, queries, false)?,
            query_norm: tensors.next_if(llama.head_norms)?,
            key_norm: tensors.next_if(llama.head_norms)?,
            gate: tensors.linear(inner, width, false)?,
            inner: tensors.linear(inner, width, false)?,
            inner_out: tensors.linear(width, inner, false)?,
            norm_1: tensors.row()?,
            norm_2: tensors.row()?,
        })
    }
}
