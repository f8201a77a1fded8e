//! Claims of others in one's round, and which of them are true.

use std::collections::{BTreeMap, BTreeSet};

use crate::chain::RevealedClaim;
use crate::ids::{Address, Digest};
use crate::money::Micronats;
use crate::rules::{claim_hash, rank_key};

/// Claims of others that are kept: the best ones. Who lies more often than that pays for it and delays nothing.
pub const MAX_RIVALS: usize = 64;

/// What others have shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Rivals {
    /// Best first.
    claims: BTreeMap<(u32, u64), (Digest, RevealedClaim)>,
    checks: BTreeMap<Digest, Check>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Asked,
    True,
    /// Or nothing could be found out.
    False,
}

/// The first true claim of a round in the order of judging, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// Its file.
    File(Digest),
    /// All are false, or there is none.
    Nobody,
    /// It depends on a claim that is being measured.
    Unknown,
    /// It depends on this claim, which nobody has measured here.
    Unchecked(Digest, RevealedClaim),
}

impl Rivals {
    /// Takes a claim of somebody else; the worst one goes if there are more than [`MAX_RIVALS`].
    pub fn revealed(&mut self, claim: RevealedClaim) {
        let hash = claim_hash(claim.file, claim.base, claim.loss, claim.loss_root);
        self.claims.insert(rank_key(claim.base, claim.loss, claim.number), (hash, claim));
        if self.claims.len() > MAX_RIVALS {
            self.claims.pop_last();
        }
    }

    /// Takes what a measurement found about a claim that was asked about.
    pub fn checked(&mut self, claim: Digest, is_true: bool) {
        if let Some(check) = self.checks.get_mut(&claim) {
            *check = if is_true { Check::True } else { Check::False };
        }
    }

    /// Notes that the claim is being measured.
    pub fn asked(&mut self, claim: Digest) {
        self.checks.insert(claim, Check::Asked);
    }

    /// PROTOCOL 6, Judge: the first true claim wins; one's own, of that rank and file, is true. `base` is known if it was measured.
    pub fn first(&self, own: Option<((u32, u64), Digest)>, base: Option<Micronats>) -> First {
        let before = self.claims.iter().take_while(|(rank, _)| own.is_none_or(|(own, _)| **rank < own));
        for (hash, claim) in before.map(|(_, pair)| *pair).filter(|(_, claim)| base.is_none_or(|base| claim.base == base)) {
            match self.checks.get(&hash) {
                Some(Check::True) => return First::File(claim.file),
                Some(Check::False) => {}
                Some(Check::Asked) => return First::Unknown,
                None => return First::Unchecked(hash, claim),
            }
        }
        own.map_or(First::Nobody, |(_, file)| First::File(file))
    }

    /// The files that were claimed, one's own among them, each once, best first.
    pub fn best(&self, own: Option<((u32, u64), Digest)>, most: usize) -> Vec<Digest> {
        let mut files: Vec<_> = self.claims.iter().map(|(rank, (_, claim))| (*rank, claim.file)).chain(own).collect();
        files.sort_unstable();
        let mut once = BTreeSet::new();
        files.into_iter().map(|(_, file)| file).filter(|file| once.insert(*file)).take(most).collect()
    }

    /// Somebody whose claim stands revealed: the one of the best.
    pub fn anybody(&self) -> Option<Address> {
        self.claims.first_key_value().map(|(_, (_, claim))| claim.trainer)
    }

    /// The claim of `trainer`, if it is kept.
    pub fn of(&self, trainer: Address) -> Option<&RevealedClaim> {
        self.claims.values().map(|(_, claim)| claim).find(|claim| claim.trainer == trainer)
    }
}
