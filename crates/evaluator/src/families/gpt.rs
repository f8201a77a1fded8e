//! The family `gpt`: learned positions, pre-norm blocks of causal attention and a GELU layer, a head over the vocabulary (PROTOCOL 12,
//! Forward pass of `gpt`).
//!
//! Names, shapes and order of tensors are nanoGPT's, all weights as `[outputs, inputs]`.

mod backward;
mod forward;

use serde::{Deserialize, Serialize};

use super::tape::Backward;
use super::weights::{First, Named, Tensors, initial, specs};
use super::{Batch, Cache, Family, Pass};
use crate::data::Data;
use crate::kernels::{Kernels, Linear, MatrixMut, Packed};
use crate::limits::{ManifestError, WIDTH_MAX, within};
use crate::stream::Stream;
use crate::tensor::TensorSpec;
use crate::values::Values;
use forward::{forward, go_on};

/// Most blocks.
const LAYERS_MAX: u32 = 64;
/// Most values of one row, all heads together.
const GPT_WIDTH_MAX: u32 = 8192;
/// Most values of the activations of one example, `context · width`: with it a thread needs at most 256 MiB.
const ACTIVATIONS_MAX: u32 = 1 << 23;
/// The same of a pass over several examples: with it a thread needs at most 64 MiB.
const PASS_VALUES: u32 = 1 << 21;
/// Rows of one pass, where examples are shorter: so often is a packed weight used.
const PASS_ROWS: usize = 1024;
/// Units of the inner layer of a block for each value of its width.
pub(crate) const EXPANSION: usize = 4;

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
    /// Tokens that a target may see, the positions of an example; times `width` at most 2²³.
    pub context: u32,
    /// Different tokens: as many as the tokenizer of a text has; of shards 1 to 2²⁰.
    pub vocabulary: u32,
    /// Whether linear layers (but not the head) and layer norms have a bias.
    pub bias: bool,
    /// Whether the head is the embedding of the tokens; else it has a weight of its own.
    pub tied: bool,
    /// Function of the inner layer of a block.
    #[serde(default, skip_serializing_if = "Gelu::is_exact")]
    pub activation: Gelu,
}

/// Gaussian error linear unit in one of two forms, which differ by up to 0.0005: weights that were trained with one need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Gelu {
    /// x · Φ(x), nanoGPT's: what a manifest means that names none.
    #[default]
    #[serde(skip)]
    Exact,
    /// ½ · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))), GPT-2's: `"gelu_tanh"` in a manifest, `gelu_new` in transformers.
    #[serde(rename = "gelu_tanh")]
    Tanh,
}

impl Gelu {
    /// Whether it is left out of a manifest.
    fn is_exact(&self) -> bool {
        *self == Self::Exact
    }

    /// Of every value, in its place.
    fn all(self, kernels: Kernels, values: &mut [f32]) {
        match self {
            Self::Exact => kernels.gelu(values),
            Self::Tanh => kernels.gelu_tanh(values),
        }
    }

    /// Of every value, written to `outputs`; its slope replaces the value.
    fn all_and_slopes(self, kernels: Kernels, values: &mut [f32], outputs: &mut [f32]) {
        match self {
            Self::Exact => kernels.gelu_and_slopes(values, outputs),
            Self::Tanh => kernels.gelu_tanh_and_slopes(values, outputs),
        }
    }
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
    fn all(&self) -> Vec<Named> {
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

impl Family for Gpt {
    /// Layers, heads and sizes within their limits, heads of whole values, and as many tokens as the data allow.
    fn check(&self, data: &Data) -> Result<(), ManifestError> {
        let (least, most) = data.vocabulary("gpt")?;
        within("layers", self.layers.into(), 1, LAYERS_MAX.into())?;
        within("width", self.width.into(), 1, GPT_WIDTH_MAX.into())?;
        within("heads", self.heads.into(), 1, self.width.into())?;
        within("width modulo heads", (self.width % self.heads).into(), 0, 0)?;
        within("context", self.context.into(), 1, WIDTH_MAX.into())?;
        within("context times width", u64::from(self.context) * u64::from(self.width), 1, ACTIVATIONS_MAX.into())?;
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
        let rows = PASS_ROWS.min((PASS_VALUES / self.width) as usize);
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

/// The tensors of a checkpoint by their use.
pub(crate) struct Weights<'a> {
    /// Embedding of each token, [vocabulary, width].
    tokens: Values<'a>,
    /// Embedding of each position, [context, width].
    positions: Values<'a>,
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
    pub(crate) fn new(gpt: &Gpt, tensors: &'a [Values<'a>], packed: &'a [Option<Packed>]) -> Option<Self> {
        let width = gpt.width as usize;
        let mut tensors = Tensors::new(tensors, packed);
        let ((tokens, packed), (positions, _)) = (tensors.next()?, tensors.next()?);
        let blocks: Option<Vec<Block<'a>>> = (0..gpt.layers).map(|_| block(&mut tensors, width, gpt.bias)).collect();
        let (blocks, norm) = (blocks?, norm(&mut tensors, gpt.bias)?);
        let (weight, packed) = if gpt.tied { (tokens, packed) } else { tensors.next()? };
        let head = Linear { weight, bias: None, inputs: width, outputs: gpt.vocabulary as usize, packed };
        Some(Self { tokens, positions, blocks, norm, head })
    }

    /// x[t] = embedding of token t + embedding of position t, one example after the other, positions from `first` on.
    pub(crate) fn embed<'e>(&self, examples: impl Iterator<Item = &'e [u32]>, first: usize, x: &mut MatrixMut<'_>) {
        let width = x.columns;
        for (row, (position, token)) in examples.flat_map(|tokens| tokens.iter().enumerate()).enumerate() {
            let row = &mut x.row(row)[..width];
            self.tokens.widen(*token as usize * width, row);
            self.positions.add((first + position) * width, row);
        }
    }
}

/// The next layer norm.
fn norm<'a>(tensors: &mut Tensors<'a>, bias: bool) -> Option<Norm<'a>> {
    Some((tensors.row()?, tensors.next_if(bias)?))
}

/// The next block.
fn block<'a>(tensors: &mut Tensors<'a>, width: usize, bias: bool) -> Option<Block<'a>> {
    Some(Block {
        norm_1: norm(tensors, bias)?,
        attention: tensors.linear(3 * width, width, bias)?,
        attention_out: tensors.linear(width, width, bias)?,
        norm_2: norm(tensors, bias)?,
        inner: tensors.linear(EXPANSION * width, width, bias)?,
        inner_out: tensors.linear(width, EXPANSION * width, bias)?,
    })
}
