//! A round after its end: who was there, and who only said so.

use std::collections::{BTreeMap, BTreeSet};

use super::View;
use super::io::{Effect, Replay};
use crate::attempts::Attempts;
use crate::chain::{PositionView, RevealedClaim};
use crate::eip712::SignedVerdict;
use crate::ids::{Address, Digest, PositionNumber, RoundNumber};
use crate::order::awake;
use crate::pace::answer_s;
use crate::rules::{claim_hash, is_majority};
use crate::validator::MAX_VERDICTS_A_CALL;

/// Batches of presence that one warden brings at most for one round, those not counted that leave some for another one.
pub const MAX_BATCHES: u32 = 4;
/// Claims of a round whose files are remembered.
const MAX_CLAIMS: usize = 1024;

/// What is known of a round that matters after it.
#[derive(Debug, Clone, Default)]
pub(super) struct Aftermath {
    /// Checkpoint and head that the first commit fixed.
    opened: Option<(Digest, Digest)>,
    /// File of each claim that was revealed.
    files: BTreeMap<Digest, Digest>,
    decided: Option<Digest>,
    /// The first verdict of each signer.
    pub verdicts: BTreeMap<Address, SignedVerdict>,
    attendance: Attendance,
    replayed: BTreeSet<Address>,
    /// What is replayed now, if anything is.
    replaying: Vec<Address>,
    replays: Attempts,
}

/// How far the recording of presence is.
#[derive(Debug, Clone, Default)]
struct Attendance {
    /// Whether the round counts for want of a decision.
    counts: bool,
    /// Whose verdict for which claim was counted, and who was shown by others.
    judged: BTreeSet<(Digest, PositionNumber)>,
    shown: BTreeSet<PositionNumber>,
    /// Who was brought from here, and the second at which those who were not shown are brought again.
    brought: BTreeMap<PositionNumber, u64>,
    /// What is under way or was brought last.
    batch: Vec<PositionNumber>,
    /// Second since which so many can be brought.
    since: Option<(u64, usize)>,
    /// What is under way is lost if no answer has come by this second.
    in_flight: Option<u64>,
    /// Whether the last batch left some for another one.
    is_cut: bool,
    batches: u32,
    failures: u64,
}

impl Aftermath {
    /// Takes base and head that the first commit fixed.
    pub fn opened(&mut self, checkpoint: Digest, head: Digest) {
        self.opened = Some((checkpoint, head));
    }

    /// Takes a claim, for the file behind its hash.
    pub fn revealed(&mut self, claim: &RevealedClaim) {
        if self.files.len() < MAX_CLAIMS {
            self.files.insert(claim_hash(claim.file, claim.base, claim.loss, claim.loss_root), claim.file);
        }
    }

    /// Takes the claim that was decided, 0 if none was true.
    pub fn decided(&mut self, claim: Digest) {
        self.decided = Some(claim);
    }

    /// Takes positions whose verdicts for `claim` the contract counted.
    pub fn judged(&mut self, claim: Digest, positions: &[PositionNumber]) {
        self.attendance.judged.extend(positions.iter().map(|position| (claim, *position)));
    }

    /// Takes positions whose presence was recorded, and whether the round counts for want of a decision.
    pub fn attended(&mut self, counts: bool, positions: &[PositionNumber]) {
        self.attendance.counts |= counts;
        self.attendance.shown.extend(positions);
    }

    /// Keeps the first verdict of a signer; returns it if this one contradicts it.
    pub fn hear(&mut self, signer: Address, verdict: SignedVerdict) -> Option<SignedVerdict> {
        let first = *self.verdicts.entry(signer).or_insert(verdict);
        (first.message.claim != verdict.message.claim).then_some(first)
    }

    /// What was brought is told by its event before `until_s`, or was dropped.
    pub fn sent(&mut self, is_done: bool, until_s: u64) {
        let attendance = &mut self.attendance;
        match attendance.in_flight.take() {
            None => {}
            Some(_) if is_done => attendance.brought.extend(attendance.batch.drain(..).map(|position| (position, until_s))),
            Some(_) => attendance.failed(),
        }
    }

    /// PROTOCOL 13, Presence and honesty: `attend`, in the round after one with reveals. Of an undecided one verdicts of more
    /// than half of awake stake, whatever they say, in TRAIN, then those that came later; of a decided one those for something
    /// else, which cannot be judged any more.
    pub fn attend(&mut self, view: &View<'_>, number: RoundNumber) -> Option<Effect> {
        if self.files.is_empty() || (self.decided.is_none() && !self.may_count(view)) {
            return None;
        }
        if self.attendance.in_flight.is_some_and(|until_s| until_s <= view.now.time_s) {
            self.attendance.failed();
        }
        let verdicts = self.left_out(view);
        let end_s = self.end_s(view);
        let attendance = &mut self.attendance;
        let is_done = verdicts.is_empty() || attendance.in_flight.is_some() || attendance.batches >= MAX_BATCHES;
        if is_done || view.beat.is_over(view.now.time_s, end_s) {
            return None;
        }
        let since_s = attendance.since.filter(|(_, known)| *known == verdicts.len()).map_or(view.now.time_s, |(since_s, _)| since_s);
        attendance.since = Some((since_s, verdicts.len()));
        let turn_s = view.turn_s(view.seed.unwrap_or(Digest::ZERO), since_s, attendance.failures);
        // However many are dead before it, nobody waits for a first time until it is too late.
        let last_s = if attendance.failures == 0 { view.beat.last_s(end_s) } else { u64::MAX };
        if !attendance.is_cut && view.now.time_s < turn_s.min(last_s) {
            return None;
        }
        let size = view.config.verdicts_a_call.clamp(1, MAX_VERDICTS_A_CALL);
        let until_s = view.now.time_s.saturating_add(answer_s(view.beat.pause_s()));
        (attendance.in_flight, attendance.is_cut) = (Some(until_s), verdicts.len() > size);
        attendance.batches += u32::from(!attendance.is_cut);
        let batch: Vec<_> = verdicts.into_iter().take(size).collect();
        attendance.batch = batch.iter().map(|(position, _)| *position).collect();
        Some(Effect::Attend { round: number, verdicts: batch })
    }

    /// Whether an undecided round counts, or would with all that was heard.
    fn may_count(&self, view: &View<'_>) -> bool {
        let is_there = |position: &PositionView| self.attendance.shown.contains(&position.number) || self.shows(view, position).is_some();
        let stake = awake(view.group).filter(|position| is_there(position)).map(|position| position.live).sum();
        self.attendance.counts || is_majority(stake, view.group.awake())
    }

    /// The position's verdict, by the key that signed for it in the round, if it was about something that was claimed.
    fn shows(&self, view: &View<'_>, position: &PositionView) -> Option<SignedVerdict> {
        let verdict = *self.verdicts.get(view.signers.get(&position.number)?)?;
        let claim = verdict.message.claim;
        (claim.is_zero() || self.files.contains_key(&claim)).then_some(verdict)
    }

    /// Second from which the chain takes nothing any more.
    fn end_s(&self, view: &View<'_>) -> u64 {
        let (times, genesis_s, round) = (view.group.times, view.group.genesis_s, view.clock.round);
        let is_open = self.decided.is_none() && !self.attendance.counts;
        if is_open { times.reveal_start_s(genesis_s, round) } else { times.round_end_s(genesis_s, round) }
    }

    /// Verdicts that show somebody of whom the contract does not know yet: not those for what was decided, which are judged.
    fn left_out(&self, view: &View<'_>) -> Vec<(PositionNumber, SignedVerdict)> {
        let Attendance { judged, shown, brought, .. } = &self.attendance;
        let is_known = |number| {
            let is_judged = self.decided.is_some_and(|claim| judged.contains(&(claim, number)));
            is_judged || shown.contains(&number) || brought.get(&number).is_some_and(|until_s| *until_s > view.now.time_s)
        };
        let left = awake(view.group).filter(|position| !is_known(position.number));
        let verdict = |position: &PositionView| self.shows(view, position).filter(|verdict| Some(verdict.message.claim) != self.decided);
        let mut verdicts: Vec<_> = left.filter_map(|position| Some((position.number, verdict(position)?))).collect();
        verdicts.sort_by_key(|(position, _)| *position);
        verdicts
    }

    /// PROTOCOL 13, Probe: what others have signed is computed once more.
    pub fn replay(&mut self, view: &View<'_>, number: RoundNumber) -> Option<Effect> {
        let ((checkpoint, head), seed) = (self.opened?, view.seed?);
        if !self.replays.are_due(view.now.time_s) {
            return None;
        }
        // What was asked for last and not answered, or not well, is asked for again.
        for signer in self.replaying.drain(..) {
            self.replayed.remove(&signer);
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
        if verdicts.is_empty() {
            return None;
        }
        self.replaying = verdicts.iter().map(|replay| replay.signer).collect();
        self.replayed.extend(&self.replaying);
        self.replays.ask(view.now.time_s, view.group.times.judge_s);
        Some(Effect::Replay { round: number, checkpoint, head, seed, verdicts })
    }

    /// What was being replayed is.
    pub fn replay_done(&mut self) {
        self.replaying.clear();
        self.replays = Attempts::default();
    }

    /// It is tried again after `pause_s`, then twice as much.
    pub fn not_replayed(&mut self, now_s: u64, pause_s: u64) {
        self.replays.failed(now_s, pause_s, u64::MAX);
    }
}

impl Attendance {
    fn failed(&mut self) {
        self.batches += u32::from(self.is_cut);
        self.failures += 1;
        (self.in_flight, self.since, self.is_cut) = (None, None, false);
    }
}
