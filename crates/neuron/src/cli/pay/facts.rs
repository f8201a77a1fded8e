//! The facts of rounds, and the entries of deltas and bounties, out of the ledger.

use node::network_file::moment;
use protocol::{Address, BountyNumber, DeltaNumber, Digest, GroupId, RoundNumber, Wei, chain::Outcome};
use views::{BountyStatus, Claim, Delta, DeltaStatus, Reason, Receipt, Status, Subject};

use super::{
    entry::{Entry, Role},
    story::{Dates, Deed, Facts, Trainer},
};
use crate::cli::ledger::Ledger;

/// What is known of a round; none if nobody committed in it.
pub fn of_round(ledger: &Ledger, group: GroupId, round: RoundNumber) -> Option<Facts> {
    let shown = ledger.views.round(group, round);
    if shown.commits == 0 {
        return None;
    }
    let (decided, _) = ledger.views.decision(group, round);
    let trainers: Vec<Trainer> = ledger.views.claims(group, round).map(|(account, claim)| trainer(account, claim)).collect();
    let prizes = bounties(ledger, group).flat_map(|bounty| ledger.views.bounty_receipts(bounty)).copied();
    let prizes = prizes.filter(|receipt| matches!(receipt.why, Reason::Prized { round: paid, .. } if paid == round));
    let receipts = ledger.views.receipts(group, round).into_iter().chain(prizes).collect();
    let judged = if shown.outcome == Outcome::None { most_judged(ledger, group, round).max(shown.judged) } else { shown.judged };
    Some(Facts {
        group,
        round,
        outcome: shown.outcome,
        winner: shown.winner,
        decided,
        reward: shown.reward,
        awake: shown.awake,
        judged,
        reveals: shown.reveals,
        collected: shown.collected,
        trainers,
        seats: ledger.seats(group, round).to_vec(),
        receipts,
        times: dates(ledger, group, round)?,
    })
}

/// The stake behind the claim that has most, zero included.
fn most_judged(ledger: &Ledger, group: GroupId, round: RoundNumber) -> Wei {
    let names = ledger.views.claims(group, round).map(|(_, claim)| claim.name).chain([Digest::ZERO]);
    names.map(|name| ledger.views.tally(group, round, name).0).max().unwrap_or_default()
}

fn trainer(account: Address, claim: &Claim) -> Trainer {
    // Once it is settled, only its traces tell what it was.
    let deed = match (claim.status, claim.concession, claim.file.is_zero()) {
        (Status::Conceded, order, _) => Deed::Conceded { order },
        (_, order, _) if order > 0 => Deed::Conceded { order },
        (_, _, false) => Deed::Revealed,
        (_, _, true) => Deed::Sealed,
    };
    Trainer { account, number: claim.number, base: claim.base, loss: claim.loss, deed }
}

fn dates(ledger: &Ledger, group: GroupId, round: RoundNumber) -> Option<Dates> {
    let (terms, times) = (ledger.views.terms(), ledger.views.group(group)?.times);
    let end_s = times.round_end_s(terms.genesis_s, round);
    let late_s = end_s.saturating_add(times.length_s());
    Some(Dates { now_s: ledger.now_s, end_s, late_s, mature_s: end_s.saturating_add(terms.maturity_s) })
}

fn bounties(ledger: &Ledger, group: GroupId) -> impl Iterator<Item = BountyNumber> {
    let all = (1..=ledger.views.bounties()).map(BountyNumber);
    all.filter(move |number| ledger.views.bounty(*number).is_some_and(|bounty| bounty.group == group))
}

/// What authors got for the deltas of a group.
pub fn of_deltas(ledger: &Ledger, group: GroupId) -> Vec<Entry> {
    let proposals = ledger.views.group(group).map(|shown| shown.proposals).unwrap_or_default();
    let one = |number| {
        let delta = ledger.views.delta(group, number);
        let receipts = ledger.views.delta_receipts(group, number).to_vec();
        let reason = of_delta(number, &delta, ledger.now_s);
        Entry::new(group, Subject::Delta(number), delta.author, Role::Author, reason, receipts)
    };
    (1..=proposals).map(DeltaNumber).map(one).collect()
}

/// What became of a delta, and what that means for its author.
pub fn of_delta(number: DeltaNumber, delta: &Delta, now_s: u64) -> String {
    match delta.status {
        DeltaStatus::None => format!("there is no delta {number}"),
        DeltaStatus::Open => "it is voted on; its bond waits".to_owned(),
        DeltaStatus::Applied if now_s < delta.stands_at_s => format!("it is in the set, on trial until {}", moment(delta.stands_at_s)),
        DeltaStatus::Applied => format!("it stands; bond and {} NRN wait: `neuron delta refund {number}`", delta.reward.to_nrn()),
        DeltaStatus::Dropped => format!("others were preferred; its bond waits: `neuron delta refund {number}`"),
        DeltaStatus::Taken => "a measure took it out of the set again: its bond is burned".to_owned(),
        DeltaStatus::Refunded if delta.stands_at_s > 0 => "it stands in the set".to_owned(),
        DeltaStatus::Refunded => "others were preferred".to_owned(),
    }
}

/// What sponsors, finders and reporters got of the bounties of a group; the prizes of rounds belong to the rounds.
pub fn of_bounties(ledger: &Ledger, group: GroupId) -> Vec<Entry> {
    let mut entries = Vec::new();
    for number in bounties(ledger, group) {
        let Some(bounty) = ledger.views.bounty(number) else { continue };
        let (of, receipts) = (Subject::Bounty(number), ledger.views.bounty_receipts(number));
        let of_sponsor = |receipt: &&Receipt| matches!(receipt.why, Reason::Funded { .. } | Reason::Returned { .. });
        let sponsored = receipts.iter().filter(of_sponsor).copied().collect();
        entries.push(Entry::new(group, of, bounty.sponsor, Role::Sponsor, of_bounty(bounty.status, bounty.settled).to_owned(), sponsored));
        entries.extend(receipts.iter().filter_map(|receipt| of_receipt(group, of, receipt)));
    }
    entries
}

fn of_bounty(status: BountyStatus, is_settled: bool) -> &'static str {
    match (status, is_settled) {
        (BountyStatus::Measured, _) => "validators measured it",
        (BountyStatus::Failed, _) => "the set was not opened in time, or is not what was sealed: the bounty is lost",
        (_, true) => "nothing was decided about it: most came back",
        (_, false) => "it is not decided",
    }
}

fn of_receipt(group: GroupId, of: Subject, receipt: &Receipt) -> Option<Entry> {
    let (role, reason) = match receipt.why {
        Reason::Found { position, stake, .. } => {
            (Role::Finder { position }, format!("its finding was one of those that decided, with {} NRN", stake.to_nrn()))
        }
        Reason::Reported { position, .. } => (Role::Reporter, format!("it showed that position {position} had signed two results")),
        _ => return None,
    };
    Some(Entry::new(group, of, receipt.account, role, reason, vec![*receipt]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_read_what_became_of_their_deltas_and_what_to_do() {
        let delta = |status, stands_at_s| Delta { status, stands_at_s, reward: Wei::nrn(2), ..Delta::default() };
        for (status, stands_at_s, wanted) in [
            (DeltaStatus::None, 0, "there is no delta 7"),
            (DeltaStatus::Open, 0, "it is voted on"),
            (DeltaStatus::Applied, 101, "on trial until 1970-01-01T00:01:41Z"),
            (DeltaStatus::Applied, 100, "2 NRN wait: `neuron delta refund 7`"),
            (DeltaStatus::Dropped, 0, "others were preferred; its bond waits: `neuron delta refund 7`"),
            (DeltaStatus::Taken, 100, "its bond is burned"),
            (DeltaStatus::Refunded, 100, "it stands in the set"),
            (DeltaStatus::Refunded, 0, "others were preferred"),
        ] {
            let told = of_delta(DeltaNumber(7), &delta(status, stands_at_s), 100);
            assert!(told.contains(wanted), "{status:?}: {told}");
        }
    }

    #[test]
    fn what_a_commit_became_is_read_off_its_traces_once_it_is_settled() {
        let file = Digest([1; 32]);
        for (status, concession, file, deed) in [
            (Status::Sealed, 0, Digest::ZERO, Deed::Sealed),
            (Status::Revealed, 0, file, Deed::Revealed),
            (Status::Conceded, 2, Digest::ZERO, Deed::Conceded { order: 2 }),
            (Status::Settled, 0, Digest::ZERO, Deed::Sealed),
            (Status::Settled, 0, file, Deed::Revealed),
            (Status::Settled, 2, Digest::ZERO, Deed::Conceded { order: 2 }),
        ] {
            let claim = Claim { status, concession, file, ..Claim::default() };
            assert_eq!(trainer(Address([1; 20]), &claim).deed, deed, "{status:?} {concession}");
        }
    }
}
