//! The family `llama`: rotary positions, pre-norm blocks of causal attention with grouped heads and a gated layer, a head over the
//! vocabulary (PROTOCOL 12, Forward pass of `llama`).
//!
//! Names, shapes and order of tensors are those of transformers' Llama, Mistral, Qwen2 and Qwen3, all weights as `[outputs, inputs]`.

mod backward;
mod forward;
mod rotary;
mod weights;

use serde::{Deserialize, Serialize};

use super::tape::Backward;
use super::weights::{First, Named, initial, specs};
use super::{Batch, Cache, Family, Pass};
use crate::data::Data;
use crate::kernels::{Head, whole_lanes};
use crate::limits::{ManifestError, WIDTH_MAX, within};
use crate::stream::Stream;
use crate::tensor::TensorSpec;
use forward::{forward, go_on};
use weights::Weights;

pub use rotary::Scaling;

/// Most blocks.
const LAYERS_MAX: u32 = 64;
/// Most values of one row between blocks, and of the queries of all heads together.
const ROW_MAX: u32 = 8192;
/// Most values of a head.
const HEAD_MAX: u32 = 512;
/// Most values of the activations of one example, of rows between blocks and of queries: with it a thread needs at most 320 MiB.
const ACTIVATIONS_MAX: u64 = 1 << 23;
/// The same of a pass over several examples: with it a thread needs at most 64 MiB.
const PASS_VALUES: usize = 1 << 21;
/// Rows of one pass, where examples are shorter: so often is a packed weight used.
const PASS_ROWS: usize = 1024;
/// Units of ε in 1, and the greatest ε.
const EPSILON_UNITS: f32 = 1e9;
const EPSILON_MAX: u64 = 1 << 24;

/// Sizes of a transformer. With w = `width`, v = `vocabulary`, n = `inner`, q = `heads` · `head_size` and k = `key_value_heads` ·
/// `head_size` it has v·w + `layers` · (2qw + 2kw + 3nw + 2w) + w values without biases and norms of heads, tied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Llama {
    /// Blocks, 1 to 64.
    pub layers: u32,
    /// Attention heads of a block, each with queries of its own.
    pub heads: u32,
    /// Heads of keys and values, a divisor of `heads`: so many neighbouring heads share each.
    pub key_value_heads: u32,
    /// Values of a head, 2 to 512, even; times `heads` at most 8,192.
    pub head_size: u32,
    /// Values of one position between blocks, at most 8,192.
    pub width: u32,
    /// Units of the gated layer of a block, at most 65,536.
    pub inner: u32,
    /// Tokens that a target may see, the positions of an example; times `width`, and times the values of all heads, at most 2²³.
    pub context: u32,
    /// Different tokens: as many as the tokenizer of a text has; of shards 1 to 2²⁰.
    pub vocabulary: u32,
    /// Billionths that are added to the mean square in a norm, 1 to 2²⁴: 10,000 is 10⁻⁵.
    pub epsilon: u32,
    /// Base of the angles' powers, 2 to 2³² − 1.
    pub rotary_base: u32,
    /// How the slow angles are stretched, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotary_scaling: Option<Scaling>,
    /// Positions that a position looks at, its own included, 1 to 65,536; none = all before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
    /// Whether queries, keys and values have a bias; nothing else has.
    pub bias: bool,
    /// Whether the queries and keys of each head pass a norm, the same for all heads.
    pub head_norms: bool,
    /// Whether the head is the embedding of the tokens; else it has a weight of its own.
    pub tied: bool,
}

/// Where queries, keys and values lie in one row: each begins with whole lanes.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// First key; queries begin the row.
    pub(crate) keys: usize,
    /// First value.
    pub(crate) values: usize,
    /// Values of the row.
    pub(crate) len: usize,
}

impl Llama {
    /// What each pair of a head is turned by from one position to the next, radians: `head_size` / 2 of them, the fastest first.
    pub fn frequencies(&self) -> Vec<f32> {
        rotary::frequencies(self.rotary_base, self.rotary_scaling.as_ref(), self.head_size)
    }

    /// Values of the queries of all heads.
    fn queries_len(&self) -> usize {
        self.heads as usize * self.size()
    }

    /// Values of the keys, and of the values, of all their heads.
    fn keys_len(&self) -> usize {
        self.key_value_heads as usize * self.size()
    }

    /// Values of a head.
    fn size(&self) -> usize {
        self.head_size as usize
    }

    /// Heads that share keys and values.
    fn group(&self) -> usize {
        (self.heads / self.key_value_heads) as usize
    }

    /// What is added to a mean square.
    fn epsilon(&self) -> f32 {
        self.epsilon as f32 / EPSILON_UNITS
    }

    /// Where queries, keys and values lie.
    fn row(&self) -> Row {
        let (keys, values) = (whole_lanes(self.queries_len()), whole_lanes(self.keys_len()));
        Row { keys, values: keys + values, len: keys + 2 * values }
    }

    /// Where each head lies in `rows` rows of them.
    fn heads(&self, rows: usize, stride: usize) -> impl Iterator<Item = Head> {
        let (row, size, group) = (self.row(), self.size(), self.group());
        let scale = 1.0 / (size as f32).sqrt();
        let window = self.window.map_or(usize::MAX, |window| window as usize);
        (0..self.heads as usize).map(move |head| {
            let shared = head / group * size;
            Head { rows, from: 0, stride, places: [head * size, row.keys + shared, row.values + shared], size, scale, window }
        })
    }

    /// First values of all heads of queries, then of all heads of keys, in a row.
    fn turned(&self) -> impl Iterator<Item = usize> {
        let (keys, size) = (self.row().keys, self.size());
        let queries = (0..self.queries_len()).step_by(size);
        queries.chain((keys..keys + self.keys_len()).step_by(size))
    }

    /// Tensors of a block in their order: name behind `model.layers.<i>.`, shape, what the first weights are.
    fn block(&self) -> Vec<(&'static str, Vec<u32>, First)> {
        let (width, inner, size) = (self.width, self.inner, self.head_size);
        let (queries, keys) = (self.heads * size, self.key_value_heads * size);
        let mut tensors = vec![
            ("self_attn.q_proj.weight", vec![queries, width], First::Drawn),
            ("self_attn.q_proj.bias", vec![queries], First::Zero),
            ("self_attn.k_proj.weight", vec![keys, width], First::Drawn),
            ("self_attn.k_proj.bias", vec![keys], First::Zero),
            ("self_attn.v_proj.weight", vec![keys, width], First::Drawn),
            ("self_attn.v_proj.bias", vec![keys], First::Zero),
            ("self_attn.o_proj.weight", vec![width, queries], First::Residual),
            ("self_attn.q_norm.weight", vec![size], First::One),
            ("self_attn.k_norm.weight", vec![size], First::One),
            ("mlp.gate_proj.weight", vec![inner, width], First::Drawn),
            ("mlp.up_proj.weight", vec![inner, width], First::Drawn),
            ("mlp.down_proj.weight", vec![width, inner], First::Residual),
            ("input_layernorm.weight", vec![width], First::One),
            ("post_attention_layernorm.weight", vec![width], First::One),
        ];
        let is_there = |name: &str| (self.bias || !name.ends_with("bias")) && (self.head_norms || !name.contains("_norm"));
        tensors.retain(|(name, _, _)| is_there(name));
        tensors
    }

    /// All tensors in the order of transformers' `state_dict`.
    fn all(&self) -> Vec<Named> {
        let mut tensors = vec![("model.embed_tokens.weight".to_owned(), vec![self.vocabulary, self.width], First::Drawn)];
        for layer in 0..self.layers {
            let name = |name: &str| format!("model.layers.{layer}.{name}");
            tensors.extend(self.block().into_iter().map(|(tail, shape, first)| (name(tail), shape, first)));
        }
        tensors.push(("model.norm.weight".to_owned(), vec![self.width], First::One));
        if !self.tied {
            tensors.push(("lm_head.weight".to_owned(), vec![self.vocabulary, self.width], First::Drawn));
        }
        tensors
    }

    /// Heads and what they share within their limits.
    fn check_heads(&self) -> Result<(), ManifestError> {
        within("heads", self.heads.into(), 1, ROW_MAX.into())?;
        within("key_value_heads", self.key_value_heads.into(), 1, self.heads.into())?;
        within("heads modulo key_value_heads", (self.heads % self.key_value_heads).into(), 0, 0)?;
        within("head_size", self.head_size.into(), 2, HEAD_MAX.into())?;
        within("head_size modulo 2", (self.head_size % 2).into(), 0, 0)?;
        within("heads times head_size", u64::from(self.heads) * u64::from(self.head_size), 2, ROW_MAX.into())
    }

    /// The context, and the rows of an example that it makes.
    fn check_context(&self) -> Result<(), ManifestError> {
        within("context", self.context.into(), 1, WIDTH_MAX.into())?;
        within("context times width", u64::from(self.context) * u64::from(self.width), 1, ACTIVATIONS_MAX)?;
        let queries = u64::from(self.heads) * u64::from(self.head_size);
        within("context times heads times head_size", u64::from(self.context) * queries, 1, ACTIVATIONS_MAX)?;
        within("window", self.window.unwrap_or(1).into(), 1, WIDTH_MAX.into())
    }
}

impl Family for Llama {
    /// All sizes within their limits, and as many tokens as the data allow.
    fn check(&self, data: &Data) -> Result<(), ManifestError> {
        let (least, most) = data.vocabulary("llama")?;
        within("layers", self.layers.into(), 1, LAYERS_MAX.into())?;
        within("width", self.width.into(), 1, ROW_MAX.into())?;
        within("inner", self.inner.into(), 1, WIDTH_MAX.into())?;
        self.check_heads()?;
        self.check_context()?;
        within("epsilon", self.epsilon.into(), 1, EPSILON_MAX)?;
        within("rotary_base", self.rotary_base.into(), 2, u32::MAX.into())?;
        self.rotary_scaling.as_ref().map_or(Ok(()), Scaling::check)?;
        within("vocabulary", self.vocabulary.into(), least, most)
    }

    /// The context: an example has one token more, the last one only a target.
    fn inputs(&self) -> u32 {
        self.context
    }

    fn outputs(&self) -> u32 {
        self.vocabulary
    }

    fn tensors(&self) -> Vec<TensorSpec> {
        specs(self.all())
    }

    /// Weights of norms 1, biases 0, all others drawn; those that add to the residual in narrower bounds.
    fn initial(&self, stream: &mut Stream) -> Vec<Vec<f32>> {
        initial(self.all(), self.layers, stream)
    }

    /// As many as fill the rows of a pass, so that a packed weight is used often, and at least one.
    fn examples_per_pass(&self) -> usize {
        let rows = PASS_ROWS.min(PASS_VALUES / self.queries_len().max(self.width as usize));
        (rows / self.context as usize).max(1)
    }

    fn forward(&self, pass: Pass<'_>, batch: Batch<'_>, read: &mut dyn FnMut(usize, &[f32])) {
        let Batch::Tokens(examples) = batch else { return };
        let Pass { kernels, tensors, packed, arena } = pass;
        let Some(weights) = Weights::new(self, tensors, packed) else { return };
        forward(self, (kernels, &weights), examples, arena, read);
    }

    fn go_on(&self, pass: Pass<'_>, tokens: &[u32], cache: &mut Cache, read: &mut dyn FnMut(&[f32])) {
        let Pass { kernels, tensors, packed, arena } = pass;
        let Some(weights) = Weights::new(self, tensors, packed) else { return };
        go_on(self, (kernels, &weights), tokens, (cache, arena), read);
    }

    fn backward(&self) -> Option<Box<dyn Backward>> {
        Some(Box::new(self.clone()))
    }
}
