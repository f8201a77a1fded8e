//! The validator's machine: which verdict it signs.

use crate::story::*;
use crate::world::*;
use protocol::chain::{ChainEvent, GroupView, Outcome, RevealedClaim};
use protocol::validator::{Effect, Fetched, Finding, Input, MAX_CLAIMS, MAX_FETCHES, RecheckReport};
use protocol::{GroupId, Micronats, PositionNumber, RoundNumber};

#[test]
fn the_best_true_claim_is_signed_and_worse_ones_are_never_read() {
    let mut story = Story::new(1);
    (story.served, story.truths) = (vec!["a", "b", "c"], vec![hash(2, 1_800_000, "b"), hash(3, 1_900_000, "c")]);
    story.second(20);
    story.reveal(3, 1_900_000, "c");
    story.reveal(1, 1_700_000, "a");
    story.reveal(2, 1_800_000, "b");
    ["a", "b", "c"].into_iter().for_each(|file| story.others_have(file));
    assert_eq!(story.signed(), None, "not before JUDGE");
    assert_eq!(story.measured(), [0; 0]);
    story.second(30);
    assert_eq!(story.signed(), Some((hash(2, 1_800_000, "b"), digest("probe of file"))));
    assert_eq!(story.measured(), [1, 2]);
}

#[test]
fn what_is_told_of_another_group_changes_nothing() {
    let mut story = Story::new(1);
    story.second(20);
    let of_others = RevealedClaim { group: GroupId(2), ..claim(ROUND, 2, BASE, Micronats(1_600_000), "other") };
    story.tell(Input::Group(GroupView { id: GroupId(2), positions: Vec::new(), ..group() }));
    story.tell(Input::Event(ChainEvent::Revealed(of_others)));
    story.reveal(1, 1_700_000, "a");
    let fetched = story.effects.iter().filter_map(|effect| if let Effect::Fetch { file, .. } = effect { Some(*file) } else { None });
    assert_eq!(fetched.collect::<Vec<_>>(), [digest("a")]);
}

#[test]
fn the_base_is_measured_once_for_all_claims() {
    let mut story = Story::new(1);
    story.served = vec!["a", "b"];
    story.second(21);
    story.reveal(1, 1_700_000, "a");
    story.reveal(2, 1_800_000, "b");
    ["a", "b"].into_iter().for_each(|file| story.others_have(file));
    (22..40).for_each(|second| story.second(second));
    let bases: Vec<_> = story.effects.iter().filter(|effect| matches!(effect, Effect::MeasureBase { .. })).collect();
    let (checkpoint, head, seed) = (digest("checkpoint"), digest("head"), at(ROUND, 21).hash);
    assert_eq!(bases, [&Effect::MeasureBase { round: ROUND, checkpoint, head, seed }], "seed: the first block of REVEAL");
}

#[test]
fn twenty_liars_do_not_hide_one_honest_claim() {
    let mut story = Story::new(1);
    (story.served, story.truths) = (vec!["lie", "truth"], vec![hash(21, 1_990_000, "truth")]);
    story.second(20);
    (1..=20).for_each(|liar| story.reveal(liar, 1_000_000 + u32::from(liar) * 1000, "lie"));
    story.reveal(21, 1_990_000, "truth");
    ["lie", "truth"].into_iter().for_each(|file| story.others_have(file));
    story.second(30);
    assert_eq!(story.signed(), Some((hash(21, 1_990_000, "truth"), digest("probe of file"))));
}

#[test]
fn if_none_is_true_zero_is_signed_with_the_probe_of_the_base() {
    let mut story = Story::new(1);
    story.served = vec!["a"];
    story.second(20);
    story.reveal(1, 1_700_000, "a");
    story.others_have("a");
    story.second(30);
    assert_eq!(story.signed(), Some((NONE_IS_TRUE, digest("probe of base"))));
}

#[test]
fn a_claim_with_another_base_is_false_without_fetching_or_measuring() {
    let mut story = Story::new(1);
    story.second(20);
    story.tell(Input::Event(ChainEvent::Revealed(claim(ROUND, 1, Micronats(BASE.0 + 1), Micronats(1), "a"))));
    story.second(30);
    assert_eq!(story.signed(), Some((NONE_IS_TRUE, digest("probe of base"))));
    assert!(!story.effects.iter().any(|effect| matches!(effect, Effect::Fetch { .. } | Effect::Measure { .. })));
}

#[test]
fn of_equal_claims_one_measurement_serves() {
    let mut story = Story::new(1);
    (story.served, story.truths) = (vec!["a"], vec![hash(2, 1_700_000, "a")]);
    story.second(20);
    story.reveal(3, 1_700_000, "a");
    story.reveal(2, 1_700_000, "a");
    story.others_have("a");
    story.second(30);
    assert_eq!(story.measured(), [2]);
    assert_eq!(story.signed().unwrap().0, hash(2, 1_700_000, "a"));
}

/// Reports once `ROUND` and the next one are over.
fn reports(story: &mut Story) -> Vec<RecheckReport> {
    (0..3).for_each(|second| story.tell(Input::Block(at(RoundNumber(ROUND.0 + 1), second))));
    (0..3).for_each(|second| story.tell(Input::Block(at(RoundNumber(ROUND.0 + 2), second))));
    let reports = story.effects.iter().filter_map(|effect| if let Effect::Done(report) = effect { Some(report.clone()) } else { None });
    reports.collect()
}

#[test]
fn a_round_that_was_opened_is_reported_once_with_what_was_signed() {
    let (mut story, truth) = judging(1);
    story.tell(Input::Signed(verdict(1, ROUND, truth)));
    story.tell(Input::Have { round: RoundNumber(ROUND.0 + 1), file: digest("a"), position: PositionNumber(1) });
    let reports = reports(&mut story);
    assert!(matches!(reports[..], [RecheckReport { round: ROUND, claims: 1, signed: Some(signed), .. }] if signed == truth), "{reports:?}");
}

#[test]
fn of_more_claims_than_are_kept_the_worst_are_forgotten() {
    let mut story = Story::new(1);
    let claims = (0..=MAX_CLAIMS as u64).map(|number| RevealedClaim { number, ..claim(ROUND, 1, BASE, Micronats(1_700_000), "a") });
    claims.for_each(|claim| drop(story.validator.handle(Input::Event(ChainEvent::Revealed(claim)))));
    assert_eq!(reports(&mut story)[0].claims, MAX_CLAIMS);
}

#[test]
fn files_that_were_shown_before_one_was_there_are_fetched_few_at_a_time() {
    let mut validator = crate::story::validator(1);
    let opened = Input::Event(opened_event(ROUND, digest("checkpoint")));
    [Input::Group(group()), Input::Block(at(ROUND, 0)), opened].into_iter().for_each(|input| drop(validator.handle(input)));
    for number in 1..=6 {
        let revealed = claim(ROUND, number, BASE, Micronats(1_700_000), &format!("file {number}"));
        validator.handle(Input::Event(ChainEvent::Revealed(revealed)));
    }
    [19, 20].into_iter().for_each(|second| drop(validator.handle(Input::Block(at(ROUND, second)))));
    let fetches = validator.handle(Input::Live).into_iter().filter(|effect| matches!(effect, Effect::Fetch { .. }));
    assert_eq!(fetches.count(), MAX_FETCHES);
}

#[test]
fn a_round_without_reveals_is_not_signed() {
    let mut story = Story::new(1);
    (20..40).for_each(|second| story.second(second));
    assert_eq!(story.signed(), None);
    story.tell(Input::Block(at(RoundNumber(4), 0)));
    assert!(matches!(story.effects.last(), Some(Effect::Done(report)) if report.claims == 0 && report.outcome == Outcome::None));
}

#[test]
fn a_file_that_nobody_announced_by_half_of_judge_makes_its_claim_false() {
    let mut story = Story::new(1);
    (story.served, story.truths) = (vec!["shown"], vec![hash(2, 1_900_000, "shown")]);
    story.second(20);
    story.reveal(1, 1_700_000, "withheld");
    story.reveal(2, 1_900_000, "shown");
    story.others_have("shown");
    story.second(34);
    assert_eq!(story.signed(), None, "still waiting");
    story.second(35);
    assert_eq!(story.signed().unwrap().0, hash(2, 1_900_000, "shown"));
}

#[test]
fn who_holds_a_file_that_too_few_hold_signs_as_those_who_do_not() {
    let mut story = Story::new(1);
    (story.served, story.truths) = (vec!["a"], vec![hash(1, 1_700_000, "a")]);
    story.second(20);
    story.reveal(1, 1_700_000, "a");
    story.second(30);
    assert_eq!(story.signed(), None, "one third is not more than one third");
    story.second(35);
    assert_eq!(story.signed(), Some((NONE_IS_TRUE, digest("probe of base"))));
    story.others_have("a");
    story.second(36);
}

#[test]
fn a_file_that_others_hold_is_waited_for_and_asked_for_again() {
    let mut story = Story::new(1);
    story.truths = vec![hash(1, 1_700_000, "a")];
    story.second(20);
    story.reveal(1, 1_700_000, "a");
    story.others_have("a");
    story.second(36);
    assert_eq!(story.signed(), None);
    story.served = vec!["a"];
    story.second(37);
    assert_eq!(story.signed().unwrap().0, hash(1, 1_700_000, "a"));
}

#[test]
fn a_file_of_another_length_is_false_at_once() {
    let mut validator = Story::new(1);
    validator.second(20);
    let claim = claim(ROUND, 1, BASE, Micronats(1_700_000), "a");
    let effects = validator.validator.handle(Input::Event(ChainEvent::Revealed(claim)));
    assert_eq!(effects, [Effect::Fetch { round: ROUND, file: digest("a") }]);
    validator.tell(Input::Fetched { round: ROUND, file: digest("a"), result: Fetched::Wrong("too long".into()) });
    validator.second(30);
    assert_eq!(validator.signed(), Some((NONE_IS_TRUE, digest("probe of base"))));
}

#[test]
fn files_are_fetched_best_first_and_few_at_a_time() {
    let mut story = Story::new(1);
    story.second(20);
    let mut fetched = Vec::new();
    for number in 1..=10 {
        let claim = claim(ROUND, number, BASE, Micronats(1_900_000 - u32::from(number) * 1000), &format!("file {number}"));
        fetched.extend(story.validator.handle(Input::Event(ChainEvent::Revealed(claim))));
    }
    assert_eq!(fetched.len(), MAX_FETCHES);
    let next = story.validator.handle(Input::Fetched { round: ROUND, file: digest("file 1"), result: Fetched::Held });
    assert!(next.contains(&Effect::Announce { round: ROUND, file: digest("file 1") }));
    assert!(next.contains(&Effect::Fetch { round: ROUND, file: digest("file 10") }), "the best of those that wait");
}

#[test]
fn what_could_not_be_measured_here_is_not_signed_about_before_it_is() {
    let mut story = Story::new(1);
    story.truths = vec![hash(1, 1_700_000, "a")];
    story.second(20);
    story.reveal(1, 1_700_000, "a");
    story.others_have("a");
    story.tell(Input::Fetched { round: ROUND, file: digest("a"), result: Fetched::Held });
    let effects = story.validator.handle(Input::Block(at(ROUND, 30)));
    assert!(matches!(effects[..], [Effect::Measure { .. }] | [Effect::Measure { .. }, _]), "{effects:?}");
    let finding = Finding::Failed { reason: "out of memory".into() };
    story.tell(Input::Measured { round: ROUND, claim: hash(1, 1_700_000, "a"), finding });
    (31..33).for_each(|second| story.second(second));
    assert_eq!(story.signed(), None);
    story.second(33);
    assert_eq!(story.signed().map(|(claim, _)| claim), Some(hash(1, 1_700_000, "a")));
}

#[test]
fn every_commit_of_the_round_raises_the_bar_for_its_claims() {
    let mut story = Story::new(1);
    story.served = vec!["a"];
    for number in [2, 1, 3] {
        let (trainer, seal) = (account(40 + number), digest("seal"));
        story.tell(Input::Event(ChainEvent::Committed { group: GROUP, round: ROUND, trainer, number: number.into(), seal }));
    }
    (20..30).for_each(|second| story.second(second));
    story.reveal(1, 1_700_000, "a");
    story.others_have("a");
    story.second(30);
    let measured = story.effects.iter().find_map(|effect| if let Effect::Measure { commits, .. } = effect { Some(*commits) } else { None });
    assert_eq!(measured, Some(3));
}

#[test]
fn the_seed_is_the_first_block_of_reveal_and_no_later_one() {
    let mut story = Story::new(1);
    story.served = vec!["a"];
    (20..30).for_each(|second| story.second(second));
    story.reveal(1, 1_700_000, "a");
    story.others_have("a");
    story.second(30);
    let seed = story.effects.iter().find_map(|effect| if let Effect::Measure { seed, .. } = effect { Some(*seed) } else { None });
    assert_eq!(seed, Some(at(ROUND, 20).hash));
}

#[test]
fn after_a_restart_the_verdict_in_the_log_is_not_signed_again() {
    let (story, truth) = judging(1);
    let mut again = validator(1);
    again.handle(Input::Group(group()));
    for input in [
        Input::Block(at(ROUND, 0)),
        Input::Event(opened_event(ROUND, digest("checkpoint"))),
        Input::Block(at(ROUND, 19)),
        Input::Block(at(ROUND, 20)),
        Input::Event(ChainEvent::Revealed(claim(ROUND, 1, BASE, Micronats(1_700_000), "a"))),
        Input::Block(at(ROUND, 32)),
        Input::Heard(verdict(1, ROUND, truth)),
    ] {
        assert_eq!(again.handle(input), [], "nothing is asked for before history is over");
    }
    let mut story = Story { validator: again, effects: Vec::new(), ..story };
    story.tell(Input::Live);
    (33..40).for_each(|second| story.second(second));
    assert_eq!(story.signed(), None);
}

#[test]
fn a_refusal_of_the_signing_log_is_final() {
    let (mut story, _) = judging(1);
    story.tell(Input::Refused { round: ROUND, reason: "signed already".into() });
    (31..40).for_each(|second| story.second(second));
    story.tell(Input::Block(at(RoundNumber(4), 0)));
    assert_eq!(story.effects.iter().filter(|effect| matches!(effect, Effect::Sign(_))).count(), 1);
    assert!(matches!(story.effects.last(), Some(Effect::Done(report)) if report.signed.is_none() && report.trouble.is_some()));
}

#[test]
fn without_awake_stake_nothing_is_done() {
    for number in [1, 50] {
        let mut sleeping = group();
        sleeping.positions[0].awake = false;
        let mut validator = validator(number);
        validator.handle(Input::Group(sleeping));
        validator.handle(Input::Block(at(ROUND, 0)));
        validator.handle(Input::Live);
        validator.handle(Input::Event(opened_event(ROUND, digest("checkpoint"))));
        assert_eq!(validator.handle(Input::Block(at(ROUND, 20))), []);
        let claim = claim(ROUND, 1, BASE, Micronats(1), "a");
        assert_eq!(validator.handle(Input::Event(ChainEvent::Revealed(claim))), []);
        assert_eq!(validator.handle(Input::Block(at(ROUND, 36))), []);
    }
}

#[test]
fn who_did_not_see_reveal_begin_does_not_guess_the_seed() {
    let mut validator = validator(1);
    validator.handle(Input::Group(group()));
    validator.handle(Input::Block(at(ROUND, 22)));
    validator.handle(Input::Event(opened_event(ROUND, digest("checkpoint"))));
    assert_eq!(validator.handle(Input::Live), []);
    assert_eq!(validator.handle(Input::Block(at(ROUND, 30))), []);
}

#[test]
fn the_same_inputs_give_the_same_effects() {
    let run = || {
        let (mut story, truth) = judging(2);
        (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
        (31..90).for_each(|second| story.second(second));
        story.effects
    };
    assert_eq!(run(), run());
}
