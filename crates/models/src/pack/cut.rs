//! Where one shard ends and the next begins.
//!
//! Windows lie within shards. So a shard ends with a whole window, and the next begins where its next window would have begun: what both
//! windows see is in both shards.

use sha2::{Digest as _, Sha256};

use super::{PackOptions, Shard};
use crate::refusal::Refusal;

/// Most different tokens of which each takes two bytes.
const NARROW_MAX: u32 = 1 << 16;
/// Most tokens of a shard, as the evaluator has it: 2²⁷.
const SHARD_TOKENS_MAX: u32 = 1 << 27;

/// Tokens that wait for their shard.
pub(super) struct Cutter {
    /// Tokens of an example, and from one to the next.
    window: usize,
    stride: usize,
    /// Examples of a full shard.
    examples: usize,
    is_narrow: bool,
    waiting: Vec<u32>,
    /// Tokens of those that are in a shard already.
    shared: usize,
    /// Tokens that come before the next shard begins.
    gap: usize,
}

impl Cutter {
    pub(super) fn new(options: &PackOptions) -> Result<Self, Refusal> {
        if options.stride == 0 || options.context == 0 || options.shard_tokens > SHARD_TOKENS_MAX || options.context >= SHARD_TOKENS_MAX {
            return Err(Refusal::new("context and stride are at least 1, and a shard has at most 134,217,728 tokens: choose others"));
        }
        let (window, stride) = (options.context as usize + 1, options.stride as usize);
        let more = (options.shard_tokens as usize).saturating_sub(window) / stride;
        let is_narrow = options.vocabulary <= NARROW_MAX;
        Ok(Self { window, stride, examples: more + 1, is_narrow, waiting: Vec::new(), shared: 0, gap: 0 })
    }

    /// Tokens of so many examples.
    fn length(&self, examples: usize) -> usize {
        (examples - 1) * self.stride + self.window
    }

    /// Takes one more token; a shard that it fills, with the number of its examples.
    pub(super) fn push(&mut self, token: u32) -> Option<(Shard, u64)> {
        if self.gap > 0 {
            self.gap -= 1;
            return None;
        }
        self.waiting.push(token);
        let length = self.length(self.examples);
        if self.waiting.len() < length {
            return None;
        }
        let shard = self.shard(length);
        let begun = self.examples * self.stride;
        self.gap = begun.saturating_sub(length);
        self.waiting.drain(..begun.min(length));
        self.shared = self.waiting.len();
        Some((shard, self.examples as u64))
    }

    /// The shard of what is left, if it holds an example, and how many tokens are in none.
    pub(super) fn finish(&mut self) -> (Option<(Shard, u64)>, u64) {
        let left = self.waiting.len();
        if left < self.window {
            return (None, (left - self.shared.min(left)) as u64);
        }
        let examples = (left - self.window) / self.stride + 1;
        let length = self.length(examples);
        (Some((self.shard(length), examples as u64)), (left - length) as u64)
    }

    fn shard(&self, length: usize) -> Shard {
        let tokens = self.waiting.iter().take(length);
        let bytes: Vec<u8> = match self.is_narrow {
            true => tokens.flat_map(|token| (*token as u16).to_le_bytes()).collect(),
            false => tokens.flat_map(|token| token.to_le_bytes()).collect(),
        };
        Shard { digest: Sha256::digest(&bytes).into(), bytes, tokens: length as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The windows of all shards, as the evaluator takes them.
    fn windows(shards: &[Shard], window: usize, stride: usize) -> Vec<Vec<u32>> {
        let tokens =
            |shard: &Shard| shard.bytes.as_chunks::<2>().0.iter().map(|token| u16::from_le_bytes(*token).into()).collect::<Vec<u32>>();
        shards.iter().flat_map(|shard| tokens(shard).windows(window).step_by(stride).map(<[u32]>::to_vec).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn shards_hold_exactly_the_windows_of_the_whole_stream() {
        for (context, stride, shard_tokens) in
            [(4, 4, 16), (4, 4, 17), (4, 1, 10), (4, 7, 30), (4, 9, 5), (1, 1, 1), (8, 3, 100), (4, 4, 1000)]
        {
            for count in 0..200_u32 {
                let options = PackOptions {
                    field: String::new(),
                    vocabulary: 256,
                    context,
                    stride,
                    shard_tokens,
                    keeps_duplicates: false,
                    end: None,
                };
                let mut cutter = Cutter::new(&options).unwrap();
                let mut made: Vec<(Shard, u64)> = (0..count).filter_map(|token| cutter.push(token)).collect();
                let (last, unused) = cutter.finish();
                made.extend(last);
                let (window, step) = (context as usize + 1, stride as usize);
                let whole: Vec<Vec<u32>> = (0..count).collect::<Vec<_>>().windows(window).step_by(step).map(<[u32]>::to_vec).collect();
                let shards: Vec<Shard> = made.iter().map(|(shard, _)| shard.clone()).collect();
                assert_eq!(windows(&shards, window, step), whole, "{context} {stride} {shard_tokens} {count}");
                assert_eq!(made.iter().map(|(_, examples)| *examples).sum::<u64>(), whole.len() as u64);
                let covered = whole.last().and_then(|window| window.last()).map_or(0, |last| u64::from(*last) + 1);
                assert!(unused <= u64::from(count) - covered && (stride > context + 1 || unused == u64::from(count) - covered), "{unused}");
                assert!(made.iter().all(|(shard, _)| shard.tokens <= shard_tokens.max(context + 1)));
            }
        }
    }

    #[test]
    fn tokens_take_two_bytes_up_to_65536_of_them_and_four_beyond() {
        for (vocabulary, bytes) in [(65_536, 4), (65_537, 8)] {
            let options = PackOptions {
                field: String::new(),
                vocabulary,
                context: 1,
                stride: 1,
                shard_tokens: 2,
                keeps_duplicates: false,
                end: None,
            };
            let mut cutter = Cutter::new(&options).unwrap();
            assert_eq!(cutter.push(1), None);
            let (shard, examples) = cutter.push(65_535).expect("a shard");
            assert_eq!((shard.bytes.len(), shard.tokens, examples), (bytes, 2, 1));
            assert_eq!(shard.digest, <[u8; 32]>::from(Sha256::digest(&shard.bytes)));
        }
    }
}
