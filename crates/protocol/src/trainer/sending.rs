//! The one transaction of a round that may be under way, and when another one may follow.

use super::io::{Failed, Transaction};
use crate::pace::Beat;

/// Blocks after which a transaction whose event has not come is asked for again.
const PATIENCE: u64 = 8;
/// The same at the end of a phase, when there is no time for more.
const LEAST_PATIENCE: u64 = 3;
/// Doublings of the pause after a failure.
const MAX_DOUBLINGS: u32 = 12;

/// A moment in a phase.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Time of the last confirmed block, seconds since 1970.
    pub now_s: u64,
    /// First second after the phase.
    pub end_s: u64,
    /// What follows from the chain's pace.
    pub beat: Beat,
}

impl Moment {
    /// Whether what is sent at the next block may be carried by one that is too late.
    pub fn is_last_chance(&self) -> bool {
        self.now_s >= self.beat.last_s(self.end_s)
    }

    fn is_over(&self) -> bool {
        self.beat.is_over(self.now_s, self.end_s)
    }

    /// The second from which what is asked for now is asked for again, if nothing comes of it.
    fn again_s(&self) -> u64 {
        let after = |blocks| self.beat.after(self.now_s, blocks);
        after(PATIENCE).min(self.beat.last_s(self.end_s).max(after(LEAST_PATIENCE)))
    }
}

/// See the module.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sending {
    state: State,
    failures: u32,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Quiet,
    /// It was asked for; its answer, or its event, has not come.
    UnderWay { what: Transaction, again_s: u64 },
    /// It failed in that second, and the next one goes out later.
    Failed { what: Option<Transaction>, at_s: u64, from_s: u64 },
}

impl Sending {
    /// Whether `what` goes out now, which is noted then: not twice, not right after a failure unless there is no time left, and not
    /// when the phase is nearly over.
    pub fn goes(&mut self, what: Transaction, moment: Moment) -> bool {
        let goes = !moment.is_over() && self.is_ready(Some(what), moment);
        if goes {
            self.state = State::UnderWay { what, again_s: moment.again_s() };
        }
        goes
    }

    /// Whether `next`, a transaction or a measurement, may be tried now. At the last chance nothing waits longer than a block, and
    /// what failed does not hold up anything else.
    pub fn is_ready(&self, next: Option<Transaction>, moment: Moment) -> bool {
        let now_s = moment.now_s;
        match self.state {
            State::Quiet => true,
            State::UnderWay { again_s, .. } => now_s >= again_s,
            State::Failed { from_s, .. } if now_s >= from_s => true,
            State::Failed { what, at_s, .. } => moment.is_last_chance() && (now_s > at_s || what != next),
        }
    }

    /// An answer; a good one is only believed when its event is there. Returns whether it was awaited.
    pub fn answered(&mut self, what: Transaction, result: &Result<(), Failed>, now_s: u64) -> bool {
        let is_awaited = matches!(self.state, State::UnderWay { what: asked, .. } if asked == what);
        match result {
            Err(Failed::Refused(_)) if is_awaited => self.failed(Some(what), now_s),
            // Nobody has judged it, and whoever asked has waited already: at the last chance the same goes out again at once.
            Err(Failed::Passing(_)) if is_awaited => {
                self.state = State::Failed { what: None, at_s: now_s, from_s: now_s.saturating_add(1) }
            }
            Ok(()) | Err(_) => {}
        }
        is_awaited
    }

    /// Waits one second, then two, four …
    pub fn failed(&mut self, what: Option<Transaction>, now_s: u64) {
        let from_s = now_s.saturating_add(1 << self.failures.min(MAX_DOUBLINGS));
        self.state = State::Failed { what, at_s: now_s, from_s };
        self.failures = self.failures.saturating_add(1);
    }

    /// Its effect stands on chain.
    pub fn done(&mut self) {
        *self = Self::default();
    }
}
