//! Whether somebody else signs with this validator's key: what the chain and the log show is held against what was signed here.

use std::mem::discriminant;

use super::io::Doubt;
use crate::chain::{GroupView, Phase};
use crate::eip712::Verdict;
use crate::ids::{Digest, GroupId, RoundNumber};
use crate::signing_log::SigningLog;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Caution {
    group: GroupId,
    /// What was signed here: what the file held at the start, and what was asked for since.
    own: SigningLog,
    /// Whether verdicts that the file lacks make it wait.
    waits: bool,
    /// The last round with a verdict of this key that the file lacks and that may be older than this process.
    missing: Option<RoundNumber>,
    /// What somebody else did with this node's keys while this process ran.
    foreign: Option<Doubt>,
    told: Option<Doubt>,
}

impl Caution {
    /// Nothing was seen yet; `own` is what the file holds.
    pub fn new(group: GroupId, own: SigningLog, waits: bool) -> Self {
        Self { group, own, waits, missing: None, foreign: None, told: None }
    }

    /// Before history is told anew: what was signed here, and that somebody else did, stays.
    pub fn anew(&self) -> Self {
        Self { missing: None, ..self.clone() }
    }

    /// Notes what is about to be signed. Verdicts of older rounds come too late to be told.
    pub fn signs(&mut self, verdict: Verdict) {
        self.own.record(verdict);
        if let Some(old) = verdict.round.0.checked_sub(2) {
            self.own.close(self.group, RoundNumber(old));
        }
    }

    /// A verdict of this key in `round`, for `claim` if that is told; `is_new` if it was signed since this process runs.
    pub fn saw(&mut self, round: RoundNumber, claim: Option<Digest>, is_new: bool) {
        if self.was_signed(round, claim) {
            return;
        }
        if is_new {
            self.foreign = self.foreign.or(Some(Doubt::Stops { round, claim }));
        } else if self.own.last(self.group).is_none_or(|last| last <= round) {
            // Of what was lost before the last line of the file nothing can be signed again.
            self.missing = self.missing.max(Some(round));
        }
    }

    /// A message of the log that another process wrote with the node's key.
    pub fn doubled(&mut self, message: Digest) {
        self.foreign = self.foreign.or(Some(Doubt::Doubled { message }));
    }

    /// What was signed for the position before was signed with another key.
    pub fn took_over(&mut self) {
        self.missing = None;
    }

    /// Whether it was signed here, or so long ago that the file does not say.
    fn was_signed(&self, round: RoundNumber, claim: Option<Digest>) -> bool {
        match self.own.signed(self.group, round) {
            Some(signed) => claim.is_none_or(|claim| claim == signed.claim),
            None => self.own.closed(self.group) >= Some(round),
        }
    }

    /// Why nothing may be signed in `round`.
    pub fn doubt(&self, group: &GroupView, live_since_s: u64, round: RoundNumber) -> Option<Doubt> {
        let from = first_free(group, live_since_s);
        let missing = self.missing.filter(|_| self.waits && round < from);
        self.foreign.or(missing.map(|missing| Doubt::Waits { round: missing, from }))
    }

    /// What is to be told of a doubt: each kind once.
    pub fn tell(&mut self, doubt: Doubt) -> Option<Doubt> {
        let told = self.told.replace(doubt);
        (told.map(|told| discriminant(&told)) != Some(discriminant(&doubt))).then_some(doubt)
    }
}

/// The first round before which a whole JUDGE was watched.
fn first_free(group: &GroupView, live_since_s: u64) -> RoundNumber {
    let clock = group.clock(live_since_s);
    RoundNumber(clock.round.0.saturating_add(if clock.phase == Phase::Judge { 2 } else { 1 }))
}

/// Whether what is signed in `round` was signed after that second.
pub(crate) fn is_after(group: &GroupView, live_since_s: u64, round: RoundNumber) -> bool {
    group.times.round_end_s(group.genesis_s, round).saturating_sub(group.times.judge_s) > live_since_s
}
