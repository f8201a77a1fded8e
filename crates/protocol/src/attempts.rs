//! What is asked for until it is done: again when the answer says that it failed, or when none comes.

/// How often the wait before the next attempt doubles.
const MAX_DOUBLINGS: u32 = 12;

/// How often something was asked for, and from which second it may be again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Attempts {
    count: u32,
    not_before_s: u64,
}

impl Attempts {
    /// Whether it may be asked for, again perhaps.
    pub fn are_due(&self, now_s: u64) -> bool {
        now_s >= self.not_before_s
    }

    /// How often it was asked for.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// It is asked for now. The next time is `pause_s` away, then twice as far, four times …
    pub fn note(&mut self, now_s: u64, pause_s: u64) {
        let wait_s = pause_s.saturating_mul(1 << self.count.min(MAX_DOUBLINGS));
        self.not_before_s = now_s.saturating_add(wait_s);
        self.count = self.count.saturating_add(1);
    }

    /// It is asked for now, and again when nothing was heard of it for `patience_s`.
    pub fn ask(&mut self, now_s: u64, patience_s: u64) {
        self.not_before_s = now_s.saturating_add(patience_s.max(1));
        self.count = self.count.saturating_add(1);
    }

    /// It failed. The next time is `pause_s` away, then twice as far, but never further than `most_s`.
    pub fn failed(&mut self, now_s: u64, pause_s: u64, most_s: u64) {
        let doublings = self.count.saturating_sub(1).min(MAX_DOUBLINGS);
        self.not_before_s = now_s.saturating_add(pause_s.saturating_mul(1 << doublings).min(most_s));
    }
}
