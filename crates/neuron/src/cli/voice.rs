//! A group's checkpoint together with what its tokens stand for.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use evaluator::{Checkpoint, Data};
use models::Tokenizer;
use node::Member;
use protocol::Digest;

use super::speech::{Speaker, Words};

/// A checkpoint of a group.
///
/// # Errors
/// When it or its tokenizer cannot be fetched, or the model is none of text.
pub async fn of(member: &Member, file: Digest) -> Result<Speaker> {
    let checkpoint = member.checkpoint(file).await?;
    speaker(member, checkpoint).await
}

/// A checkpoint and the words of its manifest.
///
/// # Errors
/// As [`of`].
pub async fn speaker(member: &Member, checkpoint: Arc<Checkpoint>) -> Result<Speaker> {
    let words = words(member, checkpoint.manifest().data()).await?;
    Speaker::new(checkpoint, words)
}

/// What the tokens of a manifest stand for; a file of them is fetched.
///
/// # Errors
/// When it cannot be fetched or read, or the manifest has no tokens.
pub async fn words(member: &Member, data: &Data) -> Result<Words> {
    match data {
        Data::Csv { .. } => bail!("the model of group {} reads rows of numbers, not text", member.group),
        Data::Text { tokenizer, .. } => Ok(Words::Own(tokenizer.clone())),
        Data::Tokens { .. } => {
            let digest = data.tokenizer_digest().context("the manifest names no tokenizer")?;
            let bytes = member.tokenizer(Digest(digest)).await?;
            let read = Tokenizer::from_bytes(&bytes).context("the group's tokenizer cannot be used")?;
            Ok(Words::Outside(Box::new(read)))
        }
    }
}
