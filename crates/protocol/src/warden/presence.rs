//! Who was in none of the counted rounds before the newest ones, as the contract has it.

use std::collections::BTreeMap;

use super::View;
use super::io::Effect;
use crate::ids::{PositionNumber, RoundNumber};
use crate::order::seed_of;
use crate::rules::is_absent;

/// How often the absent are read again after a failure.
const MAX_READS: u32 = 4;

/// What is known of the counted rounds whose last one is `until`.
#[derive(Debug, Clone, Default)]
pub(super) struct Presence {
    until: Option<RoundNumber>,
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

    /// PROTOCOL 4, Who is present: whoever was in none of the counted rounds to which nothing can be added any more, the newest
    /// two left aside.
    pub fn advance(&mut self, view: &View<'_>) -> Option<Effect> {
        let until = *view.group.recent.first()?;
        if view.is_late() {
            return None;
        }
        if self.until != Some(until) {
            *self = Self { until: Some(until), ..Self::default() };
        }
        // One's own position is somebody else's business.
        let mut others = view.group.positions.iter().filter(|position| position.number != view.own);
        if self.reads < MAX_READS && !self.is_reading && others.any(|position| is_absent(view.group, position, |_| false)) {
            self.reads += 1;
            self.is_reading = true;
            return Some(Effect::ReadAbsent);
        }
        self.doze(view, until)
    }

    /// Once for each such row of rounds; who sleeps already is left alone.
    fn doze(&mut self, view: &View<'_>, until: RoundNumber) -> Option<Effect> {
        for (position, (since_s, is_sent)) in &mut self.absent {
            let is_awake = view.group.position(*position).is_some_and(|position| position.awake_next);
            let turn_s = view.turn_s(seed_of("doze", &[until.0, position.0]), *since_s, 0);
            if !*is_sent && is_awake && *position != view.own && view.now.time_s >= turn_s {
                *is_sent = true;
                return Some(Effect::Doze { position: *position });
            }
        }
        None
    }
}
