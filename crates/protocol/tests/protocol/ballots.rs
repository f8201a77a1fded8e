//! The steward's machine: whose word counts, for what, and until when.

use crate::steward::*;
use crate::world::*;
use protocol::DeltaNumber;
use protocol::chain::{ChainEvent, GroupView};
use protocol::steward::{Input, MAX_OPEN};

#[test]
fn an_owner_speaks_for_all_positions_and_outranks_their_signers() {
    let owner = 50;
    let mut owned = view();
    owned.positions.iter_mut().take(2).for_each(|position| position.owner = account(owner));
    let mut steward = first();
    tell(&mut steward, [Input::Group(owned)]);
    hear(&mut steward, &[choice(owner, 0, 1), choice(1, DELTA, 5), choice(3, DELTA, 1)]);
    let expected = Sent::Cast(vec![(1, 0, 1), (2, 0, 1), (3, DELTA, 1)]);
    assert_eq!(run(&mut steward.clone(), [CASTING_S]), [(CASTING_S, expected)]);
    tell(&mut steward, [counted_as(&[(1, 1)], true), counted(&[(2, 9)])]);
    let expected = Sent::Cast(vec![(2, 0, 1), (3, DELTA, 1)]);
    assert_eq!(run(&mut steward, [CASTING_S]), [(CASTING_S, expected)], "the signer's word does not count any more");
}

#[test]
fn a_period_that_is_extended_is_voted_in_and_turned_later() {
    let extended = |period_end_s| Input::Event(ChainEvent::Extended { group: GROUP, period: PERIOD, period_end_s });
    let mut steward = first();
    tell(&mut steward, [extended(END_S + 10)]);
    hear(&mut steward, &[choice(1, DELTA, 1)]);
    assert_eq!(seconds(&run(&mut steward.clone(), [CASTING_S])), [CASTING_S], "the last quarter begins as before");
    assert_eq!(seconds(&run(&mut steward.clone(), [END_S + 7])), [END_S + 7], "late votes are answered");
    assert_eq!(run(&mut steward.clone(), [END_S + 8, END_S + 9]), [], "at the edge");
    assert_eq!(run(&mut steward.clone(), [END_S + 10]), [(END_S + 10, Sent::Turn(PERIOD.0))]);
    tell(&mut steward, [Input::Group(GroupView { period_end_s: END_S + 10, extended_s: 10, ..view() }), extended(END_S + 10)]);
    assert_eq!(seconds(&run(&mut steward, [CASTING_S - 1, CASTING_S])), [CASTING_S], "told twice");
}

#[test]
fn what_was_displaced_and_proposed_again_is_voted_for() {
    let mut steward = first();
    let displaced = Input::Event(ChainEvent::Displaced { group: GROUP, delta: DeltaNumber(DELTA), by: DeltaNumber(8) });
    tell(&mut steward, [displaced, proposed(PERIOD, 8, 2), Input::Block(block(CASTING_S - 1)), proposed(PERIOD, 9, 3)]);
    hear(&mut steward, &[choice(1, DELTA, 1), choice(2, 9, 1)]);
    assert_eq!(run(&mut steward, [CASTING_S]), [(CASTING_S, Sent::Cast(vec![(2, 9, 1)]))]);
}

#[test]
fn a_displaced_proposal_is_not_voted_for() {
    let mut steward = first();
    tell(&mut steward, (0..MAX_OPEN as u64 - 1).map(|number| proposed(PERIOD, 10 + number, 2)));
    let displaced = Input::Event(ChainEvent::Displaced { group: GROUP, delta: DeltaNumber(DELTA), by: DeltaNumber(50) });
    tell(&mut steward, [displaced, proposed(PERIOD, 50, 3)]);
    hear(&mut steward, &[choice(1, DELTA, 1), choice(2, 50, 1), choice(3, 10, 1)]);
    assert_eq!(run(&mut steward, [CASTING_S]), [(CASTING_S, Sent::Cast(vec![(2, 50, 1), (3, 10, 1)]))]);
}
