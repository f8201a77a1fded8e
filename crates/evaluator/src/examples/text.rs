//! Texts: one stream of tokens, of which examples are windows.

use super::{DataError, TOKENS_MAX};
use crate::data::Tokenizer;

/// All tokens, and how far apart windows begin.
#[derive(Debug, PartialEq)]
pub(super) struct Text {
    /// Of all files, one after the other; no tokenizer has more than 65,535.
    tokens: Vec<u16>,
    /// From one window to the next.
    stride: usize,
}

impl Text {
    /// Tokens of all files, one after the other.
    pub(super) fn parse<'a>(
        tokenizer: &Tokenizer,
        stride: usize,
        files: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, DataError> {
        let mut tokens = Vec::new();
        for (path, text) in files {
            if tokens.len() + text.len() > TOKENS_MAX {
                return Err(DataError::TooMany);
            }
            tokens.extend(encode(tokenizer, path, text)?);
        }
        Ok(Self { tokens, stride })
    }

    /// Windows of one token more than `inputs`.
    pub(super) fn len(&self, inputs: usize) -> usize {
        windows(self.tokens.len(), inputs, self.stride)
    }

    /// Tokens of window `index`.
    pub(super) fn window(&self, index: usize, inputs: usize) -> Option<&[u16]> {
        self.tokens.get(index.checked_mul(self.stride)?..)?.get(..=inputs)
    }

    /// All of them, in order.
    pub(super) fn tokens(&self) -> &[u16] {
        &self.tokens
    }
}

/// Windows of so many tokens.
pub(crate) fn windows(tokens: usize, inputs: usize, stride: usize) -> usize {
    tokens.checked_sub(inputs + 1).map_or(0, |rest| rest / stride + 1)
}

/// Tokens of one file, or where its first character without one stands.
pub(super) fn encode(tokenizer: &Tokenizer, path: &str, text: &str) -> Result<Vec<u16>, DataError> {
    tokenizer.encode_narrow(text).map_err(|character| {
        let before = text.split(character).next().unwrap_or_default();
        DataError::Character { path: path.to_owned(), line: before.matches('\n').count() + 1, character }
    })
}
