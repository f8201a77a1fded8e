//! What is drawn by the hash of a block, so that nobody knows it before: examples of a round, winners of a bounty.

use crate::stream::Stream;

/// Winners of a bounty that are measured at most.
pub const WINNERS_MAX: u32 = 31;

/// Indices of the drawn examples in the order of measurement: all of them, ascending, if `count` is at most `eval_max`;
/// else the first `eval_max` of a Fisher–Yates shuffle. `seed` is the hash of the first block of REVEAL.
pub fn draw(seed: [u8; 32], group: u64, round: u64, count: u32, eval_max: u32) -> Vec<u32> {
    if count <= eval_max {
        return (0..count).collect();
    }
    shuffled(Stream::new("neuron/draw/1", &[&seed, &group.to_be_bytes(), &round.to_be_bytes()]), count, eval_max)
}

/// Places, ascending, of the winners that are measured for a bounty, among its `won` rounds in their order: all if they are at most
/// [`WINNERS_MAX`]; else the last one, and one less of the others. `seed` is the hash of the first block after the term.
pub fn draw_winners(seed: [u8; 32], bounty: u64, won: u32) -> Vec<u32> {
    if won <= WINNERS_MAX {
        return (0..won).collect();
    }
    let mut drawn = shuffled(Stream::new("neuron/bounty/1", &[&seed, &bounty.to_be_bytes()]), won - 1, WINNERS_MAX - 1);
    drawn.sort_unstable();
    drawn.push(won - 1);
    drawn
}

/// The first `most` of a Fisher–Yates shuffle of 0 to `count` − 1.
fn shuffled(mut stream: Stream, count: u32, most: u32) -> Vec<u32> {
    let mut indices: Vec<u32> = (0..count).collect();
    for index in 0..most {
        let other = index + stream.below(count - index);
        indices.swap(index as usize, other as usize);
    }
    indices.truncate(most as usize);
    indices
}
