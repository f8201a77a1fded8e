//! The warden's machine, told one thing after another.

use crate::world::*;
use protocol::chain::{ChainEvent, GroupView, Outcome, PositionView};
use protocol::eip712::SignedVerdict;
use protocol::pace::Tempo;
use protocol::rules::claim_hash;
use protocol::warden::{Config, Effect, Input, Replay, Warden};
use protocol::{Digest, Micronats, PositionNumber, RoundNumber, Wei};

/// The round that is over.
pub const PAST: RoundNumber = RoundNumber(12);
/// The running one.
pub const NOW: RoundNumber = RoundNumber(13);
pub const NONE_IS_TRUE: Digest = Digest::ZERO;

pub fn new(signer: u8) -> Warden {
    Warden::new(Config {
        group: GROUP,
        domain: DOMAIN,
        signer: account(signer),
        tempo: Tempo { edge_s: Some(2), step_s: Some(2), ..Tempo::default() },
        verdicts_a_call: 1_024,
        compound_part: 64,
    })
}

pub fn tell(warden: &mut Warden, inputs: impl IntoIterator<Item = Input>) -> Vec<Effect> {
    inputs.into_iter().flat_map(|input| warden.handle(input)).collect()
}

pub fn revealed(number: u8) -> protocol::chain::RevealedClaim {
    claim(PAST, number, Micronats(2_000_000), Micronats(1_700_000), "a")
}

pub fn truth() -> Digest {
    let claim = revealed(1);
    claim_hash(claim.file, claim.base, claim.loss, claim.loss_root)
}

pub fn event(event: ChainEvent) -> Input {
    Input::Event(event)
}

pub fn decided() -> Input {
    event(decided_event(PAST, Outcome::Won, truth(), account(1), digest("a")))
}

/// Verdicts of these positions for what was decided were counted.
pub fn judged(positions: &[u64]) -> Input {
    event(judged_event(PAST, truth(), positions))
}

/// Presence of these positions was recorded, of an undecided round by a majority.
pub fn attended(positions: &[u64]) -> Input {
    let (stake, positions) = (Wei::nrn(100 * positions.len() as u64), positions.iter().map(|number| PositionNumber(*number)).collect());
    event(ChainEvent::Attended { group: GROUP, round: PAST, stake, counts: true, positions })
}

/// A live warden in the last seconds of `PAST`, in which one claim was revealed and these were heard.
pub fn warden(signer: u8, heard: &[SignedVerdict]) -> Warden {
    let mut warden = new(signer);
    let before = [Input::Group(group()), Input::Block(at(PAST, 0)), event(opened_event(PAST, digest("checkpoint")))];
    let after = [
        Input::Block(at(PAST, 19)),
        Input::Block(at(PAST, 20)),
        event(ChainEvent::Revealed(revealed(1))),
        Input::Block(at(PAST, 38)),
        Input::Live,
    ];
    assert_eq!(tell(&mut warden, before.into_iter().chain(after)), []);
    tell(&mut warden, heard.iter().copied().map(Input::Heard));
    warden
}

pub fn verdicts(signed: &[(u8, Digest)]) -> Vec<SignedVerdict> {
    signed.iter().map(|(signer, claim)| verdict(*signer, PAST, *claim)).collect()
}

/// What a warden does of one kind in the seconds of `NOW`, nothing answered.
pub fn seconds<T>(warden: &mut Warden, seconds: std::ops::Range<u64>, kind: impl Fn(Effect) -> Option<T>) -> Vec<(u64, T)> {
    let at_second = |second: u64| warden.handle(Input::Block(at(NOW, second))).into_iter().map(move |effect| (second, effect));
    let effects: Vec<_> = seconds.flat_map(at_second).collect();
    effects.into_iter().filter_map(|(second, effect)| Some((second, kind(effect)?))).collect()
}

pub fn attendance(effect: Effect) -> Option<Vec<u64>> {
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
pub fn order<T>(make: impl Fn(u8) -> Warden, kind: impl Fn(Effect) -> Option<T> + Copy) -> Vec<(u64, u8)> {
    let turn = |signer: u8| seconds(&mut make(signer), 0..38, kind).first().map(|(second, _)| (*second, signer));
    let mut order: Vec<_> = (1..=3).filter_map(turn).collect();
    order.sort_unstable();
    order
}

pub fn first_of<T>(make: impl Fn(u8) -> Warden, kind: impl Fn(Effect) -> Option<T> + Copy) -> Warden {
    make(order(&make, kind)[0].1)
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
fn verdicts_under_a_key_that_signed_for_nobody_in_their_round_are_not_shown() {
    let mut positions = group().positions;
    positions[1].signer = account(22);
    for (signer, is_shown) in [(22, false), (2, true)] {
        let mut warden = will_double(1);
        tell(&mut warden, [Input::Group(GroupView { positions: positions.clone(), ..group() }), Input::Block(at(NOW, 20))]);
        let heard = verdicts(&[(signer, truth()), (signer, NONE_IS_TRUE)]);
        let mut effects = tell(&mut warden, heard.into_iter().map(Input::Heard));
        effects.extend((21..38).flat_map(|second| warden.handle(Input::Block(at(NOW, second)))));
        assert_eq!(effects.into_iter().filter_map(slash).next().is_some(), is_shown, "{signer}");
    }
}

#[test]
fn a_slash_that_somebody_else_has_shown_is_not_shown_again() {
    let late = [1, 3].into_iter().map(|signer| doubles(signer, truth(), NONE_IS_TRUE));
    for mut warden in late {
        let (position, reporter, burned, reward) = (PositionNumber(2), account(9), Wei(10), Wei(1));
        let signed = ChainEvent::DoubleSigned { group: GROUP, position, round: PAST, reporter, burned, reward };
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

#[test]
fn a_key_that_signed_for_nobody_in_the_epoch_of_a_round_is_not_accused_of_it() {
    for (name, signer, is_shown) in [("the key of then", 2, true), ("the key of now", 22, false)] {
        let mut warden = will_double(1);
        let mut rotated = group();
        rotated.positions[1].signer = account(22);
        tell(&mut warden, [Input::Group(rotated)]);
        let heard = verdicts(&[(signer, truth()), (signer, NONE_IS_TRUE)]);
        let mut effects = tell(&mut warden, heard.into_iter().map(Input::Heard));
        effects.extend((1..38).flat_map(|second| warden.handle(Input::Block(at(NOW, second)))));
        assert_eq!(effects.into_iter().filter_map(slash).next().is_some(), is_shown, "{name}");
    }
}

/// A view after ten counted rounds, the last of them `newest`.
fn counted(newest: RoundNumber) -> GroupView {
    let rounds = |backs: std::ops::Range<u64>| backs.map(|back| RoundNumber(newest.0 - back)).collect();
    GroupView { counted: 20, newest: rounds(0..2), recent: rounds(2..10), ..group() }
}

fn reads(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| **effect == Effect::ReadAbsent).count()
}

#[test]
fn the_absent_are_read_once_and_put_to_rest_in_an_order() {
    let mut turns = Vec::new();
    for signer in [1, 3] {
        let mut warden = warden(signer, &[]);
        assert_eq!(reads(&tell(&mut warden, [Input::Group(counted(PAST))])), 0, "not at the edge of a round");
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
        ("awake all the time", with(young(PAST.0 - 9)), 1),
        ("woken in the meantime", with(young(PAST.0 - 8)), 0),
        ("asleep already", with(asleep), 0),
        ("seven rounds before the newest", GroupView { counted: 9, recent: counted(PAST).recent[..7].to_vec(), ..with(young(0)) }, 0),
        ("alone", GroupView { positions: vec![position(1, 100)], ..counted(PAST) }, 0),
    ] {
        let mut warden = warden(1, &[]);
        tell(&mut warden, [decided(), Input::Group(view)]);
        assert_eq!(reads(&tell(&mut warden, [Input::Block(at(NOW, 0))])), expected, "{name}");
    }
}

#[test]
fn the_newest_two_counted_rounds_are_left_aside() {
    let mut warden = warden(1, &[]);
    let mut view = counted(PAST);
    tell(&mut warden, [attended(&[1, 2]), Input::Group(view.clone())]);
    assert_eq!(reads(&tell(&mut warden, [Input::Block(at(NOW, 0))])), 1, "what is added to them changes nothing");
    tell(&mut warden, [Input::Absent(Ok(Vec::new()))]);
    view.newest[0] = NOW;
    assert_eq!(reads(&tell(&mut warden, [Input::Group(view), Input::Block(at(NOW, 1))])), 0, "the rounds before them are the same");
    let later = Input::Group(counted(NOW));
    assert_eq!(reads(&tell(&mut warden, [later, Input::Block(at(NOW, 2))])), 1, "one more has become old enough");
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
    assert_eq!(seconds(&mut warden, 0..9, replay), [(0, expected)]);
    tell(&mut warden, [Input::Replayed { round: PAST, wrong: Vec::new() }]);
    assert_eq!(seconds(&mut warden, 9..38, replay), []);
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
    let mut config = Warden::new(Config {
        group: GROUP,
        domain: DOMAIN,
        signer: account(1),
        tempo: Tempo { edge_s: Some(2), step_s: Some(2), ..Tempo::default() },
        verdicts_a_call: 1,
        compound_part: 0,
    });
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
