//! A stream of pseudo-random numbers from a seed: SHA-256 in counter mode (PROTOCOL 12, Stream of numbers).
//!
//! Everything that is drawn here uses it under a label of its own, so that no two uses share numbers: examples of a round, winners,
//! probes, first weights, text.

use sha2::{Digest, Sha256};

/// 32-bit words of one block.
const BLOCK_WORDS: usize = 8;

/// Block `i` is sha256(key ‖ u64be(i)); words are read big-endian, eight from each block. Endless for every use here: 2⁶⁴ blocks.
pub(crate) struct Stream {
    /// Of label and parts.
    key: [u8; 32],
    /// The block that words are taken from now.
    block: [u8; 32],
    counter: u64,
    word: usize,
}

impl Stream {
    /// `key` = sha256(label ‖ parts), all of fixed length for a given label.
    pub(crate) fn new(label: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new_with_prefix(label.as_bytes());
        parts.iter().for_each(|part| hash.update(part));
        Self { key: hash.finalize().into(), block: [0; 32], counter: 0, word: BLOCK_WORDS }
    }

    /// The next 32 bits; a new block is hashed for every eighth.
    fn next(&mut self) -> u32 {
        if self.word == BLOCK_WORDS {
            let hash = Sha256::new_with_prefix(self.key).chain_update(self.counter.to_be_bytes());
            self.block = hash.finalize().into();
            self.counter += 1;
            self.word = 0;
        }
        let words = self.block.as_chunks::<4>().0;
        let word = u32::from_be_bytes(words[self.word]);
        self.word += 1;
        word
    }

    /// Uniform below `bound` (at least 1): words from the incomplete last run of `bound` are rejected.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let words = 1_u64 << 32;
        let limit = words - words % u64::from(bound);
        loop {
            let word = self.next();
            if u64::from(word) < limit {
                return word % bound;
            }
        }
    }

    /// Uniform in [-1, 1) in steps of 2⁻²³: the high 24 bits of a word, exact in binary32.
    fn signed_unit(&mut self) -> f32 {
        let steps = (self.next() >> 8) as i32 - (1 << 23);
        steps as f32 / (1 << 23) as f32
    }

    /// Uniform in [0, 1) in steps of 2⁻³².
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(self.next()) / (1_u64 << 32) as f64
    }

    /// `count` values in ±bound, one word each; the product is rounded.
    pub(crate) fn uniform(&mut self, count: usize, bound: f32) -> Vec<f32> {
        (0..count).map(|_| self.signed_unit() * bound).collect()
    }
}
