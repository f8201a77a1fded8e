//! What the tokens of a model stand for.

use anyhow::{Result, anyhow};
use evaluator::Tokenizer;

/// The manifest's own list, or a file that people's tools made.
pub enum Words {
    /// Bytes or characters, as the manifest says.
    Own(Tokenizer),
    /// A `tokenizer.json` that the manifest names by its digest.
    Outside(Box<models::Tokenizer>),
}

impl Words {
    /// Tokens of a text.
    ///
    /// # Errors
    /// When a character has no token.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        match self {
            Self::Own(own) => own
                .encode(text)
                .map_err(|character| anyhow!("{character:?} is not among the characters that the model knows: leave it away")),
            Self::Outside(outside) => Ok(outside.encode(text, false)?),
        }
    }

    /// The text of tokens; bytes that are no UTF-8 become replacement characters, tokens that are none nothing.
    pub fn decode(&self, tokens: &[u32]) -> String {
        match self {
            Self::Own(own) => own.decode(tokens),
            Self::Outside(outside) => outside.decode(tokens, true),
        }
    }

    /// Whether a text ends with this token.
    pub fn is_end(&self, token: u32) -> bool {
        matches!(self, Self::Outside(outside) if outside.end() == Some(token))
    }

    /// The token of a text that stands for itself, like `<|im_start|>`.
    pub fn special(&self, text: &str) -> Option<u32> {
        if let Self::Outside(outside) = self { outside.token(text) } else { None }
    }
}
