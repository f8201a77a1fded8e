//! Bounties: what sponsors locked, what validators found, and who was paid for it.

use std::collections::{BTreeMap, BTreeSet};

use protocol::bounty::{Bounty, BountyStatus};
use protocol::ids::{Address, BountyNumber, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::money::Wei;

use crate::amounts::{added, taken};
use crate::bindings::INetwork;
use crate::log::{Fit, Misfit, Moment};
use crate::read;
use crate::receipt::{Reason, Receipt, Subject};
use crate::state::{BountyState, Gathering, Views};

impl BountyState {
    fn gathering(&mut self, window: u64, result: Digest) -> &mut Gathering {
        self.gathered.entry((window, result)).or_default()
    }

    /// `amount` leaves what is locked.
    fn pay(&mut self, amount: Wei) -> Fit {
        self.shown.left = taken(self.shown.left, amount)?;
        Ok(())
    }

    fn note(&mut self, number: BountyNumber, account: Address, why: Reason, at: Moment) {
        self.receipts.push(Receipt { group: self.shown.group, of: Subject::Bounty(number), account, at, why });
    }
}

impl Views {
    /// A bounty.
    pub fn bounty(&self, number: BountyNumber) -> Option<Bounty> {
        self.bounties.get(&number).map(|state| state.shown)
    }

    /// Number of bounties ever funded, in all groups; they are numbered from 1.
    pub fn bounties(&self) -> u64 {
        self.bounties.last_key_value().map_or(0, |(number, _)| number.0)
    }

    /// Stake behind the findings that were counted for a result in a window.
    pub fn found_for(&self, bounty: BountyNumber, window: u64, result: Digest) -> Wei {
        self.gathered(bounty, window, result).map(|gathering| gathering.stake).unwrap_or_default()
    }

    /// Stake of a position behind the decided result, 0 once it was paid for.
    pub fn found_by(&self, bounty: BountyNumber, position: PositionNumber) -> Wei {
        let decided = self.bounty(bounty).and_then(|shown| self.gathered(bounty, shown.window, shown.result));
        decided.and_then(|gathering| gathering.finders.get(&position)).copied().unwrap_or_default()
    }

    /// Whether a round was paid, or its part burned.
    pub fn paid_for(&self, bounty: BountyNumber, round: RoundNumber) -> bool {
        self.bounties.get(&bounty).is_some_and(|state| state.paid.contains(&round))
    }

    fn gathered(&self, bounty: BountyNumber, window: u64, result: Digest) -> Option<&Gathering> {
        self.bounties.get(&bounty)?.gathered.get(&(window, result))
    }

    fn bounty_state(&mut self, number: BountyNumber) -> Fit<&mut BountyState> {
        self.bounties.get_mut(&number).ok_or(Misfit("speaks of a bounty that was not funded"))
    }

    pub(crate) fn funded(&mut self, event: &INetwork::Funded, at: Moment) -> Fit {
        let (number, shown) = (read::bounty(event.bounty)?, locked(event)?);
        let mut state = BountyState { shown, gathered: BTreeMap::new(), paid: BTreeSet::new(), receipts: Vec::new() };
        state.note(number, shown.sponsor, Reason::Funded { amount: shown.amount, bond: shown.bond }, at);
        self.bounties.insert(number, state);
        Ok(())
    }

    pub(crate) fn unsealed(&mut self, event: &INetwork::Unsealed, at: Moment) -> Fit {
        let shown = &mut self.bounty_state(read::bounty(event.bounty)?)?.shown;
        (shown.file, shown.unsealed_at_s) = (read::digest(event.file), at.time_s);
        Ok(())
    }

    /// Comes before the log of the decision.
    pub(crate) fn found(&mut self, event: &INetwork::Found, at: Moment) -> Fit {
        let (window, result) = (read::count(event.window)?, read::digest(event.result));
        let numbers = read::numbers(&event.positions)?.into_iter().map(PositionNumber);
        let finders = numbers.map(|position| Ok((position, self.live(read::group(event.group)?, position, at)?)));
        let finders = finders.collect::<Fit<Vec<_>>>()?;
        let state = self.bounty_state(read::bounty(event.bounty)?)?;
        let gathering = state.gathering(window, result);
        gathering.stake = added(gathering.stake, read::wei(event.stake)?)?;
        gathering.finders.extend(finders);
        // Once it is decided, only findings of that result come.
        if state.shown.status != BountyStatus::Locked {
            state.shown.stake = state.gathering(window, result).stake;
        }
        Ok(())
    }

    pub(crate) fn resolved(&mut self, event: &INetwork::Resolved) -> Fit {
        let (window, result) = (read::count(event.window)?, read::digest(event.result));
        let state = self.bounty_state(read::bounty(event.bounty)?)?;
        let status = if event.findings.failed { BountyStatus::Failed } else { BountyStatus::Measured };
        let stake = state.gathering(window, result).stake;
        state.shown = Bounty { status, window, result, stake, ..state.shown };
        Ok(())
    }

    pub(crate) fn bounty_paid(&mut self, event: &INetwork::BountyPaid, at: Moment) -> Fit {
        let (number, round, amount) = (read::bounty(event.bounty)?, read::round(event.round)?, read::wei(event.amount)?);
        let state = self.bounty_state(number)?;
        state.pay(amount)?;
        state.paid.insert(round);
        state.note(number, read::address(event.winner), Reason::Prized { round, amount, burned: event.burned }, at);
        Ok(())
    }

    pub(crate) fn finder_paid(&mut self, event: &INetwork::FinderPaid, at: Moment) -> Fit {
        let (number, amount) = (read::bounty(event.bounty)?, read::wei(event.amount)?);
        let position = read::position(event.position)?;
        let state = self.bounty_state(number)?;
        state.pay(amount)?;
        let stake = state.gathering(state.shown.window, state.shown.result).finders.remove(&position);
        let stake = stake.ok_or(Misfit("pays for a finding that was not counted"))?;
        state.shown.paid = added(state.shown.paid, stake)?;
        state.note(number, read::address(event.owner), Reason::Found { position, stake, amount }, at);
        Ok(())
    }

    pub(crate) fn bounty_settled(&mut self, event: &INetwork::BountySettled, at: Moment) -> Fit {
        let (number, returned, burned) = (read::bounty(event.bounty)?, read::wei(event.returned)?, read::wei(event.burned)?);
        let state = self.bounty_state(number)?;
        state.pay(added(returned, burned)?)?;
        state.shown.settled = true;
        state.note(number, state.shown.sponsor, Reason::Returned { returned, burned }, at);
        Ok(())
    }

    /// Comes after the logs of what was taken.
    pub(crate) fn found_twice(&mut self, event: &INetwork::FoundTwice, at: Moment) -> Fit {
        let (number, position) = (read::bounty(event.bounty)?, read::position(event.position)?);
        self.forgive(read::group(event.group)?, position, at)?;
        let why = Reason::Reported { position, burned: read::wei(event.burned)?, reward: read::wei(event.reward)? };
        self.bounty_state(number)?.note(number, read::address(event.reporter), why, at);
        Ok(())
    }

    /// Stake of a position in the epoch of a log.
    fn live(&mut self, group: GroupId, position: PositionNumber, at: Moment) -> Fit<Wei> {
        let epoch = self.epoch(at.time_s);
        Ok(self.state(group)?.seat(position)?.in_epoch(epoch).stake)
    }
}

fn locked(event: &INetwork::Funded) -> Fit<Bounty> {
    let (amount, bond) = (read::wei(event.amount)?, read::wei(event.bond)?);
    Ok(Bounty {
        sponsor: read::address(event.sponsor),
        group: read::group(event.group)?,
        root: read::digest(event.root),
        count: u32::try_from(event.count).map_err(|_| Misfit("has a count above 2^32"))?,
        target: read::micronats(event.target)?,
        amount,
        bond,
        first: read::round(event.first)?,
        last: read::round(event.last)?,
        windows: read::count(event.windows)?,
        left: added(amount, bond)?,
        status: BountyStatus::Locked,
        ..Bounty::default()
    })
}
