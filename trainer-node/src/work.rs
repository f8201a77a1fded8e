//! Exact losses of claims, one's own and those of others.

use anyhow::Result;
use node::{Member, claims, member::measure};
use protocol::{Digest, RoundNumber, chain::RevealedClaim, trainer::Measured};

/// Exact losses of both checkpoints on the examples of a round, and the root over the pairs.
pub async fn claim(member: Member, round: RoundNumber, base: Digest, file: Digest, head: Digest, seed: Digest) -> Result<Measured> {
    let exam = member.exam(head, seed, round).await?;
    let (base, new) = tokio::try_join!(member.checkpoint(base), member.checkpoint(file))?;
    let (base, new) = (measure(base, exam.clone()).await?, measure(new, exam).await?);
    Ok(claims::found(&base, &new))
}

/// Whether a claim of somebody else is true; an error if it cannot be found out here and now.
pub async fn is_true(member: Member, claim: RevealedClaim, base: Digest, head: Digest, seed: Digest) -> Result<bool> {
    let found = self::claim(member, claim.round, base, claim.file, head, seed).await?;
    Ok(claims::difference(&claim, found).is_none())
}
