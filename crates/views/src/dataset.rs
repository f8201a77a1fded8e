//! Dataset: deltas, who voted for what, and periods.

use protocol::ids::{DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber};
use protocol::money::Wei;
use protocol::rules;

use crate::amounts::{added, taken};
use crate::bindings::{IDataset, INetwork};
use crate::log::{Fit, Misfit, Moment};
use crate::read;
use crate::shown::{Ballot, Delta, DeltaStatus};
use crate::state::{DeltaState, GroupState, Views};

impl GroupState {
    pub fn delta(&mut self, number: DeltaNumber) -> Fit<&mut DeltaState> {
        self.deltas.get_mut(&number).ok_or(Misfit("speaks of a delta that was not proposed"))
    }

    /// The votes for a delta, or in a period for keeping the set.
    fn votes(&mut self, period: PeriodNumber, delta: DeltaNumber) -> Fit<&mut Wei> {
        match delta.0 {
            0 => Ok(self.keep.entry(period).or_default()),
            _ => Ok(&mut self.delta(delta)?.shown.votes),
        }
    }

    fn cast_one(&mut self, period: PeriodNumber, ballot: Ballot) -> Fit {
        let replaced = self.ballots.entry(period).or_default().insert(ballot.position, ballot);
        if let Some(replaced) = replaced {
            let votes = self.votes(period, replaced.delta)?;
            *votes = taken(*votes, replaced.weight)?;
        }
        let votes = self.votes(period, ballot.delta)?;
        *votes = added(*votes, ballot.weight)?;
        Ok(())
    }
}

impl Views {
    /// The least bond of a proposal at `now_s`.
    pub fn least_bond(&self, group: GroupId, now_s: u64) -> Option<Wei> {
        let shown = self.group(group)?;
        let reward = match shown.admitted {
            true => self.reward_of(shown.period_next_s, group, now_s, rules::author_reward),
            false => Wei::ZERO,
        };
        Some(rules::delta_bond(reward, self.terms.min_deposit))
    }

    /// A delta; all zero if there is none.
    pub fn delta(&self, group: GroupId, number: DeltaNumber) -> Delta {
        let delta = self.groups.get(&group).and_then(|state| state.deltas.get(&number));
        delta.map(|state| state.shown).unwrap_or_default()
    }

    /// Votes for keeping the set as it is in the running period.
    pub fn keep_votes(&self, group: GroupId) -> Option<Wei> {
        let state = self.groups.get(&group)?;
        Some(state.keep.get(&state.shown.period_number).copied().unwrap_or_default())
    }

    /// Numbers of the deltas that are open in the running period.
    pub fn open_deltas(&self, group: GroupId) -> &[DeltaNumber] {
        self.groups.get(&group).map(|state| &state.open[..]).unwrap_or_default()
    }

    /// The counted choice of a position in the running period; a weight of 0 if there is none.
    pub fn ballot(&self, group: GroupId, position: PositionNumber) -> Option<Ballot> {
        let state = self.groups.get(&group)?;
        let ballot = state.ballots.get(&state.shown.period_number).and_then(|ballots| ballots.get(&position));
        Some(ballot.copied().unwrap_or(Ballot { position, ..Ballot::default() }))
    }

    /// Who voted what in a period: the choice of each position that counted last.
    pub fn ballots(&self, group: GroupId, period: PeriodNumber) -> impl Iterator<Item = &Ballot> {
        let ballots = self.groups.get(&group).and_then(|state| state.ballots.get(&period));
        ballots.into_iter().flat_map(|ballots| ballots.values())
    }

    pub(crate) fn proposed(&mut self, event: &INetwork::Proposed, at: Moment) -> Fit {
        let number = read::delta(event.delta)?;
        let state = self.state(read::group(event.group)?)?;
        // Who took another's place is in the list already.
        if !state.open.contains(&number) {
            state.open.push(number);
        }
        let shown = open_delta(event)?;
        state.deltas.insert(number, DeltaState { shown, receipts: Vec::new() });
        state.shown.proposals = number.0;
        self.note_proposed(event, at)
    }

    /// Comes before the log of the proposal that takes the place.
    pub(crate) fn displaced(&mut self, event: &INetwork::Displaced) -> Fit {
        let (number, by) = (read::delta(event.delta)?, read::delta(event.by)?);
        let state = self.state(read::group(event.group)?)?;
        state.delta(number)?.shown.status = DeltaStatus::Dropped;
        let place = state.open.iter_mut().find(|open| **open == number);
        *place.ok_or(Misfit("displaces a delta that was not open"))? = by;
        Ok(())
    }

    pub(crate) fn cast(&mut self, event: &INetwork::Cast) -> Fit {
        let period = read::period(event.period)?;
        let state = self.state(read::group(event.group)?)?;
        event.counted.iter().try_for_each(|counted| state.cast_one(period, ballot(counted)?))
    }

    pub(crate) fn extended(&mut self, event: &INetwork::Extended) -> Fit {
        let period_end_s = read::count(event.periodEnd)?;
        let shown = &mut self.state(read::group(event.group)?)?.shown;
        shown.extended_s = shown.extended_s.saturating_add(period_end_s.saturating_sub(shown.period_end_s));
        shown.period_end_s = period_end_s;
        Ok(())
    }

    pub(crate) fn charged(&mut self, event: &INetwork::Charged, at: Moment) -> Fit {
        let state = self.state(read::group(event.group)?)?;
        let shown = &mut state.delta(read::delta(event.delta)?)?.shown;
        shown.bond = taken(shown.bond, read::wei(event.burned)?)?;
        self.note_charged(event, at)
    }

    pub(crate) fn turned(&mut self, event: &INetwork::Turned) -> Fit {
        let applied = read::delta(event.applied)?;
        let (reward, stands_at_s) = (read::wei(event.reward)?, read::count(event.periodEnd)?);
        let state = self.state(read::group(event.group)?)?;
        for number in std::mem::take(&mut state.open) {
            state.delta(number)?.shown.status = DeltaStatus::Dropped;
        }
        if applied.0 != 0 {
            let shown = &mut state.delta(applied)?.shown;
            (shown.status, shown.reward, shown.stands_at_s) = (DeltaStatus::Applied, reward, stands_at_s);
        }
        let shown = &mut state.shown;
        (shown.head, shown.applied) = (read::digest(event.head), applied);
        (shown.period_s, shown.extended_s) = (read::count(event.length)?, 0);
        (shown.period_number, shown.period_end_s) = (PeriodNumber(read::count(event.period)? + 1), stands_at_s);
        Ok(())
    }

    pub(crate) fn refunded(&mut self, event: &INetwork::Refunded, at: Moment) -> Fit {
        let state = self.state(read::group(event.group)?)?;
        state.delta(read::delta(event.delta)?)?.shown.status = DeltaStatus::Refunded;
        self.note_refunded(event, at)
    }

    pub(crate) fn period_set(&mut self, event: &INetwork::PeriodSet) -> Fit {
        self.state(read::group(event.group)?)?.shown.period_next_s = read::count(event.period)?;
        Ok(())
    }

    pub(crate) fn taken(&mut self, event: &INetwork::Taken, at: Moment) -> Fit {
        let state = self.state(read::group(event.group)?)?;
        state.delta(read::delta(event.delta)?)?.shown.status = DeltaStatus::Taken;
        (state.shown.head, state.shown.applied) = (read::digest(event.head), DeltaNumber(0));
        self.note_taken(event, at)
    }
}

fn open_delta(event: &INetwork::Proposed) -> Fit<Delta> {
    Ok(Delta {
        digest: Digest(event.digest.0),
        parent: read::digest(event.parent),
        author: read::address(event.author),
        bond: read::wei(event.bond)?,
        at_risk: read::wei(event.atRisk)?,
        period: read::period(event.period)?,
        status: DeltaStatus::Open,
        ..Delta::default()
    })
}

fn ballot(counted: &IDataset::Counted) -> Fit<Ballot> {
    Ok(Ballot {
        position: read::position(counted.position)?,
        delta: read::delta(counted.delta)?,
        weight: read::wei(counted.weight)?,
        seq: read::wei(counted.seq)?.0,
        by_owner: counted.byOwner,
    })
}
