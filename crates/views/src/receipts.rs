//! Receipts: for each round, delta, bounty and account what was paid, and why.

use protocol::ids::{Address, BountyNumber, DeltaNumber, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::money::Wei;
use serde::{Deserialize, Serialize};

use crate::bindings::INetwork;
use crate::groups::GroupState;
use crate::log::{Fit, Moment};
use crate::read;
use crate::rounds::{Lead, RoundState, Verdict};
use crate::terms::Terms;
use crate::views::Views;

/// What an account got or paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub group: GroupId,
    pub of: Subject,
    pub account: Address,
    pub at: Moment,
    pub why: Reason,
}

/// What a receipt is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    Round(RoundNumber),
    Delta(DeltaNumber),
    Bounty(BountyNumber),
}

/// Why an account got or paid something. Amounts in wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// It paid the deposit of its commit, the `number`-th of the round.
    Committed { number: u64, deposit: Wei },
    /// Of its deposit so much came back, was burned, went to validators; what is left comes with R.
    Settled { refunded: Wei, burned: Wei, charged: Wei },
    /// It won: R was asked for and issued to `to`, with the rest of the deposit.
    Won { to: Address, asked: Wei, issued: Wei, deposit: Wei },
    /// It had won, and the decision was cancelled: so much of what it had got back was burned.
    Struck { burned: Wei },
    /// A verdict of its position was counted, with that stake; the position earned so much, from which `cut` was taken off
    /// that the schedule did not allow. Nothing is earned by verdicts for what was not decided.
    Judged { position: PositionNumber, claim: Digest, stake: Wei, earned: Wei, cut: Wei },
    /// Its position showed that it was present.
    Attended { position: PositionNumber, stake: Wei },
    /// It reported a position that had signed two claims, or two results: so much was burned and went to the reporter.
    Reported { position: PositionNumber, burned: Wei, reward: Wei },
    /// It paid the bond of its delta.
    Proposed { bond: Wei },
    /// So much of the bond was burned: its delta was dropped, and few had wanted it.
    Charged { burned: Wei },
    /// The bond came back, and if the delta stood A was asked for and issued.
    Refunded { bond: Wei, asked: Wei, issued: Wei },
    /// Its delta was rolled back: the bond was burned.
    Taken { burned: Wei },
    /// It locked a bounty and a bond.
    Funded { amount: Wei, bond: Wei },
    /// Its round of a bounty's term earned so much, which was burned if the round was struck.
    Prized { round: RoundNumber, amount: Wei, burned: bool },
    /// It was paid for a finding of its position that was counted with that stake.
    Found { position: PositionNumber, stake: Wei, amount: Wei },
    /// Of its bounty and bond so much came back and was burned.
    Returned { returned: Wei, burned: Wei },
}

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
