//! What is drawn by the hash of a block, so that nobody knows it before: examples of a round, winners of a bounty.
//!
//! Both shuffle with the stream of PROTOCOL 12, Stream of numbers; a seed that somebody chose would be an exam that he knows.

use std::collections::HashMap;

use crate::stream::Stream;

/// Winners of a bounty that are measured at most: a bound on what a sponsor can make validators compute.
pub const WINNERS_MAX: u32 = 31;

/// Indices of the drawn examples in the order of measurement: all of them, ascending, if `count` is at most `eval_max`; else the first
/// `eval_max` of a Fisher–Yates shuffle, each once. `seed` is the hash of the first block of REVEAL, `count` the number of examples of
/// the whole set. Losses, and the leaves of a claim's root, follow this order (PROTOCOL 12, Examples of a round).
///
/// ```
/// use evaluator::draw;
///
/// assert_eq!(draw([0; 32], 1, 1, 3, 8), [0, 1, 2]);
/// let drawn = draw([0; 32], 1, 1, 1_000, 8);
/// assert_eq!(drawn.len(), 8);
/// assert_ne!(drawn, draw([0; 32], 1, 2, 1_000, 8), "another round, other examples");
/// ```
pub fn draw(seed: [u8; 32], group: u64, round: u64, count: u32, eval_max: u32) -> Vec<u32> {
    if count <= eval_max {
        return (0..count).collect();
    }
    shuffled(Stream::new("neuron/draw/1", &[&seed, &group.to_be_bytes(), &round.to_be_bytes()]), count, eval_max)
}

/// Places, ascending, of the winners that are measured for a bounty, among its `won` rounds in their order: all if they are at most
/// [`WINNERS_MAX`]; else the last one, and one less of the others. `seed` is the hash of the first block after the term, so that nobody
/// knows while racing which rounds will be looked at (PROTOCOL 18).
pub fn draw_winners(seed: [u8; 32], bounty: u64, won: u32) -> Vec<u32> {
    if won <= WINNERS_MAX {
        return (0..won).collect();
    }
    let mut drawn = shuffled(Stream::new("neuron/bounty/1", &[&seed, &bounty.to_be_bytes()]), won - 1, WINNERS_MAX - 1);
    drawn.sort_unstable();
    drawn.push(won - 1);
    drawn
}

/// Places, ascending, of the shards of a part of a set: all of them, if `count` is at most `most`.
pub(crate) fn draw_part(seed: [u8; 32], count: u32, most: u32) -> Vec<u32> {
    let mut drawn = shuffled(Stream::new("neuron/part/1", &[&seed]), count, most);
    drawn.sort_unstable();
    drawn
}

/// The first `most` of a Fisher–Yates shuffle of 0 to `count` − 1. Only what stands at another place than its own is remembered, so that
/// few of billions take little memory.
fn shuffled(mut stream: Stream, count: u32, most: u32) -> Vec<u32> {
    let mut moved: HashMap<u32, u32> = HashMap::new();
    let mut next = |index| {
        let other = index + stream.below(count - index);
        let here = moved.remove(&index).unwrap_or(index);
        if other == index { here } else { moved.insert(other, here).unwrap_or(other) }
    };
    (0..most.min(count)).map(&mut next).collect()
}
