//! How long a source is left alone after it failed. Time is an argument.

use std::time::{Duration, Instant};

/// After the first failure.
const FIRST: Duration = Duration::from_secs(5);
/// Each further failure doubles the pause up to this.
const LONGEST: Duration = Duration::from_secs(600);
/// After wrong bytes.
const LIE: Duration = Duration::from_secs(3600);

/// Of one source.
#[derive(Debug, Default)]
pub struct Patience {
    failures: u32,
    until: Option<Instant>,
}

impl Patience {
    /// Whether it may be asked.
    pub fn is_ready(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now >= until)
    }

    /// It answered as it should, with a block or without.
    pub fn served(&mut self) {
        *self = Self::default();
    }

    /// It did not answer, or refused. The new pause; none if it was resting already, for what was asked at the same time fails together.
    pub fn failed(&mut self, now: Instant) -> Option<Duration> {
        if !self.is_ready(now) {
            return None;
        }
        let pause = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures += 1;
        self.until = Some(now + pause);
        Some(pause)
    }

    /// It sent other bytes.
    pub fn lied(&mut self, now: Instant) {
        self.until = Some(now + LIE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end_with_the_first_answer() {
        let (start, mut patience) = (Instant::now(), Patience::default());
        let mut now = start;
        for pause_s in [5, 10, 20, 40, 80, 160, 320, 600, 600] {
            assert!(patience.is_ready(now));
            assert_eq!(patience.failed(now), Some(Duration::from_secs(pause_s)));
            assert_eq!((patience.failed(now), patience.is_ready(now)), (None, false), "those of one moment count once");
            now += Duration::from_secs(pause_s);
        }
        patience.served();
        assert_eq!(patience.failed(now), Some(FIRST));
        patience.lied(now);
        assert!(!patience.is_ready(now + LIE - FIRST) && patience.is_ready(now + LIE));
    }
}
