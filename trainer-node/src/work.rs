//! The heavy work of a trainer: a training run, and exact losses.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use evaluator::Checkpoint;
use node::{
    Exam, Member, claims,
    member::{blocking, measure},
};
use protocol::{Digest, Micronats, RoundNumber, chain::RevealedClaim, trainer::Measured};
use training::{Settings, Trainer};

/// Seconds between two lines about progress.
const PROGRESS: Duration = Duration::from_secs(10);

/// One order to train.
#[derive(Clone)]
pub struct Run {
    pub round: RoundNumber,
    pub base: Digest,
    pub head: Digest,
    pub deadline: Instant,
    pub seed: u64,
    pub settings: Settings,
    pub stop: Arc<AtomicBool>,
}

/// A finished run: the stored file, and both losses on the whole set (or as much of it as one round measures).
#[derive(Clone, Copy, Debug)]
pub struct Trained {
    pub file: Digest,
    pub base: Micronats,
    pub loss: Micronats,
}

/// Trains from the base until the steps are done, the time is over, or it is stopped; then stores the result.
pub async fn train(member: Member, run: Run) -> Result<Trained> {
    // The seed of the estimate is no secret and no exam: it only has to be the same for both checkpoints.
    let (base, exam) = tokio::try_join!(member.checkpoint(run.base), member.exam(run.head, run.base, run.round))?;
    let (trained, file) = {
        let (base, exam, run) = (base.clone(), exam.clone(), run.clone());
        blocking(move || steps(&base, &exam, &run)).await?
    };
    let (base, new) = (measure(base, exam.clone()).await?, measure(Arc::new(trained), exam).await?);
    let file = member.client.add(file).await?;
    Ok(Trained { file, base: Micronats(base.mean), loss: Micronats(new.mean) })
}

fn steps(base: &Checkpoint, exam: &Exam, run: &Run) -> Result<(Checkpoint, Vec<u8>)> {
    let mut trainer = Trainer::new(base, &exam.set.examples, &run.settings, run.seed)?;
    let mut told = Instant::now();
    for step in 1..=run.settings.steps {
        ensure!(!run.stop.load(Ordering::Relaxed), "training was stopped");
        let loss = trainer.step()?;
        let left = run.deadline.saturating_duration_since(Instant::now());
        if told.elapsed() >= PROGRESS {
            told = Instant::now();
            tracing::info!(round = run.round.0, step, of = run.settings.steps, loss, left_s = left.as_secs(), "training");
        }
        if left.is_zero() {
            break;
        }
    }
    let checkpoint = trainer.checkpoint()?;
    let bytes = checkpoint.to_bytes();
    Ok((checkpoint, bytes))
}

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
