//! What happens next: a queue in virtual milliseconds, in which what was put in first goes first among equals.

use std::collections::BTreeMap;

/// Things that will happen, each at its millisecond.
#[derive(Debug, Clone)]
pub struct Schedule<T> {
    waiting: BTreeMap<(u64, u64), T>,
    now_ms: u64,
    inserted: u64,
}

impl<T> Default for Schedule<T> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), now_ms: 0, inserted: 0 }
    }
}

impl<T> Schedule<T> {
    /// The millisecond of what was taken last.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Puts something in; what should have happened already happens next.
    pub fn at(&mut self, time_ms: u64, what: T) {
        self.inserted += 1;
        self.waiting.insert((time_ms.max(self.now_ms), self.inserted), what);
    }

    /// Puts something in, so many milliseconds from now.
    pub fn after(&mut self, wait_ms: u64, what: T) {
        self.at(self.now_ms.saturating_add(wait_ms), what);
    }

    /// Takes what comes next; time is then its time.
    pub fn take(&mut self) -> Option<T> {
        let ((time_ms, _), what) = self.waiting.pop_first()?;
        self.now_ms = time_ms;
        Some(what)
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_first_goes_first_among_equals_and_time_never_runs_back() {
        let mut schedule = Schedule::default();
        for (time_ms, what) in [(20, "c"), (10, "a"), (20, "d"), (10, "b")] {
            schedule.at(time_ms, what);
        }
        assert_eq!([schedule.take(), schedule.take(), schedule.take()], [Some("a"), Some("b"), Some("c")]);
        schedule.at(5, "late");
        schedule.after(1, "next");
        let rest: Vec<_> = std::iter::from_fn(|| schedule.take().map(|what| (schedule.now_ms(), what))).collect();
        assert_eq!(rest, [(20, "d"), (20, "late"), (21, "next")]);
        assert!(schedule.is_empty());
    }
}
