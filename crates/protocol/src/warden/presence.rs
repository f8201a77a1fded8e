//! Who was in none of the counted rounds before the newest ones, as the contract has it.

use std::collections::BTreeMap;

use super::View;
use super::errand::Errand;
use super::io::Effect;
use crate::ids::{PositionNumber, RoundNumber};
use crate::order::seed_of;
use crate::pace::answer_s;

/// How often the absent are read again after a failure.
const MAX_READS: u32 = 4;

/// What is known of the counted rounds whose last one is `until`.
#[derive(Debug, Clone, Default)]
pub(super) struct Presence {
    until: Option<RoundNumber>,
    /// An answer that has not come by this second never does.
    reading: Option<u64>,
    reads: u32,
    absent: BTreeMap<PositionNumber, Errand>,
}

impl Presence {
    /// Takes whom the contract would put to rest.
    pub fn absent(&mut self, result: Result<Vec<PositionNumber>, String>) {
        if let (Some(_), Ok(absent)) = (self.reading.take(), result) {
            self.reads = MAX_READS;
            self.absent = absent.into_iter().map(|position| (position, Errand::default())).collect();
        }
    }

    /// Takes the answer to putting a position to rest.
    pub fn sent(&mut self, position: PositionNumber, is_done: bool, now_s: u64, pause_s: u64) {
        if let Some(errand) = self.absent.get_mut(&position) {
            errand.answered(is_done, now_s, pause_s);
        }
    }

    /// PROTOCOL 13, Presence and honesty: `doze` for whoever was in none of the counted rounds to which nothing can be added
    /// any more, the newest two left aside.
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
        let is_reading = self.reading.is_some_and(|until_s| until_s > view.now.time_s);
        if self.reads < MAX_READS && !is_reading && others.any(|position| view.group.is_absent(position, |_| false)) {
            self.reads += 1;
            self.reading = Some(view.now.time_s.saturating_add(answer_s(view.beat.pause_s())));
            return Some(Effect::ReadAbsent);
        }
        self.doze(view, until)
    }

    /// Who sleeps already is left alone.
    fn doze(&mut self, view: &View<'_>, until: RoundNumber) -> Option<Effect> {
        let is_awake = |number| view.group.position(number).is_some_and(|position| position.awake_next);
        let mut awake = self.absent.iter_mut().filter(|(position, _)| **position != view.own && is_awake(**position));
        let due = awake.find_map(|(position, errand)| errand.begins(view, || seed_of("doze", &[until.0, position.0])).then_some(*position));
        due.map(|position| Effect::Doze { position })
    }
}
