//! Groups: their birth, their clock, and what is kept of each.

use std::collections::{BTreeMap, BTreeSet};

use protocol::chain::{Birth, Phase, Times};
use protocol::ids::{Address, DeltaNumber, GroupId, PeriodNumber, PositionNumber, RoundNumber};
use protocol::money::Micronats;

use crate::bindings::{IGroups, INetwork};
use crate::log::{Fit, Misfit, Moment};
use crate::read;
use crate::seat::{NO_POSITION, Seat, Sums};
use crate::shown::{Clock, Group};
use crate::state::{GroupState, RoundState, Views};
use crate::terms::Terms;

/// Counted rounds of which a group knows the numbers.
const RECENT: usize = 10;

impl GroupState {
    pub fn seat(&mut self, position: PositionNumber) -> Fit<&mut Seat> {
        self.seats.get_mut(&position).ok_or(NO_POSITION)
    }

    pub fn round(&mut self, round: RoundNumber) -> Fit<&mut RoundState> {
        self.rounds.get_mut(&round).ok_or(Misfit("speaks of a round that was not opened"))
    }

    /// The latest counted round goes first.
    pub fn count_round(&mut self, round: RoundNumber) {
        self.shown.counted += 1;
        self.shown.recent.insert(0, round);
        self.shown.recent.truncate(RECENT);
    }

    pub fn clock(&self, terms: &Terms, now_s: u64) -> Clock {
        let clock = self.shown.times.clock(terms.genesis_s, now_s);
        Clock { round: clock.round, phase: clock.phase, until_s: clock.phase_end_s }
    }

    /// The running round, if somebody committed in it.
    pub fn running(&self, terms: &Terms, now_s: u64) -> Option<&RoundState> {
        self.rounds.get(&self.clock(terms, now_s).round)
    }
}

impl Views {
    /// Contracts, times and amounts that were fixed at deployment.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Where the code of `Registry`, `Council` and `Bounties` lies.
    pub fn modules(&self) -> (Address, Address, Address) {
        self.modules
    }

    /// The epoch at `now_s`.
    pub fn epoch(&self, now_s: u64) -> u64 {
        self.terms.epoch(now_s)
    }

    /// Number of groups; they are numbered from 1.
    pub fn groups(&self) -> u64 {
        self.groups.last_key_value().map_or(0, |(group, _)| group.0)
    }

    /// A group.
    pub fn group(&self, group: GroupId) -> Option<&Group> {
        self.groups.get(&group).map(|state| &state.shown)
    }

    /// Who created a group, and with what.
    pub fn birth(&self, group: GroupId) -> Option<(Address, &Birth)> {
        self.groups.get(&group).map(|state| (state.creator, &state.birth))
    }

    /// Round and phase at `now_s`.
    pub fn phase(&self, group: GroupId, now_s: u64) -> Option<Clock> {
        self.groups.get(&group).map(|state| state.clock(&self.terms, now_s))
    }

    pub(crate) fn state(&mut self, group: GroupId) -> Fit<&mut GroupState> {
        self.groups.get_mut(&group).ok_or(Misfit("speaks of a group that was not created"))
    }

    pub(crate) fn begun(&mut self, event: &INetwork::Begun) -> Fit {
        self.terms = Terms::of(&event.terms)?;
        self.modules = (read::address(event.registry), read::address(event.council), read::address(event.bountiesCode));
        Ok(())
    }

    pub(crate) fn created(&mut self, event: &INetwork::Created) -> Fit {
        let (group, birth) = (read::group(event.group)?, birth(&event.birth));
        let state = GroupState {
            creator: read::address(event.creator),
            shown: born(event, &birth)?,
            birth,
            seats: BTreeMap::new(),
            keys: BTreeMap::new(),
            sums: Sums::default(),
            rounds: BTreeMap::new(),
            won: BTreeSet::new(),
            deltas: BTreeMap::new(),
            open: Vec::new(),
            keep: BTreeMap::new(),
            ballots: BTreeMap::new(),
            receipts: BTreeMap::new(),
        };
        self.groups.insert(group, state);
        Ok(())
    }

    pub(crate) fn admitted(&mut self, event: &INetwork::Admitted, at: Moment) -> Fit {
        self.set_admitted(read::group(event.group)?, true, at)
    }

    pub(crate) fn revoked(&mut self, event: &INetwork::Revoked, at: Moment) -> Fit {
        self.set_admitted(read::group(event.group)?, false, at)
    }

    pub(crate) fn least_set(&mut self, event: &INetwork::LeastSet) -> Fit {
        self.state(read::group(event.group)?)?.shown.least = read::micronats(event.least)?;
        Ok(())
    }

    fn set_admitted(&mut self, group: GroupId, admitted: bool, at: Moment) -> Fit {
        let epoch = self.epoch(at.time_s);
        let state = self.state(group)?;
        state.shown.admitted = admitted;
        let change = state.sums.awake_as_change(epoch, if admitted { 1 } else { -1 });
        self.all.shift(&change, epoch);
        Ok(())
    }
}

fn born(event: &INetwork::Created, birth: &Birth) -> Fit<Group> {
    Ok(Group {
        manifest: birth.manifest,
        checkpoint: birth.checkpoint,
        head: read::digest(event.head),
        name: read::digest(event.name),
        times: birth.times,
        improve: birth.improve,
        least: birth.least,
        admitted: false,
        period_s: birth.period_s,
        period_next_s: birth.period_s,
        period_number: PeriodNumber(1),
        period_end_s: read::count(event.periodEnd)?,
        extended_s: 0,
        parent: read::group(event.parent)?,
        voids: 0,
        opened: None,
        proposals: 0,
        applied: DeltaNumber(0),
        counted: 0,
        recent: Vec::new(),
    })
}

fn birth(birth: &IGroups::Birth) -> Birth {
    let times = Times { train_s: birth.train.into(), reveal_s: birth.reveal.into(), judge_s: birth.judge.into() };
    Birth {
        manifest: read::digest(birth.manifest),
        checkpoint: read::digest(birth.checkpoint),
        dataset: birth.dataset.iter().copied().map(read::digest).collect(),
        times,
        period_s: birth.period.into(),
        improve: birth.improve,
        least: Micronats(birth.least),
    }
}

/// Whether commits are taken.
pub(crate) fn trains(clock: &Clock) -> bool {
    clock.phase == Phase::Train
}
