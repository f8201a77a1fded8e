//! Exact losses of claims, one's own and those of others.

use anyhow::Result;
use node::{
    Member,
    claims::{self, Bar},
    member::measure,
};
use protocol::{Digest, RoundNumber, chain::RevealedClaim, trainer::Measured};

/// By what a round is measured: its set, the block that draws from it, and how many commits there were.
#[derive(Clone, Copy)]
pub struct Draw {
    pub round: RoundNumber,
    pub head: Digest,
    pub seed: Digest,
    pub commits: u64,
}

/// Exact losses of both checkpoints on the examples of a round, and the root over the pairs.
pub async fn claim(member: Member, base: Digest, file: Digest, draw: Draw) -> Result<Measured> {
    let exam = member.exam(draw.head, draw.seed, draw.round).await?;
    let (base, new) = tokio::try_join!(member.checkpoint(base), member.checkpoint(file))?;
    let (base, new) = (measure(base, exam.clone()).await?, measure(new, exam.clone()).await?);
    Ok(claims::found(&base, &new, Bar::of(&member, &exam, draw.commits)))
}

/// Whether a claim of somebody else is true; an error if it cannot be found out here and now.
pub async fn is_true(member: Member, claim: RevealedClaim, base: Digest, draw: Draw) -> Result<bool> {
    let found = self::claim(member, base, claim.file, draw).await?;
    Ok(claims::difference(&claim, found).is_none())
}
