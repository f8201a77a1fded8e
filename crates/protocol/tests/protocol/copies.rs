//! Copies of a group, and what its events tell of its deltas.

use protocol::ballot::{Ballots, Fate};
use protocol::chain::{Block, ChainEvent, CountedChoice, Outcome};
use protocol::copy::{CopyError, Front, GroupCopy, ROUNDS, TITLE};
use protocol::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber, Wei};

use crate::world::{GENESIS_S, GROUP, TIMES, group};

const NETWORK: Address = Address([7; 20]);
const GOLDEN: &str = include_str!("../golden/copy-1.txt");

fn front(round: u64) -> Front {
    let block = Block { number: 1_000, time_s: GENESIS_S + round * TIMES.length_s(), hash: Digest([9; 32]) };
    Front { chain_id: 31_337, network: NETWORK, block, view: group() }
}

fn proposed(number: u64, period: u64) -> ChainEvent {
    let (delta, digest) = (DeltaNumber(number), Digest([number as u8; 32]));
    let (author, parent) = (Address([number as u8; 20]), Digest::ZERO);
    ChainEvent::Proposed { group: GROUP, delta, author, digest, parent, period: PeriodNumber(period), bond: Wei::nrn(2) }
}

fn cast(choices: &[(u64, u64, u64)]) -> ChainEvent {
    let choice = |&(position, delta, nrn): &(u64, u64, u64)| {
        let (position, delta) = (PositionNumber(position), DeltaNumber(delta));
        CountedChoice { position, delta, weight: Wei::nrn(nrn), seq: 1, by_owner: false }
    };
    ChainEvent::Cast { group: GROUP, period: PeriodNumber(0), counted: choices.iter().map(choice).collect() }
}

fn turned(applied: u64) -> ChainEvent {
    let (group, period, applied) = (GROUP, PeriodNumber(0), DeltaNumber(applied));
    ChainEvent::Turned { group, period, applied, head: Digest([1; 32]), reward: Wei::ZERO, period_s: 1, period_end_s: 2 }
}

fn decided(round: u64) -> ChainEvent {
    let (round, outcome) = (RoundNumber(round), Outcome::Won);
    let (claim, file, checkpoint) = (Digest([2; 32]), Digest([3; 32]), Digest([3; 32]));
    ChainEvent::Decided { group: GROUP, round, outcome, claim, winner: Address([4; 20]), file, checkpoint }
}

fn copy() -> GroupCopy {
    GroupCopy::new(front(3), [(5, proposed(1, 0)), (6, cast(&[(1, 1, 100)])), (7, decided(2)), (8, turned(1))])
}

#[test]
fn a_copy_has_the_golden_bytes_and_comes_back_as_it_was() {
    let bytes = copy().to_bytes().unwrap();
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), GOLDEN);
    assert_eq!(GroupCopy::from_bytes(&bytes, (31_337, NETWORK), GROUP).unwrap(), copy());
}

#[test]
fn bytes_that_are_no_copy_of_the_group_are_refused_with_their_line() {
    let damaged = |line: usize| {
        let lines = GOLDEN.lines().enumerate().map(|(index, text)| if index + 1 == line { "{}" } else { text });
        lines.map(|text| format!("{text}\n")).collect::<String>()
    };
    let title = |text: &str| GOLDEN.replacen(TITLE, text, 1);
    for (text, wanted) in [
        (String::new(), CopyError::Title),
        (title("neuron copy 2"), CopyError::Title),
        (GOLDEN.trim_end().to_owned(), CopyError::Title),
        (format!("{TITLE}\n"), CopyError::Line { line: 2 }),
        (damaged(2), CopyError::Line { line: 2 }),
        (damaged(4), CopyError::Line { line: 4 }),
    ] {
        assert_eq!(GroupCopy::from_bytes(text.as_bytes(), (31_337, NETWORK), GROUP), Err(wanted), "{text}");
    }
    for name in [(1, NETWORK, GROUP), (31_337, Address([8; 20]), GROUP), (31_337, NETWORK, GroupId(99))] {
        let refused = GroupCopy::from_bytes(GOLDEN.as_bytes(), (name.0, name.1), name.2);
        assert!(matches!(refused, Err(CopyError::Other { .. })), "{name:?}");
    }
}

#[test]
fn what_matters_is_kept_and_old_rounds_and_later_blocks_are_not() {
    let elsewhere = |event: ChainEvent| match event {
        ChainEvent::Cast { period, counted, .. } => ChainEvent::Cast { group: GroupId(99), period, counted },
        ChainEvent::Turned { period, applied, head, reward, period_s, period_end_s, .. } => {
            ChainEvent::Turned { group: GroupId(99), period, applied, head, reward, period_s, period_end_s }
        }
        other => other,
    };
    let newest = ROUNDS + 10;
    for (number, event, kept) in [
        (5, proposed(1, 0), true),
        (1_001, proposed(2, 0), false),
        (5, decided(newest - ROUNDS), false),
        (5, decided(newest - ROUNDS + 1), true),
        (5, cast(&[(1, 0, 1)]), true),
        (5, elsewhere(cast(&[(1, 0, 1)])), false),
        (5, elsewhere(turned(1)), true),
    ] {
        let copy = GroupCopy::new(front(newest), [(number, event.clone())]);
        assert_eq!(copy.events.len(), usize::from(kept), "{event:?}");
    }
}

#[test]
fn events_tell_what_became_of_each_delta_and_how_choices_stand() {
    let taken =
        ChainEvent::Taken { group: GROUP, delta: DeltaNumber(1), author: Address([1; 20]), head: Digest::ZERO, burned: Wei::nrn(2) };
    let refunded = |number: u64| {
        let (delta, author) = (DeltaNumber(number), Address([number as u8; 20]));
        ChainEvent::Refunded { group: GROUP, delta, author, bond: Wei::nrn(2), asked: Wei::ZERO, issued: Wei::ZERO }
    };
    let displaced = ChainEvent::Displaced { group: GROUP, delta: DeltaNumber(1), by: DeltaNumber(2) };
    let two = [proposed(1, 0), proposed(2, 0)];
    for (after, fates, votes, keep) in [
        (vec![], [Fate::Open, Fate::Open], [0, 0], 0),
        (vec![cast(&[(1, 1, 100), (2, 0, 30)])], [Fate::Open, Fate::Open], [100, 0], 30),
        (vec![cast(&[(1, 1, 100)]), cast(&[(1, 2, 90)])], [Fate::Open, Fate::Open], [0, 90], 0),
        (vec![cast(&[(1, 2, 90)]), turned(2)], [Fate::Dropped, Fate::Applied], [0, 90], 0),
        (vec![turned(2), refunded(1), refunded(2)], [Fate::Dropped, Fate::Settled], [0, 0], 0),
        (vec![turned(1), taken], [Fate::Taken, Fate::Dropped], [0, 0], 0),
        (vec![displaced, turned(2)], [Fate::Displaced, Fate::Applied], [0, 0], 0),
    ] {
        let events: Vec<ChainEvent> = two.iter().cloned().chain(after).collect();
        let ballots = Ballots::of(GROUP, &events);
        let told: Vec<_> = ballots.deltas().map(|(_, told)| (told.fate, told.votes)).collect();
        let wanted: Vec<_> = fates.into_iter().zip(votes.map(Wei::nrn)).collect();
        assert_eq!((told, ballots.keep()), (wanted, Wei::nrn(keep)), "{events:?}");
        assert_eq!(Ballots::of(GroupId(99), &events).deltas().count(), 0);
    }
}
