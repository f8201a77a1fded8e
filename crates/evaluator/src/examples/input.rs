//! What is given to a model alone, without a target: a line of features, a text, or tokens.

use super::DataError;
use super::rows::{integers, scaled};
use super::text::encode;
use crate::data::Data;
use crate::manifest::Manifest;

/// Inputs of one example without a target.
pub(crate) enum Input {
    /// Scaled as the manifest says.
    Features(Vec<f32>),
    /// The last ones that the model can see.
    Tokens(Vec<u32>),
}

/// Reads a line of features, or a text that is to be continued.
pub(crate) fn parse_input(manifest: &Manifest, text: &str) -> Result<Input, DataError> {
    match manifest.data() {
        Data::Csv { divisor } => {
            let values = integers(text, manifest.inputs() as usize).map_err(DataError::Features)?;
            Ok(Input::Features(scaled(*divisor, &values).collect()))
        }
        Data::Text { tokenizer, .. } => {
            let tokens = encode(tokenizer, "", text)?;
            last(manifest, tokens.into_iter().map(u32::from).collect())
        }
        Data::Tokens { .. } => Err(DataError::NoTokenizer),
    }
}

/// Takes tokens that are to be continued.
pub(crate) fn tokens_input(manifest: &Manifest, tokens: &[u32]) -> Result<Input, DataError> {
    if matches!(manifest.data(), Data::Csv { .. }) {
        return Err(DataError::NoTokens);
    }
    let most = manifest.outputs() - 1;
    let beyond = tokens.iter().enumerate().find(|(_, token)| **token > most);
    beyond.map_or(Ok(()), |(place, token)| Err(DataError::Token { place, token: *token, most }))?;
    last(manifest, tokens.to_vec())
}

/// The end that the model can see.
fn last(manifest: &Manifest, mut tokens: Vec<u32>) -> Result<Input, DataError> {
    let unseen = tokens.len().saturating_sub(manifest.inputs() as usize);
    tokens.drain(..unseen);
    if tokens.is_empty() { Err(DataError::NoToken) } else { Ok(Input::Tokens(tokens)) }
}
