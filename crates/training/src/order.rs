//! The order of examples: each once in a pass, every pass in another order, both known from seed and step alone.

use std::collections::HashMap;

/// What is added to the state before each word.
const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;

/// Longest order that is held whole, 4 MiB; of a longer one only what has moved.
const WHOLE_MAX: u32 = 1 << 20;

/// Batches of a training set, for ever.
pub(crate) struct Order {
    count: u32,
    /// Examples of a step.
    batch: u32,
    seed: u64,
    /// The pass that batches are taken from.
    pass: Option<Pass>,
    /// The last batch.
    order: Vec<u32>,
}

impl Order {
    /// `count` and `batch` are at least 1; a batch greater than the set is the whole set.
    pub(crate) fn new(count: u32, batch: u32, seed: u64) -> Self {
        Self { count, batch: batch.min(count), seed, pass: None, order: Vec::new() }
    }

    /// Examples of a step.
    pub(crate) fn batch_len(&self) -> u32 {
        self.batch
    }

    /// Numbers of the examples of a step, counted from 0; what is left of a pass and fills no batch is left out. Steps in turn cost a batch
    /// each; going back begins the pass again.
    pub(crate) fn batch(&mut self, step: u32) -> &[u32] {
        let batches = self.count / self.batch;
        let (number, first) = (u64::from(step / batches), step % batches * self.batch);
        let begun = self.pass.take().filter(|pass| pass.number == number && pass.next <= first);
        let mut pass = begun.unwrap_or_else(|| Pass::new(self.count, self.seed, number));
        while pass.next < first {
            pass.take();
        }
        self.order.clear();
        self.order.extend((0..self.batch).map(|_| pass.take()));
        self.pass = Some(pass);
        &self.order
    }
}

/// A Fisher–Yates shuffle, from the front, by words of SplitMix64 (Steele, Lea and Flood, 2014): it must never change, for it decides
/// the bits of a run.
struct Pass {
    number: u64,
    count: u32,
    /// Places that were taken so far.
    next: u32,
    state: u64,
    places: Places,
}

/// What stands at each place that is still to be taken.
enum Places {
    /// All of them.
    Whole(Vec<u32>),
    /// Those at which another number than their own stands: one for each that was taken, at most.
    Moved(HashMap<u32, u32>),
}

impl Pass {
    fn new(count: u32, seed: u64, number: u64) -> Self {
        let state = mixed(seed).wrapping_add(mixed(number.wrapping_mul(STRIDE)));
        let places = if count > WHOLE_MAX { Places::Moved(HashMap::new()) } else { Places::Whole((0..count).collect()) };
        Self { number, count, next: 0, state, places }
    }

    /// The next example; there are no more than `count`.
    fn take(&mut self) -> u32 {
        let index = self.next;
        self.state = self.state.wrapping_add(STRIDE);
        // The high word of a product: of 2⁶⁴ words at most 2³² are spread unevenly, which nobody can measure.
        let below = (u128::from(mixed(self.state)) * u128::from(self.count - index)) >> 64;
        self.next += 1;
        self.places.swap(index, index + below as u32)
    }
}

impl Places {
    /// Exchanges the numbers at two places, of which the first is asked for no more, and returns that which comes there.
    fn swap(&mut self, index: u32, other: u32) -> u32 {
        match self {
            Self::Whole(order) => {
                order.swap(index as usize, other as usize);
                order[index as usize]
            }
            Self::Moved(moved) => {
                let here = moved.remove(&index).unwrap_or(index);
                if other == index { here } else { moved.insert(other, here).unwrap_or(other) }
            }
        }
    }
}

/// A word in which every bit depends on every bit.
fn mixed(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::{Order, Pass, Places, STRIDE, mixed};

    /// A whole pass.
    fn shuffled(count: u32, seed: u64, number: u64) -> Vec<u32> {
        let mut pass = Pass::new(count, seed, number);
        (0..count).map(|_| pass.take()).collect()
    }

    #[test]
    fn words_are_those_of_splitmix64() {
        let words: Vec<u64> = (1..4).map(|index| mixed(STRIDE.wrapping_mul(index))).collect();
        assert_eq!(words, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
    }

    #[test]
    fn the_order_never_changes() {
        assert_eq!(shuffled(10, 7, 0), [5, 3, 9, 2, 7, 6, 4, 8, 1, 0]);
        assert_eq!(shuffled(10, 7, 1), [7, 5, 0, 1, 6, 4, 9, 8, 2, 3]);
        assert_eq!(shuffled(10, u64::MAX, 0), [6, 7, 4, 3, 8, 5, 1, 9, 0, 2]);
    }

    #[test]
    fn what_has_moved_is_enough_to_know_the_order() {
        for (count, seed, number) in [(1, 3, 0), (2, 9, 1), (10, 7, 0), (1_000, 1, 4)] {
            let mut pass = Pass { places: Places::Moved(super::HashMap::new()), ..Pass::new(count, seed, number) };
            let moved: Vec<u32> = (0..count).map(|_| pass.take()).collect();
            assert_eq!(moved, shuffled(count, seed, number));
            assert!(matches!(pass.places, Places::Moved(moved) if moved.is_empty()), "nothing is kept of what was taken");
        }
    }

    #[test]
    fn batches_of_billions_of_examples_come_one_by_one() {
        let mut order = Order::new(u32::MAX, 1_000, 7);
        let batches: Vec<Vec<u32>> = (0..20).map(|step| order.batch(step).to_vec()).collect();
        let mut seen = batches.concat();
        assert!((0..4_u64).all(|quarter| seen.iter().filter(|index| (u64::from(**index) * 4) >> 32 == quarter).count() > 4_500));
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 20_000);
        assert_eq!(order.batch(3), batches[3], "going back gives the same batch");
        assert_eq!(order.batch(17), batches[17], "and so does skipping some");
    }

    #[test]
    fn a_pass_takes_each_example_once_and_leaves_out_what_fills_no_batch() {
        let mut order = Order::new(11, 3, 5);
        let passes: Vec<Vec<u32>> = (0..2).map(|pass| (0..3).flat_map(|place| order.batch(pass * 3 + place).to_vec()).collect()).collect();
        for pass in &passes {
            let mut seen = pass.clone();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), 9);
        }
        assert_ne!(passes[0], passes[1]);
        assert_eq!(order.batch(1), &passes[0][3..6], "going back gives the same batch");
        assert_eq!(Order::new(3, 8, 5).batch(9).len(), 3, "a small set is used whole");
    }
}
