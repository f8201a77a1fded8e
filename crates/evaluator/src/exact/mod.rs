//! Training on the evaluator's own kernels: base, data, order of examples and settings determine every bit, on any processor
//! and any number of threads.
//!
//! Every gradient is a sum over rows in the order of the batch, from +0, with fused multiply-add, each in one accumulator:
//! threads share out rows of activations and rows of weights, never a sum. The price of weights, if there is one, is added last.
//! Frozen tensors have no gradient, and gradients go back no further than some tensor is trained.

mod phases;
mod rule;
mod snapshot;

pub use rule::{AdamW, Rule, Sgd};
pub use snapshot::{Snapshot, SnapshotError};

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use crate::arena::{Aligned, Arena};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::examples::{Examples, MeasureError, Read};
use crate::families::Pass;
use crate::families::tape::{Backward, Batch, Example, Part, Source, Tape, linear_shape};
use crate::isa::Compute;
use crate::kernels::{Adam, Descent, Kernels, Packed};
use crate::manifest::Manifest;
use crate::price::price_slope;
use crate::tensor::TensorSpec;
use crate::values::Values;

use phases::in_phases;

/// Tapes of one thread: so many examples are gone through before sums over them are made.
const TAPES: usize = 2;
/// Rows of a gradient that a thread takes at a time: whole tiles of every instruction set.
const PART_ROWS: usize = 120;
/// Values of a tensor that a thread takes at a time in a step.
const PART_VALUES: usize = 1 << 16;

/// Weights in training, what their rule remembers, gradients and tapes. Base, examples, order of batches and rule determine every bit
/// of the result: whoever repeats a run gets the same file.
///
/// ```
/// use evaluator::{AdamW, Checkpoint, Compute, Exact, Examples, Manifest, Rule, evaluate};
///
/// let manifest = Manifest::from_bytes(
///     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
/// )?;
/// let examples = Examples::parse(&manifest, [("a.csv", "4,0,1\n0,4,2\n4,4,0\n")])?;
/// let base = Checkpoint::initial(&manifest, [1; 32]);
/// let run = |threads| {
///     let mut exact = Exact::new(Compute::new(evaluator::Isa::detect(), threads)?, &base).expect("this family is trained here");
///     for _ in 0..20 {
///         exact.step(&examples, &[0, 1, 2], &Rule::AdamW(AdamW { learning_rate: 0.05, ..AdamW::default() }))?;
///     }
///     Ok::<_, Box<dyn std::error::Error>>(exact.checkpoint()?)
/// };
/// let trained = run(1)?;
/// assert_eq!(trained, run(4)?, "threads change no bit");
/// assert!(evaluate(&trained, &examples, &[0, 1, 2])?.mean < evaluate(&base, &examples, &[0, 1, 2])?.mean);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Exact {
    compute: Compute,
    manifest: Manifest,
    /// Whose backward pass is run.
    family: Box<dyn Backward>,
    state: Snapshot,
    /// Of the last batch, each as its weight.
    gradients: Vec<Vec<f32>>,
    /// Weights of linear layers in panels: every tape uses them.
    packed: Vec<Option<Packed>>,
    /// Whether each tensor is trained: gradients of frozen ones stay +0.
    wanted: Vec<bool>,
    workers: Vec<RwLock<Worker>>,
}

/// Memory of one tape.
struct Worker {
    arena: Arena,
    tape: Tape,
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

    /// Memory for the weights, their gradients, and some tapes for each thread.
    fn start(compute: Compute, manifest: &Manifest, family: Box<dyn Backward>, state: Snapshot) -> Self {
        let len = family.tape_len();
        let tape = || Tape { values: Aligned::zeros(len), rows: 0, tokens: Vec::new() };
        let worker = |_| RwLock::new(Worker { arena: Arena::default(), tape: tape() });
        let gradients = state.tensors.iter().map(|values| vec![0.0; values.len()]).collect();
        let workers = (0..TAPES * compute.threads()).map(worker).collect();
        let specs = manifest.tensors();
        let packed = family.sources().iter().zip(&specs).map(|(sources, spec)| packed(sources, spec)).collect();
        let wanted = specs.iter().map(|spec| !spec.is_frozen).collect();
        Self { compute, manifest: manifest.clone(), family, state, gradients, packed, wanted, workers }
    }

    /// One step on a batch of examples, however many: memory grows by their tokens alone. Returns its mean loss in nats before the step, without
    /// the price of the weights, which the whole set of `examples` shares.
    ///
    /// # Errors
    /// When the examples are of another manifest, or the batch names one that does not exist or whose shard is not held.
    pub fn step(&mut self, examples: &Examples, batch: &[u32], rule: &Rule) -> Result<f32, MeasureError> {
        let loss = self.backward(examples, batch)?;
        self.update(rule);
        Ok(loss)
    }

    /// Mean loss of a batch in nats, without the price of the weights; its gradients, with that of the price, replace those of the last one.
    ///
    /// # Errors
    /// When the examples are of another manifest, or the batch names one that does not exist or whose shard is not held.
    pub fn backward(&mut self, examples: &Examples, batch: &[u32]) -> Result<f32, MeasureError> {
        if !examples.fit(&self.manifest) {
            return Err(MeasureError::OtherManifest);
        }
        let read = batch.iter().map(|index| examples.read(*index)).collect::<Result<Vec<Read<'_>>, MeasureError>>()?;
        let chosen: Vec<Example<'_>> = read.iter().map(example).collect();
        let targets = chosen.iter().map(|example| example.targets()).sum::<usize>().max(1);
        trained(self.gradients.iter_mut(), &self.wanted).for_each(|values| values.fill(0.0));
        let tapes: Vec<&[Example<'_>]> = chosen.chunks(self.family.examples_per_tape()).collect();
        let groups: Vec<&[&[Example<'_>]]> = tapes.chunks(self.workers.len()).collect();
        let (threads, kernels) = (self.compute.threads().min(tapes.len()), self.compute.kernels());
        self.pack(threads);
        let tensors: Vec<Values<'_>> = self.state.tensors.iter().map(Values::from).collect();
        let (family, sources, tensors, packed) = (&self.family, self.family.sources(), &tensors, &self.packed);
        let (workers, wanted, parts) = (&self.workers, &self.wanted, parts(&self.manifest, &mut self.gradients));
        // For each group of tapes: forward and back, then the sums over what they hold.
        let phases: Vec<usize> = groups.iter().flat_map(|group| [group.len(), parts.len()]).collect();
        let losses: Vec<Mutex<f64>> = tapes.iter().map(|_| Mutex::default()).collect();
        in_phases(threads, &phases, |phase, task| {
            let group = groups[phase / 2];
            if phase.is_multiple_of(2) {
                let Worker { arena, tape } = &mut *workers[task].write().unwrap_or_else(PoisonError::into_inner);
                let batch = Batch { examples: group[task], share: 1.0 / targets as f32, wanted };
                let loss = family.run(Pass { kernels, tensors, packed, arena }, batch, tape);
                *locked(&losses[phase / 2 * workers.len() + task]) = loss;
            } else {
                let workers: Vec<_> =
                    workers[..group.len()].iter().map(|worker| worker.read().unwrap_or_else(PoisonError::into_inner)).collect();
                let tapes: Vec<&Tape> = workers.iter().map(|worker| &worker.tape).collect();
                let (tensor, part) = &mut *locked(&parts[task]);
                add_all(&sources[*tensor], kernels, &tapes, part);
            }
        });
        if let Some(slope) = price_slope(&self.manifest, examples.whole_len()) {
            self.add_price(slope);
        }
        let loss = losses.iter().fold(0.0, |sum, loss| sum + *locked(loss));
        Ok((loss / targets as f64) as f32)
    }

    /// Adds slope · (weight − its rest) to each gradient: a product and a sum, each rounded.
    fn add_price(&mut self, slope: f32) {
        let tensors = self.gradients.iter_mut().zip(&self.state.tensors).zip(self.manifest.tensors());
        for ((gradients, weights), spec) in trained(tensors, &self.wanted) {
            let rest = spec.rest();
            gradients.iter_mut().zip(weights).for_each(|(gradient, weight)| *gradient += slope * (weight - rest));
        }
    }

    /// Puts the weights of linear layers into panels, as they are before a batch.
    fn pack(&mut self, threads: usize) {
        let kernels = self.compute.kernels();
        let weights = self.state.tensors.iter().zip(&mut self.packed).filter_map(|(weight, packed)| Some((weight, packed.as_mut()?)));
        in_threads(threads, weights, |(weight, packed)| kernels.pack_weight(Values::from(*weight), packed));
    }

    /// One step with the gradients of the last batch, clipped together, each tensor cut among threads; frozen ones stay as they are.
    pub fn update(&mut self, rule: &Rule) {
        let scale = self.scale(rule.clip());
        let decays = self.manifest.tensors().into_iter().map(|spec| if spec.shape.len() > 1 { rule.decay() } else { 0.0 });
        let weights = trained(self.state.tensors.iter_mut().zip(&self.gradients).zip(decays), &self.wanted);
        let (values, kernels) = (self.manifest.parameters() as usize, self.compute.kernels());
        let threads = self.compute.threads().min(values.div_ceil(PART_VALUES));
        match rule {
            Rule::AdamW(settings) => {
                let adam = settings.at(&mut self.state.powers, scale);
                let means = trained(self.state.first.iter_mut().zip(&mut self.state.second), &self.wanted);
                let tasks = weights.zip(means).flat_map(|(((weights, gradients), decay), (first, second))| {
                    let means = first.chunks_mut(PART_VALUES).zip(second.chunks_mut(PART_VALUES));
                    let parts = weights.chunks_mut(PART_VALUES).zip(gradients.chunks(PART_VALUES)).zip(means);
                    parts.map(move |part| (part, Adam { decay, ..adam }))
                });
                in_threads(threads, tasks, |(((weights, gradients), (first, second)), adam)| {
                    kernels.adamw(weights, gradients, first, second, *adam);
                });
            }
            Rule::Sgd(Sgd { learning_rate, .. }) => {
                let tasks = weights.flat_map(|((weights, gradients), decay)| {
                    let parts = weights.chunks_mut(PART_VALUES).zip(gradients.chunks(PART_VALUES));
                    parts.map(move |part| (part, Descent { learning_rate: *learning_rate, decay, scale }))
                });
                in_threads(threads, tasks, |((weights, gradients), descent)| kernels.descend(weights, gradients, *descent));
            }
        }
    }

    /// Factor that keeps the gradient of all trained weights together within `clip`.
    fn scale(&self, clip: Option<f32>) -> f32 {
        let Some(clip) = clip else { return 1.0 };
        let mut squares = 0.0;
        trained(self.gradients.iter(), &self.wanted).for_each(|values| self.compute.kernels().squares(values, &mut squares));
        let norm = squares.sqrt();
        if norm > clip { clip / norm } else { 1.0 }
    }

    /// Gradients of the last batch, in the order of [`Manifest::tensors`]: nats for each unit of a weight; of frozen tensors +0.
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
        Checkpoint::clamped(&self.manifest, self.state.tensors.clone())
    }
}

/// An example of the set, whichever kind it is.
fn example<'a>(read: &'a Read<'_>) -> Example<'a> {
    match read {
        Read::Row(features, label) => Example::Labelled(features, *label),
        Read::Window(tokens) => Example::Window(tokens),
    }
}

/// Room for a tensor in panels, if it is the weight of a linear layer.
fn packed(sources: &[Source], spec: &TensorSpec) -> Option<Packed> {
    linear_shape(sources, spec).map(|(outputs, inputs)| Packed::new(outputs, inputs))
}

/// Those of the tensors' items whose tensor is trained.
fn trained<T>(items: impl Iterator<Item = T>, wanted: &[bool]) -> impl Iterator<Item = T> {
    items.zip(wanted).filter_map(|(item, wanted)| wanted.then_some(item))
}

/// Parts of the gradients of trained tensors, each with the number of its tensor.
fn parts<'a>(manifest: &Manifest, gradients: &'a mut [Vec<f32>]) -> Vec<Mutex<(usize, Part<'a>)>> {
    let part = |(tensor, (values, spec)): (usize, (&'a mut Vec<f32>, TensorSpec))| {
        let columns = spec.shape.last().map_or(1, |columns| *columns as usize);
        let cut = move |(index, values)| Mutex::new((tensor, Part { values, first: index * PART_ROWS, columns }));
        values.chunks_mut(PART_ROWS * columns).enumerate().map(cut)
    };
    gradients.iter_mut().zip(manifest.tensors()).enumerate().filter(|(_, (_, spec))| !spec.is_frozen).flat_map(part).collect()
}

/// Adds what each tape says, tape after tape.
fn add_all(sources: &[Source], kernels: Kernels, tapes: &[&Tape], part: &mut Part<'_>) {
    match sources {
        [source] => source.add(kernels, tapes, part),
        _ => tapes.chunks(1).for_each(|tape| sources.iter().for_each(|source| source.add(kernels, tape, part))),
    }
}

/// Does every task, whoever comes first.
fn in_threads<T: Send>(threads: usize, tasks: impl Iterator<Item = T>, work: impl Fn(&mut T) + Sync) {
    let tasks: Vec<Mutex<T>> = tasks.map(Mutex::new).collect();
    in_phases(threads, &[tasks.len()], |_, task| work(&mut locked(&tasks[task])));
}

/// A task that panics ends the computation: nobody sees what it left.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
