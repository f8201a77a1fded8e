//! A node's part in one group: its files, its training set, and exact measurements.

pub mod shards;

use std::{
    path::Path,
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use evaluator::{Checkpoint, Examples, MANIFEST_BYTES_MAX, Manifest, Measurement, checkpoint_len};
use governance::Network;
use protocol::{
    chain::{ChainEvent, GroupView},
    ids::{Address, DeltaNumber, Digest, GroupId, NodeId, RoundNumber},
    lineage::Link,
    log::Body,
    money::Micronats,
};
use swarm::{Bytes, Client, FetchError, Length, Order, Progress, peer_of};
use tokio::{
    sync::{Mutex, watch},
    time::Instant,
};
use tracing::Instrument;

use crate::dataset::{Dataset, Follower, MAX_PATCH, Set};
use crate::haves::Haves;
use crate::machine::{compute, machine, tell_left};
use crate::traces;

/// How long a node looks for the group's own files when it starts.
const START: Duration = Duration::from_secs(60);
/// An attempt for a file ends when nothing of it came for so long; who asked decides whether to ask again.
const ATTEMPT: Duration = Duration::from_secs(10);

/// Longest tokenizer.json in bytes.
pub const TOKENIZER_BYTES_MAX: u64 = 64 << 20;

/// Clones share everything.
#[derive(Clone)]
pub struct Member {
    pub group: GroupId,
    pub manifest: Arc<Manifest>,
    pub client: Client,
    dataset: Arc<Mutex<Dataset>>,
    /// Who announced which file.
    haves: Arc<StdMutex<Haves>>,
    /// Who wants to know how far fetches are.
    told: Option<watch::Sender<Progress>>,
}

/// The examples by which a round is judged.
#[derive(Clone)]
pub struct Exam {
    pub set: Arc<Set>,
    /// Whose round it is of.
    pub group: GroupId,
    /// Places in the set, in the order in which losses are listed.
    pub drawn: Arc<Vec<u32>>,
}

impl Member {
    /// Fetches the manifest; the training set follows when it is asked for.
    ///
    /// # Errors
    /// When nobody has the manifest, this client does not know its family, or `NEURON_ISA` cannot be used.
    pub async fn join(view: &GroupView, client: &Client) -> Result<Self> {
        compute()?;
        let bytes = client.fetch_up_to(view.manifest, MANIFEST_BYTES_MAX as u64, START).await;
        let bytes = bytes.context("the group's manifest cannot be fetched: check the peers in the network file")?;
        let manifest = Manifest::from_bytes(&bytes)?;
        let dataset = Arc::new(Mutex::new(Dataset::default()));
        Ok(Self { group: view.id, manifest: Arc::new(manifest), client: client.clone(), dataset, haves: Arc::default(), told: None })
    }

    /// The same member, whose fetches tell how far they are.
    #[must_use]
    pub fn telling(self, told: watch::Sender<Progress>) -> Self {
        Self { told: Some(told), ..self }
    }

    /// Learns births, proposals and turns.
    pub async fn note(&self, event: &ChainEvent) {
        self.dataset.lock().await.note(event);
    }

    /// Learns from the log who holds which file.
    pub fn heard(&self, author: NodeId, body: &Body) {
        if let Body::Have { file, .. } = body {
            self.haves.lock().unwrap_or_else(PoisonError::into_inner).note(*file, author);
        }
    }

    /// A file to be fetched, first of those who announced it; the attempt ends when nothing came for a while, and after
    /// `left_s` seconds, if it is of no use then.
    pub(crate) fn order(&self, file: Digest, length: Length, left_s: Option<u64>) -> Order {
        let mut order = Order::new(file, length, ATTEMPT);
        order.until = left_s.and_then(|left_s| Instant::now().checked_add(Duration::from_secs(left_s)));
        let authors = self.haves.lock().unwrap_or_else(PoisonError::into_inner).holders(file);
        order.progress = self.told.clone();
        order.holders = authors.into_iter().filter_map(peer_of).collect();
        order
    }

    /// Patches that lead to a head, as far as the chain told them.
    pub async fn patches(&self, head: Digest) -> Vec<Digest> {
        self.dataset.lock().await.patches(head)
    }

    /// Learns the sets of the groups that this one was forked from, from block `first` on; what was read of them stands in `folder`.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn inherit(&self, network: &Network, first: u64, folder: &Path) -> Result<()> {
        for ancestor in network.ancestry(self.group).await?.into_iter().filter(|group| *group != self.group) {
            for (_, event) in network.history_in(ancestor, first, folder).await? {
                self.note(&event).await;
            }
        }
        Ok(())
    }

    /// The body of a proposed delta and the head it was made for.
    pub async fn proposal(&self, delta: DeltaNumber) -> Option<Link> {
        self.dataset.lock().await.proposal(self.group, delta)
    }

    /// The training set at a head; fetches what is missing from peers.
    ///
    /// # Errors
    /// When the head is unknown, or a delta cannot be fetched.
    pub async fn set(&self, head: Digest) -> Result<Arc<Set>> {
        let (nearest, path) = self.dataset.lock().await.path(head)?;
        if let (Some(set), true) = (&nearest, path.is_empty()) {
            return Ok(set.clone());
        }
        let mut follower = Follower::of(nearest.as_deref());
        for delta in &path {
            follower = self.follow(follower, *delta).await?.0;
        }
        let manifest = self.manifest.clone();
        let set = Arc::new(blocking(move || follower.set(&manifest)).await?);
        self.dataset.lock().await.keep(head, set.clone());
        Ok(set)
    }

    /// A set after one more of a head's patches, and whether that led to one.
    ///
    /// # Errors
    /// When nobody gives the patch now, or the first one leads to no set.
    pub async fn follow(&self, mut follower: Follower, delta: Digest) -> Result<(Follower, bool)> {
        let (body, manifest) = (self.body(delta).await?, self.manifest.clone());
        blocking(move || {
            let is_led = follower.follow(&manifest, &body)?;
            Ok((follower, is_led))
        })
        .await
    }

    /// The patch with that digest.
    ///
    /// # Errors
    /// When nobody gives it now.
    pub async fn body(&self, delta: Digest) -> Result<Vec<u8>> {
        let yet = || format!("delta {delta} cannot be fetched yet");
        Ok(self.client.get(&self.order(delta, Length::UpTo(MAX_PATCH), None)).await.with_context(yet)?.to_vec())
    }

    /// The file of the tokenizer that a manifest names.
    ///
    /// # Errors
    /// When nobody gives it now.
    pub async fn tokenizer(&self, file: Digest) -> Result<Bytes> {
        self.client
            .get(&self.order(file, Length::UpTo(TOKENIZER_BYTES_MAX), None))
            .await
            .context("the group's tokenizer cannot be fetched yet")
    }

    /// The set that a patch makes of the one at `parent`.
    ///
    /// # Errors
    /// With what is wrong with the patch.
    pub async fn preview(&self, parent: Digest, body: Vec<u8>) -> Result<Set> {
        let (set, manifest) = (self.set(parent).await?, self.manifest.clone());
        blocking(move || Set::apply(Some(&set), &manifest, &body)).await
    }

    /// The examples of a round: all of the set at `head`, or as many as the manifest says, drawn by `seed`.
    ///
    /// # Errors
    /// When the set cannot be had.
    pub async fn exam(&self, head: Digest, seed: Digest, round: RoundNumber) -> Result<Exam> {
        let set = self.set(head).await?;
        let drawn = evaluator::draw(seed.0, self.group.0, round.0, set.examples.len() as u32, self.manifest.eval_max());
        shards::hold(self, &set.examples, &drawn).await?;
        Ok(Exam { set, group: self.group, drawn: Arc::new(drawn) })
    }

    /// Brings a checkpoint's file of exactly the length that the manifest implies here, within the seconds that are left for it.
    ///
    /// # Errors
    /// When nobody gives it now, it is another file, or there is no room for it.
    pub async fn hold(&self, file: Digest, left_s: Option<u64>) -> Result<(), FetchError> {
        self.client.bring(&self.checkpoint_order(file, left_s)).instrument(self.fetching(file)).await.map(drop)
    }

    fn checkpoint_order(&self, file: Digest, left_s: Option<u64>) -> Order {
        self.order(file, Length::Exactly(checkpoint_len(&self.manifest)), left_s)
    }

    fn fetching(&self, file: Digest) -> tracing::Span {
        let parent = traces::round_of(self.group);
        tracing::trace_span!(target: traces::TARGET, parent: parent, "fetch", group = self.group.0, file = %file)
    }

    /// Gets a checkpoint's file; a large one is mapped, not read.
    ///
    /// # Errors
    /// As [`Member::hold`].
    pub async fn fetch(&self, file: Digest) -> Result<Bytes, FetchError> {
        self.client.get(&self.checkpoint_order(file, None)).instrument(self.fetching(file)).await
    }

    /// Gets and reads a checkpoint, off the async threads.
    ///
    /// # Errors
    /// When it cannot be fetched or is malformed.
    pub async fn checkpoint(&self, file: Digest) -> Result<Arc<Checkpoint>> {
        let (bytes, manifest) = (self.fetch(file).await?, self.manifest.clone());
        blocking(move || Ok(Arc::new(Checkpoint::from_shared(&manifest, Arc::new(bytes))?))).await
    }

    /// Why a checkpoint is none of a round with this base: the frozen tensor that it changes, if there is one. Gets the base only where some
    /// tensor is frozen.
    ///
    /// # Errors
    /// When the base cannot be had.
    pub async fn refusal(&self, checkpoint: &Arc<Checkpoint>, base: Digest) -> Result<Option<String>> {
        if self.manifest.frozen().is_empty() {
            return Ok(None);
        }
        let (checkpoint, base) = (checkpoint.clone(), self.checkpoint(base).await?);
        blocking(move || Ok(checkpoint.keeps_frozen(&base).err().map(|error| error.to_string()))).await
    }
}

/// Exact losses of a checkpoint on an exam, computed off the async threads.
///
/// # Errors
/// When examples and checkpoint do not fit one another.
pub async fn measure(checkpoint: Arc<Checkpoint>, exam: Exam) -> Result<Measurement> {
    let (group, examples, parent) = (exam.group, exam.drawn.len(), traces::round_of(exam.group));
    let span = tracing::trace_span!(target: traces::TARGET, parent: parent, "evaluate", group = group.0, examples);
    blocking(move || Ok(machine()?.evaluate(&checkpoint, &exam.set.examples, &exam.drawn, tell_left)?)).instrument(span).await
}

/// The probe that `signer` has to sign for a checkpoint on an exam drawn by `seed`.
///
/// # Errors
/// When examples and checkpoint do not fit one another.
pub async fn probe(checkpoint: Arc<Checkpoint>, exam: Exam, seed: Digest, signer: Address) -> Result<Digest> {
    let probed = move || {
        let on = (&exam.set.examples, exam.drawn.as_slice());
        Ok(Digest(machine()?.probe(&checkpoint, on, (seed.0, signer.0), tell_left)?))
    };
    blocking(probed).await
}

/// Mean loss of the drawn examples of any set, without the price for weights.
///
/// # Errors
/// When examples and checkpoint do not belong together.
pub fn loss(checkpoint: &Checkpoint, examples: &Examples, drawn: &[u32]) -> Result<Micronats> {
    Ok(Micronats(evaluator::mean(&compute()?.evaluate(checkpoint, examples, drawn)?.losses)))
}

/// Share of rightly predicted examples of a text that is not in any set.
///
/// # Errors
/// When the text cannot be read as examples.
pub fn accuracy(checkpoint: &Checkpoint, text: &str) -> Result<f64> {
    let path = format!("heldout{}", checkpoint.manifest().data().suffix());
    let examples = Examples::parse(checkpoint.manifest(), [(path, text)])?;
    ensure!(!examples.is_empty(), "there is no example to be predicted");
    Ok(compute()?.accuracy(checkpoint, &examples)?.share())
}

/// Runs heavy work on a thread of its own.
///
/// # Errors
/// The work's own, or that it panicked.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("a computation ended unexpectedly")?
}
