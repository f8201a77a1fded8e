//! What one warden sends and an event tells: again a few times when that does not come.

use super::View;
use crate::ids::Digest;
use crate::pace::{answer_s, event_s};

/// Failures after which it is left to others.
const MAX_FAILURES: u64 = 3;

/// How far it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Errand {
    /// The second of one's own turn, once that was drawn.
    turn_s: Option<u64>,
    /// Under way, or done and not yet told by its event: that comes by this second or never.
    under_way: Option<u64>,
    failures: u64,
}

impl Errand {
    /// Whether one's turn has come in the order of `seed`; if so, it is under way.
    pub fn begins(&mut self, view: &View<'_>, seed: impl FnOnce() -> Digest) -> bool {
        let now_s = view.now.time_s;
        if self.under_way.is_some_and(|until_s| until_s <= now_s) {
            self.failed();
        }
        if self.under_way.is_some() || self.is_given_up() {
            return false;
        }
        let failures = self.failures;
        let turn_s = *self.turn_s.get_or_insert_with(|| view.turn_s(seed(), now_s, failures));
        let is_due = now_s >= turn_s;
        self.under_way = is_due.then(|| now_s.saturating_add(answer_s(view.beat.pause_s())));
        is_due
    }

    /// It is given up after a few failures.
    pub fn is_given_up(&self) -> bool {
        self.failures >= MAX_FAILURES
    }

    /// An answer: after a success its event takes a moment.
    pub fn answered(&mut self, is_done: bool, now_s: u64, pause_s: u64) {
        match self.under_way {
            None => {}
            Some(_) if is_done => self.under_way = Some(now_s.saturating_add(event_s(pause_s))),
            Some(_) => self.failed(),
        }
    }

    fn failed(&mut self) {
        (self.turn_s, self.under_way) = (None, None);
        self.failures += 1;
    }
}
