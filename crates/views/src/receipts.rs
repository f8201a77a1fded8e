//! Receipts: for each round, delta, bounty and account what was paid, and why.

use protocol::ids::{Address, BountyNumber, DeltaNumber, Digest, GroupId, PositionNumber, RoundNumber};

use crate::bindings::INetwork;
use crate::log::{Fit, Moment};
use crate::read;
use crate::receipt::{Reason, Receipt, Subject};
use crate::state::{GroupState, Lead, RoundState, Verdict, Views};
use crate::terms::Terms;

impl Views {
    /// What accounts got and paid for a round. Verdicts are those of who owned the position when they were counted.
    pub fn receipts(&self, group: GroupId, round: RoundNumber) -> Vec<Receipt> {
        self.groups.get(&group).map(|state| state.receipts_of_round(&self.terms, group, round)).unwrap_or_default()
    }

    /// What its author got and paid for a delta.
    pub fn delta_receipts(&self, group: GroupId, delta: DeltaNumber) -> &[Receipt] {
        let state = self.groups.get(&group).and_then(|state| state.deltas.get(&delta));
        state.map(|state| &state.receipts[..]).unwrap_or_default()
    }

    /// What accounts got and paid for a bounty.
    pub fn bounty_receipts(&self, bounty: BountyNumber) -> &[Receipt] {
        self.bounties.get(&bounty).map(|state| &state.receipts[..]).unwrap_or_default()
    }

    /// All that an account got and paid, group by group: for rounds, then for deltas, then for bounties.
    pub fn receipts_of(&self, account: Address) -> Vec<Receipt> {
        let of_group = |(group, state): (&GroupId, &GroupState)| {
            let rounds = state.rounds.keys().chain(state.receipts.keys()).collect::<std::collections::BTreeSet<_>>();
            let of_rounds = rounds.into_iter().flat_map(|round| state.receipts_of_round(&self.terms, *group, *round));
            let of_deltas = state.deltas.values().flat_map(|delta| delta.receipts.iter().copied());
            let bounties = self.bounties.values().filter(|bounty| bounty.shown.group == *group);
            let of_bounties = bounties.flat_map(|bounty| bounty.receipts.iter().copied());
            of_rounds.chain(of_deltas).chain(of_bounties).filter(|receipt| receipt.account == account).collect::<Vec<_>>()
        };
        self.groups.iter().flat_map(of_group).collect()
    }

    pub(crate) fn note_committed(&mut self, event: &INetwork::Committed, at: Moment) -> Fit {
        let (group, round) = (read::group(event.group)?, read::round(event.round)?);
        let deposit = self.state(group)?.round(round)?.shown.deposit;
        let why = Reason::Committed { number: read::count(event.number)?, deposit };
        self.note_round(group, round, read::address(event.trainer), why, at)
    }

    pub(crate) fn note_settled(&mut self, event: &INetwork::Settled, at: Moment) -> Fit {
        let (refunded, burned) = (read::wei(event.refunded)?, read::wei(event.burned)?);
        let why = Reason::Settled { refunded, burned, charged: read::wei(event.charged)? };
        self.note_round(read::group(event.group)?, read::round(event.round)?, read::address(event.trainer), why, at)
    }

    pub(crate) fn note_collected(&mut self, event: &INetwork::Collected, at: Moment) -> Fit {
        let (asked, issued) = (read::wei(event.asked)?, read::wei(event.issued)?);
        let why = Reason::Won { to: read::address(event.to), asked, issued, deposit: read::wei(event.deposit)? };
        self.note_round(read::group(event.group)?, read::round(event.round)?, read::address(event.winner), why, at)
    }

    pub(crate) fn note_struck(&mut self, event: &INetwork::Struck, at: Moment) -> Fit {
        let (group, round) = (read::group(event.group)?, read::round(event.round)?);
        let winner = self.state(group)?.round(round)?.shown.winner;
        match winner.is_zero() {
            true => Ok(()),
            false => self.note_round(group, round, winner, Reason::Struck { burned: read::wei(event.burned)? }, at),
        }
    }

    pub(crate) fn note_reported(&mut self, event: &INetwork::DoubleSigned, at: Moment) -> Fit {
        let (burned, reward) = (read::wei(event.burned)?, read::wei(event.reward)?);
        let why = Reason::Reported { position: read::position(event.position)?, burned, reward };
        self.note_round(read::group(event.group)?, read::round(event.round)?, read::address(event.reporter), why, at)
    }

    pub(crate) fn note_proposed(&mut self, event: &INetwork::Proposed, at: Moment) -> Fit {
        let why = Reason::Proposed { bond: read::wei(event.bond)? };
        self.note_delta(read::group(event.group)?, read::delta(event.delta)?, why, at)
    }

    pub(crate) fn note_charged(&mut self, event: &INetwork::Charged, at: Moment) -> Fit {
        let why = Reason::Charged { burned: read::wei(event.burned)? };
        self.note_delta(read::group(event.group)?, read::delta(event.delta)?, why, at)
    }

    pub(crate) fn note_refunded(&mut self, event: &INetwork::Refunded, at: Moment) -> Fit {
        let (bond, asked) = (read::wei(event.bond)?, read::wei(event.asked)?);
        let why = Reason::Refunded { bond, asked, issued: read::wei(event.issued)? };
        self.note_delta(read::group(event.group)?, read::delta(event.delta)?, why, at)
    }

    pub(crate) fn note_taken(&mut self, event: &INetwork::Taken, at: Moment) -> Fit {
        let why = Reason::Taken { burned: read::wei(event.burned)? };
        self.note_delta(read::group(event.group)?, read::delta(event.delta)?, why, at)
    }

    fn note_round(&mut self, group: GroupId, round: RoundNumber, account: Address, why: Reason, at: Moment) -> Fit {
        let receipt = Receipt { group, of: Subject::Round(round), account, at, why };
        self.state(group)?.receipts.entry(round).or_default().push(receipt);
        Ok(())
    }

    fn note_delta(&mut self, group: GroupId, number: DeltaNumber, why: Reason, at: Moment) -> Fit {
        let delta = self.state(group)?.delta(number)?;
        let receipt = Receipt { group, of: Subject::Delta(number), account: delta.shown.author, at, why };
        delta.receipts.push(receipt);
        Ok(())
    }
}

impl GroupState {
    fn receipts_of_round(&self, terms: &Terms, group: GroupId, round: RoundNumber) -> Vec<Receipt> {
        let noted = self.receipts.get(&round).into_iter().flatten().copied();
        let of = Subject::Round(round);
        let of_positions = self.rounds.get(&round).map(|state| self.of_positions(terms, round, state)).unwrap_or_default();
        let of_owners = of_positions.into_iter().map(|(position, at, why)| {
            let account = self.seats.get(&position).map(|seat| seat.owner_at(at.time_s)).unwrap_or_default();
            Receipt { group, of, account, at, why }
        });
        noted.chain(of_owners).collect()
    }

    fn of_positions(&self, terms: &Terms, round: RoundNumber, state: &RoundState) -> Vec<(PositionNumber, Moment, Reason)> {
        let verdicts = |(claim, lead): (&Digest, &Lead)| {
            let of_lead = lead
                .verdicts
                .iter()
                .map(|(position, verdict)| (*position, verdict.at, self.of_verdict(terms, round, state, *claim, *position, verdict)));
            of_lead.collect::<Vec<_>>()
        };
        let judged = state.leads.iter().flat_map(verdicts);
        let attended =
            state.attended.iter().map(|(position, (stake, at))| (*position, *at, Reason::Attended { position: *position, stake: *stake }));
        judged.chain(attended).collect()
    }

    fn of_verdict(
        &self,
        terms: &Terms,
        round: RoundNumber,
        state: &RoundState,
        claim: Digest,
        position: PositionNumber,
        verdict: &Verdict,
    ) -> Reason {
        let decided = state.is_decided_for(claim);
        let read_off = || self.seats.get(&position).map(|seat| state.share(self.stake_in(terms, seat, round)));
        let earned = verdict.noted.or_else(|| read_off().filter(|_| decided)).unwrap_or_default();
        let cut = state.cuts.get(&position).copied().filter(|_| decided).unwrap_or_default();
        Reason::Judged { position, claim, stake: verdict.stake, earned, cut }
    }
}
