//! What a round looks like from beside it: what the next one starts from, what is owed, what is told at its end.

use super::View;
use super::io::{Effect, Measured, RaceReport};
use super::rivals::First;
use super::round::Race;
use super::states::State;
use crate::chain::{GroupView, Outcome, RevealedClaim};
use crate::ids::{Address, Digest};
use crate::money::Wei;
use crate::rules::{Commit, Standing, rank_key, settle};

impl Race {
    /// What the next round will probably start from: what won; before the decision the first claim that is true, if that can
    /// be said; else what this one started from.
    pub fn likely(&self, group: &GroupView) -> Option<Digest> {
        if self.outcome != Outcome::None {
            return Some(self.winner.map_or(group.checkpoint, |(file, _)| file));
        }
        match self.first() {
            First::File(file) => Some(file),
            First::Nobody => Some(group.checkpoint),
            First::Unknown | First::Unchecked(..) => None,
        }
    }

    /// One's own claim's place in the order of judging.
    fn own(&self) -> Option<((u32, u64), Digest)> {
        self.claim.map(|own| (rank(&own), own.file))
    }

    fn first(&self) -> First {
        self.rivals.first(self.own(), self.claim.map(|own| own.base))
    }

    /// Files that were revealed, best first.
    pub fn best(&self, most: usize) -> Vec<Digest> {
        self.rivals.best(self.own(), most)
    }

    /// Measures, best first, what nobody has measured here, until a true claim is found or it is decided.
    pub(super) fn foresee(&mut self, view: &View<'_>) -> Option<Effect> {
        let ((base, head), seed) = (self.opened?.base, view.seed?);
        match self.first() {
            First::Unchecked(hash, claim) if view.is_wanted() && self.outcome == Outcome::None => {
                self.rivals.asked(hash);
                Some(Effect::Check { claim, hash, base, head, seed, commits: self.commits })
            }
            _ => None,
        }
    }

    /// Whether a strike would change what comes back of the deposit, if the round ends like this.
    pub fn would_wait(&self, outcome: Outcome, winner: Address) -> bool {
        let Some(own) = self.claim else { return false };
        let is_false = |own: RevealedClaim, won: &RevealedClaim| own.base != won.base || rank(&own) < rank(won);
        let before_winner = || self.rivals.of(winner).is_none_or(|won| is_false(own, won));
        let standing = match outcome {
            Outcome::Lost => Standing::Lost,
            Outcome::Won if before_winner() => Standing::Ahead,
            _ => Standing::Open,
        };
        settle(Wei::ZERO, Commit::Revealed(standing)).waits
    }

    pub(super) fn end(&self, view: &View<'_>) -> Vec<Effect> {
        let took_part = self.attempts > 0 || self.state.is_committed();
        let report = took_part.then(|| Effect::Done(self.report(view.config.account)));
        self.cancel().into_iter().chain(report).collect()
    }

    fn report(&self, account: Address) -> RaceReport {
        let measured = |claim: RevealedClaim| Measured { base: claim.base, loss: claim.loss, loss_root: claim.loss_root, is_certain: true };
        RaceReport {
            round: self.number,
            committed: self.state.is_committed(),
            revealed: self.claim.map(measured),
            conceded: self.state == State::Conceded,
            outcome: self.outcome,
            won: self.winner.is_some_and(|(_, winner)| winner == account),
            reward: self.opened.map_or(Wei::ZERO, |opened| opened.reward),
            trouble: self.trouble.clone(),
        }
    }
}

fn rank(claim: &RevealedClaim) -> (u32, u64) {
    rank_key(claim.base, claim.loss, claim.number)
}
