//! Which nonce comes next, which one is missing, and which one somebody else has used.

use std::collections::BTreeSet;

/// The nonces of one account as far as this program gave them away.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    /// Of transactions that are sent and not deep in the chain yet.
    held: BTreeSet<u64>,
    /// No nonce below is free: those are deep in the chain.
    floor: u64,
    /// The next one, if nobody else sends; none before the pool was asked.
    expected: Option<u64>,
}

impl Nonces {
    /// The lowest that neither the pool, which counts up to `pending`, nor a transaction of ours has. What a transaction of ours
    /// left open below others is taken first.
    pub(crate) fn free(&self, pending: u64) -> u64 {
        let mut nonce = pending.max(self.floor);
        while self.held.contains(&nonce) {
            nonce = nonce.saturating_add(1);
        }
        nonce
    }

    pub(crate) fn take(&mut self, nonce: u64) {
        self.held.insert(nonce);
        self.expect(nonce.saturating_add(1));
    }

    /// It is deep in the chain, by a transaction of ours or not.
    pub(crate) fn spent(&mut self, nonce: u64) {
        self.held.remove(&nonce);
        self.floor = self.floor.max(nonce.saturating_add(1));
    }

    /// Nobody has it any more, as far as is known here.
    pub(crate) fn drop(&mut self, nonce: u64) {
        self.held.remove(&nonce);
        self.expected = self.expected.map(|expected| if expected == nonce.saturating_add(1) { nonce } else { expected });
    }

    pub(crate) fn is_held(&self, nonce: u64) -> bool {
        self.held.contains(&nonce)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.held.is_empty()
    }

    /// The nonce for which transactions of ours wait and which nobody offers.
    pub(crate) fn gap(&self, pending: u64) -> Option<u64> {
        let waits = self.held.last().is_some_and(|last| *last > pending);
        (waits && pending >= self.floor && !self.held.contains(&pending)).then_some(pending)
    }

    /// Takes what the pool counts; the first nonce that somebody else used, if one did since the last time.
    pub(crate) fn stranger(&mut self, pending: u64) -> Option<u64> {
        let used = self.expected.filter(|expected| *expected < pending);
        self.expect(pending);
        used
    }

    fn expect(&mut self, next: u64) {
        self.expected = self.expected.max(Some(next));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(held: &[u64]) -> Nonces {
        let mut nonces = Nonces::default();
        held.iter().for_each(|nonce| nonces.take(*nonce));
        nonces
    }

    #[test]
    fn the_next_nonce_is_the_lowest_that_nobody_has() {
        for (held, pending, free, gap) in [
            (&[][..], 5, 5, None),
            (&[5, 6], 7, 7, None),
            (&[5, 6], 5, 7, None),
            (&[5, 7], 6, 6, Some(6)),
            (&[6, 7], 5, 5, Some(5)),
            (&[3], 9, 9, None),
        ] {
            let nonces = holding(held);
            assert_eq!((nonces.free(pending), nonces.gap(pending)), (free, gap), "{held:?} where the pool counts to {pending}");
        }
    }

    #[test]
    fn what_is_deep_in_the_chain_is_never_free_again_and_what_was_dropped_is() {
        let mut nonces = holding(&[5, 6, 7]);
        nonces.spent(5);
        nonces.drop(6);
        assert_eq!((nonces.free(4), nonces.gap(4), nonces.gap(6)), (6, None, Some(6)));
    }

    #[test]
    fn a_nonce_that_somebody_else_used_is_told_once() {
        let mut nonces = Nonces::default();
        assert_eq!(nonces.stranger(3), None, "the pool is asked for the first time");
        nonces.take(3);
        assert_eq!(nonces.stranger(4), None, "our own");
        assert_eq!(nonces.stranger(3), None, "a server that lags");
        assert_eq!((nonces.stranger(6), nonces.stranger(6)), (Some(4), None), "4 and 5 are not ours");
        nonces.take(6);
        nonces.drop(6);
        assert_eq!(nonces.stranger(7), Some(6), "the pool did not take ours");
    }
}
