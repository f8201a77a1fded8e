//! Training on the evaluator's own kernels: base, data, order of examples and settings determine every bit, on any processor
//! and any number of threads.
//!
//! Every gradient is a sum over rows in the order of the batch, from +0, with fused multiply-add, each in one accumulator:
//! threads share out rows of activations and rows of weights, never a sum.

mod gpt;
mod mlp;
mod tape;

use std::sync::Mutex;
use std::thread;

use crate::arena::Arena;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::examples::Examples;
use crate::families::{Model, Pass};
use crate::isa::Compute;
use crate::kernels::Adam;
use crate::manifest::Manifest;
use crate::measure::MeasureError;

use tape::{Part, Source, Tape};

/// Rows of a gradient that a thread takes at a time: whole tiles of every instruction set.
const PART_ROWS: usize = 120;
/// Values of a tensor that a thread takes at a time in a step.
const PART_VALUES: usize = 1 << 16;

/// What a family tells of its backward pass.
trait Backward {
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
enum Example<'a> {
    /// Features and class.
    Labelled(&'a [f32], u32),
    /// Inputs and, one place on, their targets.
    Window(&'a [u16]),
}

/// Settings of AdamW (Loshchilov and Hutter, 2019); the defaults are PyTorch's. Biases and layer norms do not decay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    /// Length of a step.
    pub learning_rate: f32,
    /// Memory of the mean of gradients.
    pub beta_1: f32,
    /// Memory of the mean of their squares.
    pub beta_2: f32,
    /// Added to the root of the second mean.
    pub epsilon: f32,
    /// Pull of matrices to zero.
    pub weight_decay: f32,
    /// Greatest length of the gradient of all weights together; longer ones are shortened to it.
    pub clip: Option<f32>,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { learning_rate: 1e-3, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay: 0.01, clip: None }
    }
}

/// Weights in training: gradients, both means, tapes.
pub struct Exact {
    compute: Compute,
    manifest: Manifest,
    tensors: Vec<Vec<f32>>,
    gradients: Vec<Vec<f32>>,
    first: Vec<Vec<f32>>,
    second: Vec<Vec<f32>>,
    /// β₁ᵗ and β₂ᵗ.
    powers: (f64, f64),
    workers: Vec<Worker>,
}

/// Memory of one thread.
struct Worker {
    arena: Arena,
    tape: Tape,
    loss: f64,
}

impl Exact {
    /// Starts from the weights of `base`.
    pub fn new(compute: Compute, base: &Checkpoint) -> Self {
        let manifest = base.manifest().clone();
        let zeros: Vec<Vec<f32>> = base.tensors().iter().map(|values| vec![0.0; values.len()]).collect();
        let len = backward(&manifest).tape_len();
        let worker = |_| Worker { arena: Arena::default(), tape: Tape { values: vec![0.0; len], rows: 0, tokens: Vec::new() }, loss: 0.0 };
        Self {
            compute,
            tensors: base.tensors().to_vec(),
            gradients: zeros.clone(),
            first: zeros.clone(),
            second: zeros,
            powers: (1.0, 1.0),
            workers: (0..compute.threads()).map(worker).collect(),
            manifest,
        }
    }

    /// One step on a batch of examples; returns its mean loss in nats before the step.
    ///
    /// # Errors
    /// When the examples are of another manifest or the batch names one that does not exist.
    pub fn step(&mut self, examples: &Examples, batch: &[u32], adam: &AdamW) -> Result<f32, MeasureError> {
        let loss = self.backward(examples, batch)?;
        self.update(adam);
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
        let size = backward(&self.manifest).examples_per_tape();
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
        let (compute, manifest, tensors) = (self.compute, &self.manifest, &self.tensors);
        let tasks = self.workers.iter_mut().zip(group).collect();
        in_threads(compute.threads(), tasks, |(worker, batch): (&mut Worker, &&[Example<'_>])| {
            let pass = Pass { kernels: compute.kernels(), tensors, arena: &mut worker.arena };
            worker.loss = backward(manifest).run(pass, batch, share, &mut worker.tape);
        });
    }

    /// Adds the first `count` tapes, in order, to every gradient.
    fn sum_gradients(&mut self, count: usize) {
        let sources = backward(&self.manifest).sources();
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

    /// One step of AdamW with the gradients of the last batch.
    pub fn update(&mut self, settings: &AdamW) {
        let kernels = self.compute.kernels();
        let mut norm = 0.0;
        self.gradients.iter().for_each(|values| kernels.squares(values, &mut norm));
        let norm: f32 = norm.sqrt();
        self.powers.0 *= f64::from(settings.beta_1);
        self.powers.1 *= f64::from(settings.beta_2);
        let adam = Adam {
            learning_rate: settings.learning_rate,
            beta_1: settings.beta_1,
            beta_2: settings.beta_2,
            epsilon: settings.epsilon,
            decay: 0.0,
            correction_1: (1.0 - self.powers.0) as f32,
            correction_2: (1.0 - self.powers.1) as f32,
            scale: settings.clip.filter(|clip| norm > *clip).map_or(1.0, |clip| clip / norm),
        };
        let mut tasks = Vec::new();
        let values = self.tensors.iter_mut().zip(&self.gradients).zip(self.first.iter_mut().zip(&mut self.second));
        for (((weights, gradients), (first, second)), spec) in values.zip(self.manifest.tensors()) {
            let decay = if spec.shape.len() > 1 { settings.learning_rate * settings.weight_decay } else { 0.0 };
            let means = first.chunks_mut(PART_VALUES).zip(second.chunks_mut(PART_VALUES));
            let parts = weights.chunks_mut(PART_VALUES).zip(gradients.chunks(PART_VALUES)).zip(means);
            tasks.extend(parts.map(|part| (part, Adam { decay, ..adam })));
        }
        in_threads(self.compute.threads(), tasks, |(((weights, gradients), (first, second)), adam)| {
            kernels.adamw(weights, gradients, first, second, adam);
        });
    }

    /// Gradients of the last batch, in the order of `Manifest::tensors`.
    pub fn gradients(&self) -> &[Vec<f32>] {
        &self.gradients
    }

    /// The weights as they are now, each clamped to `weight_max`.
    ///
    /// # Errors
    /// When a weight is not finite: training diverged.
    pub fn checkpoint(&self) -> Result<Checkpoint, CheckpointError> {
        let most = self.manifest.weight_max();
        // What is not finite stays so and is refused: clamped, a diverged run would look like a result.
        let clamped = |value: &f32| if value.is_finite() { value.clamp(-most, most) } else { *value };
        let tensors = self.tensors.iter().map(|values| values.iter().map(clamped).collect());
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

/// The list: families that can be trained here.
fn backward(manifest: &Manifest) -> &dyn Backward {
    match manifest.model() {
        Model::Mlp(family) => family,
        Model::Gpt(family) => family,
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
