//! The warden's machine, told one thing after another.

use crate::world::*;
use protocol::chain::{ChainEvent, GroupView, Outcome, PositionView};
use protocol::eip712::SignedVerdict;
use protocol::rules::claim_hash;
use protocol::warden::{Config, Duty, Effect, Input, Replay, Warden};
use protocol::{Digest, Micronats, PositionNumber, RoundNumber, Wei};

/// The round that is over.
const PAST: RoundNumber = RoundNumber(12);
/// The running one.
const NOW: RoundNumber = RoundNumber(13);
const NONE_IS_TRUE: Digest = Digest::ZERO;

fn new(signer: u8) -> Warden {
    Warden::new(Config { group: GROUP, domain: DOMAIN, signer: account(signer), edge_s: 2, step_s: 2, compound_part: 64 })
}

fn tell(warden: &mut Warden, inputs: impl IntoIterator<Item = Input>) -> Vec<Effect> {
    inputs.into_iter().flat_map(|input| warden.handle(input)).collect()
}

fn revealed(number: u8) -> protocol::chain::RevealedClaim {
    claim(PAST, number, Micronats(2_000_000), Micronats(1_700_000), "a")
}

fn truth() -> Digest {
    let claim = revealed(1);
    claim_hash(claim.file, claim.base, claim.loss, claim.loss_root)
}

fn event(event: ChainEvent) -> Input {
    Input::Event(event)
}

fn decided() -> Input {
    let (outcome, claim, winner, file) = (Outcome::Won, truth(), account(1), digest("a"));
    event(ChainEvent::Decided { group: GROUP, round: PAST, outcome, claim, winner, file })
}

fn attended(stake: u64) -> Input {
    event(ChainEvent::Attended { group: GROUP, round: PAST, counted: 1, stake: Wei::nrn(stake) })
}

/// A live warden in the last second of `PAST`, in which one claim was revealed and these were heard.
fn warden(signer: u8, heard: &[SignedVerdict]) -> Warden {
    let mut warden = new(signer);
    let before = [Input::Group(group()), Input::Block(at(PAST, 0)), event(opened_event(PAST, digest("checkpoint")))];
    let after = [Input::Block(at(PAST, 20)), event(ChainEvent::Revealed(revealed(1))), Input::Block(at(PAST, 39)), Input::Live];
    assert_eq!(tell(&mut warden, before.into_iter().chain(after)), []);
    tell(&mut warden, heard.iter().copied().map(Input::Heard));
    warden
}

fn verdicts(signed: &[(u8, Digest)]) -> Vec<SignedVerdict> {
    signed.iter().map(|(signer, claim)| verdict(*signer, PAST, *claim)).collect()
}

/// What a warden does of one kind in the seconds of `NOW`, nothing answered.
fn seconds<T>(warden: &mut Warden, seconds: std::ops::Range<u64>, kind: impl Fn(Effect) -> Option<T>) -> Vec<(u64, T)> {
    let at_second = |second: u64| warden.handle(Input::Block(at(NOW, second))).into_iter().map(move |effect| (second, effect));
    let effects: Vec<_> = seconds.flat_map(at_second).collect();
    effects.into_iter().filter_map(|(second, effect)| Some((second, kind(effect)?))).collect()
}

fn attendance(effect: Effect) -> Option<Vec<u64>> {
    match effect {
        Effect::Attend { round, verdicts } => {
            assert_eq!(round, PAST);
            Some(verdicts.into_iter().map(|(position, _)| position.0).collect())
        }
        _ => None,
    }
}

fn slash(effect: Effect) -> Option<(u64, Digest, Digest)> {
    match effect {
        Effect::SlashDouble { position, one, other, .. } => Some((position.0, one.message.claim, other.message.claim)),
        _ => None,
    }
}

fn doze(effect: Effect) -> Option<u64> {
    if let Effect::Doze { position } = effect { Some(position.0) } else { None }
}

/// Whose turn is first, second and third for what `make` prepares, with the seconds.
fn order<T>(make: impl Fn(u8) -> Warden, kind: impl Fn(Effect) -> Option<T> + Copy) -> Vec<(u64, u8)> {
    let turn = |signer: u8| seconds(&mut make(signer), 0..38, kind).first().map(|(second, _)| (*second, signer));
    let mut order: Vec<_> = (1..=3).filter_map(turn).collect();
    order.sort_unstable();
    order
}

fn first_of<T>(make: impl Fn(u8) -> Warden, kind: impl Fn(Effect) -> Option<T> + Copy) -> Warden {
    make(order(&make, kind)[0].1)
}

#[test]
fn who_judged_an_undecided_round_is_recorded_in_the_next_whatever_they_said() {
    let mut forged = verdict(3, PAST, truth());
    forged.message.probe = digest("another");
    let table = [
        ("two of three", verdicts(&[(1, truth()), (2, truth())]), vec![1, 2]),
        ("of two minds", verdicts(&[(1, truth()), (2, NONE_IS_TRUE), (3, digest("invented"))]), vec![1, 2, 3]),
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
fn a_decided_round_and_one_without_reveals_need_no_attendance() {
    let heard = verdicts(&[(1, truth()), (2, truth()), (3, truth())]);
    let mut one = warden(1, &heard);
    tell(&mut one, [decided()]);
    assert_eq!(seconds(&mut one, 0..40, attendance), []);
    let mut other = new(1);
    let opened = event(opened_event(PAST, digest("checkpoint")));
    tell(&mut other, [Input::Group(group()), Input::Block(at(PAST, 0)), opened, Input::Live]);
    tell(&mut other, heard.into_iter().map(Input::Heard));
    assert_eq!(seconds(&mut other, 0..40, attendance), []);
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
    assert_eq!(tell(&mut warden, [attended(200), sent]), []);
    assert_eq!(seconds(&mut warden, 1..10, attendance), [], "all are in");
    let mut batches: Vec<_> =
        tell(&mut warden, [Input::Heard(verdict(3, PAST, NONE_IS_TRUE))]).into_iter().filter_map(attendance).collect();
    batches.extend(seconds(&mut warden, 10..38, attendance).into_iter().map(|(_, batch)| batch));
    assert_eq!(batches, [vec![1, 2, 3]], "whoever was recorded is skipped");
}

#[test]
fn who_is_last_in_the_order_does_not_wait_until_it_is_too_late() {
    let many = || GroupView { positions: (1..=40).map(|number| position(number, 100)).collect(), ..group() };
    let heard: Vec<_> = (1..=40).map(|signer| verdict(signer, PAST, truth())).collect();
    let first = |signer: u8| {
        let mut warden = warden(signer, &[]);
        tell(&mut warden, [Input::Group(many())]);
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
    tell(&mut warden, [attended(200)]);
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

/// Wardens that heard two verdicts of signer 2.
fn doubles(signer: u8, one: Digest, other: Digest) -> Warden {
    let mut warden = warden(signer, &[verdict(2, PAST, one)]);
    tell(&mut warden, [decided()]);
    let verdict = verdict(2, PAST, other);
    let first: Vec<_> = tell(&mut warden, [Input::Heard(verdict)]).into_iter().filter_map(slash).collect();
    assert!(first.len() <= 1);
    warden
}

/// A warden that is told of the second verdict only later.
fn will_double(signer: u8) -> Warden {
    let mut warden = warden(signer, &[]);
    tell(&mut warden, [decided(), Input::Block(at(NOW, 0))]);
    warden
}

#[test]
fn two_claims_of_one_signer_in_one_round_are_shown_and_by_one_after_the_other() {
    let mut turns = Vec::new();
    for signer in [1, 3] {
        let mut warden = will_double(signer);
        let mut shown: Vec<_> = tell(&mut warden, verdicts(&[(2, truth()), (2, NONE_IS_TRUE)]).into_iter().map(Input::Heard))
            .into_iter()
            .filter_map(slash)
            .map(|case| (0, case))
            .collect();
        shown.extend(seconds(&mut warden, 1..38, slash));
        assert_eq!(shown.iter().map(|(_, case)| *case).collect::<Vec<_>>(), [(2, truth(), NONE_IS_TRUE)], "once");
        turns.push(shown[0].0);
    }
    turns.sort_unstable();
    assert!(turns[0] != turns[1] && turns[1] <= 6, "{turns:?}");
}

#[test]
fn what_is_no_offence_is_not_shown() {
    let mut same = verdict(2, PAST, truth());
    same.message.probe = digest("another probe");
    let table = [
        ("the same twice", verdicts(&[(2, truth()), (2, truth())])),
        ("two signers", verdicts(&[(2, truth()), (3, NONE_IS_TRUE)])),
        ("two rounds", vec![verdict(2, PAST, truth()), verdict(2, NOW, NONE_IS_TRUE)]),
        ("a stranger", verdicts(&[(77, truth()), (77, NONE_IS_TRUE)])),
        ("a forgery", vec![verdict(2, PAST, truth()), same]),
        ("one's own", verdicts(&[(1, truth()), (1, NONE_IS_TRUE)])),
    ];
    for (name, heard) in table {
        let mut warden = will_double(1);
        let mut effects = tell(&mut warden, heard.into_iter().map(Input::Heard));
        effects.extend((1..38).flat_map(|second| warden.handle(Input::Block(at(NOW, second)))));
        assert!(effects.into_iter().filter_map(slash).next().is_none(), "{name}");
    }
}

#[test]
fn a_slash_that_somebody_else_has_shown_is_not_shown_again() {
    let late = [1, 3].into_iter().map(|signer| doubles(signer, truth(), NONE_IS_TRUE));
    for mut warden in late {
        let signed =
            ChainEvent::DoubleSigned { group: GROUP, position: PositionNumber(2), round: PAST, reporter: account(9), reward: Wei(1) };
        tell(&mut warden, [event(signed)]);
        assert_eq!(seconds(&mut warden, 0..38, slash), []);
    }
}

#[test]
fn old_rounds_and_forgiven_ones_are_not_shown() {
    let exit_rounds = EXIT_S / TIMES.length_s();
    let forgiven = GroupView {
        positions: vec![position(1, 100), PositionView { forgiven_until_s: at(NOW, 0).time_s, ..position(2, 100) }],
        ..group()
    };
    for (name, round, view, is_shown) in [
        ("the last one", PAST, group(), true),
        ("the oldest", RoundNumber(NOW.0 - exit_rounds), group(), true),
        ("too old", RoundNumber(NOW.0 - exit_rounds - 2), group(), false),
        ("forgiven", PAST, forgiven, false),
    ] {
        let mut warden = will_double(1);
        tell(&mut warden, [Input::Group(view)]);
        let heard = [verdict(2, round, truth()), verdict(2, round, NONE_IS_TRUE)];
        let mut effects = tell(&mut warden, heard.map(Input::Heard));
        effects.extend((1..38).flat_map(|second| warden.handle(Input::Block(at(NOW, second)))));
        assert_eq!(effects.into_iter().filter_map(slash).next().is_some(), is_shown, "{name}");
    }
}

/// A view after eight counted rounds, the last of them `newest`.
fn counted(newest: RoundNumber) -> GroupView {
    GroupView { counted: 20, recent: (0..8).map(|back| RoundNumber(newest.0 - back)).collect(), ..group() }
}

fn reads(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| **effect == Effect::ReadAbsent).count()
}

#[test]
fn the_absent_are_read_once_nothing_can_be_added_and_put_to_rest_in_an_order() {
    let mut turns = Vec::new();
    for signer in [1, 3] {
        let mut warden = warden(signer, &[]);
        tell(&mut warden, [decided(), Input::Group(counted(PAST))]);
        assert_eq!(reads(&tell(&mut warden, [Input::Block(at(PAST, 39))])), 0, "the round still runs");
        assert_eq!(reads(&tell(&mut warden, [Input::Block(at(NOW, 0))])), 1);
        let mut dozed: Vec<_> = tell(&mut warden, [Input::Absent(Ok(vec![PositionNumber(2), PositionNumber(signer.into())]))])
            .into_iter()
            .filter_map(doze)
            .map(|position| (0, position))
            .collect();
        dozed.extend(seconds(&mut warden, 1..38, doze));
        assert_eq!(dozed.iter().map(|(_, position)| *position).collect::<Vec<_>>(), [2], "once, and never oneself");
        turns.push(dozed[0].0);
    }
    assert!(turns[0] != turns[1] && turns.iter().all(|second| *second <= 6), "{turns:?}");
}

#[test]
fn nobody_is_looked_for_who_cannot_be_absent() {
    let young = |woken_at| PositionView { woken_at, ..position(2, 100) };
    let asleep = PositionView { awake_next: false, ..position(2, 100) };
    let with = |position: PositionView| GroupView { positions: vec![self::position(1, 100), position], ..counted(PAST) };
    for (name, view, expected) in [
        ("awake all the time", with(young(PAST.0 - 7)), 1),
        ("woken in the meantime", with(young(PAST.0 - 6)), 0),
        ("asleep already", with(asleep), 0),
        ("seven rounds", GroupView { counted: 7, recent: counted(PAST).recent[..7].to_vec(), ..with(young(0)) }, 0),
        ("alone", GroupView { positions: vec![position(1, 100)], ..counted(PAST) }, 0),
    ] {
        let mut warden = warden(1, &[]);
        tell(&mut warden, [decided(), Input::Group(view)]);
        assert_eq!(reads(&tell(&mut warden, [Input::Block(at(NOW, 0))])), expected, "{name}");
    }
}

#[test]
fn after_an_attended_round_a_round_more_is_waited_for() {
    let mut warden = warden(1, &[]);
    tell(&mut warden, [attended(200), Input::Group(counted(PAST))]);
    assert_eq!(reads(&tell(&mut warden, [Input::Block(at(NOW, 0)), Input::Block(at(NOW, 30))])), 0);
    assert_eq!(reads(&tell(&mut warden, [Input::Block(at(RoundNumber(NOW.0 + 1), 0))])), 1);
}

#[test]
fn a_failed_reading_is_repeated_a_few_times() {
    let mut warden = warden(1, &[]);
    tell(&mut warden, [decided(), Input::Group(counted(PAST))]);
    let mut all = 0;
    for second in 0..38 {
        all += reads(&tell(&mut warden, [Input::Block(at(NOW, second)), Input::Absent(Err("no answer".into()))]));
    }
    assert_eq!(all, 4);
}

fn replay(effect: Effect) -> Option<Vec<Replay>> {
    match effect {
        Effect::Replay { round, checkpoint, head, seed, verdicts } => {
            assert_eq!((round, checkpoint, head, seed), (PAST, digest("checkpoint"), digest("head"), at(PAST, 20).hash));
            Some(verdicts)
        }
        _ => None,
    }
}

#[test]
fn the_verdicts_of_others_are_replayed_once_when_the_round_is_over() {
    let heard = verdicts(&[(1, truth()), (2, truth()), (3, NONE_IS_TRUE)]);
    let mut warden = warden(1, &heard);
    let expected = |signer: u8, verdict: usize, file| Replay { signer: account(signer), verdict: heard[verdict], file };
    let mut expected = vec![expected(2, 1, Some(digest("a"))), expected(3, 2, None)];
    expected.sort_by_key(|replay| replay.signer);
    assert_eq!(seconds(&mut warden, 0..30, replay), [(0, expected)]);
}

#[test]
fn verdicts_that_come_late_are_replayed_too_and_those_about_nothing_are_not() {
    let mut warden = warden(1, &verdicts(&[(2, truth())]));
    tell(&mut warden, [decided()]);
    assert_eq!(seconds(&mut warden, 0..1, replay).len(), 1);
    assert!(tell(&mut warden, [Input::Heard(verdict(3, PAST, truth()))]).is_empty(), "one after the other");
    let effects = tell(&mut warden, [Input::Replayed { round: PAST, wrong: Vec::new() }]);
    assert_eq!(effects.into_iter().filter_map(replay).flatten().map(|replay| replay.signer).collect::<Vec<_>>(), [account(3)]);
    let mut warden = self::warden(1, &verdicts(&[(2, digest("invented"))]));
    tell(&mut warden, [decided()]);
    assert_eq!(seconds(&mut warden, 0..38, replay), []);
}

#[test]
fn a_wrong_probe_is_told_by_one_and_by_the_next_if_nobody_has() {
    let wrong = verdict(2, PAST, truth());
    let alarm = |effect: Effect| if let Effect::Alarm { verdict, .. } = effect { Some(verdict) } else { None };
    let mut turns = Vec::new();
    for (signer, is_told) in [(1, false), (3, false), (1, true), (3, true)] {
        let mut warden = warden(signer, &[wrong]);
        tell(&mut warden, [decided(), Input::Block(at(NOW, 0))]);
        let told = is_told.then_some(Input::Alarmed(wrong));
        tell(&mut warden, told);
        let replayed = Input::Replayed { round: PAST, wrong: vec![(wrong, "another probe".into())] };
        let mut alarms: Vec<_> = tell(&mut warden, [replayed]).into_iter().filter_map(alarm).map(|verdict| (0, verdict)).collect();
        alarms.extend(seconds(&mut warden, 1..38, alarm));
        assert_eq!(alarms.iter().map(|(_, verdict)| *verdict).collect::<Vec<_>>(), vec![wrong; usize::from(!is_told)]);
        turns.extend(alarms.iter().map(|(second, _)| *second));
    }
    assert!(turns[0] != turns[1], "{turns:?}");
}

#[test]
fn pay_is_made_stake_when_it_is_worth_it_and_once_a_round() {
    let earning = |earned| GroupView { positions: vec![PositionView { earned, ..position(1, 64) }, position(2, 64)], ..group() };
    let compound = |effect: Effect| if let Effect::Compound { position } = effect { Some(position.0) } else { None };
    for (earned, expected) in [(Wei::nrn(1), 1), (Wei(Wei::nrn(1).0 - 1), 0), (Wei::ZERO, 0), (Wei::nrn(9), 1)] {
        let mut warden = warden(1, &[]);
        let mut all: Vec<_> = tell(&mut warden, [decided(), Input::Group(earning(earned))]).into_iter().filter_map(compound).collect();
        assert_eq!(all, [0; 0], "not at the edge");
        all.extend(seconds(&mut warden, 0..38, compound).into_iter().map(|(_, position)| position));
        assert_eq!(all, vec![1; expected], "{earned}");
    }
    let mut config = Warden::new(Config { group: GROUP, domain: DOMAIN, signer: account(1), edge_s: 2, step_s: 2, compound_part: 0 });
    let effects = tell(&mut config, [Input::Group(earning(Wei::nrn(9))), Input::Block(at(NOW, 0)), Input::Live]);
    assert_eq!(effects, [], "0 is never");
}

#[test]
fn without_an_awake_position_nothing_is_done() {
    let heard = verdicts(&[(2, truth()), (2, NONE_IS_TRUE), (3, truth())]);
    let mut sleeping = counted(PAST);
    sleeping.positions[0].awake = false;
    for signer in [1, 50] {
        let mut warden = new(signer);
        tell(&mut warden, [Input::Group(sleeping.clone()), Input::Block(at(PAST, 0)), event(opened_event(PAST, digest("checkpoint")))]);
        tell(&mut warden, [Input::Block(at(PAST, 20)), event(ChainEvent::Revealed(revealed(1))), Input::Live]);
        tell(&mut warden, heard.iter().copied().map(Input::Heard));
        let effects: Vec<_> = (0..40).flat_map(|second| warden.handle(Input::Block(at(NOW, second)))).collect();
        assert_eq!(effects, []);
    }
}

#[test]
fn the_same_inputs_give_the_same_effects() {
    let play = || {
        let mut warden = warden(1, &verdicts(&[(2, truth()), (2, NONE_IS_TRUE), (3, truth())]));
        tell(&mut warden, [Input::Group(counted(PAST))]);
        (0..38).flat_map(|second| warden.handle(Input::Block(at(NOW, second)))).collect::<Vec<_>>()
    };
    assert_eq!(play(), play());
    assert!(!play().is_empty());
}
