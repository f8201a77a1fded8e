//! Tests of training: both engines against the canonical evaluator, runs that stop and go on, notes, starts, rounds on the digits.

#![allow(clippy::unwrap_used, reason = "what must hold here and does not fails the test")]

mod agreement;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod devices;
mod digits;
mod notes;
mod refusals;
mod resume;
mod sets;
mod shards;
mod starts;
