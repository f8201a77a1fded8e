//! Who was in none of the last counted rounds, as the contract has it.

use std::collections::BTreeMap;

use super::View;
use super::io::Effect;
use crate::ids::{PositionNumber, RoundNumber};
use crate::order::seed_of;
use crate::rules::is_absent;

/// How often the absent are read again after a failure.
const MAX_READS: u32 = 4;

/// What is known after the newest counted round.
#[derive(Debug, Clone, Default)]
pub(super) struct Presence {
    newest: Option<RoundNumber>,
    is_reading: bool,
    reads: u32,
    /// Absent positions: the second since which that is known, and whether a doze was sent.
    absent: BTreeMap<PositionNumber, (u64, bool)>,
}

impl Presence {
    pub fn absent(&mut self, result: Result<Vec<PositionNumber>, String>, now_s: u64) {
        if !std::mem::take(&mut self.is_reading) {
            return;
        }
        if let Ok(absent) = result {
            self.reads = MAX_READS;
            self.absent = absent.into_iter().map(|position| (position, (now_s, false))).collect();
        }
    }

    /// Protocol 3, doze: once nothing can be added to the last counted rounds any more, whoever was in none of them.
    pub fn advance(&mut self, view: &View<'_>, is_attended: impl Fn(RoundNumber) -> bool) -> Option<Effect> {
        let newest = *view.group.recent.first()?;
        let is_final = |round: &RoundNumber| round.0.saturating_add(is_attended(*round).into()) < view.clock.round.0;
        if view.is_late() || !view.group.recent.iter().all(is_final) {
            return None;
        }
        if self.newest != Some(newest) {
            *self = Self { newest: Some(newest), ..Self::default() };
        }
        // One's own position is somebody else's business.
        let mut others = view.group.positions.iter().filter(|position| position.number != view.own);
        if self.reads < MAX_READS && !self.is_reading && others.any(|position| is_absent(view.group, position, |_| false)) {
            self.reads += 1;
            self.is_reading = true;
            return Some(Effect::ReadAbsent);
        }
        self.doze(view, newest)
    }

    /// Once for each newest round; who sleeps already is left alone.
    fn doze(&mut self, view: &View<'_>, newest: RoundNumber) -> Option<Effect> {
        for (position, (since_s, is_sent)) in &mut self.absent {
            let is_awake = view.group.position(*position).is_some_and(|position| position.awake_next);
            let turn_s = view.turn_s(seed_of("doze", &[newest.0, position.0]), *since_s, 0);
            if !*is_sent && is_awake && *position != view.own && view.now.time_s >= turn_s {
                *is_sent = true;
                return Some(Effect::Doze { position: *position });
            }
        }
        None
    }
}
