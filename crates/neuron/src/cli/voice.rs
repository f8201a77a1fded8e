//! A group's checkpoint together with what its tokens stand for.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use evaluator::{Checkpoint, Data};
use models::Tokenizer;
use node::{Member, copy};
use protocol::{Digest, GroupId};

use super::{
    context::Context,
    offline::Offline,
    speech::{Speaker, Words},
};

/// What a group's model answers.
pub enum Answerer {
    /// Rows of numbers.
    Rows(Arc<Checkpoint>),
    /// Text.
    Text(Speaker),
}

impl Answerer {
    /// The one of text.
    ///
    /// # Errors
    /// When it is none.
    pub fn text(self, group: GroupId) -> Result<Speaker> {
        match self {
            Self::Text(speaker) => Ok(speaker),
            Self::Rows(_) => bail!("the model of group {group} reads rows of numbers, not text"),
        }
    }
}

/// The newest checkpoint of a group, or of its copy.
///
/// # Errors
/// As [`of`].
pub async fn newest(context: &Context, group: GroupId) -> Result<Answerer> {
    if context.offline {
        let offline = Offline::open(context, group)?;
        let client = offline.start().await?;
        let member = copy::joined(&offline.copy, &client).await?;
        let answerer = of(&member, offline.copy.front.view.checkpoint).await.context("take a copy anew: `neuron group copy`");
        client.shutdown().await;
        return answerer;
    }
    let site = context.site().await?;
    let visit = context.visit(&site, group).await?;
    let answerer = of(&visit.member, site.network.view(group).await?.checkpoint).await;
    visit.client.shutdown().await;
    answerer
}

/// A checkpoint of a group, and what its tokens stand for if it has any: a file of them is fetched.
///
/// # Errors
/// When one of them cannot be fetched or read.
pub async fn of(member: &Member, file: Digest) -> Result<Answerer> {
    let checkpoint = member.checkpoint(file).await?;
    let words = match checkpoint.manifest().data() {
        Data::Csv { .. } => return Ok(Answerer::Rows(checkpoint)),
        Data::Text { tokenizer, .. } => Words::Own(tokenizer.clone()),
        data @ Data::Tokens { .. } => {
            let digest = data.tokenizer_digest().context("the manifest names no tokenizer")?;
            let bytes = member.tokenizer(Digest(digest)).await?;
            Words::Outside(Box::new(Tokenizer::from_bytes(&bytes).context("the group's tokenizer cannot be used")?))
        }
    };
    Ok(Answerer::Text(Speaker::new(checkpoint, words)?))
}
