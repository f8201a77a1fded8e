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

/// The round in which each group of this process is; what is done for a group belongs to it.
static ROUNDS: Mutex<BTreeMap<GroupId, Span>> = Mutex::new(BTreeMap::new());

fn rounds() -> MutexGuard<'static, BTreeMap<GroupId, Span>> {
    ROUNDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// To what a span of a group belongs, as far as that is known.
pub fn round_of(group: GroupId) -> Option<Id> {
    rounds().get(&group).and_then(Span::id)
}

/// Of one group; dropped, its spans end.
#[derive(Debug)]
pub struct Running {
    group: GroupId,
    at: Option<(RoundNumber, Phase)>,
    round: Span,
    phase: Span,
}

impl Running {
    /// Before the first block.
    pub fn new(group: GroupId) -> Self {
        Self { group, at: None, round: Span::none(), phase: Span::none() }
    }

    /// Takes where the group is: what was before ends where that is something else.
    pub fn pass(&mut self, at: Option<(RoundNumber, Phase)>) {
        if self.at == at {
            return;
        }
        let was = std::mem::replace(&mut self.at, at);
        self.phase = Span::none();
        let Some((round, phase)) = at else { return self.leave() };
        let group = self.group;
        if was.is_none_or(|(before, _)| before != round) {
            self.round = tracing::trace_span!(target: super::TARGET, parent: None, "round", group = group.0, round = round.0);
            rounds().insert(group, self.round.clone());
        }
        let name = match phase {
            Phase::Train => "train",
            Phase::Reveal => "reveal",
            Phase::Judge => "judge",
        };
        self.phase =
            tracing::trace_span!(target: super::TARGET, parent: &self.round, "phase", group = group.0, round = round.0, phase = name);
    }

    fn leave(&mut self) {
        // The phase is over before its round is.
        self.phase = Span::none();
        self.round = Span::none();
        rounds().remove(&self.group);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.leave();
    }
}
