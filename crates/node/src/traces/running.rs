//! The spans of running rounds and their phases, which last from block to block.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use protocol::{
    chain::Phase,
    ids::{GroupId, RoundNumber},
};
use tracing::{Span, span::Id};

/// Where each group of this process is; what is done for a group belongs to its round.
static GROUPS: Mutex<BTreeMap<GroupId, Spans>> = Mutex::new(BTreeMap::new());

/// Dropped in this order: a phase is over before its round is.
#[derive(Debug)]
struct Spans {
    _phase: Span,
    round: Span,
}

fn groups() -> MutexGuard<'static, BTreeMap<GroupId, Spans>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// To what a span of a group belongs, as far as that is known.
pub fn round_of(group: GroupId) -> Option<Id> {
    groups().get(&group).and_then(|spans| spans.round.id())
}

/// Ends what runs in all groups: the program ends.
pub fn end_all() {
    groups().clear();
}

/// Of one group; dropped, its spans end.
#[derive(Debug)]
pub struct Running {
    group: GroupId,
    at: Option<(RoundNumber, Phase)>,
}

impl Running {
    /// Before the first block.
    pub fn new(group: GroupId) -> Self {
        Self { group, at: None }
    }

    /// Takes where the group is: what was before ends where that is something else.
    pub fn pass(&mut self, at: Option<(RoundNumber, Phase)>) {
        if self.at == at {
            return;
        }
        let was = std::mem::replace(&mut self.at, at);
        let before = groups().remove(&self.group);
        let Some((round, phase)) = at else { return };
        let group = self.group;
        let same = before.filter(|_| was.is_some_and(|(before, _)| before == round)).map(|spans| spans.round);
        let span =
            same.unwrap_or_else(|| tracing::trace_span!(target: super::TARGET, parent: None, "round", group = group.0, round = round.0));
        let name = match phase {
            Phase::Train => "train",
            Phase::Reveal => "reveal",
            Phase::Judge => "judge",
        };
        let phase = tracing::trace_span!(target: super::TARGET, parent: &span, "phase", group = group.0, round = round.0, phase = name);
        groups().insert(group, Spans { _phase: phase, round: span });
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.pass(None);
    }
}
