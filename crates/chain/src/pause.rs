//! Pauses after failures: short at first, so that a hiccup costs no block; never in step with anything.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LIMIT: Duration = Duration::from_secs(2);

/// The pause after so many failures in a row, from 1: 100 ms, doubled each time up to 2 s, and by chance up to a fourth longer.
pub fn after(failures: u32) -> Duration {
    let pause = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(8)).min(LIMIT);
    // Each state of the standard library's hasher is drawn anew.
    let drawn = RandomState::new().hash_one(failures) % 1_000;
    pause + pause * drawn as u32 / 4_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_short_at_first_and_bounded_and_no_two_are_alike() {
        for (failures, least_ms) in [(0, 100), (1, 100), (2, 200), (3, 400), (5, 1_600), (6, 2_000), (u32::MAX, 2_000)] {
            let pause = after(failures).as_millis();
            assert!((least_ms..=least_ms * 5 / 4).contains(&pause), "{pause} ms after {failures}");
        }
        assert_ne!(after(9), after(9));
    }
}
