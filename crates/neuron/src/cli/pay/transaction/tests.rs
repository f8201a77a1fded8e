//! Receipts and the events that they were read from.

use protocol::{Address, BountyNumber, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber, Wei};
use views::Moment;

use super::*;

const GROUP: GroupId = GroupId(1);
const ROUND: RoundNumber = RoundNumber(7);
const POSITION: PositionNumber = PositionNumber(3);
const ACCOUNT: Address = Address([1; 20]);

/// Events of one block, each the source of one receipt.
fn of_rounds() -> Vec<(Subject, Reason, ChainEvent)> {
    let (nrn, claim, zero) = (Wei::nrn(1), Digest([7; 32]), Digest::ZERO);
    let of = Subject::Round(ROUND);
    vec![
        (
            of,
            Reason::Committed { number: 1, deposit: nrn },
            ChainEvent::Committed { group: GROUP, round: ROUND, trainer: ACCOUNT, number: 1, seal: zero },
        ),
        (
            of,
            Reason::Settled { refunded: nrn, burned: nrn, charged: nrn },
            ChainEvent::Settled { group: GROUP, round: ROUND, trainer: ACCOUNT, refunded: nrn, burned: nrn, charged: nrn },
        ),
        (
            of,
            Reason::Won { to: ACCOUNT, asked: nrn, issued: nrn, deposit: nrn },
            ChainEvent::Collected { group: GROUP, round: ROUND, winner: ACCOUNT, to: ACCOUNT, asked: nrn, issued: nrn, deposit: nrn },
        ),
        (of, Reason::Struck { burned: nrn }, ChainEvent::Struck { group: GROUP, round: ROUND, checkpoint: zero, issued: nrn, burned: nrn }),
        (
            of,
            Reason::Judged { position: POSITION, claim, stake: nrn, earned: nrn, cut: nrn },
            ChainEvent::Judged { group: GROUP, round: ROUND, claim, stake: nrn, amount: nrn, positions: vec![POSITION] },
        ),
        (
            of,
            Reason::Attended { position: POSITION, stake: nrn },
            ChainEvent::Attended { group: GROUP, round: ROUND, stake: nrn, counts: true, positions: vec![POSITION] },
        ),
        (
            of,
            Reason::Reported { position: POSITION, burned: nrn, reward: nrn },
            ChainEvent::DoubleSigned { group: GROUP, position: POSITION, round: ROUND, reporter: ACCOUNT, burned: nrn, reward: nrn },
        ),
    ]
}

/// The same for deltas and bounties.
fn of_others() -> Vec<(Subject, Reason, ChainEvent)> {
    let (nrn, zero) = (Wei::nrn(1), Digest::ZERO);
    let (delta, bounty) = (DeltaNumber(4), BountyNumber(2));
    vec![
        (
            Subject::Delta(delta),
            Reason::Proposed { bond: nrn },
            ChainEvent::Proposed { group: GROUP, delta, author: ACCOUNT, digest: zero, parent: zero, period: PeriodNumber(1), bond: nrn },
        ),
        (Subject::Delta(delta), Reason::Charged { burned: nrn }, ChainEvent::Charged { group: GROUP, delta, burned: nrn }),
        (
            Subject::Delta(delta),
            Reason::Refunded { bond: nrn, asked: nrn, issued: nrn },
            ChainEvent::Refunded { group: GROUP, delta, author: ACCOUNT, bond: nrn, asked: nrn, issued: nrn },
        ),
        (
            Subject::Delta(delta),
            Reason::Taken { burned: nrn },
            ChainEvent::Taken { group: GROUP, delta, author: ACCOUNT, head: zero, burned: nrn },
        ),
        (
            Subject::Bounty(bounty),
            Reason::Prized { round: ROUND, amount: nrn, burned: false },
            ChainEvent::BountyPaid { group: GROUP, bounty, round: ROUND, winner: ACCOUNT, amount: nrn, burned: false },
        ),
        (
            Subject::Bounty(bounty),
            Reason::Found { position: POSITION, stake: nrn, amount: nrn },
            ChainEvent::FinderPaid { group: GROUP, bounty, position: POSITION, owner: ACCOUNT, amount: nrn },
        ),
        (
            Subject::Bounty(bounty),
            Reason::Returned { returned: nrn, burned: nrn },
            ChainEvent::Returned { group: GROUP, bounty, amount: nrn, burned: nrn },
        ),
    ]
}

fn receipt(of: Subject, account: Address, why: Reason) -> Receipt {
    Receipt { group: GROUP, of, account, at: Moment { block: 5, time_s: 90 }, why }
}

#[test]
fn each_receipt_is_found_in_the_transaction_of_its_own_event_among_all_of_a_block() {
    let cases: Vec<_> = of_rounds().into_iter().chain(of_others()).collect();
    let hash = |index: usize| Digest([index as u8 + 1; 32]);
    let events = cases.iter().enumerate().map(|(index, (_, _, event))| (hash(index), event.clone())).collect();
    let transactions = Transactions { blocks: BTreeMap::from([(5, events)]) };
    for (index, (of, why, _)) in cases.iter().enumerate() {
        assert_eq!(transactions.of(&receipt(*of, ACCOUNT, *why)), Some(hash(index)), "{why:?}");
        let elsewhere = Receipt { at: Moment { block: 6, time_s: 90 }, ..receipt(*of, ACCOUNT, *why) };
        assert_eq!(transactions.of(&elsewhere), None, "another block: {why:?}");
    }
    let foreign = receipt(Subject::Round(ROUND), Address([2; 20]), Reason::Committed { number: 1, deposit: Wei::nrn(1) });
    assert_eq!(transactions.of(&foreign), None, "somebody else's commit");
    let other_round = receipt(Subject::Round(RoundNumber(8)), ACCOUNT, Reason::Committed { number: 1, deposit: Wei::nrn(1) });
    assert_eq!(transactions.of(&other_round), None);
}
