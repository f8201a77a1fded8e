//! Files that were revealed lately: what the training of the next round may start from beside its base.

use std::collections::BTreeMap;

use crate::{Digest, RoundNumber, chain::RevealedClaim, rules::rank_key};

/// Files of a round that are given at most.
pub const MAX_STARTS: usize = 16;
/// Rounds that are kept: the running one and the one before.
const ROUNDS: usize = 2;

/// The best claims of each round, best first.
#[derive(Debug, Clone, Default)]
pub(super) struct Revealed(BTreeMap<RoundNumber, BTreeMap<(u32, u64), Digest>>);

impl Revealed {
    /// Learns a claim.
    pub fn note(&mut self, claim: &RevealedClaim) {
        let files = self.0.entry(claim.round).or_default();
        files.insert(rank_key(claim.base, claim.loss, claim.number), claim.file);
        if files.len() > MAX_STARTS {
            files.pop_last();
        }
        if self.0.len() > ROUNDS {
            self.0.pop_first();
        }
    }

    /// The files of the round before that one, each once, best first.
    pub fn before(&self, round: RoundNumber) -> Vec<Digest> {
        let files = round.0.checked_sub(1).and_then(|before| self.0.get(&RoundNumber(before)));
        let mut once = Vec::new();
        for file in files.into_iter().flat_map(BTreeMap::values) {
            if !once.contains(file) {
                once.push(*file);
            }
        }
        once
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, GroupId, Micronats};

    fn claim(round: u64, number: u64, loss: u32, file: u8) -> RevealedClaim {
        let (group, round, trainer, file) = (GroupId(1), RoundNumber(round), Address([1; 20]), Digest([file; 32]));
        RevealedClaim { group, round, trainer, number, file, base: Micronats(2_000_000), loss: Micronats(loss), loss_root: Digest::ZERO }
    }

    #[test]
    fn the_best_files_of_the_round_before_are_given_each_once() {
        let mut revealed = Revealed::default();
        for (number, loss, file) in [(1, 1_900_000, 1), (2, 1_700_000, 2), (3, 1_800_000, 1), (4, 1_950_000, 4)] {
            revealed.note(&claim(7, number, loss, file));
        }
        let digests = |files: &[u8]| files.iter().map(|file| Digest([*file; 32])).collect::<Vec<_>>();
        assert_eq!(revealed.before(RoundNumber(8)), digests(&[2, 1, 4]));
        assert_eq!(revealed.before(RoundNumber(7)), []);
        (0..40).for_each(|number| revealed.note(&claim(8, number, 1_000_000 + 1_000 * number as u32, number as u8)));
        assert_eq!(revealed.before(RoundNumber(9)), digests(&(0..MAX_STARTS as u8).collect::<Vec<_>>()), "a bounded number, the best");
        revealed.note(&claim(9, 1, 1, 1));
        assert_eq!(revealed.before(RoundNumber(8)), [], "old rounds are forgotten");
    }
}
