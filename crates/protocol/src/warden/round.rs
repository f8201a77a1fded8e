//! A round after its end: who was there, and who only said so.

use std::collections::{BTreeMap, BTreeSet};

use super::View;
use super::io::{Effect, Replay};
use crate::chain::RevealedClaim;
use crate::eip712::SignedVerdict;
use crate::ids::{Address, Digest, PositionNumber, RoundNumber};
use crate::money::Wei;
use crate::order::awake;
use crate::rules::{claim_hash, is_majority};

/// Batches of presence that one warden brings at most for one round.
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
    is_decided: bool,
    pub is_attended: bool,
    /// The first verdict of each signer.
    pub verdicts: BTreeMap<Address, SignedVerdict>,
    attendance: Attendance,
    replayed: BTreeSet<Address>,
    is_replaying: bool,
}

/// How far the recording of presence is.
#[derive(Debug, Clone, Default)]
struct Attendance {
    /// Stake that the contract has counted.
    counted: Wei,
    /// Stake of the batch that was brought last, 0 if that failed.
    brought: Wei,
    /// Second since which that stake can be brought.
    since: Option<(u64, Wei)>,
    in_flight: bool,
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

    pub fn decided(&mut self) {
        self.is_decided = true;
    }

    pub fn attended(&mut self, stake: Wei) {
        self.is_attended = true;
        self.attendance.counted = self.attendance.counted.saturating_add(stake);
    }

    /// Keeps the first verdict of a signer; returns it if this one contradicts it.
    pub fn hear(&mut self, signer: Address, verdict: SignedVerdict) -> Option<SignedVerdict> {
        let first = *self.verdicts.entry(signer).or_insert(verdict);
        (first.message.claim != verdict.message.claim).then_some(first)
    }

    pub fn sent(&mut self, result: Result<(), String>) {
        self.attendance.in_flight = false;
        if result.is_err() {
            self.attendance.brought = Wei::ZERO;
            self.attendance.since = None;
            self.attendance.failures += 1;
        }
    }

    /// Protocol 3, attend: in the round after one with reveals and no decision, in TRAIN the first batch, verdicts of more
    /// than half of awake stake, whatever they say; then those that came later.
    pub fn attend(&mut self, view: &View<'_>, number: RoundNumber) -> Option<Effect> {
        if self.is_decided || self.files.is_empty() {
            return None;
        }
        let verdicts = self.presence(view);
        let stake = awake(view.group).filter(|position| verdicts.contains_key(&position.number)).map(|position| position.live).sum();
        let enough = self.is_attended || is_majority(stake, view.group.awake());
        let stop_s = self.stop_s(view);
        let attendance = &mut self.attendance;
        let is_new = stake > attendance.brought.max(attendance.counted);
        if !enough || !is_new || attendance.in_flight || attendance.batches >= MAX_BATCHES || view.now.time_s >= stop_s {
            return None;
        }
        let since_s = attendance.since.filter(|(_, known)| *known == stake).map_or(view.now.time_s, |(since_s, _)| since_s);
        attendance.since = Some((since_s, stake));
        let turn_s = view.turn_s(view.seed.unwrap_or(Digest::ZERO), since_s, attendance.failures);
        // However many are dead before it, nobody waits for a first time until it is too late.
        let last_s = if attendance.failures == 0 { stop_s.saturating_sub(1) } else { u64::MAX };
        if view.now.time_s < turn_s.min(last_s) {
            return None;
        }
        (attendance.in_flight, attendance.brought) = (true, stake);
        attendance.batches += 1;
        Some(Effect::Attend { round: number, verdicts: verdicts.into_iter().collect() })
    }

    /// Second from which nothing is brought any more.
    fn stop_s(&self, view: &View<'_>) -> u64 {
        let (times, genesis_s, round) = (view.group.times, view.group.genesis_s, view.clock.round);
        let end_s = if self.is_attended { times.round_end_s(genesis_s, round) } else { times.reveal_start_s(genesis_s, round) };
        end_s.saturating_sub(view.config.edge_s)
    }

    fn presence(&self, view: &View<'_>) -> BTreeMap<PositionNumber, SignedVerdict> {
        let verdict = |signer| self.verdicts.get(&signer).copied();
        awake(view.group).filter_map(|position| Some((position.number, verdict(position.signer)?))).collect()
    }

    /// Protocol 4, probe: what others have signed is computed once more.
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
