//! A round after its end: who was there, and who only said so.

use std::collections::{BTreeMap, BTreeSet};

use super::View;
use super::io::{Effect, Replay};
use crate::chain::{PositionView, RevealedClaim};
use crate::eip712::SignedVerdict;
use crate::ids::{Address, Digest, PositionNumber, RoundNumber};
use crate::order::awake;
use crate::rules::{claim_hash, is_majority};
use crate::validator::MAX_VERDICTS_A_CALL;

/// Batches of presence that one warden brings at most for one round, those not counted that leave some for another one.
pub const MAX_BATCHES: u32 = 4;
/// Claims of a round whose files are remembered.
const MAX_CLAIMS: usize = 1024;

/// What is known of a round that matters after it.
#[derive(Debug, Clone, Default)]
pub(super) struct Round {
    /// Checkpoint and head that the first commit fixed.
    opened: Option<(Digest, Digest)>,
    /// File of each claim that was revealed.
    files: BTreeMap<Digest, Digest>,
    decided: Option<Digest>,
    /// The first verdict of each signer.
    pub verdicts: BTreeMap<Address, SignedVerdict>,
    attendance: Attendance,
    replayed: BTreeSet<Address>,
    is_replaying: bool,
}

/// How far the recording of presence is.
#[derive(Debug, Clone, Default)]
struct Attendance {
    /// Whether the round counts for want of a decision.
    counts: bool,
    /// Whose verdict for which claim was counted, and who was shown by others.
    judged: BTreeSet<(Digest, PositionNumber)>,
    shown: BTreeSet<PositionNumber>,
    /// Who was brought from here, and those of them that are under way or were brought last.
    brought: BTreeSet<PositionNumber>,
    batch: Vec<PositionNumber>,
    /// Second since which so many can be brought.
    since: Option<(u64, usize)>,
    in_flight: bool,
    /// Whether the last batch left some for another one.
    is_cut: bool,
    batches: u32,
    failures: u64,
}

impl Round {
    pub fn opened(&mut self, checkpoint: Digest, head: Digest) {
        self.opened = Some((checkpoint, head));
    }

    pub fn revealed(&mut self, claim: &RevealedClaim) {
        if self.files.len() < MAX_CLAIMS {
            self.files.insert(claim_hash(claim.file, claim.base, claim.loss, claim.loss_root), claim.file);
        }
    }

    pub fn decided(&mut self, claim: Digest) {
        self.decided = Some(claim);
    }

    pub fn judged(&mut self, claim: Digest, positions: &[PositionNumber]) {
        self.attendance.judged.extend(positions.iter().map(|position| (claim, *position)));
    }

    pub fn attended(&mut self, counts: bool, positions: &[PositionNumber]) {
        self.attendance.counts |= counts;
        self.attendance.shown.extend(positions);
    }

    /// Keeps the first verdict of a signer; returns it if this one contradicts it.
    pub fn hear(&mut self, signer: Address, verdict: SignedVerdict) -> Option<SignedVerdict> {
        let first = *self.verdicts.entry(signer).or_insert(verdict);
        (first.message.claim != verdict.message.claim).then_some(first)
    }

    pub fn sent(&mut self, result: Result<(), String>) {
        let attendance = &mut self.attendance;
        if !std::mem::take(&mut attendance.in_flight) || result.is_ok() {
            return;
        }
        for position in attendance.batch.drain(..) {
            attendance.brought.remove(&position);
        }
        attendance.batches += u32::from(attendance.is_cut);
        attendance.failures += 1;
        (attendance.since, attendance.is_cut) = (None, false);
    }

    /// PROTOCOL 4, Who is present: in the round after one with reveals. Of an undecided one verdicts of more than half of awake
    /// stake, whatever they say, in TRAIN, then those that came later; of a decided one those for something else, which cannot be
    /// judged any more.
    pub fn attend(&mut self, view: &View<'_>, number: RoundNumber) -> Option<Effect> {
        if self.files.is_empty() || (self.decided.is_none() && !self.may_count(view)) {
            return None;
        }
        let verdicts = self.left_out(view);
        let stop_s = self.stop_s(view);
        let attendance = &mut self.attendance;
        let is_done = verdicts.is_empty() || attendance.in_flight || attendance.batches >= MAX_BATCHES;
        if is_done || view.now.time_s >= stop_s {
            return None;
        }
        let since_s = attendance.since.filter(|(_, known)| *known == verdicts.len()).map_or(view.now.time_s, |(since_s, _)| since_s);
        attendance.since = Some((since_s, verdicts.len()));
        let turn_s = view.turn_s(view.seed.unwrap_or(Digest::ZERO), since_s, attendance.failures);
        // However many are dead before it, nobody waits for a first time until it is too late.
        let last_s = if attendance.failures == 0 { stop_s.saturating_sub(1) } else { u64::MAX };
        if !attendance.is_cut && view.now.time_s < turn_s.min(last_s) {
            return None;
        }
        let size = view.config.verdicts_a_call.clamp(1, MAX_VERDICTS_A_CALL);
        (attendance.in_flight, attendance.is_cut) = (true, verdicts.len() > size);
        attendance.batches += u32::from(!attendance.is_cut);
        let batch: Vec<_> = verdicts.into_iter().take(size).collect();
        attendance.batch = batch.iter().map(|(position, _)| *position).collect();
        attendance.brought.extend(attendance.batch.iter().copied());
        Some(Effect::Attend { round: number, verdicts: batch })
    }

    /// Whether an undecided round counts, or would with all that was heard.
    fn may_count(&self, view: &View<'_>) -> bool {
        let is_there = |position: &PositionView| self.attendance.shown.contains(&position.number) || self.shows(position).is_some();
        let stake = awake(view.group).filter(|position| is_there(position)).map(|position| position.live).sum();
        self.attendance.counts || is_majority(stake, view.group.awake())
    }

    /// The position's verdict, if it was about something that was claimed.
    fn shows(&self, position: &PositionView) -> Option<SignedVerdict> {
        let verdict = *self.verdicts.get(&position.signer)?;
        let claim = verdict.message.claim;
        (claim.is_zero() || self.files.contains_key(&claim)).then_some(verdict)
    }

    /// Second from which nothing is brought any more.
    fn stop_s(&self, view: &View<'_>) -> u64 {
        let (times, genesis_s, round) = (view.group.times, view.group.genesis_s, view.clock.round);
        let is_open = self.decided.is_none() && !self.attendance.counts;
        let end_s = if is_open { times.reveal_start_s(genesis_s, round) } else { times.round_end_s(genesis_s, round) };
        end_s.saturating_sub(view.config.edge_s)
    }

    /// Verdicts that show somebody of whom the contract does not know yet: not those for what was decided, which are judged.
    fn left_out(&self, view: &View<'_>) -> Vec<(PositionNumber, SignedVerdict)> {
        let Attendance { judged, shown, brought, .. } = &self.attendance;
        let is_known = |number| {
            let is_judged = self.decided.is_some_and(|claim| judged.contains(&(claim, number)));
            is_judged || shown.contains(&number) || brought.contains(&number)
        };
        let left = awake(view.group).filter(|position| !is_known(position.number));
        let verdict = |position: &PositionView| self.shows(position).filter(|verdict| Some(verdict.message.claim) != self.decided);
        let mut verdicts: Vec<_> = left.filter_map(|position| Some((position.number, verdict(position)?))).collect();
        verdicts.sort_by_key(|(position, _)| *position);
        verdicts
    }

    /// PROTOCOL 13: the probes that others have signed are computed once more.
    pub fn replay(&mut self, view: &View<'_>, number: RoundNumber) -> Option<Effect> {
        let ((checkpoint, head), seed) = (self.opened?, view.seed?);
        if self.is_replaying {
            return None;
        }
        let file = |claim: Digest| match claim {
            Digest::ZERO => Some(None),
            claim => self.files.get(&claim).map(|file| Some(*file)),
        };
        let others = self.verdicts.iter().filter(|(signer, _)| **signer != view.config.signer && !self.replayed.contains(*signer));
        let verdicts = others.filter_map(|(signer, verdict)| {
            let file = file(verdict.message.claim)?;
            Some(Replay { signer: *signer, verdict: *verdict, file })
        });
        let verdicts: Vec<Replay> = verdicts.collect();
        self.replayed.extend(verdicts.iter().map(|replay| replay.signer));
        self.is_replaying = !verdicts.is_empty();
        self.is_replaying.then_some(Effect::Replay { round: number, checkpoint, head, seed, verdicts })
    }

    pub fn replay_done(&mut self) {
        self.is_replaying = false;
    }
}
