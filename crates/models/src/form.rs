//! A manifest as text: how an import writes one, and what an export reads in one.
//!
//! Keys in the order of PROTOCOL 12, Manifest; `evaluator` alone decides whether the text is a manifest.

use evaluator::{Llama, Manifest, Tokenizer};
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::stored::Kind;

/// A manifest of a model that predicts tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Form {
    pub(crate) version: u32,
    pub(crate) model: Model,
    pub(crate) data: Data,
    pub(crate) loss: String,
    pub(crate) eval_max: u32,
    pub(crate) weight_max: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) weight_price: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certainty: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dtype: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) frozen: Vec<String>,
}

/// The families that other tools know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "family", rename_all = "lowercase")]
pub(crate) enum Model {
    Gpt(Gpt),
    Llama(Llama),
    /// Of which no tool has a model.
    #[serde(other)]
    Other,
}

/// Sizes of a GPT-2 ([`evaluator::Gpt`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gpt {
    pub(crate) layers: u32,
    pub(crate) heads: u32,
    pub(crate) width: u32,
    pub(crate) context: u32,
    pub(crate) vocabulary: u32,
    pub(crate) bias: bool,
    pub(crate) tied: bool,
    /// None = exact GELU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) activation: Option<String>,
}

/// What the name of the tanh form is in a manifest.
pub(crate) const GELU_TANH: &str = "gelu_tanh";
/// What bf16 is called there.
pub(crate) const BF16: &str = "bf16";

/// Where tokens come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "lowercase")]
pub(crate) enum Data {
    Text {
        tokenizer: Tokenizer,
        stride: u32,
    },
    Tokens {
        /// SHA-256 of tokenizer.json, 64 small hexadecimal digits.
        tokenizer: String,
        stride: u32,
    },
    /// No tokens at all.
    #[serde(other)]
    Other,
}

impl Form {
    /// What a manifest says.
    pub(crate) fn of(manifest: &Manifest) -> Result<Self, Refusal> {
        serde_json::from_slice(&manifest.to_bytes())
            .map_err(|error| Refusal::new(format_args!("the manifest cannot be read here ({error}): update this program")))
    }

    /// The manifest, if the evaluator takes it.
    pub(crate) fn manifest(&self) -> Result<Manifest, Refusal> {
        let text = serde_json::to_vec(self).map_err(Refusal::new)?;
        Manifest::from_bytes(&text).map_err(|error| Refusal::new(format_args!("the model is none that a group can train: {error}")))
    }

    /// How values are stored.
    pub(crate) fn kind(&self) -> Kind {
        if self.dtype.as_deref() == Some(BF16) { Kind::Bf16 } else { Kind::F32 }
    }
}

impl Model {
    /// Different tokens; nothing of a family without.
    pub(crate) fn vocabulary(&self) -> u32 {
        match self {
            Self::Gpt(gpt) => gpt.vocabulary,
            Self::Llama(llama) => llama.vocabulary,
            Self::Other => 0,
        }
    }

    /// Tokens that a target may see.
    pub(crate) fn context(&self) -> u32 {
        match self {
            Self::Gpt(gpt) => gpt.context,
            Self::Llama(llama) => llama.context,
            Self::Other => 0,
        }
    }

    /// Whether the head is the embedding.
    pub(crate) fn is_tied(&self) -> bool {
        match self {
            Self::Gpt(gpt) => gpt.tied,
            Self::Llama(llama) => llama.tied,
            Self::Other => false,
        }
    }
}
