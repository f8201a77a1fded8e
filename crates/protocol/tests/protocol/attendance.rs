//! The warden's machine: who is recorded as present, when, and by whom.

use crate::warden::*;
use crate::world::*;
use protocol::chain::{ChainEvent, GroupView};
use protocol::pace::Tempo;
use protocol::warden::{Config, Duty, Input, Warden};
use protocol::{PositionNumber, Wei};

#[test]
fn who_judged_an_undecided_round_is_recorded_in_the_next_whatever_they_said() {
    let mut forged = verdict(3, PAST, truth());
    forged.message.probe = digest("another");
    let table = [
        ("two of three", verdicts(&[(1, truth()), (2, truth())]), vec![1, 2]),
        ("of two minds", verdicts(&[(1, truth()), (2, NONE_IS_TRUE), (3, truth())]), vec![1, 2, 3]),
        ("one for what was not claimed", verdicts(&[(1, truth()), (2, NONE_IS_TRUE), (3, digest("invented"))]), vec![1, 2]),
        ("for what was not claimed", verdicts(&[(1, truth()), (2, digest("invented")), (3, digest("invented"))]), vec![]),
        ("one of three", verdicts(&[(1, truth())]), vec![]),
        ("one and strangers", verdicts(&[(1, truth()), (77, truth()), (78, truth())]), vec![]),
        ("one and a forgery", vec![verdict(1, PAST, truth()), forged], vec![]),
        ("one and a later round", vec![verdict(1, PAST, truth()), verdict(2, NOW, truth())], vec![]),
        ("one that speaks twice", verdicts(&[(1, truth()), (1, NONE_IS_TRUE)]), vec![]),
    ];
    for (name, heard, expected) in table {
        let batches: Vec<_> = (1..=3).flat_map(|signer| seconds(&mut warden(signer, &heard), 0..38, attendance)).collect();
        assert!(batches.iter().all(|(_, batch)| *batch == expected), "{name}: {batches:?}");
        assert_eq!(batches.is_empty(), expected.is_empty(), "{name}");
    }
}

#[test]
fn who_said_what_was_decided_and_a_round_without_reveals_need_no_attendance() {
    let heard = verdicts(&[(1, truth()), (2, truth()), (3, truth())]);
    let mut one = warden(1, &heard);
    tell(&mut one, [decided(), judged(&[1, 2])]);
    assert_eq!(seconds(&mut one, 0..40, attendance), [], "whoever was left out is judged still");
    let mut other = new(1);
    let opened = event(opened_event(PAST, digest("checkpoint")));
    tell(&mut other, [Input::Group(group()), Input::Block(at(PAST, 0)), opened, Input::Live]);
    tell(&mut other, heard.into_iter().map(Input::Heard));
    assert_eq!(seconds(&mut other, 0..40, attendance), []);
}

#[test]
fn who_said_something_else_than_was_decided_is_recorded_too() {
    let table = [
        ("another answer", verdicts(&[(1, truth()), (2, truth()), (3, NONE_IS_TRUE)]), vec![1, 2], vec![3]),
        ("one's own", verdicts(&[(1, NONE_IS_TRUE), (2, truth()), (3, truth())]), vec![2, 3], vec![1]),
        ("counted for what was decided as well", verdicts(&[(1, truth()), (2, truth()), (3, NONE_IS_TRUE)]), vec![1, 2, 3], vec![]),
        ("for what was not claimed", verdicts(&[(1, truth()), (2, truth()), (3, digest("invented"))]), vec![1, 2], vec![]),
        ("left out of the decision", verdicts(&[(1, truth()), (2, truth()), (3, truth())]), vec![1, 2], vec![]),
    ];
    for (name, heard, counted, expected) in table {
        let make = |signer: u8| {
            let mut warden = warden(signer, &heard);
            tell(&mut warden, [decided(), judged(&counted)]);
            warden
        };
        let batches: Vec<_> = (1..=3).flat_map(|signer| seconds(&mut make(signer), 0..38, attendance)).collect();
        assert!(batches.iter().all(|(_, batch)| *batch == expected), "{name}: {batches:?}");
        assert_eq!(batches.len(), if expected.is_empty() { 0 } else { 3 }, "{name}");
    }
}

#[test]
fn of_a_decided_round_presence_is_recorded_until_the_next_one_is_over_and_once() {
    for (second, batches) in [(20, 1), (37, 1), (38, 0)] {
        let make = |signer: u8| {
            let mut warden = warden(signer, &[]);
            tell(&mut warden, [decided(), judged(&[1, 2])]);
            warden
        };
        let all: Vec<_> = (1..=3)
            .flat_map(|signer| {
                let mut warden = make(signer);
                tell(&mut warden, [Input::Block(at(NOW, second)), Input::Heard(verdict(3, PAST, NONE_IS_TRUE))])
            })
            .filter_map(attendance)
            .collect();
        assert!(all.len() >= batches && (batches > 0 || all.is_empty()), "second {second}: {all:?}");
    }
    let mut warden = warden(1, &verdicts(&[(3, NONE_IS_TRUE)]));
    let (stake, positions) = (Wei::nrn(100), vec![PositionNumber(3)]);
    let shown = event(ChainEvent::Attended { group: GROUP, round: PAST, stake, counts: false, positions });
    tell(&mut warden, [decided(), judged(&[1, 2]), shown]);
    assert_eq!(seconds(&mut warden, 0..38, attendance), [], "somebody else has shown it");
}

#[test]
fn presence_is_brought_in_parts_that_make_a_round_count_together() {
    let nine = || GroupView { positions: (1..=9).map(|number| position(number, 100)).collect(), ..group() };
    let heard: Vec<_> = (1..=6).map(|signer| verdict(signer, PAST, truth())).collect();
    let make = |signer: u8| {
        let (domain, signer) = (DOMAIN, account(signer));
        let config = Config {
            group: GROUP,
            domain,
            signer,
            tempo: Tempo { edge_s: Some(2), step_s: Some(2), ..Tempo::default() },
            verdicts_a_call: 4,
            compound_part: 0,
        };
        let mut warden = Warden::new(config);
        tell(&mut warden, [Input::Group(nine()), Input::Block(at(PAST, 0)), event(opened_event(PAST, digest("checkpoint")))]);
        tell(&mut warden, [Input::Block(at(PAST, 20)), event(ChainEvent::Revealed(revealed(1))), Input::Block(at(PAST, 39)), Input::Live]);
        tell(&mut warden, heard.iter().copied().map(Input::Heard));
        warden
    };
    let is_first = |signer: &u8| seconds(&mut make(*signer), 0..1, attendance) == [(0, vec![1, 2, 3, 4])];
    let mut warden = make((1..=9).find(is_first).unwrap());
    seconds(&mut warden, 0..1, attendance);
    let sent = Input::Sent { duty: Duty::Attend(PAST), result: Ok(()) };
    let rest: Vec<_> = tell(&mut warden, [sent]).into_iter().filter_map(attendance).collect();
    assert_eq!(rest, [vec![5, 6]]);
}

#[test]
fn one_attends_at_once_and_the_others_seconds_later() {
    let heard = verdicts(&[(1, truth()), (2, truth())]);
    let turns: Vec<u64> = order(|signer| warden(signer, &heard), attendance).iter().map(|(second, _)| *second).collect();
    assert_eq!(turns, [0, 3, 6]);
}

#[test]
fn who_was_left_out_is_added() {
    let heard = verdicts(&[(1, truth()), (2, truth())]);
    let mut warden = first_of(|signer| warden(signer, &heard), attendance);
    assert_eq!(seconds(&mut warden, 0..1, attendance), [(0, vec![1, 2])]);
    let sent = Input::Sent { duty: Duty::Attend(PAST), result: Ok(()) };
    assert_eq!(tell(&mut warden, [attended(&[1, 2]), sent]), []);
    assert_eq!(seconds(&mut warden, 1..10, attendance), [], "all are in");
    let mut batches: Vec<_> =
        tell(&mut warden, [Input::Heard(verdict(3, PAST, NONE_IS_TRUE))]).into_iter().filter_map(attendance).collect();
    batches.extend(seconds(&mut warden, 10..38, attendance).into_iter().map(|(_, batch)| batch));
    assert_eq!(batches, [vec![3]], "the others are recorded");
}

#[test]
fn who_is_last_in_the_order_does_not_wait_until_it_is_too_late() {
    let many = || GroupView { positions: (1..=40).map(|number| position(number, 100)).collect(), ..group() };
    let heard: Vec<_> = (1..=40).map(|signer| verdict(signer, PAST, truth())).collect();
    let first = |signer: u8| {
        let mut warden = warden(signer, &[]);
        tell(&mut warden, [Input::Group(many()), Input::Block(at(PAST, 39))]);
        tell(&mut warden, heard.iter().copied().map(Input::Heard));
        seconds(&mut warden, 0..38, attendance)[0].0
    };
    let mut turns: Vec<u64> = (1..=40).map(first).collect();
    turns.sort_unstable();
    assert_eq!(turns[..6], [0, 3, 6, 9, 12, 15]);
    assert_eq!(turns[39], 17);
}

#[test]
fn what_somebody_else_recorded_is_not_brought_again() {
    let heard = verdicts(&[(1, truth()), (2, truth())]);
    let second = order(|signer| warden(signer, &heard), attendance)[1].1;
    let mut warden = warden(second, &heard);
    assert_eq!(seconds(&mut warden, 0..2, attendance), []);
    tell(&mut warden, [attended(&[1, 2])]);
    assert_eq!(seconds(&mut warden, 2..38, attendance), []);
}

#[test]
fn a_failed_attendance_is_repeated_after_the_others_and_not_for_ever() {
    let heard = verdicts(&[(1, truth()), (2, truth())]);
    let mut warden = first_of(|signer| warden(signer, &heard), attendance);
    let mut turns = Vec::new();
    for second in 0..38 {
        if !seconds(&mut warden, second..second + 1, attendance).is_empty() {
            turns.push(second);
            tell(&mut warden, [Input::Sent { duty: Duty::Attend(PAST), result: Err("no".into()) }]);
        }
    }
    assert_eq!(turns, [0, 9], "then TRAIN is nearly over");
}

#[test]
fn the_first_batch_comes_in_train_and_not_at_its_edge() {
    let heard = verdicts(&[(1, truth()), (2, truth())]);
    for (second, batches) in [(0, 1), (17, 1), (18, 0), (19, 0), (37, 0)] {
        let mut warden = first_of(|signer| warden(signer, &heard), attendance);
        let all: Vec<_> = warden.handle(Input::Block(at(NOW, second))).into_iter().filter_map(attendance).collect();
        assert_eq!(all.len(), batches, "second {second}");
    }
}
