//! Stake: positions, who signs for them, and sums over them.

use protocol::ids::{Address, GroupId, PositionNumber};
use protocol::money::Wei;
use protocol::rules;

use crate::amounts::taken;
use crate::bindings::INetwork;
use crate::log::{Fit, Misfit, Moment};
use crate::read::{self, signed};
use crate::seat::{Change, Key, Seat};
use crate::shown::{Income, Position, Totals};
use crate::state::{GroupState, Slashing, Views};

/// Of what a position has: what signing twice costs it.
const DOUBLE_BASIS_POINTS: u128 = 550;
const BASIS_POINTS: u128 = 10_000;

impl Slashing {
    fn new(basis_points: u128, by_measure: bool) -> Self {
        Self { basis_points, by_measure, last: None, due: Wei::ZERO }
    }
}

impl Views {
    /// A position at `now_s`.
    pub fn position(&self, group: GroupId, number: PositionNumber, now_s: u64) -> Option<Position> {
        let state = self.groups.get(&group)?;
        let seat = state.seats.get(&number)?;
        let live = seat.in_epoch(self.epoch(now_s));
        Some(Position {
            owner: seat.owner(),
            offered: seat.offered,
            signer: live.signer,
            signer_next: seat.now.signer,
            live: live.stake,
            next: seat.now.stake,
            awake: live.awake,
            awake_next: seat.now.awake,
            woken_at: seat.woken_at,
            sleeps_until: seat.sleeps_until,
            dozed: seat.dozed,
            earned: state.earned(&self.terms, seat),
            exiting: seat.exiting.amount,
            exit_at_s: seat.exiting.at_s,
            exiting_later: seat.exiting_later.amount,
            exit_at_later_s: seat.exiting_later.at_s,
            forgiven_until_s: seat.forgiven_until_s,
            slashed_in: seat.slashed_in,
            heir_group: seat.heir.0,
            heir: seat.heir.1,
            moved: seat.moved,
        })
    }

    /// Number of positions ever made in a group.
    pub fn positions(&self, group: GroupId) -> u64 {
        let state = self.groups.get(&group);
        state.and_then(|state| state.seats.last_key_value()).map_or(0, |(number, _)| number.0)
    }

    /// The position for which a key signs at `now_s` or from the next epoch on; number 0 if none.
    pub fn position_of(&self, group: GroupId, signer: Address, now_s: u64) -> PositionNumber {
        let key = self.groups.get(&group).and_then(|state| state.keys.get(&signer));
        key.filter(|key| key.signs(self.epoch(now_s))).map_or(PositionNumber(0), |key| key.position)
    }

    /// The positions of an owner among those from number `first` on, `count` of them looked at.
    pub fn positions_of(&self, group: GroupId, owner: Address, first: PositionNumber, count: u64) -> Vec<PositionNumber> {
        let Some(state) = self.groups.get(&group) else { return Vec::new() };
        let looked = state.seats.range(first..PositionNumber(first.0.saturating_add(count)));
        looked.filter(|(_, seat)| seat.owner() == owner).map(|(number, _)| *number).collect()
    }

    /// Whether a position's owner or signer could wake it at `now_s`.
    pub fn may_wake(&self, group: GroupId, number: PositionNumber, now_s: u64) -> bool {
        let Some(state) = self.groups.get(&group) else { return false };
        let Some(seat) = state.seats.get(&number) else { return false };
        let epoch = self.epoch(now_s);
        let pay = state.earned(&self.terms, seat);
        let rested = !seat.in_epoch(epoch).awake && !seat.now.awake && epoch + 1 >= seat.sleeps_until;
        let judges = state.keys.get(&seat.now.signer).is_some_and(|key| key.judges);
        let [stake, of_group] = [seat.now.stake, state.sums.totals(epoch).bonded_next].map(|stake| stake.saturating_add(pay));
        rested && judges && rules::may_wake(stake, of_group)
    }

    /// Sums over a group's positions at `now_s`.
    pub fn stake(&self, group: GroupId, now_s: u64) -> Totals {
        self.groups.get(&group).map(|state| state.sums.totals(self.epoch(now_s))).unwrap_or_default()
    }

    /// Awake stake of all admitted groups at `now_s`.
    pub fn admitted_awake(&self, now_s: u64) -> Wei {
        self.all.totals(self.epoch(now_s)).awake
    }

    /// Bonded stake of all groups in the epoch of `now_s` and in the next.
    pub fn all_bonded(&self, now_s: u64) -> (Wei, Wei) {
        let all = self.all.totals(self.epoch(now_s));
        (all.bonded, all.bonded_next)
    }

    /// What a position has earned by verdicts since it was made.
    pub fn income(&self, group: GroupId, number: PositionNumber) -> Option<Income> {
        let state = self.groups.get(&group)?;
        let seat = state.seats.get(&number)?;
        Some(Income { earned: state.earned(&self.terms, seat), compounded: seat.pay.compounded })
    }

    pub(crate) fn seated(&mut self, event: &INetwork::Seated, at: Moment) -> Fit {
        let from = self.epoch(at.time_s);
        let (owner, signer) = (read::address(event.owner), read::address(event.signer));
        let position = read::position(event.position)?;
        let state = self.state(read::group(event.group)?)?;
        state.seats.insert(position, Seat::new(owner, signer, at.time_s));
        state.keys.insert(signer, Key { position, from, until: 0, judges: event.judges });
        Ok(())
    }

    pub(crate) fn bonded(&mut self, event: &INetwork::Bonded, at: Moment) -> Fit {
        let amount = signed(read::wei(event.amount)?);
        self.grow(read::group(event.group)?, read::position(event.position)?, amount, at)
    }

    pub(crate) fn woken(&mut self, event: &INetwork::Woken, at: Moment) -> Fit {
        let (group, position) = (read::group(event.group)?, read::position(event.position)?);
        let from = self.epoch(at.time_s) + 1;
        self.touched(group, position)?.woken_at = from;
        self.set_awake(group, position, true, at)
    }

    pub(crate) fn rested(&mut self, event: &INetwork::Rested, at: Moment) -> Fit {
        self.set_awake(read::group(event.group)?, read::position(event.position)?, false, at)
    }

    pub(crate) fn rotated(&mut self, event: &INetwork::Rotated, at: Moment) -> Fit {
        let (group, position) = (read::group(event.group)?, read::position(event.position)?);
        let (epoch, signer) = (self.epoch(at.time_s), read::address(event.signer));
        let seat = self.touched(group, position)?;
        seat.preserve(epoch);
        let replaced = std::mem::replace(&mut seat.now.signer, signer);
        let keys = &mut self.state(group)?.keys;
        if let Some(key) = keys.get_mut(&replaced) {
            key.until = epoch + 1;
        }
        keys.insert(signer, Key { position, from: epoch + 1, until: 0, judges: event.judges });
        Ok(())
    }

    pub(crate) fn offered(&mut self, event: &INetwork::Offered) -> Fit {
        let to = read::address(event.to);
        self.touched(read::group(event.group)?, read::position(event.position)?)?.offered = to;
        Ok(())
    }

    pub(crate) fn owner_changed(&mut self, event: &INetwork::OwnerChanged, at: Moment) -> Fit {
        let seat = self.state(read::group(event.group)?)?.seat(read::position(event.position)?)?;
        seat.offered = Address::ZERO;
        seat.owners.push((at.time_s, read::address(event.owner)));
        Ok(())
    }

    pub(crate) fn unbonded(&mut self, event: &INetwork::Unbonded, at: Moment) -> Fit {
        let (group, position) = (read::group(event.group)?, read::position(event.position)?);
        let amount = read::wei(event.amount)?;
        self.grow(group, position, -signed(amount), at)?;
        let at_s = read::count(event.exitAt)?;
        self.state(group)?.seat(position)?.unbond(amount, at_s);
        Ok(())
    }

    pub(crate) fn withdrawn(&mut self, event: &INetwork::Withdrawn, at: Moment) -> Fit {
        self.touched(read::group(event.group)?, read::position(event.position)?)?.withdraw(at.time_s);
        Ok(())
    }

    pub(crate) fn compounded(&mut self, event: &INetwork::Compounded, at: Moment) -> Fit {
        let (group, position) = (read::group(event.group)?, read::position(event.position)?);
        let amount = read::wei(event.amount)?;
        let pay = &mut self.touched(group, position)?.pay;
        pay.noted = pay.noted.saturating_sub(signed(amount));
        pay.compounded = pay.compounded.saturating_add(amount);
        self.grow(group, position, signed(amount), at)
    }

    pub(crate) fn slashed(&mut self, event: &INetwork::Slashed, at: Moment) -> Fit {
        let (group, position) = (read::group(event.group)?, read::position(event.position)?);
        let (live, next) = (read::wei(event.live)?, read::wei(event.next)?);
        let exits = [read::wei(event.exiting)?, read::wei(event.exitingLater)?];
        let epoch = self.epoch(at.time_s);
        let seat = self.touched(group, position)?;
        seat.slash_exits(exits)?;
        let change = seat.slash(live, next, epoch)?;
        self.shift(group, &change, epoch)?;
        self.follow(group, position, [next, exits[0], exits[1]].into_iter().sum(), at)
    }

    pub(crate) fn moved(&mut self, event: &INetwork::Moved, at: Moment) -> Fit {
        let (group, position) = (read::group(event.group)?, read::position(event.position)?);
        let heir = (read::group(event.child)?, read::position(event.childPosition)?);
        let amount = read::wei(event.amount)?;
        self.grow(group, position, -signed(amount), at)?;
        self.grow(heir.0, heir.1, signed(amount), at)?;
        let epoch = self.epoch(at.time_s);
        let seat = self.state(group)?.seat(position)?;
        (seat.heir, seat.moved, seat.moved_at) = (heir, amount, epoch);
        Ok(())
    }

    pub(crate) fn dozed(&mut self, event: &INetwork::Dozed, at: Moment) -> Fit {
        let epoch = self.epoch(at.time_s);
        let seat = self.touched(read::group(event.group)?, read::position(event.position)?)?;
        seat.dozed = rules::next_dozed(epoch, seat.sleeps_until, seat.dozed);
        seat.sleeps_until = read::count(event.until)?;
        Ok(())
    }

    /// Comes after the logs of what was taken.
    pub(crate) fn double_signed(&mut self, event: &INetwork::DoubleSigned, at: Moment) -> Fit {
        self.forgive(read::group(event.group)?, read::position(event.position)?, at)?;
        self.note_reported(event, at)
    }

    /// A slash for two signatures is over: those of this epoch cost the position no more.
    pub(crate) fn forgive(&mut self, group: GroupId, position: PositionNumber, at: Moment) -> Fit {
        self.slashing = None;
        let forgiven_until_s = self.terms.epoch_start_s(self.epoch(at.time_s) + 1);
        self.state(group)?.seat(position)?.forgiven_until_s = forgiven_until_s;
        Ok(())
    }

    /// A measure slashes: the logs of what is taken come next.
    pub(crate) fn punished(&mut self, basis_points: u128) {
        self.slashing = Some(Slashing::new(basis_points, true));
    }

    /// A slash has hit the position and taken so much of it: if stake moved there, that no longer answers for who moved it.
    fn follow(&mut self, group: GroupId, position: PositionNumber, gone: Wei, at: Moment) -> Fit {
        let mut slashing = self.slashing.take().unwrap_or(Slashing::new(DOUBLE_BASIS_POINTS, false));
        slashing.due = match slashing.last {
            Some((from, number)) => {
                let seat = self.state(from)?.seat(number)?;
                let due = slashing.due.min(seat.moved);
                seat.moved = taken(seat.moved, due)?;
                due.saturating_sub(gone)
            }
            None => {
                let moved = self.state(group)?.seat(position)?.moved;
                rules::whole_gweis(moved.mul_div(slashing.basis_points, BASIS_POINTS))
            }
        };
        slashing.last = Some((group, position));
        if slashing.by_measure {
            let epoch = self.epoch(at.time_s);
            self.state(group)?.seat(position)?.slashed_in = epoch;
        }
        if self.goes_on(&slashing, at) {
            self.slashing = Some(slashing);
        }
        Ok(())
    }

    /// Whether somebody else is hit next. Of who signed twice the log at the end tells.
    fn goes_on(&self, slashing: &Slashing, at: Moment) -> bool {
        let seat = |(group, position)| self.groups.get(&group).and_then(|state: &GroupState| state.seats.get(&position));
        let Some(last) = slashing.last.and_then(seat) else { return false };
        let answers = !slashing.due.is_zero() && at.time_s < self.terms.exit_at_s(last.moved_at + 1);
        let spared = seat(last.heir).is_none_or(|heir| heir.slashed_in == self.epoch(at.time_s));
        !slashing.by_measure || (answers && !spared)
    }

    /// The seat, what its verdicts have earned noted: it no longer hangs on its stake.
    fn touched(&mut self, group: GroupId, position: PositionNumber) -> Fit<&mut Seat> {
        let terms = self.terms;
        let state = self.state(group)?;
        state.note_pay(&terms, position)?;
        state.seat(position)
    }

    /// From the next epoch on the position has that much more, or less.
    fn grow(&mut self, group: GroupId, position: PositionNumber, by: i128, at: Moment) -> Fit {
        let epoch = self.epoch(at.time_s);
        let seat = self.touched(group, position)?;
        let stake = signed(seat.now.stake).checked_add(by).filter(|stake| *stake >= 0);
        let stake = stake.ok_or(Misfit("takes more stake than there was"))?;
        let change = seat.change(read::unsigned(stake), seat.now.awake, epoch);
        self.shift(group, &change, epoch)
    }

    fn set_awake(&mut self, group: GroupId, position: PositionNumber, awake: bool, at: Moment) -> Fit {
        let epoch = self.epoch(at.time_s);
        let seat = self.touched(group, position)?;
        let change = seat.change(seat.now.stake, awake, epoch);
        self.shift(group, &change, epoch)
    }

    fn shift(&mut self, group: GroupId, change: &Change, epoch: u64) -> Fit {
        let GroupState { sums, shown, .. } = self.state(group)?;
        sums.shift(change, epoch);
        let of_all = if shown.admitted { *change } else { Change { awake: 0, awake_next: 0, ..*change } };
        self.all.shift(&of_all, epoch);
        Ok(())
    }
}
