//! Batches of a training set: every example once in each pass, each pass in another order.

use evaluator::Examples;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

/// Walks through shuffled examples for ever.
pub(crate) struct Batches {
    order: Vec<usize>,
    next: usize,
    size: usize,
    random: StdRng,
}

/// Examples of one step.
pub(crate) struct Batch {
    /// [rows, inputs] row-major.
    pub(crate) features: Vec<f32>,
    /// [rows]
    pub(crate) labels: Vec<i32>,
}

impl Batches {
    /// `size` is at least 1; equal seeds give equal batches.
    pub(crate) fn new(examples: &Examples, size: usize, seed: u64) -> Self {
        let order: Vec<usize> = (0..examples.len()).collect();
        let size = size.min(order.len());
        Self { next: order.len(), order, size, random: StdRng::seed_from_u64(seed) }
    }

    /// The next `size` examples; what is left of a pass that does not fill a batch is left out.
    pub(crate) fn next(&mut self, examples: &Examples) -> Batch {
        if self.next + self.size > self.order.len() {
            self.order.shuffle(&mut self.random);
            self.next = 0;
        }
        let chosen = &self.order[self.next..self.next + self.size];
        self.next += self.size;
        let rows = chosen.iter().filter_map(|index| examples.features(*index));
        let labels = chosen.iter().filter_map(|index| examples.label(*index));
        // A class is below 65,536: the cast is exact.
        Batch { features: rows.flatten().copied().collect(), labels: labels.map(|label| label as i32).collect() }
    }
}
