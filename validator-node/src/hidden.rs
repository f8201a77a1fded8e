//! The hidden set of a bounty, measured (PROTOCOL 18).

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use evaluator::{Checkpoint, HIDDEN_BYTES_MAX, Hidden, Hurdle, Judged, Manifest};
use node::{
    machine::{machine, tell_left},
    member::blocking,
};
use protocol::{Digest, Micronats, RoundNumber, bounty::Findings, jury::Task, validator::Fetched};
use swarm::FetchError;

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
        let _permit = self.fetches.acquire().await;
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
        let _turn = self.hidden.lock().await;
        let failed = (Findings::failed(&rounds(&task)), Digest::ZERO);
        let bytes = self.hidden_bytes(task.file).await.context("the hidden set cannot be fetched yet")?;
        let hidden = match sealed(&self.member.manifest, &bytes, &task) {
            Ok(hidden) => hidden,
            Err(reason) => {
                tracing::warn!(bounty = %task.bounty, "{reason}");
                return Ok(failed);
            }
        };
        let (hidden, kept) = self.kept(hidden, &task).await?;
        if !hidden.is_enough(kept.len()) {
            tracing::warn!(bounty = %task.bounty, count = hidden.len(), kept = kept.len(), "too many of the hidden examples were no secret");
            return Ok(failed);
        }
        let Some(base) = task.base else { return Ok((Findings::measured(Micronats(0), &rounds(&task), &[]), Digest::ZERO)) };
        let secret = Arc::new(Secret { hidden, kept });
        let files: Vec<Digest> = places(&task).into_iter().map(|(_, file)| file).collect();
        // What cannot be had is known before anything is measured.
        for file in files.iter().chain([&base]) {
            self.member.hold(*file, None).await.with_context(|| missing(*file))?;
        }
        let base_losses = self.losses(base, &secret).await?;
        let mut winners = Vec::with_capacity(files.len());
        for file in &files {
            winners.push(self.losses(*file, &secret).await?);
        }
        Ok(match found(&self.member.manifest, &task, &base_losses, &winners) {
            None => failed,
            Some(findings) => (findings, self.hidden_probe(files.last().copied().unwrap_or(base), &secret, task.seed).await?),
        })
    }

    /// Places of the examples that are in none of the sets that everybody knew when the bounty was funded, one set after another.
    async fn kept(&self, hidden: Hidden, task: &Task) -> Result<(Hidden, Vec<u32>)> {
        let set = self.member.set(task.head).await?;
        let (mut hidden, mut kept) = keep(hidden, None, move |hidden| hidden.kept(&[&set.examples])).await?;
        for delta in &task.proposed {
            let body = self.member.body(*delta).await?;
            // One that does not apply changes nothing, for everyone alike.
            if let Ok(set) = self.member.preview(task.head, body).await {
                (hidden, kept) = keep(hidden, Some(kept), move |hidden| hidden.kept(&[&set.examples])).await?;
            }
        }
        for file in &task.earlier {
            let bytes = self.hidden_bytes(*file).await.context("a hidden set of an earlier bounty cannot be fetched yet")?;
            if let Ok(earlier) = Hidden::read(&self.member.manifest, &bytes) {
                (hidden, kept) = keep(hidden, Some(kept), move |hidden| hidden.kept_beside(&earlier)).await?;
            }
        }
        Ok((hidden, kept))
    }

    /// Losses of a file on the hidden examples that count, in micronats, without the price of its weights.
    async fn losses(&self, file: Digest, secret: &Arc<Secret>) -> Result<Vec<u32>> {
        let (checkpoint, secret) = (self.winner(file).await?, secret.clone());
        blocking(move || Ok(machine()?.evaluate(&checkpoint, secret.hidden.examples(), &secret.kept, tell_left)?.losses)).await
    }

    async fn hidden_probe(&self, file: Digest, secret: &Arc<Secret>, seed: Digest) -> Result<Digest> {
        let (checkpoint, secret, signer) = (self.winner(file).await?, secret.clone(), self.signer.0);
        let probed = move || {
            let on = (secret.hidden.examples(), secret.kept.as_slice());
            Ok(Digest(machine()?.probe(&checkpoint, on, (seed.0, signer), tell_left)?))
        };
        blocking(probed).await
    }

    async fn winner(&self, file: Digest) -> Result<Arc<Checkpoint>> {
        self.member.checkpoint(file).await.with_context(|| missing(file))
    }
}

fn missing(file: Digest) -> String {
    format!("checkpoint {file} of the term cannot be fetched yet")
}

/// What is left of `kept`, or of all, ascending; off the async threads.
async fn keep(
    hidden: Hidden,
    kept: Option<Vec<u32>>,
    new: impl FnOnce(&Hidden) -> Vec<u32> + Send + 'static,
) -> Result<(Hidden, Vec<u32>)> {
    blocking(move || {
        let mut left = new(&hidden);
        left.retain(|place| kept.as_ref().is_none_or(|kept| kept.binary_search(place).is_ok()));
        Ok((hidden, left))
    })
    .await
}

fn rounds(task: &Task) -> Vec<RoundNumber> {
    task.won.iter().map(|won| won.round).collect()
}

/// The hidden set, or why the file is not what the sponsor sealed.
fn sealed(manifest: &Manifest, bytes: &[u8], task: &Task) -> Result<Hidden, String> {
    let hidden = Hidden::read(manifest, bytes).map_err(|error| error.to_string())?;
    let (root, count) = (Digest(hidden.root()), hidden.len());
    match root == task.root && count == task.count as usize {
        true => Ok(hidden),
        false => Err(format!("{} examples with root {} were sealed, {count} with root {root} were opened", task.count, task.root)),
    }
}

/// The winners that are measured, ascending: places among all won rounds, drawn from those that stand, and files.
fn places(task: &Task) -> Vec<(u32, Digest)> {
    let standing = (0..).zip(&task.won).filter(|(_, won)| won.stands).map(|(place, won)| (place, won.file));
    let standing: Vec<(u32, Digest)> = standing.collect();
    let drawn = evaluator::draw_winners(task.seed.0, task.bounty.0, standing.len() as u32);
    drawn.into_iter().filter_map(|place| standing.get(place as usize).copied()).collect()
}

/// What losses of the base and of the measured winners say; nothing if the set is none that the group could learn.
fn found(manifest: &Manifest, task: &Task, base: &[u32], winners: &[Vec<u32>]) -> Option<Findings> {
    let hurdle = Hurdle { least: task.least.0, certainty: manifest.certainty() };
    let judged = evaluator::judge(base, winners, hurdle);
    if evaluator::is_garbage(&judged, manifest.outputs()) {
        return None;
    }
    let step = |((place, _), judged): (&(u32, Digest), &Judged)| (*place, Micronats(judged.loss), judged.is_better);
    let measured: Vec<_> = places(task).iter().zip(&judged).map(step).collect();
    Some(Findings::measured(Micronats(evaluator::mean(base)), &rounds(task), &measured))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{BountyNumber, bounty::Step, jury::Won};

    const ROWS: usize = 40;

    fn manifest() -> Manifest {
        let text = r#"{"version":1,"model":{"family":"mlp","inputs":1,"hidden":[],"outputs":10,"activation":"relu"},"data":{"format":"csv","divisor":1},"loss":"cross_entropy","eval_max":64,"weight_max":1}"#;
        Manifest::from_bytes(text.as_bytes()).expect("a manifest")
    }

    fn file(seed: u8, rows: usize) -> Vec<u8> {
        let rows: String = (0..rows).map(|row| format!("{row},{}\n", row % 10)).collect();
        Hidden::write(&manifest(), [seed; 32], &rows).expect("a hidden set")
    }

    fn task(stands: &[bool]) -> Task {
        let hidden = Hidden::read(&manifest(), &file(1, ROWS)).expect("read");
        let won = |(number, stands): (u8, &bool)| Won { round: RoundNumber(number.into()), file: Digest([number; 32]), stands: *stands };
        Task {
            bounty: BountyNumber(1),
            window: 0,
            root: Digest(hidden.root()),
            count: ROWS as u32,
            file: Digest([9; 32]),
            head: Digest([8; 32]),
            proposed: Vec::new(),
            earlier: Vec::new(),
            seed: Digest([7; 32]),
            base: Some(Digest([6; 32])),
            won: (1..).zip(stands).map(won).collect(),
            least: Micronats(10),
        }
    }

    #[test]
    fn only_what_was_sealed_is_measured() {
        let read = |bytes: &[u8], task: &Task| sealed(&manifest(), bytes, task).map(|hidden| hidden.len());
        assert_eq!(read(&file(1, ROWS), &task(&[])), Ok(ROWS));
        let other_count = Task { count: ROWS as u32 + 1, ..task(&[]) };
        for (bytes, task, why) in [
            (file(2, ROWS), task(&[]), "were opened"),
            (file(1, ROWS - 1), task(&[]), "39 with root"),
            (file(1, ROWS), other_count, "41 examples with root"),
            (b"1,2\n3,4\n".to_vec(), task(&[]), "the first line must be"),
        ] {
            assert!(read(&bytes, &task).expect_err(why).contains(why));
        }
    }

    #[test]
    fn winners_that_were_struck_are_counted_and_not_measured() {
        let task = task(&[true, false, true, false]);
        assert_eq!(places(&task), [(0, Digest([1; 32])), (2, Digest([3; 32]))]);
        let losses = |loss| vec![loss; ROWS];
        let findings = found(&manifest(), &task, &losses(1_000), &[losses(995), losses(900)]).expect("measured");
        let step = |round, won, loss, better| Step { round: RoundNumber(round), won, loss: Micronats(loss), better };
        // 5 are less than the least; the last step counts what was won after it.
        assert_eq!(
            findings,
            Findings { failed: false, base: Micronats(1_000), steps: vec![step(1, 1, 995, false), step(3, 3, 900, true)] }
        );
    }

    #[test]
    fn of_many_winners_the_last_that_stands_is_measured_and_as_many_others_as_the_rule_says() {
        let mut stands = vec![true; 50];
        stands[49] = false;
        let places = places(&task(&stands));
        assert_eq!((places.len(), places.last()), (31, Some(&(48, Digest([49; 32])))));
        assert!(places.is_sorted_by(|one, other| one.0 < other.0));
    }

    #[test]
    fn a_set_on_which_the_best_winner_only_guesses_is_none() {
        let (task, guess) = (task(&[true]), evaluator::uniform_loss(10));
        assert_eq!(found(&manifest(), &task, &[guess + 2; ROWS], &[vec![guess; ROWS]]), None);
        assert!(found(&manifest(), &task, &[guess + 2; ROWS], &[vec![guess - 1; ROWS]]).is_some());
        assert!(found(&manifest(), &Task { won: Vec::new(), ..task }, &[guess + 2; ROWS], &[]).is_some(), "no winner, nothing to guess");
    }
}
