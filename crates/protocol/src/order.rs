//! The order in which validators do what one of them has to do: the first at once, each other one some seconds later.

use crate::chain::{GroupView, PositionView};
use crate::ids::{Digest, PositionNumber, keccak256};

/// Positions that may sign.
pub(crate) fn awake(group: &GroupView) -> impl Iterator<Item = &PositionView> {
    group.positions.iter().filter(|position| position.awake)
}

/// Place of a position in the order that the seed gives to the awake ones, and their number.
pub(crate) fn rank(seed: Digest, group: &GroupView, own: PositionNumber) -> (u64, u64) {
    let key = |number: PositionNumber| (keccak256(&[&seed.0[..], &number.0.to_be_bytes()].concat()), number);
    let before = awake(group).filter(|position| key(position.number) < key(own)).count();
    (before as u64, awake(group).count() as u64)
}

/// A seed out of numbers that all know, for what no block draws.
pub(crate) fn seed_of(subject: &str, numbers: &[u64]) -> Digest {
    let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    Digest(keccak256(&[subject.as_bytes(), &numbers].concat()))
}
