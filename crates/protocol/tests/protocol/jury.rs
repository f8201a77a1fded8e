//! A juror measures hidden sets and signs what it finds: one thing told after another.

use protocol::bounty::{Findings, Step};
use protocol::chain::{Birth, ChainEvent};
use protocol::jury::{Effect, Fetched, Input, MAX_CASES, Task, Won};
use protocol::{BountyNumber, DeltaNumber, Micronats, PeriodNumber, RoundNumber, Wei};

use crate::hidden::*;
use crate::world::*;

fn windows(juror: &Juror) -> Vec<u64> {
    juror.signs().into_iter().map(|(_, (window, _))| window).collect()
}

#[test]
fn a_set_that_is_held_is_measured_once_and_signed_once_a_window() {
    let mut juror = Juror::holding(1);
    juror.until(STARTS_S[3] + 10);
    let expected: Vec<_> = (0..3).map(|window| (STARTS_S[window as usize], (window, measured()))).collect();
    assert_eq!(juror.signs(), expected);
    assert_eq!(juror.tasks().len(), 1, "the same rounds stand");
    let wanted = |effect: &Effect| matches!(effect, Effect::Fetch { .. } | Effect::Announce { .. });
    let early: Vec<_> =
        juror.effects.iter().filter(|(_, effect)| wanted(effect)).map(|(time_s, effect)| (*time_s, effect.clone())).collect();
    let (bounty, file) = (BOUNTY, digest("hidden"));
    assert_eq!(early, [(END_S, Effect::Fetch { bounty, file }), (END_S, Effect::Announce { round: LAST, file })]);
}

fn delta(number: u64) -> ChainEvent {
    let (group, delta, digest, parent) = (GROUP, DeltaNumber(number), digest(&format!("delta {number}")), digest("parent"));
    ChainEvent::Proposed { group, delta, author: account(60), digest, parent, period: PeriodNumber(1), bond: Wei::nrn(1) }
}

fn turned(applied: u64) -> ChainEvent {
    let (group, period, applied, reward) = (GROUP, PeriodNumber(0), DeltaNumber(applied), REWARD);
    ChainEvent::Turned { group, period, applied, head: digest("head"), reward, period_s: 1, period_end_s: 2 }
}

fn taken(delta: u64) -> ChainEvent {
    let (delta, author, head) = (DeltaNumber(delta), account(90), digest("head before"));
    ChainEvent::Taken { group: GROUP, delta, author, head, burned: Wei(1) }
}

fn created(least: Micronats) -> ChainEvent {
    let (manifest, checkpoint, dataset) = (digest("manifest"), digest("checkpoint"), Vec::new());
    let birth = Birth { manifest, checkpoint, dataset, times: TIMES, period_s: 1, improve: 10, least };
    let (creator, parent, name) = (account(60), protocol::GroupId(0), digest("group"));
    ChainEvent::Created { group: GROUP, creator, parent, name, head: digest("head"), period_end_s: 1, birth }
}

#[test]
fn what_is_to_be_measured_is_what_stood_at_the_seal_and_at_the_window() {
    let mut juror = Juror::unborn(1);
    juror.tell(Input::Group(view()));
    juror.until(GENESIS_S + 190);
    let least_set = ChainEvent::LeastSet { group: GROUP, least: Micronats(9) };
    let before = [created(Micronats(5)), ChainEvent::LeastSet { group: GROUP, least: Micronats(3) }];
    let after =
        [least_set, won(4), opened_event(FIRST, digest("base")), opened_event(LAST, digest("other")), won(6), won(8), won(9), struck(8)];
    before.into_iter().chain([funded(BOUNTY)]).chain(after).for_each(|event| juror.event(event));
    juror.tell(Input::Live);
    juror.until(END_S + 1);
    juror.event(unsealed());
    juror.until(STARTS_S[0]);
    let won = |round, stands| Won { round: RoundNumber(round), file: digest(&format!("winner {round}")), stands };
    let expected = Task {
        bounty: BOUNTY,
        window: 0,
        root: digest("sealed"),
        count: 40,
        file: digest("hidden"),
        head: digest("head at the seal"),
        proposed: Vec::new(),
        earlier: Vec::new(),
        seed: block(END_S).hash,
        base: Some(digest("base")),
        won: vec![won(6, true), won(8, false)],
        least: Micronats(3),
    };
    assert_eq!(juror.tasks(), [(STARTS_S[0], expected)]);
}

#[test]
fn patches_that_were_open_at_the_seal_are_named_if_they_were_applied_in_the_term() {
    let displaced = ChainEvent::Displaced { group: GROUP, delta: DeltaNumber(2), by: DeltaNumber(3) };
    for (name, before, in_term, after, expected) in [
        ("applied in the term", vec![delta(2), delta(3)], vec![turned(3)], vec![], vec![digest("delta 3")]),
        ("applied and taken back", vec![delta(2)], vec![turned(2), taken(2)], vec![], vec![]),
        ("dropped", vec![delta(2), delta(3)], vec![turned(0)], vec![], vec![]),
        ("applied after the term", vec![delta(2)], vec![], vec![turned(2)], vec![]),
        ("displaced before", vec![delta(2), delta(3), displaced], vec![turned(2)], vec![], vec![]),
        ("of the period before", vec![delta(2), turned(2)], vec![turned(2)], vec![], vec![]),
        ("proposed later", vec![], vec![delta(2), turned(2)], vec![], vec![]),
    ] {
        let mut juror = Juror::unborn(1);
        juror.tell(Input::Group(view()));
        juror.until(GENESIS_S + 190);
        before.into_iter().chain([funded(BOUNTY)]).chain(in_term).for_each(|event| juror.event(event));
        juror.tell(Input::Live);
        juror.until(END_S);
        juror.event(unsealed());
        after.into_iter().for_each(|event| juror.event(event));
        juror.until(STARTS_S[0]);
        assert_eq!(juror.tasks()[0].1.proposed, expected, "{name}");
    }
}

#[test]
fn examples_that_a_decided_bounty_measured_are_named_to_those_after_it() {
    for (name, decided, is_over, expected) in [
        ("measured", Some(measured()), false, vec![digest("hidden")]),
        ("measured and over", Some(measured()), true, vec![digest("hidden")]),
        ("failed", Some(failed(&[5, 6, 8])), false, Vec::new()),
        ("undecided", None, false, Vec::new()),
        ("undecided and over", None, true, Vec::new()),
    ] {
        let mut juror = Juror::holding(1);
        juror.until(STARTS_S[0] + 1);
        decided.iter().for_each(|findings| juror.event(resolved(0, findings)));
        if is_over {
            [paid(5), paid(6), paid(8), returned()].into_iter().for_each(|event| juror.event(event));
        }
        assert_eq!(juror.jury.terms().count(), usize::from(!is_over), "{name}: what is over is forgotten");
        juror.event(funded_for(BountyNumber(8), RoundNumber(15), RoundNumber(18), 2));
        juror.until(GENESIS_S + 19 * TIMES.length_s());
        juror.event(ChainEvent::Unsealed { group: GROUP, bounty: BountyNumber(8), file: digest("next") });
        juror.until(STARTS_S[1] + 1);
        let tasks = juror.tasks().into_iter().filter(|(_, task)| task.bounty == BountyNumber(8));
        assert_eq!(tasks.map(|(_, task)| task.earlier).collect::<Vec<_>>(), [expected], "{name}");
    }
}

#[test]
fn without_rounds_nothing_is_found_but_the_set() {
    let mut juror = Juror::unborn(1);
    juror.tell(Input::Group(view()));
    juror.until(GENESIS_S + 190);
    juror.event(funded(BOUNTY));
    juror.tell(Input::Live);
    juror.until(END_S);
    juror.event(unsealed());
    juror.have(&[1, 2]);
    juror.until(STARTS_S[0]);
    let nothing = Findings { failed: false, base: Micronats(0), steps: Vec::new() };
    assert_eq!(juror.signs(), [(STARTS_S[0], (0, nothing))]);
}

#[test]
fn what_was_signed_before_a_restart_is_not_signed_again() {
    let mut juror = Juror::holding(1);
    juror.until(STARTS_S[0] + 50);
    assert_eq!(windows(&juror), [0]);
    let mut juror = juror.restarted();
    assert_eq!(juror.tasks(), [], "what nothing is signed about is not measured");
    juror.until(STARTS_S[1] + 50);
    assert_eq!(windows(&juror), [1]);
}

#[test]
fn history_told_anew_leads_to_the_same() {
    let rest = |juror: &mut Juror| {
        juror.until(STARTS_S[1] - 10);
        juror.event(struck(8));
        juror.until(STARTS_S[2] + 1);
        juror.event(resolved(2, &juror.signs().last().unwrap().1.1.clone()));
        juror.until(STARTS_S[2] + 20);
    };
    for restart_s in [END_S - 1, END_S, END_S + 30, STARTS_S[0] - 1, STARTS_S[0], STARTS_S[0] + HALF_S, STARTS_S[1] - 20] {
        let mut juror = Juror::new(1);
        juror.until(END_S - 1);
        juror.event(struck(5));
        juror.until(restart_s);
        if restart_s >= END_S {
            juror.event(unsealed());
            juror.have(&[1, 2]);
        }
        let (mut restarted, before) = (juror.restarted(), juror.signs().len());
        for juror in [&mut juror, &mut restarted] {
            if restart_s < END_S {
                juror.until(END_S);
                juror.event(unsealed());
                juror.have(&[1, 2]);
            }
            rest(juror);
        }
        assert_eq!(restarted.signs(), juror.signs()[before..], "{restart_s}");
        assert_eq!(restarted.rewards(), juror.rewards(), "{restart_s}");
        assert_eq!(restarted.tasks().last(), juror.tasks().last(), "{restart_s}");
    }
}

#[test]
fn what_the_signing_log_refuses_is_not_asked_for_again() {
    let mut juror = Juror::holding(1);
    juror.is_quick = false;
    juror.until(STARTS_S[0]);
    juror.tell(Input::Refused { bounty: BOUNTY, window: 0 });
    let answer = juror.measured(&juror.tasks()[0].1);
    juror.tell(answer);
    juror.until(STARTS_S[1]);
    assert_eq!(windows(&juror), [1]);
    // Numbers of windows that are none do nothing.
    [3, u64::MAX].into_iter().for_each(|window| juror.tell(Input::Refused { bounty: BOUNTY, window }));
}

#[test]
fn a_set_that_is_never_opened_has_failed_from_the_middle_of_the_last_window_on() {
    let mut juror = Juror::new(1);
    juror.event(struck(8));
    juror.until(STARTS_S[3]);
    assert_eq!(juror.signs(), [(STARTS_S[2] + HALF_S, (2, failed(&[5, 6, 8])))], "a struck round is a won one");
}

#[test]
fn a_set_is_measured_in_the_window_in_whose_first_half_it_was_opened() {
    for (opened_s, expected) in [
        (STARTS_S[0] + HALF_S - 1, Some((STARTS_S[0] + HALF_S - 1, 0))),
        (STARTS_S[0] + HALF_S, Some((STARTS_S[1], 1))),
        (STARTS_S[1] + HALF_S, Some((STARTS_S[2], 2))),
        (STARTS_S[2] + HALF_S - 1, Some((STARTS_S[2] + HALF_S - 1, 2))),
        (STARTS_S[2] + HALF_S, None),
    ] {
        let mut juror = Juror::new(1);
        juror.until(opened_s - 1);
        juror.have(&[1, 2]);
        juror.event(unsealed());
        juror.until(STARTS_S[3]);
        let first = juror.signs().into_iter().next();
        let is_measured = first.as_ref().map(|(time_s, (window, findings))| (!findings.failed).then_some((*time_s, *window)));
        assert_eq!(is_measured, Some(expected), "{opened_s}");
    }
}

#[test]
fn a_set_that_too_few_hold_by_the_middle_of_its_first_window_has_failed() {
    let (start_s, middle_s) = (STARTS_S[0], STARTS_S[0] + HALF_S);
    for (name, holders, told_s, expected) in [
        ("a quarter", &[2_u64][..], END_S, (middle_s, failed(&[5, 6, 8]))),
        ("one twice", &[2, 2], END_S, (middle_s, failed(&[5, 6, 8]))),
        ("a half", &[2, 3], END_S, (start_s, measured())),
        ("just in time", &[2, 3], middle_s - 1, (middle_s - 1, measured())),
        ("too late", &[2, 3], middle_s, (middle_s, failed(&[5, 6, 8]))),
        ("strangers", &[2, 77, 78], END_S, (middle_s, failed(&[5, 6, 8]))),
    ] {
        let mut juror = Juror::new(4);
        juror.until(END_S);
        juror.event(unsealed());
        // One's own word counts too, but next to nothing here.
        let mut other = view();
        (other.positions[1].live, other.positions[3].live) = (Wei::nrn(90), Wei(1));
        juror.tell(Input::Group(other));
        juror.until(told_s);
        juror.have(holders);
        juror.until(STARTS_S[1] - 1);
        let expected = (expected.0, (0, expected.1));
        assert_eq!(juror.signs(), [expected], "{name}");
    }
}

#[test]
fn who_does_not_hold_it_says_what_is_so_only_if_too_few_hold_it() {
    let failed = |window: usize| (STARTS_S[window] + HALF_S, (window as u64, failed(&[5, 6, 8])));
    for (holders, expected) in [(&[2, 3][..], Vec::new()), (&[2], vec![failed(0), failed(1)])] {
        let mut juror = Juror::new(1);
        juror.fetched = Fetched::Missing("nobody has it".into());
        juror.until(END_S);
        juror.event(unsealed());
        juror.have(holders);
        juror.until(STARTS_S[2] - 1);
        assert_eq!(juror.signs(), expected);
        let fetches = juror.effects.iter().filter(|(_, effect)| matches!(effect, Effect::Fetch { .. }));
        assert_eq!(fetches.count() as u64, STARTS_S[2] - END_S, "once a block");
    }
}

#[test]
fn whether_enough_hold_it_is_asked_anew_in_each_window() {
    let mut juror = Juror::new(1);
    juror.until(END_S);
    juror.event(unsealed());
    juror.until(STARTS_S[0] + HALF_S);
    juror.have(&[2]);
    juror.until(STARTS_S[2] - 1);
    let expected = [(STARTS_S[0] + HALF_S, (0, failed(&[5, 6, 8]))), (STARTS_S[1], (1, measured()))];
    assert_eq!(juror.signs(), expected, "who knew it in time and who did not agree in the next one");
}

#[test]
fn a_file_of_another_form_has_failed_at_once() {
    let mut juror = Juror::new(1);
    juror.fetched = Fetched::Wrong("longer than any set".into());
    juror.until(END_S);
    juror.event(unsealed());
    juror.until(STARTS_S[1] - 1);
    assert_eq!(juror.signs(), [(STARTS_S[0], (0, failed(&[5, 6, 8])))]);
}

#[test]
fn rounds_that_were_struck_before_a_window_are_measured_in_none_from_then_on() {
    let mut juror = Juror::holding(1);
    juror.until(STARTS_S[0] - 1);
    juror.event(struck(5));
    juror.until(STARTS_S[0] + 10);
    juror.event(struck(8));
    juror.until(STARTS_S[2]);
    let step = |round, won, loss| Step { round: RoundNumber(round), won, loss: Micronats(loss), better: true };
    let of = |steps| Findings { failed: false, base: Micronats(700_000), steps };
    let first = of(vec![step(6, 2, 689_000), step(8, 1, 688_000)]);
    let then = of(vec![step(6, 3, 689_000)]);
    let expected = [(0, first), (1, then.clone()), (2, then)];
    assert_eq!(juror.signs().into_iter().map(|(_, signed)| signed).collect::<Vec<_>>(), expected);
    assert_eq!(juror.tasks().iter().map(|(_, task)| task.window).collect::<Vec<_>>(), [0, 1], "anew if others stand");
}

#[test]
fn what_stood_at_a_window_whose_first_block_was_not_told_is_not_guessed() {
    let mut juror = Juror::holding(1);
    juror.until(STARTS_S[0] - 3);
    juror.now_s = STARTS_S[0] + 4;
    juror.until(STARTS_S[1] + 10);
    assert_eq!(windows(&juror), [1]);
}

#[test]
fn a_set_whose_winners_are_drawn_by_a_block_that_was_not_told_is_not_measured() {
    let mut juror = Juror::new(1);
    juror.until(END_S - 3);
    juror.now_s = END_S + 4;
    juror.event(unsealed());
    juror.have(&[1, 2]);
    juror.until(STARTS_S[1] + 10);
    assert_eq!(juror.tasks(), []);
}

#[test]
fn the_last_step_has_the_won_rounds_after_it() {
    let won = [5, 6, 8].map(RoundNumber);
    for (places, expected) in [
        (&[][..], vec![]),
        (&[0][..], vec![(5, 3)]),
        (&[2], vec![(8, 3)]),
        (&[0, 1], vec![(5, 1), (6, 2)]),
        (&[1, 2], vec![(6, 2), (8, 1)]),
        (&[0, 1, 2], vec![(5, 1), (6, 1), (8, 1)]),
        (&[9], vec![]),
    ] {
        let measured: Vec<_> = places.iter().map(|place| (*place, Micronats(1), false)).collect();
        let findings = Findings::measured(Micronats(1), &won, &measured);
        assert_eq!(findings.steps.iter().map(|step| (step.round.0, step.won)).collect::<Vec<_>>(), expected, "{places:?}");
    }
}

#[test]
fn nothing_is_signed_in_the_last_seconds_of_a_window() {
    for (late_s, expected) in [(EDGE_S + 1, vec![0, 1]), (EDGE_S, vec![1])] {
        let mut juror = Juror::holding(1);
        juror.is_quick = false;
        juror.until(STARTS_S[1] - late_s);
        let answer = juror.measured(&juror.tasks()[0].1);
        juror.tell(answer);
        juror.until(STARTS_S[1] + 1);
        assert_eq!(windows(&juror), expected, "{late_s} seconds before the end");
    }
}

#[test]
fn what_could_not_be_measured_is_asked_for_again() {
    let mut juror = Juror::holding(1);
    juror.is_quick = false;
    juror.until(STARTS_S[0] + 10);
    juror.tell(Input::Measured { bounty: BOUNTY, window: 0, result: Err("out of memory".into()) });
    juror.until(STARTS_S[1]);
    let again_s = STARTS_S[0] + 10 + 32 * PAUSE_S;
    assert_eq!(juror.tasks().iter().map(|(time_s, _)| *time_s).collect::<Vec<_>>(), [STARTS_S[0], again_s, STARTS_S[1]]);
    let late = juror.measured(&juror.tasks()[1].1);
    juror.tell(late);
    assert_eq!(windows(&juror), [0; 0], "an answer about the window before is none");
    let answer = juror.measured(&juror.tasks()[2].1);
    juror.tell(answer);
    assert_eq!(windows(&juror), [1]);
}

#[test]
fn who_is_slow_still_signs_what_was_decided_and_nothing_when_the_window_is_over() {
    for (waits_s, expected) in [(100, vec![0]), (EPOCH_S, vec![])] {
        let mut juror = Juror::holding(1);
        juror.is_quick = false;
        juror.until(STARTS_S[0] + 1);
        juror.event(found(0, &measured(), &[2, 3, 4]));
        juror.event(resolved(0, &measured()));
        juror.until(STARTS_S[0] + waits_s);
        let answer = juror.measured(&juror.tasks()[0].1);
        juror.tell(answer);
        juror.until(STARTS_S[2]);
        assert_eq!((windows(&juror), juror.tasks().len()), (expected, 1), "{waits_s}");
    }
}

#[test]
fn who_may_not_sign_is_asked_for_nothing() {
    let mut asleep = view();
    asleep.positions[0].awake = false;
    let mut empty = view();
    empty.positions[0].live = Wei::ZERO;
    for (name, view) in [
        ("asleep", asleep),
        ("without stake", empty),
        ("a stranger", protocol::chain::GroupView { positions: view().positions[1..].to_vec(), ..view() }),
    ] {
        let mut juror = Juror::new(1);
        juror.tell(Input::Group(view));
        juror.until(END_S);
        juror.event(unsealed());
        juror.have(&[2, 3]);
        [2, 3, 4].into_iter().for_each(|signer| juror.heard(signer, 0, &measured()));
        juror.until(STARTS_S[3] + 50);
        assert_eq!(juror.effects, [], "{name}");
    }
}

#[test]
fn junk_of_one_position_costs_others_nothing() {
    let mut juror = Juror::new(1);
    juror.until(END_S);
    for number in 0..2_000_u32 {
        let file = digest(&format!("junk {number}"));
        juror.tell(Input::Have { round: LAST, file, position: protocol::PositionNumber(4) });
    }
    juror.event(unsealed());
    juror.have(&[2]);
    for number in 0..200_u32 {
        juror.heard(4, 0, &Findings { failed: false, base: Micronats(number), steps: Vec::new() });
    }
    juror.until(STARTS_S[0]);
    [2, 3].into_iter().for_each(|signer| juror.heard(signer, 0, &measured()));
    juror.until(STARTS_S[1]);
    assert_eq!(juror.signs().first(), Some(&(STARTS_S[0], (0, measured()))));
    assert_eq!(juror.posts().first().map(|(_, posted)| posted.clone()), Some(vec![1, 2]));
}

#[test]
fn who_comes_after_the_middle_says_nothing_of_who_held_it_before() {
    for (name, holders, expected) in
        [("nobody was heard of", &[][..], None), ("a half is heard of", &[1_u64, 2][..], Some((0, measured())))]
    {
        let mut juror = Juror::unborn(4);
        juror.tell(Input::Group(view()));
        juror.until(GENESIS_S + 190);
        juror.event(funded(BOUNTY));
        for round in [5, 6, 8] {
            juror.event(opened_event(RoundNumber(round), digest(&format!("base of {round}"))));
            juror.event(won(round));
        }
        juror.until(END_S);
        juror.event(unsealed());
        juror.until(STARTS_S[0] + HALF_S + 10);
        juror.tell(Input::Live);
        juror.have(holders);
        juror.until(STARTS_S[1] - 1);
        assert_eq!(juror.signs().into_iter().map(|(_, signed)| signed).collect::<Vec<_>>(), Vec::from_iter(expected), "{name}");
    }
}

#[test]
fn small_bounties_do_not_push_out_a_great_one() {
    let mut jury = jury(1);
    jury.handle(Input::Group(view()));
    let mut fund = |number: u64, amount| {
        let mut event = funded(BountyNumber(number));
        if let ChainEvent::Funded { amount: locked, .. } = &mut event {
            *locked = amount;
        }
        jury.handle(Input::Event(event));
    };
    (100..100 + MAX_CASES as u64).for_each(|number| fund(number, Wei(1)));
    fund(1_000, Wei(2));
    (2_000..2_000 + MAX_CASES as u64).for_each(|number| fund(number, Wei(1)));
    let cases: Vec<BountyNumber> = jury.terms().map(|(bounty, _)| bounty).collect();
    let first = (100..99 + MAX_CASES as u64).chain([1_000]).map(BountyNumber);
    assert_eq!(cases, first.collect::<Vec<_>>(), "the greatest, and of equal ones the oldest");
}
