//! How many blocks a query for logs may span.

use std::sync::{Mutex, PoisonError};

/// Answers in a row after which a span that was refused is tried once more; twice as many after each further refusal.
const FIRST_PATIENCE: u32 = 32;
const PATIENCE_LIMIT: u32 = 4_096;

/// Blocks per query, as the servers bear them. One for all queries of a connection: what was refused is remembered.
pub(crate) struct Span(Mutex<Bearable>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bearable {
    now: u64,
    most: u64,
    /// Fewest blocks that were refused of late.
    refused: Option<u64>,
    answers: u32,
    patience: u32,
}

impl Span {
    pub(crate) fn new(most: u64) -> Self {
        let most = most.max(1);
        Self(Mutex::new(Bearable { now: most, most, refused: None, answers: 0, patience: 0 }))
    }

    pub(crate) fn now(&self) -> u64 {
        self.with(|bearable| bearable.now)
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Bearable) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bearable {
    pub(crate) fn answered(&mut self) {
        self.answers += 1;
        if self.refused.is_some() && self.answers >= self.patience {
            (self.refused, self.answers) = (None, 0);
        }
        let more = self.now.saturating_mul(2).min(self.most);
        if self.refused.is_none_or(|refused| more < refused) {
            self.now = more;
        }
    }

    /// Not even one block is answered: it is not their number.
    pub(crate) fn forget(&mut self) {
        (self.now, self.refused) = (self.most, None);
    }

    pub(crate) fn refused(&mut self, asked: u64) {
        if self.refused.is_none() {
            self.patience = self.patience.saturating_mul(2).clamp(FIRST_PATIENCE, PATIENCE_LIMIT);
        }
        (self.refused, self.answers) = (Some(asked), 0);
        self.now = (asked / 2).max(1).min(self.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_settles_at_half_of_what_is_borne_at_least_and_is_seldom_refused() {
        for bears in [1, 2, 30, 999, 1_000, 1_999, 2_000, 5_000] {
            let span = Span::new(2_000);
            let (mut refusals, mut blocks) = (0, 0);
            for _ in 0..1_000 {
                let asked = span.now();
                if asked > bears {
                    refusals += 1;
                    span.with(|bearable| bearable.refused(asked));
                } else {
                    blocks += asked;
                    span.with(Bearable::answered);
                }
            }
            assert!(refusals <= 17, "{refusals} refusals where {bears} blocks are borne");
            assert!(blocks >= 980 * (bears.min(2_000) / 2).max(1), "{blocks} blocks where {bears} are borne at once");
        }
    }
}
