//! The hidden set of a bounty, measured (PROTOCOL 18).

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use evaluator::{Checkpoint, Examples, HIDDEN_BYTES_MAX, Hidden, Hurdle, Judged};
use network::FetchError;
use node::member::{blocking, compute};
use protocol::{
    Digest, Micronats, RoundNumber,
    bounty::Findings,
    jury::{Task, Won},
    validator::Fetched,
};

use crate::work::{Bench, fetched};

/// How long one attempt for a hidden set lasts.
const ATTEMPT: Duration = Duration::from_secs(60);

/// The examples that are measured: those of a hidden set that nobody could know.
struct Secret {
    hidden: Hidden,
    kept: Vec<u32>,
}

impl Bench {
    /// Gets a hidden set and keeps it.
    pub async fn fetch_hidden(&self, file: Digest) -> Fetched {
        fetched(self.hidden_bytes(file).await.map(drop))
    }

    async fn hidden_bytes(&self, file: Digest) -> Result<Vec<u8>, FetchError> {
        self.member.client.fetch_up_to(file, HIDDEN_BYTES_MAX as u64, ATTEMPT).await
    }

    /// What is so about a bounty, and this signer's probe.
    ///
    /// # Errors
    /// When a file cannot be had now.
    pub async fn findings(&self, task: Task) -> Result<(Findings, Digest)> {
        let rounds: Vec<RoundNumber> = task.won.iter().map(|won| won.round).collect();
        let failed = (Findings::failed(&rounds), Digest::ZERO);
        let Some(secret) = self.secret(&task).await? else { return Ok(failed) };
        let Some(base) = task.base else { return Ok((Findings::measured(Micronats(0), &rounds, &[]), Digest::ZERO)) };
        let places = measured_places(&task);
        let last = places.last().and_then(|place| task.won.get(*place as usize)).map_or(base, |won| won.file);
        let base_losses = self.losses(base, &secret).await?;
        let mut winners = Vec::with_capacity(places.len());
        for won in places.iter().filter_map(|place| task.won.get(*place as usize)) {
            winners.push(self.losses(won.file, &secret).await?);
        }
        let hurdle = Hurdle { least: task.least.0, certainty: self.member.manifest.certainty() };
        let judged = evaluator::judge(&base_losses, &winners, hurdle);
        if evaluator::is_garbage(&judged, self.member.manifest.outputs()) {
            return Ok(failed);
        }
        let found = |(place, judged): (&u32, &Judged)| (*place, Micronats(judged.loss), judged.is_better);
        let measured: Vec<_> = places.iter().zip(&judged).map(found).collect();
        let base_loss = Micronats(evaluator::mean(&base_losses));
        Ok((Findings::measured(base_loss, &rounds, &measured), self.hidden_probe(last, &secret, task.seed).await?))
    }

    /// The hidden examples that count, if the file is what was sealed and enough of them do.
    async fn secret(&self, task: &Task) -> Result<Option<Arc<Secret>>> {
        let bytes = self.hidden_bytes(task.file).await.context("the hidden set cannot be fetched yet")?;
        let hidden = match Hidden::read(&self.member.manifest, &bytes) {
            Ok(hidden) => hidden,
            Err(error) => {
                tracing::warn!(bounty = %task.bounty, "{error}");
                return Ok(None);
            }
        };
        let is_sealed = Digest(hidden.root()) == task.root && hidden.len() == task.count as usize;
        if !is_sealed {
            tracing::warn!(bounty = %task.bounty, root = %Digest(hidden.root()), count = hidden.len(), "the hidden set is not the one that was sealed");
            return Ok(None);
        }
        let kept = self.kept(&hidden, task).await?;
        let is_enough = hidden.is_enough(kept.len());
        if kept.len() < hidden.len() {
            tracing::warn!(bounty = %task.bounty, count = hidden.len(), kept = kept.len(), "some of the hidden examples were no secret");
        }
        Ok(is_enough.then(|| Arc::new(Secret { hidden, kept })))
    }

    /// Places of the examples that are in none of the sets that everybody knew when the bounty was funded.
    async fn kept(&self, hidden: &Hidden, task: &Task) -> Result<Vec<u32>> {
        let set = self.member.set(task.head).await?;
        let mut known: Vec<Arc<Examples>> = Vec::new();
        for delta in &task.proposed {
            let body = self.member.body(*delta).await?;
            // One that does not apply changes nothing, for everyone alike.
            if let Ok(set) = self.member.preview(task.head, body).await {
                known.push(Arc::new(set.examples));
            }
        }
        for file in &task.earlier {
            let bytes = self.hidden_bytes(*file).await.context("a hidden set of an earlier bounty cannot be fetched yet")?;
            known.extend(Hidden::read(&self.member.manifest, &bytes).ok().map(|earlier| Arc::new(earlier.examples().clone())));
        }
        let hidden = hidden.clone();
        blocking(move || {
            let sets: Vec<&Examples> = std::iter::once(&set.examples).chain(known.iter().map(AsRef::as_ref)).collect();
            Ok(hidden.kept(&sets))
        })
        .await
    }

    /// Losses of a file on the hidden examples that count, in micronats, without the price of its weights.
    async fn losses(&self, file: Digest, secret: &Arc<Secret>) -> Result<Vec<u32>> {
        let (checkpoint, secret) = (self.winner(file).await?, secret.clone());
        blocking(move || Ok(compute()?.evaluate(&checkpoint, secret.hidden.examples(), &secret.kept)?.losses)).await
    }

    async fn hidden_probe(&self, file: Digest, secret: &Arc<Secret>, seed: Digest) -> Result<Digest> {
        let (checkpoint, secret, signer) = (self.winner(file).await?, secret.clone(), self.signer.0);
        blocking(move || Ok(Digest(compute()?.probe(&checkpoint, secret.hidden.examples(), &secret.kept, seed.0, signer)?))).await
    }

    async fn winner(&self, file: Digest) -> Result<Arc<Checkpoint>> {
        self.member.checkpoint(file).await.with_context(|| format!("checkpoint {file} of the term cannot be fetched yet"))
    }
}

/// Places, ascending, of the winners that are measured among all won rounds: drawn from those that stand.
fn measured_places(task: &Task) -> Vec<u32> {
    let standing: Vec<u32> = (0..).zip(&task.won).filter(|(_, won): &(u32, &Won)| won.stands).map(|(place, _)| place).collect();
    let drawn = evaluator::draw_winners(task.seed.0, task.bounty.0, standing.len() as u32);
    drawn.into_iter().filter_map(|place| standing.get(place as usize).copied()).collect()
}
