//! Transformers of both families as one: which layers and sizes each has.

mod backward;
mod buffers;
mod forward;

use evaluator::{Gelu, Gpt, Llama};

use crate::error::Error;
use crate::layers::Spread;
use crate::parameters::{Linear, NormLayer, Parameters, Tensor};

pub(crate) use buffers::Buffers;
pub(crate) use forward::Pass;

/// ε of layer norm, 10⁻⁵.
const EPSILON: f32 = f32::from_bits(0x3727_c5ac);
/// Units of ε in 1.
const EPSILON_UNITS: f32 = 1e9;

/// Layers and sizes of a model.
pub(crate) struct Transformer {
    pub(crate) sizes: Sizes,
    pub(crate) spread: Spread,
    /// Between the inner layers of blocks without gates.
    pub(crate) gelu: Gelu,
    /// Radians from one position to the next of each pair of a head; empty where positions have weights.
    pub(crate) frequencies: Vec<f32>,
    pub(crate) tokens: Tensor,
    pub(crate) positions: Option<Tensor>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) norm: NormLayer,
    pub(crate) head: Linear,
    /// Whether gradients go back through the head and the norm before it.
    pub(crate) is_passed: bool,
    /// Whether the head is the embedding of tokens.
    pub(crate) is_tied: bool,
}

/// Numbers of values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) layers: u64,
    pub(crate) width: u64,
    pub(crate) heads: u64,
    /// Heads of keys and values.
    pub(crate) shared: u64,
    /// Values of a head.
    pub(crate) size: u64,
    pub(crate) inner: u64,
    pub(crate) context: u64,
    pub(crate) vocabulary: u64,
    /// Positions that one looks at, at most the context.
    pub(crate) window: u64,
    /// Whether the inner layer has gates.
    pub(crate) is_gated: bool,
    /// Whether queries and keys of each head pass a norm.
    pub(crate) has_head_norms: bool,
}

impl Sizes {
    /// Values of the queries of a row.
    pub(crate) fn queries(self) -> u64 {
        self.heads * self.size
    }

    /// First key in a row of queries, keys and values.
    pub(crate) fn keys(self) -> u64 {
        self.queries()
    }

    /// First value in it.
    pub(crate) fn values(self) -> u64 {
        self.queries() + self.shared * self.size
    }

    /// Values of that row.
    pub(crate) fn row(self) -> u64 {
        self.queries() + 2 * self.shared * self.size
    }

    /// Heads that share keys and values.
    pub(crate) fn group(self) -> u64 {
        self.heads / self.shared
    }

    /// Factor of scores, root and quotient rounded.
    pub(crate) fn scale(self) -> f32 {
        1.0 / (self.size as f32).sqrt()
    }
}

/// A layer of queries, keys or values, or of all three.
#[derive(Clone, Copy)]
pub(crate) struct Projection {
    pub(crate) layer: Linear,
    /// Of each head, if there is one.
    pub(crate) norm: Option<NormLayer>,
    /// Where its outputs begin in a row.
    pub(crate) start: u64,
}

/// The layers of a block.
pub(crate) struct Block {
    pub(crate) norm_1: NormLayer,
    pub(crate) projections: Vec<Projection>,
    /// What heads gathered, back to the residual.
    pub(crate) out: Linear,
    pub(crate) norm_2: NormLayer,
    pub(crate) gate: Option<Linear>,
    pub(crate) inner: Linear,
    pub(crate) inner_out: Linear,
    /// Whether gradients go back through it: some tensor of it, or one before it, is trained.
    pub(crate) is_passed: bool,
}

/// The head's own layer, or the embedding of tokens as one.
fn head(parameters: &Parameters, (tokens, sizes): (Tensor, Sizes)) -> Result<Linear, Error> {
    match parameters.find("lm_head.weight") {
        Some(_) => parameters.linear("lm_head"),
        None => Ok(Linear { weight: tokens, bias: None, inputs: sizes.width, outputs: sizes.vocabulary }),
    }
}

impl Transformer {
    /// Of the family `gpt`.
    pub(crate) fn gpt(gpt: &Gpt, parameters: &Parameters) -> Result<Self, Error> {
        let [layers, heads, width, context] = [gpt.layers, gpt.heads, gpt.width, gpt.context].map(u64::from);
        let block = |index: u64| {
            let name = |tail: &str| format!("transformer.h.{index}.{tail}");
            let layer = parameters.linear(&name("attn.c_attn"))?;
            Ok(Block {
                norm_1: parameters.norm(&name("ln_1"))?,
                projections: vec![Projection { layer, norm: None, start: 0 }],
                out: parameters.linear(&name("attn.c_proj"))?,
                norm_2: parameters.norm(&name("ln_2"))?,
                gate: None,
                inner: parameters.linear(&name("mlp.c_fc"))?,
                inner_out: parameters.linear(&name("mlp.c_proj"))?,
                is_passed: parameters.trains_up_to(&name("")),
            })
        };
        let blocks: Vec<Block> = (0..layers).map(block).collect::<Result<_, Error>>()?;
        let inner = blocks.first().map_or(0, |block| block.inner.outputs);
        let tokens = parameters.get("transformer.wte.weight")?;
        let sizes = Sizes {
            layers,
            width,
            heads,
            shared: heads,
            size: width / heads,
            inner,
            context,
            vocabulary: gpt.vocabulary.into(),
            window: context,
            is_gated: false,
            has_head_norms: false,
        };
        Ok(Self {
            sizes,
            spread: Spread { is_deviation: true, epsilon: EPSILON },
            gelu: gpt.activation,
            frequencies: Vec::new(),
            tokens,
            positions: Some(parameters.get("transformer.wpe.weight")?),
            blocks,
            norm: parameters.norm("transformer.ln_f")?,
            is_passed: parameters.trains_up_to("transformer.ln_f."),
            head: head(parameters, (tokens, sizes))?,
            is_tied: gpt.tied,
        })
    }

    /// Of the family `llama`.
    pub(crate) fn llama(llama: &Llama, parameters: &Parameters) -> Result<Self, Error> {
        let [layers, heads, shared, size] = [llama.layers, llama.heads, llama.key_value_heads, llama.head_size].map(u64::from);
        let context = llama.context.into();
        let sizes = Sizes {
            layers,
            width: llama.width.into(),
            heads,
            shared,
            size,
            inner: llama.inner.into(),
            context,
            vocabulary: llama.vocabulary.into(),
            window: llama.window.map_or(context, u64::from).min(context),
            is_gated: true,
            has_head_norms: llama.head_norms,
        };
        let tokens = parameters.get("model.embed_tokens.weight")?;
        Ok(Self {
            sizes,
            spread: Spread { is_deviation: false, epsilon: llama.epsilon as f32 / EPSILON_UNITS },
            gelu: Gelu::Exact,
            frequencies: llama.frequencies(),
            tokens,
            positions: None,
            blocks: (0..layers).map(|index| llama_block(parameters, sizes, index)).collect::<Result<_, Error>>()?,
            norm: parameters.norm("model.norm")?,
            is_passed: parameters.trains_up_to("model.norm."),
            head: head(parameters, (tokens, sizes))?,
            is_tied: llama.tied,
        })
    }
}

/// Block `index` of a `llama`.
fn llama_block(parameters: &Parameters, sizes: Sizes, index: u64) -> Result<Block, Error> {
    let name = |tail: &str| format!("model.layers.{index}.{tail}");
    let projection = |tail: &str, norm: &str, start| {
        let weight = parameters.find(&name(norm));
        let norm = weight.map(|weight| NormLayer { weight, bias: None });
        Ok::<_, Error>(Projection { layer: parameters.linear(&name(tail))?, norm, start })
    };
    Ok(Block {
        norm_1: parameters.norm(&name("input_layernorm"))?,
        projections: vec![
            projection("self_attn.q_proj", "self_attn.q_norm.weight", 0)?,
            projection("self_attn.k_proj", "self_attn.k_norm.weight", sizes.keys())?,
            projection("self_attn.v_proj", "", sizes.values())?,
        ],
        out: parameters.linear(&name("self_attn.o_proj"))?,
        norm_2: parameters.norm(&name("post_attention_layernorm"))?,
        gate: Some(parameters.linear(&name("mlp.gate_proj"))?),
        inner: parameters.linear(&name("mlp.up_proj"))?,
        inner_out: parameters.linear(&name("mlp.down_proj"))?,
        is_passed: parameters.trains_up_to(&name("")),
    })
}
