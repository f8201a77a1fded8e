//! Bringing verdicts to the chain: who posts a batch when, so that usually one does and always somebody can.

use std::collections::{BTreeMap, BTreeSet};

use super::View;
use super::io::Effect;
use crate::chain::GroupView;
use crate::eip712::SignedVerdict;
use crate::ids::{Digest, PositionNumber, RoundNumber};
use crate::money::Wei;
use crate::order::{awake, rank};
use crate::rules::is_quorum;

/// Batches of a round that one validator brings at most.
pub const MAX_POSTS: u32 = 8;
/// Failures after which a validator still posts before its turn when the phase is nearly over.
const MAX_HURRIED: u64 = 1;

/// Verdicts heard and batches brought in one round.
#[derive(Debug, Clone, Default)]
pub(crate) struct Posting {
    verdicts: BTreeMap<PositionNumber, SignedVerdict>,
    decided: Option<Digest>,
    /// Stake whose verdicts the chain counted.
    judged: Wei,
    /// Second since which there is something to bring, and its stake.
    due_since: Option<(u64, Wei)>,
    in_flight: bool,
    /// Stake of the batch that was brought last, 0 if that failed.
    posted: Wei,
    failures: u64,
    posts: u32,
}

impl Posting {
    /// The first verdict of a position counts; a second one is evidence for others.
    pub fn heard(&mut self, position: PositionNumber, verdict: SignedVerdict) {
        self.verdicts.entry(position).or_insert(verdict);
    }

    pub fn decided(&mut self, claim: Digest) {
        self.decided = Some(claim);
        self.due_since = None;
    }

    /// One batch was counted.
    pub fn judged(&mut self, stake: Wei) {
        self.judged = self.judged.saturating_add(stake);
    }

    pub fn posted(&mut self, result: Result<(), String>) {
        self.in_flight = false;
        if result.is_err() {
            self.posted = Wei::ZERO;
            self.failures += 1;
            self.due_since = None;
        }
    }

    /// Protocol 5: first in a fixed order by seed, the others seconds later; protocol 3: more verdicts for the decided
    /// claim are added until the phase ends.
    pub fn advance(&mut self, view: &View<'_>, round: RoundNumber, own: PositionNumber, known: &BTreeSet<Digest>) -> Option<Effect> {
        let (claim, stake) = self.ripe(view.group, known)?;
        if stake <= self.posted.max(self.judged) || self.in_flight || self.posts >= MAX_POSTS {
            return None;
        }
        let since_s = match self.due_since {
            Some((since_s, known)) if known == stake => since_s,
            _ => view.now.time_s,
        };
        self.due_since = Some((since_s, stake));
        if view.now.time_s < self.turn_s(view, own, since_s)?
            || view.now.time_s.saturating_add(view.config.edge_s) >= view.clock.phase_end_s
        {
            return None;
        }
        self.in_flight = true;
        self.posted = stake;
        self.posts += 1;
        let verdicts = self.verdicts.iter().filter(|(_, verdict)| verdict.message.claim == claim);
        Some(Effect::Post { round, claim, verdicts: verdicts.map(|(position, verdict)| (*position, *verdict)).collect() })
    }

    /// The claim whose verdicts can be brought, and their stake.
    fn ripe(&self, group: &GroupView, known: &BTreeSet<Digest>) -> Option<(Digest, Wei)> {
        let mut tally: BTreeMap<Digest, Wei> = BTreeMap::new();
        for position in awake(group) {
            if let Some(verdict) = self.verdicts.get(&position.number) {
                let stake = tally.entry(verdict.message.claim).or_default();
                *stake = stake.saturating_add(position.live);
            }
        }
        match self.decided {
            Some(claim) => tally.get(&claim).map(|stake| (claim, *stake)),
            None => tally.into_iter().find(|(claim, stake)| is_quorum(*stake, group.awake()) && known.contains(claim)),
        }
    }

    /// Second from which this validator posts: the first as soon as all verdicts are in, or at half of what is usable of
    /// JUDGE; each later one when it would have seen the batch of the one before. After a failure everybody else goes
    /// first. Before a decision nobody waits until it is too late.
    fn turn_s(&self, view: &View<'_>, own: PositionNumber, since_s: u64) -> Option<u64> {
        let (rank, count) = rank(view.seed?, view.group, own);
        let (step_s, stop_s) = (view.config.step_s, view.clock.phase_end_s.saturating_sub(view.config.edge_s));
        let start_s = view.clock.phase_end_s.saturating_sub(view.group.times.judge_s);
        let all_in = awake(view.group).all(|position| self.verdicts.contains_key(&position.number));
        let complete_s = match all_in {
            // What a decision has counted is told right after it, at the latest when the next block comes.
            true => since_s.saturating_add(self.decided.is_some().into()),
            false => since_s.saturating_add(step_s).max(start_s.midpoint(stop_s)),
        };
        // One second is for the block that carries the earlier batch.
        let pause_s = step_s.saturating_add(1);
        let places = rank.saturating_add(self.failures.saturating_mul(count));
        let turn_s = complete_s.saturating_add(places.saturating_mul(pause_s));
        let again_s = since_s.saturating_add(if self.failures > 0 { pause_s } else { 0 });
        let is_hurried = self.decided.is_none() && self.failures <= MAX_HURRIED;
        Some(if is_hurried { turn_s.min(stop_s.saturating_sub(step_s).max(again_s)) } else { turn_s })
    }
}
