//! Which examples a round is measured on: a permutation that nobody knows before REVEAL begins.

use crate::stream::Stream;

/// Indices of the drawn examples in the order of measurement: all of them, ascending, if `count` is at most `eval_max`;
/// else the first `eval_max` of a Fisher–Yates shuffle. `seed` is the hash of the first block of REVEAL.
pub fn draw(seed: [u8; 32], group: u64, round: u64, count: u32, eval_max: u32) -> Vec<u32> {
    let mut indices: Vec<u32> = (0..count).collect();
    if count <= eval_max {
        return indices;
    }
    let parts: [&[u8]; 3] = [&seed, &group.to_be_bytes(), &round.to_be_bytes()];
    let mut stream = Stream::new("neuron/draw/1", &parts);
    for index in 0..eval_max {
        let other = index + stream.below(count - index);
        indices.swap(index as usize, other as usize);
    }
    indices.truncate(eval_max as usize);
    indices
}
