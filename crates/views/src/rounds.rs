//! Rounds: commits, claims, verdicts, presence, deposits, and what verdicts earn.

use std::collections::BTreeSet;

use protocol::chain::Outcome;
use protocol::ids::{Address, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::money::{Micronats, Wei};
use protocol::rules;

use crate::amounts::taken;
use crate::bindings::INetwork;
use crate::groups::trains;
use crate::log::{Fit, Misfit, Moment};
use crate::read::{self, signed, unsigned};
use crate::seat::{NO_POSITION, Seat};
use crate::shown::{Claim, Round, Status};
use crate::state::{GroupState, RoundState, Verdict, Views};
use crate::terms::Terms;

impl RoundState {
    pub fn is_open(&self) -> bool {
        self.shown.outcome == Outcome::None
    }

    pub fn is_decided_for(&self, claim: Digest) -> bool {
        !self.is_open() && self.decided.0 == claim
    }

    /// What the verdict of a seat earns that has this stake in the round's epoch.
    pub fn share(&self, stake: Wei) -> Wei {
        rules::earned_for(self.shown.reward, self.shown.awake, stake)
    }

    fn judged_by(&self, position: PositionNumber) -> bool {
        let lead = self.leads.get(&self.decided.0).filter(|_| !self.is_open());
        self.attended.contains_key(&position) || lead.is_some_and(|lead| lead.verdicts.contains_key(&position))
    }
}

impl GroupState {
    /// What a seat has earned and not made stake.
    pub fn earned(&self, terms: &Terms, seat: &Seat) -> Wei {
        let share = |(round, claim): &(RoundNumber, Digest)| {
            let decided = self.rounds.get(round).filter(|state| state.is_decided_for(*claim));
            decided.map_or(0, |state| signed(state.share(self.stake_in(terms, seat, *round))))
        };
        unsigned(seat.pay.pending.iter().map(share).fold(seat.pay.noted, i128::saturating_add))
    }

    /// Notes what verdicts of a position have earned in rounds decided by now.
    pub fn note_pay(&mut self, terms: &Terms, position: PositionNumber) -> Fit {
        let pending = std::mem::take(&mut self.seat(position)?.pay.pending);
        for (round, claim) in pending {
            self.note_verdict(terms, position, round, claim)?;
        }
        Ok(())
    }

    fn note_verdict(&mut self, terms: &Terms, position: PositionNumber, round: RoundNumber, claim: Digest) -> Fit {
        let stake = self.stake_in(terms, self.seats.get(&position).ok_or(NO_POSITION)?, round);
        let state = self.round(round)?;
        if state.is_open() {
            self.seat(position)?.pay.pending.push((round, claim));
        } else if state.is_decided_for(claim) {
            let share = state.share(stake);
            let verdict = state.leads.get_mut(&claim).and_then(|lead| lead.verdicts.get_mut(&position));
            if let Some(verdict) = verdict {
                verdict.noted = Some(share);
            }
            let pay = &mut self.seat(position)?.pay;
            pay.noted = pay.noted.saturating_add(signed(share));
        }
        Ok(())
    }

    /// Stake of a seat in the epoch of a round.
    pub fn stake_in(&self, terms: &Terms, seat: &Seat, round: RoundNumber) -> Wei {
        seat.in_epoch(terms.epoch_of(&self.shown.times, round)).stake
    }

    /// Counts a verdict; what it earns is noted later.
    fn count_verdict(&mut self, terms: &Terms, position: PositionNumber, round: RoundNumber, claim: Digest, at: Moment) -> Fit {
        self.note_pay(terms, position)?;
        let seat = self.seats.get(&position).ok_or(NO_POSITION)?;
        let stake = self.stake_in(terms, seat, round);
        let judged = self.round(round)?;
        let pays = !judged.share(judged.shown.awake).is_zero();
        let pending = &mut self.seat(position)?.pay.pending;
        // An older round that is not decided by now never will be.
        pending.retain(|(older, _)| *older >= round);
        if pays {
            pending.push((round, claim));
        }
        let lead = self.round(round)?.leads.entry(claim).or_default();
        lead.verdicts.insert(position, Verdict { stake, noted: None, at });
        Ok(())
    }

    /// Void rounds in a row, if `round` is opened next.
    fn voids_at(&self, terms: &Terms, round: RoundNumber) -> u64 {
        let Some(opened) = self.shown.opened else { return 0 };
        let Some(last) = self.rounds.get(&opened) else { return 0 };
        let epoch_of = |round| terms.epoch_of(&self.shown.times, round);
        let epochs = epoch_of(round).saturating_sub(epoch_of(opened));
        rules::next_voids(self.shown.voids, !last.is_open(), last.shown.reveals != 0, epochs)
    }
}

impl Views {
    /// A round; all zero if nobody committed.
    pub fn round(&self, group: GroupId, round: RoundNumber) -> Round {
        self.round_state(group, round).map(|state| state.shown.clone()).unwrap_or_default()
    }

    /// The claim that was decided, 0 if none is or none was true, and the winner's file; struck rounds are decided.
    pub fn decision(&self, group: GroupId, round: RoundNumber) -> (Digest, Digest) {
        self.round_state(group, round).map(|state| state.decided).unwrap_or_default()
    }

    /// The commit of a trainer; all zero if there is none.
    pub fn claim_of(&self, group: GroupId, round: RoundNumber, trainer: Address) -> Claim {
        let claim = self.round_state(group, round).and_then(|state| state.claims.get(&trainer));
        claim.copied().unwrap_or_default()
    }

    /// Who committed in a round, and the claims.
    pub fn claims(&self, group: GroupId, round: RoundNumber) -> impl Iterator<Item = (Address, &Claim)> {
        let state = self.round_state(group, round);
        state.into_iter().flat_map(|state| &state.claims).map(|(trainer, claim)| (*trainer, claim))
    }

    /// Stake of the verdicts that were counted for a claim before a decision, and whose claim it is.
    pub fn tally(&self, group: GroupId, round: RoundNumber, claim: Digest) -> (Wei, Address) {
        let lead = self.round_state(group, round).and_then(|state| state.leads.get(&claim));
        lead.map(|lead| (lead.weight, lead.trainer)).unwrap_or_default()
    }

    /// Whether a position was present: its verdict for the decided claim was counted, or `attend` showed it.
    pub fn judged_by(&self, group: GroupId, round: RoundNumber, position: PositionNumber) -> bool {
        self.round_state(group, round).is_some_and(|state| state.judged_by(position))
    }

    /// The positions that were present.
    pub fn present(&self, group: GroupId, round: RoundNumber) -> BTreeSet<PositionNumber> {
        let Some(state) = self.round_state(group, round) else { return BTreeSet::new() };
        let all = state.leads.values().flat_map(|lead| lead.verdicts.keys()).chain(state.attended.keys());
        all.copied().filter(|position| state.judged_by(*position)).collect()
    }

    /// Whether a file may not be revealed in a group: it won there, or in any group that was admitted then.
    pub fn has_won(&self, group: GroupId, file: Digest) -> bool {
        self.won.contains(&file) || self.groups.get(&group).is_some_and(|state| state.won.contains(&file))
    }

    /// What a commit costs at `now_s` in the running round, or in the next one if none was made in it.
    pub fn least_deposit(&self, group: GroupId, now_s: u64) -> Option<Wei> {
        let state = self.groups.get(&group)?;
        let clock = state.clock(&self.terms, now_s);
        if let Some(current) = state.rounds.get(&clock.round).filter(|_| trains(&clock)) {
            return Some(current.shown.deposit);
        }
        let next = if trains(&clock) { clock.round } else { RoundNumber(clock.round.0 + 1) };
        let voids = state.voids_at(&self.terms, next);
        let reward = match state.shown.admitted {
            true => self.reward_of(state.shown.times.length_s(), group, now_s, rules::reward),
            false => Wei::ZERO,
        };
        Some(rules::deposit(reward, self.terms.min_deposit, voids))
    }

    /// Verdicts decide the round that runs at `now_s` with more than this stake; 0 if it was not opened.
    pub fn quorum(&self, group: GroupId, now_s: u64) -> Option<Wei> {
        let running = self.groups.get(&group)?.running(&self.terms, now_s);
        Some(running.map(|state| state.shown.awake.mul_div(2, 3)).unwrap_or_default())
    }

    pub(crate) fn round_state(&self, group: GroupId, round: RoundNumber) -> Option<&RoundState> {
        self.groups.get(&group)?.rounds.get(&round)
    }

    /// What a rule of the issue gives for `time_s` at `now_s`.
    pub(crate) fn reward_of(&self, time_s: u64, group: GroupId, now_s: u64, rule: fn(Wei, u64, Wei, Wei, u64) -> Wei) -> Wei {
        let supply = self.supply();
        let total = rules::total(self.admitted_awake(now_s), supply);
        rule(supply, time_s, self.stake(group, now_s).awake, total, self.era(now_s))
    }

    pub(crate) fn opened(&mut self, event: &INetwork::Opened) -> Fit {
        let round = read::round(event.round)?;
        let shown = Round {
            checkpoint: read::digest(event.checkpoint),
            reward: read::wei(event.reward)?,
            deposit: read::wei(event.deposit)?,
            awake: read::wei(event.awake)?,
            ..Round::default()
        };
        let state = self.state(read::group(event.group)?)?;
        (state.shown.voids, state.shown.opened) = (read::count(event.voids)?, Some(round));
        state.rounds.insert(round, RoundState { shown, ..RoundState::default() });
        Ok(())
    }

    pub(crate) fn committed(&mut self, event: &INetwork::Committed, at: Moment) -> Fit {
        let number = read::count(event.number)?;
        let claim = Claim { name: read::digest(event.seal), number, status: Status::Sealed, ..Claim::default() };
        let state = self.state(read::group(event.group)?)?.round(read::round(event.round)?)?;
        state.shown.commits += 1;
        state.claims.insert(read::address(event.trainer), claim);
        self.note_committed(event, at)
    }

    pub(crate) fn revealed(&mut self, event: &INetwork::Revealed) -> Fit {
        let state = self.state(read::group(event.group)?)?.round(read::round(event.round)?)?;
        let (trainer, file) = (read::address(event.trainer), read::digest(event.file));
        let (base, loss) = (Micronats(event.base), Micronats(event.loss));
        let claim = state.claims.get_mut(&trainer).ok_or(NO_COMMIT)?;
        let name = rules::claim_hash(file, base, loss, read::digest(event.lossRoot));
        *claim = Claim { name, file, base, loss, status: Status::Revealed, ..*claim };
        let number = claim.number;
        state.shown.reveals += 1;
        let lead = state.leads.entry(name).or_default();
        if lead.number == 0 || lead.number >= number {
            (lead.trainer, lead.number) = (trainer, number);
        }
        Ok(())
    }

    pub(crate) fn conceded(&mut self, event: &INetwork::Conceded) -> Fit {
        let state = self.state(read::group(event.group)?)?.round(read::round(event.round)?)?;
        let order = read::count(event.order)?;
        state.shown.conceded = order;
        let claim = state.claims.get_mut(&read::address(event.trainer)).ok_or(NO_COMMIT)?;
        (claim.status, claim.concession) = (Status::Conceded, order);
        Ok(())
    }

    /// Comes before the log of the verdicts that decided.
    pub(crate) fn decided(&mut self, event: &INetwork::Decided) -> Fit {
        let (group, round) = (read::group(event.group)?, read::round(event.round)?);
        let (claim, file) = (read::digest(event.claim), read::digest(event.file));
        let outcome = read::outcome(event.outcome)?;
        let state = self.state(group)?;
        let decided = state.round(round)?;
        let lead = decided.leads.entry(claim).or_default();
        (decided.shown.judged, decided.shown.paid) = (lead.weight, lead.paid);
        (decided.shown.outcome, decided.shown.winner) = (outcome, read::address(event.winner));
        decided.decided = (claim, file);
        (state.shown.voids, state.shown.checkpoint) = (0, read::digest(event.checkpoint));
        state.count_round(round);
        if outcome == Outcome::Won {
            let won = if state.shown.admitted { &mut self.won } else { &mut state.won };
            won.insert(file);
        }
        Ok(())
    }

    pub(crate) fn judged(&mut self, event: &INetwork::Judged, at: Moment) -> Fit {
        let (round, claim) = (read::round(event.round)?, read::digest(event.claim));
        let (stake, amount) = (read::wei(event.stake)?, read::wei(event.amount)?);
        let terms = self.terms;
        let state = self.state(read::group(event.group)?)?;
        let judged = state.round(round)?;
        let lead = judged.leads.entry(claim).or_default();
        let open = judged.shown.outcome == Outcome::None;
        let (weight, paid) = if open { (&mut lead.weight, &mut lead.paid) } else { (&mut judged.shown.judged, &mut judged.shown.paid) };
        (*weight, *paid) = (weight.saturating_add(stake), paid.saturating_add(amount));
        for position in read::numbers(&event.positions)? {
            state.count_verdict(&terms, PositionNumber(position), round, claim, at)?;
        }
        Ok(())
    }

    pub(crate) fn attended(&mut self, event: &INetwork::Attended, at: Moment) -> Fit {
        let (round, stake) = (read::round(event.round)?, read::wei(event.stake)?);
        let epoch = self.epoch(at.time_s);
        let state = self.state(read::group(event.group)?)?;
        for position in read::numbers(&event.positions)?.into_iter().map(PositionNumber) {
            let live = state.seat(position)?.in_epoch(epoch).stake;
            state.round(round)?.attended.insert(position, (live, at));
        }
        let past = state.round(round)?;
        if past.is_open() {
            past.shown.judged = past.shown.judged.saturating_add(stake);
        }
        if event.counts && !std::mem::replace(&mut past.shown.attended, true) {
            state.count_round(round);
        }
        Ok(())
    }

    /// May come before the log of the verdict whose pay was cut.
    pub(crate) fn pay_cut(&mut self, event: &INetwork::PayCut) -> Fit {
        let (round, position) = (read::round(event.round)?, read::position(event.position)?);
        let cut = taken(read::wei(event.asked)?, read::wei(event.given)?)?;
        let state = self.state(read::group(event.group)?)?;
        let pay = &mut state.seat(position)?.pay;
        pay.noted = pay.noted.saturating_sub(signed(cut));
        state.round(round)?.cuts.insert(position, cut);
        Ok(())
    }

    pub(crate) fn settled(&mut self, event: &INetwork::Settled, at: Moment) -> Fit {
        let state = self.state(read::group(event.group)?)?.round(read::round(event.round)?)?;
        let lost = !state.is_open() && state.shown.winner.is_zero();
        let claim = state.claims.get_mut(&read::address(event.trainer)).ok_or(NO_COMMIT)?;
        let before = std::mem::replace(&mut claim.status, Status::Settled);
        // Each claim of a lost round bears its part of what validators get.
        state.shown.charged += u64::from(lost && before == Status::Revealed);
        self.note_settled(event, at)
    }

    pub(crate) fn collected(&mut self, event: &INetwork::Collected, at: Moment) -> Fit {
        let state = self.state(read::group(event.group)?)?.round(read::round(event.round)?)?;
        state.shown.collected = true;
        // What was not settled before comes back with R.
        state.claims.get_mut(&read::address(event.winner)).ok_or(NO_COMMIT)?.status = Status::Settled;
        self.note_collected(event, at)
    }

    pub(crate) fn struck(&mut self, event: &INetwork::Struck, at: Moment) -> Fit {
        let issued = read::wei(event.issued)?;
        let state = self.state(read::group(event.group)?)?;
        state.shown.checkpoint = read::digest(event.checkpoint);
        let past = &mut state.round(read::round(event.round)?)?.shown;
        past.outcome = Outcome::Struck;
        past.paid = taken(past.paid, issued)?;
        self.note_struck(event, at)
    }
}

const NO_COMMIT: Misfit = Misfit("speaks of a commit that was not made");
