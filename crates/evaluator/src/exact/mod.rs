//! Training on the evaluator's own kernels: base, data, order of examples and settings determine every bit, on any processor
//! and any number of threads.
//!
//! Every gradient is a sum over rows in the order of the batch, from +0, with fused multiply-add, each in one accumulator:
//! threads share out rows of activations and rows of weights, never a sum.

mod gpt;
mod mlp;
mod rule;
mod snapshot;
mod tape;

pub use rule::{AdamW, Rule, Sgd};
pub use snapshot::{Snapshot, SnapshotError};

use std::sync::Mutex;
use std::thread;

use crate::arena::Arena;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::examples::Examples;
use crate::families::Pass;
use crate::isa::Compute;
use crate::kernels::{Adam, Descent};
use crate::manifest::Manifest;
use crate::measure::MeasureError;

use tape::{Part, Source, Tape};

/// Rows of a gradient that a thread takes at a time: whole tiles of every instruction set.
const PART_ROWS: usize = 120;
/// Values of a tensor that a thread takes at a time in a step.
const PART_VALUES: usize = 1 << 16;

/// What a family tells of its backward pass.
pub(crate) trait Backward: Send + Sync {
    /// Examples of one tape.
    fn examples_per_tape(&self) -> usize;
    /// Values of one tape.
    fn tape_len(&self) -> usize;
    /// Sources of the gradient of each tensor, in the order of `Family::tensors`.
    fn sources(&self) -> Vec<Vec<Source>>;
    /// Forward and backward; every target's gradient counts `share`. Returns the sum of its targets' losses in nats.
    fn run(&self, pass: Pass<'_>, batch: &[Example<'_>], share: f32, tape: &mut Tape) -> f64;
}

/// One example of a batch.
#[derive(Clone, Copy)]
pub(crate) enum Example<'a> {
    /// Features and class.
    Labelled(&'a [f32], u32),
    /// Inputs and, one place on, their targets.
    Window(&'a [u16]),
}

/// Weights in training, what their rule remembers, gradients and tapes.
pub struct Exact {
    compute: Compute,
    manifest: Manifest,
    family: Box<dyn Backward>,
    state: Snapshot,
    gradients: Vec<Vec<f32>>,
    workers: Vec<Worker>,
}

/// Memory of one thread.
struct Worker {
    arena: Arena,
    tape: Tape,
    loss: f64,
}

impl Exact {
    /// Starts from the weights of `base`, if its family can be trained here.
    pub fn new(compute: Compute, base: &Checkpoint) -> Option<Self> {
        let family = base.manifest().family().backward()?;
        Some(Self::start(compute, base.manifest(), family, Snapshot::new(base)))
    }

    /// Goes on where `snapshot` was taken; further steps give the bits that they would have given there.
    ///
    /// # Errors
    /// When the snapshot is none of this manifest, or its family cannot be trained here.
    pub fn resume(compute: Compute, manifest: &Manifest, snapshot: Snapshot) -> Result<Self, SnapshotError> {
        snapshot.check(manifest)?;
        let family = manifest.family().backward().ok_or(SnapshotError::Family)?;
        Ok(Self::start(compute, manifest, family, snapshot))
    }

    fn start(compute: Compute, manifest: &Manifest, family: Box<dyn Backward>, state: Snapshot) -> Self {
        let len = family.tape_len();
        let worker = |_| Worker { arena: Arena::default(), tape: Tape { values: vec![0.0; len], rows: 0, tokens: Vec::new() }, loss: 0.0 };
        let gradients = state.tensors.iter().map(|values| vec![0.0; values.len()]).collect();
        let workers = (0..compute.threads()).map(worker).collect();
        Self { compute, manifest: manifest.clone(), family, state, gradients, workers }
    }

    /// One step on a batch of examples, however many: memory does not grow with it. Returns its mean loss in nats before the step.
    ///
    /// # Errors
    /// When the examples are of another manifest or the batch names one that does not exist.
    pub fn step(&mut self, examples: &Examples, batch: &[u32], rule: &Rule) -> Result<f32, MeasureError> {
        let loss = self.backward(examples, batch)?;
        self.update(rule);
        Ok(loss)
    }

    /// Mean loss of a batch in nats; its gradients replace those of the last one.
    ///
    /// # Errors
    /// When the examples are of another manifest or the batch names one that does not exist.
    pub fn backward(&mut self, examples: &Examples, batch: &[u32]) -> Result<f32, MeasureError> {
        if !examples.fit(&self.manifest) {
            return Err(MeasureError::OtherManifest);
        }
        let chosen: Option<Vec<Example<'_>>> = batch.iter().map(|index| example(examples, *index as usize)).collect();
        let Some(chosen) = chosen else {
            let beyond = batch.iter().find(|index| **index as usize >= examples.len());
            return Err(MeasureError::NoSuchExample(beyond.copied().unwrap_or_default()));
        };
        let targets = chosen.iter().map(|example| example.targets()).sum::<usize>().max(1);
        self.gradients.iter_mut().for_each(|values| values.fill(0.0));
        let size = self.family.examples_per_tape();
        let tapes: Vec<&[Example<'_>]> = chosen.chunks(size).collect();
        let mut loss = 0.0;
        for group in tapes.chunks(self.workers.len()) {
            self.forward_and_back(group, 1.0 / targets as f32);
            self.sum_gradients(group.len());
            loss += self.workers[..group.len()].iter().map(|worker| worker.loss).sum::<f64>();
        }
        Ok((loss / targets as f64) as f32)
    }

    /// One tape for each worker.
    fn forward_and_back(&mut self, group: &[&[Example<'_>]], share: f32) {
        let (compute, family, tensors) = (self.compute, &self.family, &self.state.tensors);
        let tasks = self.workers.iter_mut().zip(group).collect();
        in_threads(compute.threads(), tasks, |(worker, batch): (&mut Worker, &&[Example<'_>])| {
            let pass = Pass { kernels: compute.kernels(), tensors, arena: &mut worker.arena };
            worker.loss = family.run(pass, batch, share, &mut worker.tape);
        });
    }

    /// Adds the first `count` tapes, in order, to every gradient.
    fn sum_gradients(&mut self, count: usize) {
        let sources = self.family.sources();
        let shapes = self.manifest.tensors();
        let mut tasks = Vec::new();
        for ((values, sources), spec) in self.gradients.iter_mut().zip(&sources).zip(&shapes) {
            let columns = spec.shape.last().map_or(1, |columns| *columns as usize);
            for (index, values) in values.chunks_mut(PART_ROWS * columns).enumerate() {
                tasks.push((sources, Part { values, first: index * PART_ROWS, columns }));
            }
        }
        let (workers, kernels) = (&self.workers[..count], self.compute.kernels());
        in_threads(self.compute.threads(), tasks, |(sources, mut part)| {
            for worker in workers {
                sources.iter().for_each(|source| source.add(kernels, &worker.tape, &mut part));
            }
        });
    }

    /// One step with the gradients of the last batch.
    pub fn update(&mut self, rule: &Rule) {
        let scale = self.scale(rule.clip());
        let decays = self.manifest.tensors().into_iter().map(|spec| if spec.shape.len() > 1 { rule.decay() } else { 0.0 });
        let weights = self.state.tensors.iter_mut().zip(&self.gradients).zip(decays);
        let (threads, kernels) = (self.compute.threads(), self.compute.kernels());
        match rule {
            Rule::AdamW(settings) => {
                let adam = settings.at(&mut self.state.powers, scale);
                let means = self.state.first.iter_mut().zip(&mut self.state.second);
                let tasks = weights.zip(means).flat_map(|(((weights, gradients), decay), (first, second))| {
                    let means = first.chunks_mut(PART_VALUES).zip(second.chunks_mut(PART_VALUES));
                    let parts = weights.chunks_mut(PART_VALUES).zip(gradients.chunks(PART_VALUES)).zip(means);
                    parts.map(move |part| (part, Adam { decay, ..adam }))
                });
                in_threads(threads, tasks.collect(), |(((weights, gradients), (first, second)), adam)| {
                    kernels.adamw(weights, gradients, first, second, adam);
                });
            }
            Rule::Sgd(Sgd { learning_rate, .. }) => {
                let tasks = weights.flat_map(|((weights, gradients), decay)| {
                    let parts = weights.chunks_mut(PART_VALUES).zip(gradients.chunks(PART_VALUES));
                    parts.map(move |part| (part, Descent { learning_rate: *learning_rate, decay, scale }))
                });
                in_threads(threads, tasks.collect(), |((weights, gradients), descent)| kernels.descend(weights, gradients, descent));
            }
        }
    }

    /// Factor that keeps the gradient of all weights together within `clip`.
    fn scale(&self, clip: Option<f32>) -> f32 {
        let Some(clip) = clip else { return 1.0 };
        let mut squares = 0.0;
        self.gradients.iter().for_each(|values| self.compute.kernels().squares(values, &mut squares));
        let norm = squares.sqrt();
        if norm > clip { clip / norm } else { 1.0 }
    }

    /// Gradients of the last batch, in the order of `Manifest::tensors`.
    pub fn gradients(&self) -> &[Vec<f32>] {
        &self.gradients
    }

    /// What a run needs to go on from here; the weights are not clamped.
    pub fn snapshot(&self) -> Snapshot {
        self.state.clone()
    }

    /// The weights as they are now, each clamped to `weight_max`.
    ///
    /// # Errors
    /// When a weight is not finite: training diverged.
    pub fn checkpoint(&self) -> Result<Checkpoint, CheckpointError> {
        let most = self.manifest.weight_max();
        // What is not finite stays so and is refused: clamped, a diverged run would look like a result.
        let clamped = |value: &f32| if value.is_finite() { value.clamp(-most, most) } else { *value };
        let tensors = self.state.tensors.iter().map(|values| values.iter().map(clamped).collect());
        Checkpoint::from_tensors(&self.manifest, tensors.collect())
    }
}

impl Example<'_> {
    fn targets(&self) -> usize {
        match self {
            Self::Labelled(..) => 1,
            Self::Window(tokens) => tokens.len() - 1,
        }
    }
}

fn example(examples: &Examples, index: usize) -> Option<Example<'_>> {
    if let Some(tokens) = examples.window(index) {
        return Some(Example::Window(tokens));
    }
    Some(Example::Labelled(examples.features(index)?, examples.label(index)?))
}

/// Each thread takes the next task that nobody has.
fn in_threads<T: Send>(threads: usize, tasks: Vec<T>, work: impl Fn(T) + Sync) {
    let threads = threads.min(tasks.len());
    let queue = Mutex::new(tasks.into_iter());
    let take = || {
        // A thread that panics ends the scope and with it the computation.
        let next = || queue.lock().map_or(None, |mut queue| queue.next());
        while let Some(task) = next() {
            work(task);
        }
    };
    thread::scope(|scope| {
        // A thread that cannot start costs time only: the others take its share.
        (1..threads).for_each(|_| drop(thread::Builder::new().spawn_scoped(scope, take)));
        take();
    });
}
