//! Reasons of trainers and validators, by tables.

use protocol::{
    Address, Digest, GroupId, Micronats, PositionNumber, RoundNumber, Wei,
    chain::Outcome::{self, Lost, None as Undecided, Struck, Won},
};
use views::{Moment, Reason, Receipt, Subject};

use super::*;

const GROUP: GroupId = GroupId(1);
const ROUND: RoundNumber = RoundNumber(7);
const CLAIM: Digest = Digest([7; 32]);
const OTHER_CLAIM: Digest = Digest([8; 32]);
const WINNER: u8 = 1;
/// The round is over, its reward is not mature.
const NOW_S: u64 = 150;

fn account(number: u8) -> Address {
    Address([number; 20])
}

fn receipt(number: u8, why: Reason) -> Receipt {
    Receipt { group: GROUP, of: Subject::Round(ROUND), account: account(number), at: Moment { block: 5, time_s: 90 }, why }
}

fn trainer(number: u8, loss: u32, deed: Deed) -> Trainer {
    Trainer { account: account(number), number: number.into(), base: Micronats(2_000_000), loss: Micronats(loss), deed }
}

fn seat(number: u8, awake: bool) -> Seat {
    let position = PositionNumber(number.into());
    Seat { position, owner: account(number), signer: account(number + 100), stake: Wei::nrn(10), awake }
}

fn facts(outcome: Outcome) -> Facts {
    let is_won = outcome == Won || outcome == Struck;
    Facts {
        group: GROUP,
        round: ROUND,
        outcome,
        winner: if is_won { account(WINNER) } else { Address::ZERO },
        decided: if is_won { CLAIM } else { Digest::ZERO },
        reward: Wei::nrn(5),
        awake: Wei::nrn(30),
        judged: Wei::nrn(20),
        reveals: 2,
        collected: false,
        trainers: vec![trainer(WINNER, 1_000_000, Deed::Revealed)],
        seats: Vec::new(),
        receipts: Vec::new(),
        times: Dates { now_s: NOW_S, end_s: 100, late_s: 200, mature_s: 300 },
    }
}

fn with_trainer(outcome: Outcome, trainer: Trainer) -> Facts {
    let mut facts = facts(outcome);
    facts.trainers.retain(|other| other.account != trainer.account);
    facts.trainers.push(trainer);
    facts
}

#[test]
fn a_trainer_reads_why_it_won_or_did_not() {
    let second = |loss, deed| trainer(2, loss, deed);
    let winner = trainer(WINNER, 1_000_000, Deed::Revealed);
    let at = |now_s, outcome, trainer| {
        let facts = with_trainer(outcome, trainer);
        Facts { times: Dates { now_s, ..facts.times }, ..facts }
    };
    let base_differs = Trainer { base: Micronats(1_900_000), ..second(1_500_000, Deed::Revealed) };
    for (facts, wanted) in [
        (with_trainer(Won, winner), "won; 5 NRN can be collected from 1970-01-01T00:05:00Z on"),
        (at(300, Won, winner), "5 NRN wait: `neuron round collect 7 --group 1`"),
        (Facts { collected: true, ..at(300, Won, winner) }, "2.000000 → 1.000000 nats won"),
        (Facts { reward: Wei::ZERO, ..with_trainer(Won, winner) }, "the group was not admitted when the round began: no reward"),
        (with_trainer(Won, second(1_500_000, Deed::Revealed)), "was not the lowest: the winner's has 1.000000 nats, 0.500000 less"),
        (with_trainer(Won, second(1_000_000, Deed::Revealed)), "as low as the winner's, which was committed earlier"),
        (with_trainer(Won, second(900_000, Deed::Revealed)), "lower than the winner's 1.000000, and validators found it false"),
        (with_trainer(Won, base_differs), "validators found it false"),
        (with_trainer(Won, second(0, Deed::Sealed)), "did not reveal in time, though others did: its deposit is lost"),
        (with_trainer(Won, second(0, Deed::Conceded { order: 3 })), "conceded as number 3"),
        (with_trainer(Lost, second(1_500_000, Deed::Revealed)), "is not true, like all of this round"),
        (with_trainer(Struck, winner), "a measure cancelled what was decided"),
        (with_trainer(Undecided, second(1_500_000, Deed::Revealed)), "was not decided: verdicts for one claim came to 20 NRN of 30 awake"),
        (Facts { reveals: 0, ..with_trainer(Undecided, second(0, Deed::Sealed)) }, "nobody revealed a claim: 15/16 of the deposit"),
        (at(99, Undecided, second(0, Deed::Sealed)), "not decided yet; it ends on 1970-01-01T00:01:40Z"),
        (at(99, Undecided, second(1, Deed::Revealed)), "not decided yet"),
    ] {
        let asked = facts.trainers.last().expect("a trainer").account;
        let found = entries(&facts).into_iter().find(|entry| entry.account == asked).expect("an entry");
        assert!(found.reason.contains(wanted), "{wanted:?}, not {:?}", found.reason);
        let waits = ["can be collected", "NRN wait"].iter().any(|words| wanted.contains(words));
        assert_eq!(found.due, if waits { Wei::nrn(5) } else { Wei::ZERO }, "{wanted}");
    }
}

fn judged(number: u8, claim: Digest, earned: u64, cut: u64) -> Receipt {
    let (position, stake) = (PositionNumber(number.into()), Wei::nrn(10));
    receipt(number, Reason::Judged { position, claim, stake, earned: Wei::nrn(earned), cut: Wei::nrn(cut) })
}

#[test]
fn a_validator_reads_why_it_was_paid_or_not() {
    let attended = receipt(3, Reason::Attended { position: PositionNumber(3), stake: Wei::nrn(10) });
    let with = |outcome, receipts: &[Receipt]| Facts { seats: vec![seat(3, true)], receipts: receipts.to_vec(), ..facts(outcome) };
    let at = |now_s, facts: Facts| Facts { times: Dates { now_s, ..facts.times }, ..facts };
    for (facts, is_paid, wanted) in [
        (with(Won, &[judged(3, CLAIM, 1, 0)]), true, "its verdict was counted with 10 of 30 NRN awake"),
        (with(Struck, &[judged(3, CLAIM, 1, 0)]), true, "its verdict was counted"),
        (with(Lost, &[judged(3, Digest::ZERO, 1, 0)]), true, "its verdict was counted"),
        (with(Won, &[judged(3, CLAIM, 3, 2)]), true, "the schedule of the issue cut 2 NRN off"),
        (with(Won, &[judged(3, CLAIM, 0, 0)]), false, "less than a gwei of pay"),
        (Facts { reward: Wei::ZERO, ..with(Won, &[judged(3, CLAIM, 0, 0)]) }, false, "not admitted when the round began: no pay"),
        (with(Won, &[judged(3, OTHER_CLAIM, 0, 0)]), false, "for another claim than the one that was decided"),
        (with(Won, &[attended]), false, "came too late to count"),
        (with(Won, &[]), false, "it counts if it comes before 1970-01-01T00:03:20Z"),
        (at(200, with(Won, &[])), false, "no verdict of it reached the chain before 1970-01-01T00:03:20Z: was its node running"),
        (with(Undecided, &[judged(3, CLAIM, 0, 0)]), false, "its verdict was counted, but nothing was decided: verdicts for one claim"),
        (with(Undecided, &[attended]), false, "it was present, but nothing was decided"),
        (with(Undecided, &[]), false, "no verdict of it reached the chain, and nothing was decided"),
        (Facts { reveals: 0, ..with(Undecided, &[]) }, false, "there was nothing to judge"),
        (at(99, with(Undecided, &[])), false, "not decided yet; the round ends on"),
    ] {
        let found = entries(&facts).into_iter().find(|entry| entry.account == account(3)).expect("an entry");
        assert!(found.reason.contains(wanted), "{wanted:?}, not {:?}", found.reason);
        assert_eq!(found.is_paid(), is_paid, "{wanted}");
        assert!(found.is_of(account(103)) && !found.is_of(account(104)), "its signer asks with another key");
    }
}

#[test]
fn who_was_at_rest_had_nothing_to_do_with_the_round_unless_its_verdict_was_counted() {
    let resting = |receipts: Vec<Receipt>| Facts { seats: vec![seat(3, false)], receipts, ..facts(Won) };
    assert_eq!(entries(&resting(Vec::new())).len(), 1, "the winner alone");
    assert_eq!(entries(&resting(vec![judged(3, CLAIM, 1, 0)])).len(), 2);
}

#[test]
fn what_was_put_down_came_back_and_was_won_is_added_up_for_each_account() {
    let (to, nrn) = (account(9), Wei::nrn);
    let receipts = vec![
        receipt(1, Reason::Committed { number: 1, deposit: nrn(16) }),
        receipt(1, Reason::Settled { refunded: nrn(15), burned: nrn(0), charged: nrn(0) }),
        receipt(1, Reason::Won { to, asked: nrn(5), issued: nrn(4), deposit: nrn(1) }),
        receipt(1, Reason::Prized { round: ROUND, amount: nrn(2), burned: false }),
        receipt(2, Reason::Committed { number: 2, deposit: nrn(16) }),
        receipt(4, Reason::Reported { position: PositionNumber(3), burned: nrn(9), reward: nrn(1) }),
    ];
    let all = entries(&Facts { receipts, collected: true, ..facts(Won) });
    let [winner, reporter] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((winner.sums.put, winner.sums.back, winner.sums.earned()), (nrn(16), nrn(16), nrn(6)));
    assert_eq!((reporter.role, reporter.sums.earned()), (Role::Reporter, nrn(1)));
    assert_eq!(winner.proof(), "neuron replay --round 7 --group 1");
}

#[test]
fn a_round_says_in_one_line_how_it_stands() {
    let running = Facts { times: Dates { now_s: 1, ..facts(Undecided).times }, ..facts(Undecided) };
    for (facts, wanted) in [
        (facts(Won), "round 7 of group 1: won by 0x0101010101010101010101010101010101010101, verdicts of 20 of 30 NRN awake"),
        (facts(Lost), "round 7 of group 1: lost: no claim was true"),
        (facts(Struck), "struck"),
        (running, "not decided yet, ends on"),
        (Facts { reveals: 0, ..facts(Undecided) }, "empty: nobody revealed"),
        (facts(Undecided), "void: verdicts for one claim came to 20 NRN"),
    ] {
        assert!(headline(&facts).contains(wanted), "{}", headline(&facts));
    }
}
