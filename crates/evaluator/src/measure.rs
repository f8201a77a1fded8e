//! Passes over examples on several threads: losses, accuracy, prediction; no number of threads changes a bit.
//!
//! Examples are cut into passes, each on one thread with memory of its own; within a pass every target has its own sum in its own
//! order, so how they are cut shows nowhere. Memory is that of one pass for each thread, whatever the number of examples.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::arena::Arena;
use crate::checkpoint::Checkpoint;
use crate::examples::{DataError, Examples, Input, MeasureError, Read, parse_input, tokens_input};
use crate::families::{Batch, Pass};
use crate::isa::Compute;
use crate::loss::{Mean, mean, micronats};
use crate::price::weight_price;
use crate::values::Values;

/// One side of a claim: losses of one checkpoint on the drawn examples, and what they come to (PROTOCOL 12, Loss).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// Micronats of each example, in the order drawn: the mean over its targets, rounded down.
    pub losses: Vec<u32>,
    /// Micronats that the weights cost on the whole set ([`crate::weight_price`]); 0 without a price.
    pub price: u32,
    /// Mean of the losses, rounded down, plus the price; at most `u32::MAX`. This is a claim's `base` or `loss`.
    pub mean: u32,
}

/// How many targets a checkpoint predicts rightly. For people: nothing in the protocol asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accuracy {
    /// Targets that have the greatest log-probability, the first of equals.
    pub right: u32,
    /// All targets.
    pub total: u32,
}

impl Accuracy {
    /// Share of right predictions, 0 to 1; 0 of none.
    pub fn share(&self) -> f64 {
        f64::from(self.right) / f64::from(self.total.max(1))
    }
}

/// Loss of each drawn example, and the price of the weights, with everything this machine has; other choices of [`Compute`] give the
/// same bits. `examples` is the whole set that `drawn` was drawn from, `drawn` indices into it, in the order of the result.
///
/// ```
/// use evaluator::{Checkpoint, Compute, Examples, Isa, Manifest, evaluate};
///
/// let manifest = Manifest::from_bytes(
///     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
/// )?;
/// let examples = Examples::parse(&manifest, [("a.csv", "4,0,1\n0,4,2\n4,4,0\n")])?;
/// // Weights of nothing guess: every one of three classes has the loss ln 3.
/// let guess = Checkpoint::from_tensors(&manifest, vec![vec![0.0; 6], vec![0.0; 3]])?;
/// let measured = evaluate(&guess, &examples, &[2, 0])?;
/// assert_eq!((measured.losses, measured.price, measured.mean), (vec![1_098_612; 2], 0, 1_098_612));
/// // Whatever the processor and the number of threads.
/// let other = Compute::new(Isa::Portable, 3)?.evaluate(&guess, &examples, &[2, 0])?;
/// assert_eq!(other.mean, 1_098_612);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When checkpoint, examples and indices do not belong together.
pub fn evaluate(checkpoint: &Checkpoint, examples: &Examples, drawn: &[u32]) -> Result<Measurement, MeasureError> {
    Compute::detect().evaluate(checkpoint, examples, drawn)
}

/// Predictions on all examples of a set, say a held-out one: a target counts as right if its class has the greatest log-probability.
///
/// # Errors
/// When checkpoint and examples do not belong together.
pub fn accuracy(checkpoint: &Checkpoint, examples: &Examples) -> Result<Accuracy, MeasureError> {
    Compute::detect().accuracy(checkpoint, examples)
}

/// Log-probability of each class for one line of features without a label, or of each token after a text: natural logarithms, as many
/// as the manifest has outputs. Of a text longer than the context the end counts.
///
/// ```
/// use evaluator::{Checkpoint, Manifest, predict};
///
/// let manifest = Manifest::from_bytes(
///     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
/// )?;
/// let row = predict(&Checkpoint::initial(&manifest, [5; 32]), "4,-2")?;
/// let sum: f32 = row.iter().map(|value| value.exp()).sum();
/// assert!(row.len() == 3 && (sum - 1.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the line or text is none that the manifest allows.
pub fn predict(checkpoint: &Checkpoint, line: &str) -> Result<Vec<f32>, DataError> {
    Compute::detect().predict(checkpoint, line)
}

impl Compute {
    /// As the function [`evaluate`], with this instruction set and so many threads.
    ///
    /// # Errors
    /// When checkpoint, examples and indices do not belong together.
    pub fn evaluate(self, checkpoint: &Checkpoint, examples: &Examples, drawn: &[u32]) -> Result<Measurement, MeasureError> {
        let add = |mean: &mut Mean, target: Target<'_>| mean.add(micronats(-target.log_probabilities[target.class]));
        let means = self.each(checkpoint, examples, drawn, add)?;
        let losses: Vec<u32> = means.into_iter().map(Mean::floor).collect();
        let price = weight_price(checkpoint, examples.whole_len());
        Ok(Measurement { mean: mean(&losses).saturating_add(price), price, losses })
    }

    /// As the function [`accuracy`].
    ///
    /// # Errors
    /// When checkpoint and examples do not belong together.
    pub fn accuracy(self, checkpoint: &Checkpoint, examples: &Examples) -> Result<Accuracy, MeasureError> {
        let all: Vec<u32> = (0..examples.len() as u32).collect();
        let add = |(right, total): &mut (u32, u32), target: Target<'_>| {
            *right += u32::from(greatest(target.log_probabilities) == target.class);
            *total += 1;
        };
        let counts = self.each(checkpoint, examples, &all, add)?;
        let sum = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
        Ok(Accuracy { right: sum.0, total: sum.1 })
    }

    /// As the function [`predict`].
    ///
    /// # Errors
    /// When the line or text is none that the manifest allows.
    pub fn predict(self, checkpoint: &Checkpoint, line: &str) -> Result<Vec<f32>, DataError> {
        let input = parse_input(checkpoint.manifest(), line)?;
        Ok(self.last_row(&mut Arena::default(), checkpoint, &input))
    }

    /// Log-probability of each token after some: what a model of text is asked without its tokenizer, and one of shards at all.
    ///
    /// # Errors
    /// When there is no token, one is beyond the vocabulary, or the model is none of text or tokens.
    pub fn predict_tokens(self, checkpoint: &Checkpoint, tokens: &[u32]) -> Result<Vec<f32>, DataError> {
        let input = tokens_input(checkpoint.manifest(), tokens)?;
        Ok(self.last_row(&mut Arena::default(), checkpoint, &input))
    }

    /// Log-probabilities after the last token, or of the only target.
    pub(crate) fn last_row(self, arena: &mut Arena, checkpoint: &Checkpoint, input: &Input) -> Vec<f32> {
        let (features, tokens);
        let batch = match input {
            Input::Features(values) => {
                features = [values.as_slice()];
                Batch::Features(&features)
            }
            Input::Tokens(values) => {
                tokens = [values.as_slice()];
                Batch::Tokens(&tokens)
            }
        };
        let mut last = Vec::new();
        let pass = Pass { kernels: self.kernels(), tensors: &checkpoint.values(), packed: &[], arena };
        checkpoint.manifest().family().forward(pass, batch, &mut |_, row| {
            last.clear();
            last.extend_from_slice(row);
        });
        last
    }

    /// Folds the targets of each drawn example, in order, into a value of its own.
    pub(crate) fn each<V: Clone + Default + Send>(
        self,
        checkpoint: &Checkpoint,
        examples: &Examples,
        drawn: &[u32],
        add: impl Fn(&mut V, Target<'_>) + Sync,
    ) -> Result<Vec<V>, MeasureError> {
        if !examples.fit(checkpoint.manifest()) {
            return Err(MeasureError::OtherManifest);
        }
        examples.check_held(drawn)?;
        let most = checkpoint.manifest().family().examples_per_pass();
        let size = drawn.len().div_ceil(self.threads()).clamp(1, most);
        let parts: Vec<&[u32]> = drawn.chunks(size).collect();
        let job = Job { compute: self, checkpoint, tensors: &checkpoint.values(), examples, add: &add };
        let passes: Result<Vec<Vec<V>>, MeasureError> =
            in_threads(self.threads(), parts.len(), |arena, index| job.pass(arena, parts[index])).into_iter().collect();
        Ok(passes?.into_iter().flatten().collect())
    }
}

/// One target of an example.
pub(crate) struct Target<'a> {
    /// Its number within the example; one more are still to come until it is `last`.
    pub(crate) last: bool,
    /// The class or token that is right.
    pub(crate) class: usize,
    pub(crate) log_probabilities: &'a [f32],
}

/// What the passes of one measurement share.
struct Job<'a, F> {
    /// How to compute.
    compute: Compute,
    checkpoint: &'a Checkpoint,
    /// Its weights where they lie: none is copied as a whole.
    tensors: &'a [Values<'a>],
    examples: &'a Examples,
    /// What is done with each target.
    add: &'a F,
}

impl<F> Job<'_, F> {
    /// One pass over examples all of which exist; a shard may have been let go by now.
    fn pass<V: Clone + Default>(&self, arena: &mut Arena, part: &[u32]) -> Result<Vec<V>, MeasureError>
    where
        F: Fn(&mut V, Target<'_>),
    {
        let mut values = vec![V::default(); part.len()];
        let examples = part.iter().map(|index| self.examples.read(*index)).collect::<Result<Vec<Read<'_>>, MeasureError>>()?;
        let features: Vec<&[f32]> = examples.iter().filter_map(Read::features).collect();
        let inputs: Vec<&[u32]> = examples.iter().filter_map(Read::inputs).collect();
        let batch = if inputs.is_empty() { Batch::Features(&features) } else { Batch::Tokens(&inputs) };
        let targets = if inputs.is_empty() { 1 } else { self.examples.inputs() };
        let pass = Pass { kernels: self.compute.kernels(), tensors: self.tensors, packed: &[], arena };
        self.checkpoint.manifest().family().forward(pass, batch, &mut |row, log_probabilities| {
            let (example, place) = (row / targets, row % targets);
            let class = examples[example].target(place);
            (self.add)(&mut values[example], Target { last: place + 1 == targets, class, log_probabilities });
        });
        Ok(values)
    }
}

/// Results of `work` for each index below `count`, in order; each thread takes the next one that nobody has.
fn in_threads<V: Send>(threads: usize, count: usize, work: impl Fn(&mut Arena, usize) -> V + Sync) -> Vec<V> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut arena = Arena::default();
        let mut results = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return results;
            }
            results.push((index, work(&mut arena, index)));
        }
    };
    let mut results = thread::scope(|scope| {
        // A thread that cannot start costs time only: the others take its share.
        let started: Vec<_> = (1..threads.min(count)).filter_map(|_| thread::Builder::new().spawn_scoped(scope, take).ok()).collect();
        let mut results = take();
        results.extend(started.into_iter().flat_map(|thread| match thread.join() {
            Ok(results) => results,
            Err(panic) => std::panic::resume_unwind(panic),
        }));
        results
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, value)| value).collect()
}

/// Index of the greatest value, the first of equals.
pub(crate) fn greatest(row: &[f32]) -> usize {
    let first = row.first().copied().unwrap_or_default();
    let best = row.iter().enumerate().fold((0, first), |best, (index, value)| if *value > best.1 { (index, *value) } else { best });
    best.0
}
