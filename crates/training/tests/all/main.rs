//! Tests of training: burn against the canonical evaluator, and rounds on the digits.

#![allow(clippy::unwrap_used, reason = "what must hold here and does not fails the test")]

mod agreement;
mod digits;
mod refusals;
