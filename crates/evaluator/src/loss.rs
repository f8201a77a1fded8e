//! What a claim is made of: losses in micronats, their mean and their root; and the same pass for accuracy and prediction.

use std::num::NonZero;
use std::ops::Range;
use std::thread;

use crate::checkpoint::Checkpoint;
use crate::examples::{DataError, Examples, parse_features};
use crate::mlp::{BATCH_ROWS, Network};

/// Most threads of one measurement.
const THREADS_MAX: usize = 64;
/// Multiplications below which a second thread costs more than it saves.
const THREAD_WORK: u64 = 1 << 22;
/// Micronats of one nat.
const MICRONATS: f64 = 1e6;

/// Why nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MeasureError {
    /// Examples and checkpoint have other inputs or outputs.
    #[error("these examples belong to another manifest than the checkpoint: parse them with its own")]
    OtherManifest,
    /// An index beyond the training set.
    #[error("example {0} is not in the training set: draw from its own length")]
    NoSuchExample(u32),
}

/// One side of a claim: losses of one checkpoint on the drawn examples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// Micronats of each example, in the order drawn.
    pub losses: Vec<u32>,
    /// Their mean, rounded down.
    pub mean: u32,
}

/// How many examples a checkpoint predicts rightly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accuracy {
    /// Examples whose label has the greatest log-probability, the first of equals.
    pub right: u32,
    /// All examples.
    pub total: u32,
}

impl Accuracy {
    /// Share of right predictions, 0 to 1.
    pub fn share(&self) -> f64 {
        f64::from(self.right) / f64::from(self.total.max(1))
    }
}

/// Loss of each drawn example; the bits depend neither on the processor nor on the number of threads.
pub fn evaluate(checkpoint: &Checkpoint, examples: &Examples, drawn: &[u32]) -> Result<Measurement, MeasureError> {
    let losses = each(checkpoint, examples, drawn, |row, label| micronats(-row[label]))?;
    let mean = mean(&losses);
    Ok(Measurement { losses, mean })
}

/// Predictions on all examples of a set, say a held-out one.
pub fn accuracy(checkpoint: &Checkpoint, examples: &Examples) -> Result<Accuracy, MeasureError> {
    let all: Vec<u32> = (0..examples.len() as u32).collect();
    let right = each(checkpoint, examples, &all, |row, label| u32::from(greatest(row) == label))?;
    Ok(Accuracy { right: right.iter().sum(), total: all.len() as u32 })
}

/// Log-probability of each class for one line of features without a label.
pub fn predict(checkpoint: &Checkpoint, line: &str) -> Result<Vec<f32>, DataError> {
    let features = parse_features(checkpoint.manifest(), line)?;
    let mut row = Network::new(checkpoint).log_probabilities(&features);
    row.truncate(checkpoint.manifest().outputs() as usize);
    Ok(row)
}

/// NLL in nats × 10⁶, ties to even; below 0 counts as 0, above u32 and not finite as `u32::MAX`.
pub fn micronats(nats: f32) -> u32 {
    if nats.is_finite() {
        // The product of 24 and 14 significant bits is exact; the cast clamps.
        (f64::from(nats) * MICRONATS).round_ties_even() as u32
    } else {
        u32::MAX
    }
}

/// Mean rounded down; of nothing: `u32::MAX`, on which nobody can improve.
pub fn mean(losses: &[u32]) -> u32 {
    let sum: u64 = losses.iter().map(|loss| u64::from(*loss)).sum();
    sum.checked_div(losses.len() as u64).map_or(u32::MAX, |mean| mean as u32)
}

/// RFC 6962 root over one leaf u32be(base) ‖ u32be(new) per example, in the order drawn; the shorter side counts.
pub fn loss_root(base: &[u32], new: &[u32]) -> [u8; 32] {
    let pairs = base.iter().zip(new);
    deltas::merkle::root(pairs.map(|(base, new)| [base.to_be_bytes(), new.to_be_bytes()].concat()))
}

/// Applies `read` to the log-probabilities and label of each drawn example, in order, on several threads.
pub(crate) fn each<V: Send>(
    checkpoint: &Checkpoint,
    examples: &Examples,
    drawn: &[u32],
    read: impl Fn(&[f32], usize) -> V + Sync,
) -> Result<Vec<V>, MeasureError> {
    check(checkpoint, examples, drawn)?;
    let network = Network::new(checkpoint);
    let outputs = checkpoint.manifest().outputs() as usize;
    let part = |range: Range<usize>| -> Vec<V> {
        let batches = drawn[range].chunks(BATCH_ROWS);
        let batches = batches.flat_map(|batch| batch_of(&network, examples, batch, outputs, &read));
        batches.collect()
    };
    let work = checkpoint.manifest().parameters().saturating_mul(drawn.len() as u64);
    Ok(in_threads(drawn.len(), threads(work), part))
}

fn check(checkpoint: &Checkpoint, examples: &Examples, drawn: &[u32]) -> Result<(), MeasureError> {
    let manifest = checkpoint.manifest();
    if manifest.inputs() as usize != examples.inputs() || manifest.outputs() != examples.outputs() {
        return Err(MeasureError::OtherManifest);
    }
    let beyond = drawn.iter().find(|index| **index as usize >= examples.len());
    beyond.map_or(Ok(()), |index| Err(MeasureError::NoSuchExample(*index)))
}

/// One pass over at most `BATCH_ROWS` examples, all of which exist.
fn batch_of<V>(network: &Network, examples: &Examples, batch: &[u32], outputs: usize, read: impl Fn(&[f32], usize) -> V) -> Vec<V> {
    let mut features = Vec::with_capacity(batch.len() * examples.inputs());
    let rows = batch.iter().filter_map(|index| examples.features(*index as usize));
    rows.for_each(|row| features.extend_from_slice(row));
    let values = network.log_probabilities(&features);
    let labels = batch.iter().filter_map(|index| examples.label(*index as usize));
    let rows = values.chunks_exact(network.stride()).zip(labels);
    rows.map(|(row, label)| read(&row[..outputs], label as usize)).collect()
}

fn threads(work: u64) -> usize {
    let available = thread::available_parallelism().map_or(1, NonZero::get);
    let useful = usize::try_from(work / THREAD_WORK).unwrap_or(usize::MAX);
    available.min(useful).clamp(1, THREADS_MAX)
}

/// Runs `part` on contiguous ranges and joins the results in order; a thread that cannot start costs time only.
fn in_threads<V: Send>(count: usize, threads: usize, part: impl Fn(Range<usize>) -> Vec<V> + Sync) -> Vec<V> {
    let step = count.div_ceil(threads).max(1);
    let ranges: Vec<Range<usize>> = (0..count).step_by(step).map(|start| start..count.min(start + step)).collect();
    thread::scope(|scope| {
        let part = &part;
        let start = |range: &Range<usize>| {
            let range = range.clone();
            thread::Builder::new().spawn_scoped(scope, move || part(range)).ok()
        };
        let started: Vec<_> = ranges.iter().skip(1).map(start).collect();
        let mut values = ranges.first().map_or_else(Vec::new, |range| part(range.clone()));
        for (range, handle) in ranges.iter().skip(1).zip(started) {
            let joined = handle.and_then(|handle| handle.join().ok());
            values.extend(joined.unwrap_or_else(|| part(range.clone())));
        }
        values
    })
}

/// Index of the greatest value, the first of equals.
fn greatest(row: &[f32]) -> usize {
    let first = row.first().copied().unwrap_or_default();
    let best = row.iter().enumerate().fold((0, first), |best, (index, value)| if *value > best.1 { (index, *value) } else { best });
    best.0
}
