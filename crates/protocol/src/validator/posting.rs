//! Bringing verdicts to the chain: who posts a batch when, so that usually one does and always somebody can.

use std::collections::{BTreeMap, BTreeSet};

use super::View;
use super::io::Effect;
use crate::eip712::SignedVerdict;
use crate::ids::{Digest, PositionNumber, RoundNumber};
use crate::money::Wei;
use crate::order::{awake, rank};
use crate::pace::answer_until_s;
use crate::rules::is_quorum;

/// Batches of a round that one validator brings at most, those not counted that leave verdicts for another one.
pub const MAX_POSTS: u32 = 8;
/// The same in the round after.
pub const MAX_LATE_POSTS: u32 = 2;
/// Verdicts in one transaction at most.
pub const MAX_VERDICTS_A_CALL: usize = 1024;
/// Failures after which a validator still posts before its turn when the phase is nearly over.
const MAX_HURRIED: u64 = 1;
/// Gas of a verdict in a batch.
const VERDICT_GAS: u64 = 10_000;

/// Verdicts that fit one transaction, where four fifths of a block of that much gas can be had.
pub fn verdicts_a_call(block_gas_limit: u64) -> usize {
    let fit = block_gas_limit / 5 * 4 / VERDICT_GAS;
    usize::try_from(fit).unwrap_or(MAX_VERDICTS_A_CALL).clamp(1, MAX_VERDICTS_A_CALL)
}

/// Verdicts heard and batches brought in one round.
#[derive(Debug, Clone, Default)]
pub(crate) struct Posting {
    verdicts: BTreeMap<PositionNumber, SignedVerdict>,
    decided: Option<Digest>,
    is_struck: bool,
    /// Verdicts that the chain counted.
    counted: BTreeSet<(Digest, PositionNumber)>,
    /// Positions whose verdicts were brought here, and the second at which those that were not counted are brought again.
    brought: BTreeMap<PositionNumber, u64>,
    /// What is under way or was brought last.
    batch: Vec<PositionNumber>,
    /// Second since which there is something to bring, and how many.
    due_since: Option<(u64, usize)>,
    /// What is under way is lost if no answer has come by this second.
    in_flight: Option<u64>,
    /// Whether the last batch left some for another one.
    is_cut: bool,
    /// Whether the round is over.
    is_late: bool,
    failures: u64,
    posts: u32,
}

impl Posting {
    /// The first verdict of a position counts; a second one is evidence for others.
    pub fn heard(&mut self, position: PositionNumber, verdict: SignedVerdict) {
        self.verdicts.entry(position).or_insert(verdict);
    }

    /// The chain has counted enough for `claim`: only its verdicts can still be added.
    pub fn decided(&mut self, claim: Digest) {
        self.decided = Some(claim);
        self.due_since = None;
    }

    /// Nothing is taken any more.
    pub fn struck(&mut self) {
        self.is_struck = true;
    }

    /// One batch was counted.
    pub fn judged(&mut self, claim: Digest, positions: &[PositionNumber]) {
        self.counted.extend(positions.iter().map(|position| (claim, *position)));
    }

    /// What was brought is counted by then, or was dropped.
    pub fn posted(&mut self, result: &Result<(), String>, until_s: u64) {
        if self.in_flight.take().is_none() {
            return;
        }
        match result {
            Ok(()) => self.brought.extend(self.batch.drain(..).map(|position| (position, until_s))),
            Err(_) => self.failed(),
        }
    }

    fn failed(&mut self) {
        self.posts += u32::from(self.is_cut);
        self.failures += 1;
        (self.in_flight, self.due_since, self.is_cut) = (None, None, false);
    }

    /// PROTOCOL 13, Posting: first in a fixed order by seed, the others later; more verdicts for the decided claim are added
    /// until the phase ends.
    pub fn advance(&mut self, view: &View<'_>, round: RoundNumber, own: PositionNumber, known: &BTreeSet<Digest>) -> Option<Effect> {
        let (claim, fresh) = match self.decided {
            Some(claim) => (claim, self.fresh(claim, view.now.time_s)),
            None => self.ripe(view, known)?,
        };
        self.bring(view, round, own, claim, &fresh, MAX_POSTS)
    }

    /// PROTOCOL 13, Late verdicts: in TRAIN of the round after, what was heard for the decided claim and has not been counted.
    pub fn late(&mut self, view: &View<'_>, round: RoundNumber, own: PositionNumber) -> Option<Effect> {
        if !std::mem::replace(&mut self.is_late, true) {
            self.brought.clear();
            (self.due_since, self.is_cut, self.failures, self.posts) = (None, false, 0, 0);
        }
        let claim = self.decided?;
        let fresh = self.fresh(claim, view.now.time_s);
        self.bring(view, round, own, claim, &fresh, MAX_LATE_POSTS)
    }

    fn bring(
        &mut self,
        view: &View<'_>,
        round: RoundNumber,
        own: PositionNumber,
        claim: Digest,
        fresh: &[PositionNumber],
        most: u32,
    ) -> Option<Effect> {
        if self.in_flight.is_some_and(|until_s| until_s <= view.now.time_s) {
            self.failed();
        }
        if fresh.is_empty() || self.in_flight.is_some() || self.is_struck || self.posts >= most {
            return None;
        }
        let since_s = match self.due_since {
            Some((since_s, known)) if known == fresh.len() => since_s,
            _ => view.now.time_s,
        };
        self.due_since = Some((since_s, fresh.len()));
        let is_over = view.beat.is_over(view.now.time_s, view.clock.phase_end_s);
        // Who brought a part brings the rest.
        if is_over || (!self.is_cut && view.now.time_s < self.turn_s(view, own, since_s, fresh)) {
            return None;
        }
        let size = view.config.verdicts_a_call.clamp(1, MAX_VERDICTS_A_CALL);
        self.batch = fresh.iter().copied().take(size).collect();
        let last_s = Some(view.beat.last_s(view.clock.phase_end_s)).filter(|_| self.decided.is_none());
        let until_s = answer_until_s(view.now.time_s, view.beat.pause_s(), last_s);
        (self.in_flight, self.is_cut) = (Some(until_s), fresh.len() > size);
        self.posts += u32::from(!self.is_cut);
        let verdicts = self.batch.iter().filter_map(|position| Some((*position, *self.verdicts.get(position)?))).collect();
        Some(Effect::Post { round, claim, verdicts })
    }

    /// Positions whose verdicts for the claim are neither counted nor about to be.
    fn fresh(&self, claim: Digest, now_s: u64) -> Vec<PositionNumber> {
        let fits = |verdict: &SignedVerdict| verdict.message.claim == claim;
        let is_brought = |position: &PositionNumber| self.brought.get(position).is_some_and(|until_s| *until_s > now_s);
        let is_new = |position: &PositionNumber| !self.counted.contains(&(claim, *position)) && !is_brought(position);
        self.verdicts.iter().filter(|(position, verdict)| fits(verdict) && is_new(position)).map(|(position, _)| *position).collect()
    }

    /// The claim that the verdicts heard and counted decide, and whose are to be brought.
    fn ripe(&self, view: &View<'_>, known: &BTreeSet<Digest>) -> Option<(Digest, Vec<PositionNumber>)> {
        let group = view.group;
        let stakes: BTreeMap<PositionNumber, Wei> = awake(group).map(|position| (position.number, position.live)).collect();
        let heard = self.verdicts.iter().map(|(position, verdict)| (verdict.message.claim, *position));
        let votes: BTreeSet<(Digest, PositionNumber)> = heard.chain(self.counted.iter().copied()).collect();
        let mut tally: BTreeMap<Digest, Wei> = BTreeMap::new();
        for (claim, position) in votes {
            let stake = tally.entry(claim).or_default();
            *stake = stake.saturating_add(stakes.get(&position).copied().unwrap_or_default());
        }
        let (claim, _) = tally.into_iter().find(|(claim, stake)| is_quorum(*stake, group.awake()) && known.contains(claim))?;
        Some((claim, self.fresh(claim, view.now.time_s)))
    }

    /// Second from which this validator posts: the first as soon as all verdicts are in, or at half of what is usable of
    /// JUDGE; each later one when it would have seen the batch of the one before. After a failure everybody else goes
    /// first. Before a decision nobody waits until it is too late, nor with its own verdict in the round after.
    fn turn_s(&self, view: &View<'_>, own: PositionNumber, since_s: u64, fresh: &[PositionNumber]) -> u64 {
        let (rank, count) = rank(view.seed.unwrap_or(Digest::ZERO), view.group, own);
        let (step_s, stop_s) = (view.beat.step_s, view.beat.stop_s(view.clock.phase_end_s));
        let start_s = view.clock.phase_end_s.saturating_sub(view.group.times.judge_s);
        let all_in = awake(view.group).all(|position| self.verdicts.contains_key(&position.number));
        let complete_s = match all_in || self.is_late {
            // What a decision has counted is told right after it, at the latest when the next block comes.
            true => since_s.saturating_add(self.decided.is_some().into()),
            false => since_s.saturating_add(step_s).max(start_s.midpoint(stop_s)),
        };
        let places = rank.saturating_add(self.failures.saturating_mul(count));
        let turn_s = complete_s.saturating_add(places.saturating_mul(view.beat.pause_s()));
        let again_s = since_s.saturating_add(if self.failures > 0 { view.beat.pause_s() } else { 0 });
        let matters = self.decided.is_none() || (self.is_late && fresh.contains(&own));
        if !matters || self.failures > MAX_HURRIED {
            return turn_s;
        }
        turn_s.min(view.beat.last_s(view.clock.phase_end_s).max(again_s))
    }
}
