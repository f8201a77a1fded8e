//! The order of examples: each once in a pass, every pass in another order, both known from seed and step alone.

/// What is added to the state before each word.
const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;

/// Batches of a training set, for ever.
pub(crate) struct Order {
    count: u32,
    /// Examples of a step.
    batch: u32,
    seed: u64,
    /// The pass whose order is held.
    pass: Option<u64>,
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

    /// Numbers of the examples of a step, counted from 0; what is left of a pass and fills no batch is left out.
    pub(crate) fn batch(&mut self, step: u32) -> &[u32] {
        let batches = self.count / self.batch;
        let (pass, place) = (u64::from(step / batches), step % batches);
        if self.pass != Some(pass) {
            self.order = shuffled(self.count, self.seed, pass);
            self.pass = Some(pass);
        }
        let first = (place * self.batch) as usize;
        &self.order[first..first + self.batch as usize]
    }
}

/// A Fisher–Yates shuffle, from the front, by words of SplitMix64 (Steele, Lea and Flood, 2014): it must never change, for it decides
/// the bits of a run.
fn shuffled(count: u32, seed: u64, pass: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    let mut state = mixed(seed).wrapping_add(mixed(pass.wrapping_mul(STRIDE)));
    for index in 0..count {
        state = state.wrapping_add(STRIDE);
        // The high word of a product: of 2⁶⁴ words at most 2³² are spread unevenly, which nobody can measure.
        let below = (u128::from(mixed(state)) * u128::from(count - index)) >> 64;
        order.swap(index as usize, index as usize + below as usize);
    }
    order
}

/// A word in which every bit depends on every bit.
fn mixed(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::{Order, STRIDE, mixed, shuffled};

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
