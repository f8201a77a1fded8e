//! The families of models that a client ships: one file each, and one list.
//!
//! A family is a trait object below the manifest: sizes and their limits, tensors, first weights, the forward pass, and perhaps an
//! exact backward pass. A further one is a file and a line of the list at the end of this file.

mod cache;
mod gpt;
mod llama;
mod mlp;
pub(crate) mod tape;
mod vocabulary;
mod weights;

pub(crate) use cache::Cache;
pub use gpt::{Gelu, Gpt};
pub use llama::{Llama, Scaling};
pub use mlp::{Activation, Mlp};

use serde::{Deserialize, Serialize};

use crate::arena::Arena;
use crate::data::Data;
use crate::kernels::{Kernels, Packed};
use crate::limits::ManifestError;
use crate::stream::Stream;
use crate::tensor::TensorSpec;
use crate::values::Values;

use tape::Backward;

/// What every family tells of itself and can compute. Sizes are those of the value: no method takes them.
pub(crate) trait Family {
    /// Whether the sizes keep their limits and the data have a format that the family reads.
    fn check(&self, data: &Data) -> Result<(), ManifestError>;
    /// Features of an example, or tokens that a target may see.
    fn inputs(&self) -> u32;
    /// Classes of a target.
    fn outputs(&self) -> u32;
    /// Tensors of a checkpoint in the order of their bytes.
    fn tensors(&self) -> Vec<TensorSpec>;
    /// First weights in that order.
    fn initial(&self, stream: &mut Stream) -> Vec<Vec<f32>>;
    /// Examples of one pass: enough to use weights often while they are near.
    fn examples_per_pass(&self) -> usize;
    /// Calls `read` with the number and log-probabilities of every target of the batch, in order.
    fn forward(&self, pass: Pass<'_>, batch: Batch<'_>, read: &mut dyn FnMut(usize, &[f32]));
    /// Calls `read` with the log-probabilities after the last of `tokens`, which follow those whose keys and values `cache` has; then it has
    /// theirs too. Their bits are those of a pass over all of them. A family without text does nothing.
    fn go_on(&self, _pass: Pass<'_>, _tokens: &[u32], _cache: &mut Cache, _read: &mut dyn FnMut(&[f32])) {}
    /// Its exact backward pass; a family without one is trained elsewhere.
    fn backward(&self) -> Option<Box<dyn Backward>> {
        None
    }
}

/// What a forward pass works with.
pub(crate) struct Pass<'a> {
    pub(crate) kernels: Kernels,
    /// Weights in the order of `Family::tensors`.
    pub(crate) tensors: &'a [Values<'a>],
    /// Those of linear layers in panels, in the same order; empty where a pass packs them itself.
    pub(crate) packed: &'a [Option<Packed>],
    pub(crate) arena: &'a mut Arena,
}

/// Inputs of some examples.
pub(crate) enum Batch<'a> {
    /// Features of each.
    Features(&'a [&'a [f32]]),
    /// Tokens of each; the target of a token is the one that follows it.
    Tokens(&'a [&'a [u32]]),
}

/// The list: `Name(file::Type)`, written in manifests in lower case.
macro_rules! families {
    ($($(#[$doc:meta])* $name:ident($type:ty),)*) => {
        /// The families that a client ships.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "family", rename_all = "lowercase", deny_unknown_fields)]
        pub enum Model {
            $($(#[$doc])* $name($type),)*
        }

        impl Model {
            pub(crate) fn family(&self) -> &dyn Family {
                match self {
                    $(Self::$name(family) => family,)*
                }
            }
        }
    };
}

families! {
    /// Fully connected layers, log-softmax at the end.
    Mlp(Mlp),
    /// A transformer that predicts the next token, as nanoGPT and GPT-2 have it.
    Gpt(Gpt),
    /// A transformer that predicts the next token, as Llama, Mistral and Qwen have it.
    Llama(Llama),
}
