//! The heavy work of a validator: losses of the base, and of each claim.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Result;
use evaluator::{Checkpoint, Measurement};
use node::{
    Exam, Member,
    claims::{self, Bar},
    logging,
    member::{blocking, measure, probe},
};
use protocol::{
    Address, Digest, Micronats, RoundNumber,
    chain::RevealedClaim,
    eip712::SignedVerdict,
    log::Body,
    validator::{BaseFinding, Fetched, Finding},
    warden::Replay,
};
use swarm::FetchError;
use tokio::sync::{Mutex, Semaphore};

/// Rounds whose base is kept: the running one and the one before.
const BASES_KEPT: usize = 2;

/// Hidden sets that are fetched at the same time.
const FETCHES: usize = 16;

/// Measures for one signer.
#[derive(Clone)]
pub struct Bench {
    pub member: Member,
    pub signer: Address,
    bases: Arc<Mutex<BTreeMap<RoundNumber, Base>>>,
    /// Hidden sets are measured one at a time.
    pub hidden: Arc<Mutex<()>>,
    /// Some are fetched at a time: one that nobody gives does not hold up the others.
    pub fetches: Arc<Semaphore>,
}

/// The base of a round on the round's examples.
#[derive(Clone)]
struct Base {
    checkpoint: Digest,
    exam: Exam,
    seed: Digest,
    losses: Arc<Measurement>,
}

impl Bench {
    pub fn new(member: Member, signer: Address) -> Self {
        Self { member, signer, bases: Arc::default(), hidden: Arc::default(), fetches: Arc::new(Semaphore::new(FETCHES)) }
    }

    /// Losses of the base, once a round.
    pub async fn base(&self, round: RoundNumber, checkpoint: Digest, head: Digest, seed: Digest) -> Result<BaseFinding> {
        let exam = self.member.exam(head, seed, round).await?;
        let model = self.member.checkpoint(checkpoint).await?;
        let losses = Arc::new(measure(model.clone(), exam.clone()).await?);
        let base = Micronats(losses.mean);
        let probe = self.probe(model, exam.clone(), seed).await?;
        let mut bases = self.bases.lock().await;
        bases.insert(round, Base { checkpoint, exam, seed, losses });
        while bases.len() > BASES_KEPT {
            bases.pop_first();
        }
        Ok(BaseFinding { base, probe })
    }

    /// Gets a revealed file within the seconds that are left for it, and keeps it.
    pub async fn fetch(&self, file: Digest, left_s: Option<u64>) -> Fetched {
        fetched(self.member.hold(file, left_s).await)
    }

    /// Tells the group that this node holds a file.
    pub async fn announce(&self, round: RoundNumber, file: Digest) {
        let body = Body::Have { round, file };
        if let Err(error) = self.member.client.append(self.member.group, body).await {
            tracing::warn!(%file, "cannot announce it: {error}");
        }
    }

    /// Whether a claim of a round with so many commits is true, to the last bit of every loss, and beyond luck.
    pub async fn claim(&self, claim: &RevealedClaim, commits: u64) -> Finding {
        match self.try_claim(claim, commits).await {
            Ok(finding) => finding,
            Err(error) => Finding::Failed { reason: logging::told(&error) },
        }
    }

    async fn try_claim(&self, claim: &RevealedClaim, commits: u64) -> Result<Finding> {
        let base = self.bases.lock().await.get(&claim.round).cloned();
        let Base { checkpoint: before, exam, seed, losses } =
            base.ok_or_else(|| anyhow::anyhow!("the base of round {} was not measured", claim.round))?;
        let (bytes, manifest) = (self.member.fetch(claim.file).await?, self.member.manifest.clone());
        let checkpoint = match blocking(move || Ok(Checkpoint::from_shared(&manifest, Arc::new(bytes)))).await? {
            Ok(checkpoint) => Arc::new(checkpoint),
            Err(error) => return Ok(Finding::False { reason: error.to_string() }),
        };
        if let Some(reason) = self.member.refusal(&checkpoint, before).await? {
            return Ok(Finding::False { reason });
        }
        let new = measure(checkpoint.clone(), exam.clone()).await?;
        if let Some(reason) = claims::difference(claim, claims::found(&losses, &new, Bar::of(&self.member, &exam, commits))) {
            return Ok(Finding::False { reason });
        }
        Ok(Finding::True { probe: self.probe(checkpoint, exam, seed).await? })
    }

    async fn probe(&self, checkpoint: Arc<Checkpoint>, exam: Exam, seed: Digest) -> Result<Digest> {
        probe(checkpoint, exam, seed, self.signer).await
    }

    /// Which of these verdicts hold another probe than their signer would have got by running the model.
    ///
    /// # Errors
    /// When the base or the set cannot be had; a verdict whose file cannot be had is left out.
    pub async fn replay(&self, order: Replays) -> Result<Vec<(SignedVerdict, String)>> {
        let exam = self.member.exam(order.head, order.seed, order.round).await?;
        let mut wrong = Vec::new();
        for replay in order.verdicts {
            let checkpoint = self.member.checkpoint(replay.file.unwrap_or(order.checkpoint)).await;
            let Ok(checkpoint) = checkpoint else { continue };
            let found = probe(checkpoint, exam.clone(), order.seed, replay.signer).await?;
            if found != replay.verdict.message.probe {
                wrong.push((replay.verdict, format!("its probe is {}, the model gives {found}", replay.verdict.message.probe)));
            }
        }
        Ok(wrong)
    }
}

/// What came of an attempt to get a file.
pub fn fetched(result: Result<(), FetchError>) -> Fetched {
    match result {
        Ok(()) => Fetched::Held,
        Err(error @ (FetchError::NotThatFile { .. } | FetchError::TooLong { .. })) => Fetched::Wrong(error.to_string()),
        Err(FetchError::Store(error)) if error.is_full() => Fetched::NotKept(error.to_string()),
        Err(error) => Fetched::Missing(error.to_string()),
    }
}

/// Verdicts of one round to be replayed.
pub struct Replays {
    pub round: RoundNumber,
    /// Base of the round.
    pub checkpoint: Digest,
    pub head: Digest,
    pub seed: Digest,
    pub verdicts: Vec<Replay>,
}
