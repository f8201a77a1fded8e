//! The validator's machine: who brings the verdicts, and when.

use crate::story::*;
use crate::world::*;
use protocol::chain::{GroupView, Outcome};
use protocol::eip712::{SignedVerdict, Typed as _, Verdict, sign};
use protocol::pace::Tempo;
use protocol::validator::{Config, Input, MAX_LATE_POSTS, Validator, verdicts_a_call};
use protocol::{Digest, GroupId, PositionNumber, RoundNumber};

/// Somebody brought the verdicts of these positions, and they decided.
fn decide(story: &mut Story, truth: Digest, positions: &[u64]) {
    story.tell(Input::Event(decided_event(ROUND, Outcome::Won, truth, account(1), digest("a"))));
    story.tell(Input::Event(judged_event(ROUND, truth, positions)));
}

/// The signer that posts first in `ROUND` when `verdicts` are in.
fn first_poster() -> u8 {
    let posts_at_once = |signer: &u8| {
        let (mut story, truth) = judging(*signer);
        (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
        !story.posts().is_empty()
    };
    (1..=3).find(posts_at_once).unwrap()
}

#[test]
fn one_posts_at_once_when_all_verdicts_are_in_and_the_others_seconds_later() {
    let mut seconds = Vec::new();
    for signer in 1..=3 {
        let (mut story, truth) = judging(signer);
        (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
        let posted = (30..40).find(|second| {
            story.second(*second);
            !story.posts().is_empty()
        });
        assert_eq!(story.posts(), [(truth, vec![1, 2, 3])]);
        seconds.push(posted.unwrap());
    }
    seconds.sort_unstable();
    assert_eq!(seconds, [30, 33, 36], "a step and the second of a block");
}

#[test]
fn nothing_is_posted_at_the_edge_of_the_phase() {
    for (second, posts) in [(37, 1), (38, 0), (39, 0)] {
        let (mut story, truth) = judging(first_poster());
        story.second(second);
        (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
        assert_eq!(story.posts().len(), posts, "second {second}");
    }
}

#[test]
fn more_than_two_thirds_are_needed_and_a_step_is_waited_for_the_rest() {
    let mut all_awake = group();
    all_awake.positions.push(position(4, 100));
    let (mut story, truth) = judging(first_poster());
    story.tell(Input::Group(all_awake));
    (1..=2).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
    (31..36).for_each(|second| story.second(second));
    assert_eq!(story.posts(), [], "half is no quorum");
    story.tell(Input::Heard(verdict(3, ROUND, truth)));
    assert_eq!(story.posts(), [], "the fourth may still come");
    (36..40).for_each(|second| story.second(second));
    assert_eq!(story.posts(), [(truth, vec![1, 2, 3])]);
}

#[test]
fn verdicts_that_come_after_the_decision_are_brought_too() {
    let (mut story, truth) = judging(first_poster());
    let mut four = group();
    four.positions.push(position(4, 100));
    story.tell(Input::Group(four));
    (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
    decide(&mut story, truth, &[1, 2, 3]);
    story.second(31);
    assert_eq!(story.posts(), [], "somebody else brought them");
    story.tell(Input::Heard(verdict(4, ROUND, truth)));
    (31..38).for_each(|second| story.second(second));
    assert_eq!(story.posts(), [(truth, vec![4])], "the others are counted");
}

#[test]
fn a_failed_post_is_tried_again_later() {
    let (mut story, truth) = judging(first_poster());
    (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
    assert_eq!(story.posts().len(), 1);
    story.tell(Input::Posted { round: ROUND, result: Err("node is down".into()) });
    assert_eq!(story.posts().len(), 1);
    (31..38).for_each(|second| story.second(second));
    assert_eq!(story.posts().len(), 2);
}

#[test]
fn verdicts_that_do_not_count_are_not_counted() {
    let (mut story, truth) = judging(first_poster());
    story.tell(Input::Heard(verdict(1, ROUND, truth)));
    story.tell(Input::Heard(verdict(1, ROUND, truth)));
    story.tell(Input::Heard(verdict(77, ROUND, truth)));
    story.tell(Input::Heard(verdict(2, RoundNumber(2), truth)));
    story.tell(Input::Heard(verdict(2, ROUND, NONE_IS_TRUE)));
    story.tell(Input::Heard(verdict(2, ROUND, truth)));
    let mut forged = verdict(3, ROUND, truth);
    forged.message.probe = digest("another");
    story.tell(Input::Heard(forged));
    (31..40).for_each(|second| story.second(second));
    assert_eq!(story.posts(), []);
}

#[test]
fn verdicts_for_another_group_are_not_brought() {
    let signed_for = |group, truth| {
        let sign_it = |signer| {
            let message = Verdict { group, ..verdict(signer, ROUND, truth).message };
            Input::Heard(SignedVerdict { message, signature: sign(message.digest(&DOMAIN), &key(signer)).unwrap() })
        };
        [1, 2, 3].map(sign_it)
    };
    for (group, posts) in [(GROUP, 1), (GroupId(2), 0)] {
        let (mut story, truth) = judging(first_poster());
        signed_for(group, truth).into_iter().for_each(|heard| story.tell(heard));
        assert_eq!(story.posts().len(), posts, "{group}");
    }
}

#[test]
fn the_first_verdict_of_a_position_counts() {
    for (first, posts) in [(None, 1), (Some(NONE_IS_TRUE), 0)] {
        let (mut story, truth) = judging(first_poster());
        first.into_iter().for_each(|claim| story.tell(Input::Heard(verdict(2, ROUND, claim))));
        (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
        assert_eq!(story.posts().len(), posts, "{first:?}");
    }
}

#[test]
fn what_is_said_of_other_rounds_opens_no_file_and_of_distant_ones_nothing_is_kept() {
    let mut story = Story::new(1);
    (story.served, story.truths) = (vec!["a"], vec![hash(1, 1_700_000, "a")]);
    story.second(20);
    story.reveal(1, 1_700_000, "a");
    let have = |round, position| Input::Have { round, file: digest("a"), position: PositionNumber(position) };
    [2, 3].into_iter().for_each(|position| story.tell(have(RoundNumber(ROUND.0 + 1), position)));
    story.second(30);
    assert_eq!(story.signed(), None, "nobody else holds it in this round");
    let size = format!("{:?}", story.validator).len();
    for round in [ROUND.0 - 2, ROUND.0 + 2].map(RoundNumber) {
        story.tell(have(round, 2));
        story.tell(Input::Heard(verdict(2, round, NONE_IS_TRUE)));
    }
    assert_eq!(format!("{:?}", story.validator).len(), size);
    story.tell(have(ROUND, 2));
    assert!(story.signed().is_some());
}

#[test]
fn what_sleepers_and_strangers_say_of_files_is_not_kept() {
    let mut story = Story::new(1);
    let mut positions = group().positions;
    positions[2].awake = false;
    story.tell(Input::Group(GroupView { positions, ..group() }));
    let size = format!("{:?}", story.validator).len();
    for position in [3, 77].map(PositionNumber) {
        story.tell(Input::Have { round: ROUND, file: digest("a"), position });
    }
    assert_eq!(format!("{:?}", story.validator).len(), size);
}

#[test]
fn a_claim_that_was_never_revealed_is_not_brought() {
    let (mut story, _) = judging(first_poster());
    (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, digest("invented")))));
    (31..40).for_each(|second| story.second(second));
    assert_eq!(story.posts(), []);
}

#[test]
fn what_fails_at_the_end_of_the_phase_is_not_repeated_at_once() {
    let (mut story, truth) = judging(first_poster());
    story.second(37);
    (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
    story.tell(Input::Posted { round: ROUND, result: Err("NothingCounted".into()) });
    assert_eq!(story.posts().len(), 1);
}

/// A story that is over: four were awake, and the verdicts of the first three decided it.
fn over(signer: u8) -> (Story, Digest) {
    let (mut story, truth) = judging(signer);
    let mut four = group();
    four.positions.push(position(4, 100));
    story.tell(Input::Group(four));
    (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
    decide(&mut story, truth, &[1, 2, 3]);
    story.second(39);
    story.effects.clear();
    (story, truth)
}

/// The second of the next round in which a validator posts first.
fn late_post(story: &mut Story) -> Option<u64> {
    (0..40).find(|second| {
        story.tell(Input::Block(at(RoundNumber(ROUND.0 + 1), *second)));
        !story.posts().is_empty()
    })
}

#[test]
fn verdicts_that_come_late_are_brought_in_the_next_train_by_one_after_the_other() {
    let mut seconds = Vec::new();
    for signer in 1..=3 {
        let (mut story, truth) = over(signer);
        story.tell(Input::Heard(verdict(4, ROUND, truth)));
        assert_eq!(story.posts(), [], "not at the edge of JUDGE");
        seconds.extend(late_post(&mut story));
        assert_eq!(story.posts(), [(truth, vec![4])]);
    }
    seconds.sort_unstable();
    assert!(seconds.windows(2).all(|pair| pair[1] >= pair[0] + 3), "{seconds:?}");
    assert!(seconds.len() == 3 && seconds[0] >= 1 && seconds[2] < 18, "{seconds:?}");
}

#[test]
fn what_was_brought_and_never_counted_is_brought_once_more() {
    let (mut story, truth) = judging(first_poster());
    (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
    story.tell(Input::Posted { round: ROUND, result: Ok(()) });
    decide(&mut story, truth, &[1, 2]);
    story.second(39);
    story.effects.clear();
    assert!(late_post(&mut story).is_some());
    assert_eq!(story.posts(), [(truth, vec![3])]);
}

#[test]
fn nothing_is_brought_late_that_cannot_count() {
    for (name, other, late) in [("for another claim", true, 4), ("counted already", false, 3), ("of nobody", false, 77)] {
        let (mut story, truth) = over(1);
        story.tell(Input::Heard(verdict(late, ROUND, if other { NONE_IS_TRUE } else { truth })));
        assert_eq!(late_post(&mut story), None, "{name}");
    }
    let (mut undecided, truth) = judging(1);
    undecided.second(39);
    (1..=3).for_each(|other| undecided.tell(Input::Heard(verdict(other, ROUND, truth))));
    undecided.effects.clear();
    assert_eq!(late_post(&mut undecided), None, "undecided");
    let (mut struck, truth) = over(1);
    struck.tell(Input::Heard(verdict(4, ROUND, truth)));
    struck.tell(Input::Event(struck_event(ROUND)));
    assert_eq!(late_post(&mut struck), None, "struck");
}

#[test]
fn what_comes_after_the_next_train_is_not_brought() {
    let (mut story, truth) = over(1);
    story.tell(Input::Block(at(RoundNumber(ROUND.0 + 1), 18)));
    story.tell(Input::Heard(verdict(4, ROUND, truth)));
    (18..40).for_each(|second| story.tell(Input::Block(at(RoundNumber(ROUND.0 + 1), second))));
    (0..20).for_each(|second| story.tell(Input::Block(at(RoundNumber(ROUND.0 + 2), second))));
    assert_eq!(story.posts(), []);
}

#[test]
fn a_late_batch_that_fails_is_not_repeated_for_ever() {
    let (mut story, truth) = over(1);
    story.tell(Input::Heard(verdict(4, ROUND, truth)));
    for second in 0..20 {
        story.tell(Input::Block(at(RoundNumber(ROUND.0 + 1), second)));
        story.tell(Input::Posted { round: ROUND, result: Err("NothingCounted".into()) });
    }
    let posts = story.posts().len();
    assert!((1..=MAX_LATE_POSTS as usize).contains(&posts), "{posts}");
}

/// A validator that brings two verdicts a call, in JUDGE of a round with nine signers.
fn narrow(signer: u8) -> (Story, Digest) {
    let (mut story, truth) = judging(1);
    let config = Config { verdicts_a_call: 2, ..config(signer) };
    let nine = GroupView { positions: (1..=9).map(|number| position(number, 100)).collect(), ..group() };
    let mut validator = Validator::new(config);
    for input in [Input::Group(nine), Input::Block(at(ROUND, 0)), Input::Event(opened_event(ROUND, digest("checkpoint")))] {
        validator.handle(input);
    }
    [19, 20].into_iter().for_each(|second| drop(validator.handle(Input::Block(at(ROUND, second)))));
    (story.validator, story.effects) = (validator, Vec::new());
    story.reveal(1, 1_700_000, "a");
    story.second(30);
    story.tell(Input::Live);
    story.effects.clear();
    (1..=9).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, truth))));
    (story, truth)
}

#[test]
fn batches_that_are_too_large_are_brought_in_parts_that_decide_together() {
    let (mut story, truth) = (1..=9).map(narrow).find(|(story, _)| !story.posts().is_empty()).unwrap();
    for _ in 0..8 {
        story.tell(Input::Posted { round: ROUND, result: Ok(()) });
    }
    let parts: Vec<_> = story.posts().into_iter().map(|(claim, positions)| (claim == truth, positions)).collect();
    assert_eq!(parts, [vec![1, 2], vec![3, 4], vec![5, 6], vec![7, 8], vec![9]].map(|part| (true, part)));
}

#[test]
fn whoever_brought_a_part_brings_the_rest_at_once() {
    for signer in 1..=9 {
        let (mut story, _) = narrow(signer);
        let posts = |story: &mut Story, second| {
            story.second(second);
            !story.posts().is_empty()
        };
        assert!((30..38).any(|second| posts(&mut story, second)), "{signer} waits for ever");
        (0..8).for_each(|_| story.tell(Input::Posted { round: ROUND, result: Ok(()) }));
        assert_eq!(story.posts().len(), 5, "{signer}");
    }
}

#[test]
fn what_somebody_else_brought_in_part_is_completed() {
    let (mut story, truth) = (1..=9).map(narrow).find(|(story, _)| story.posts().is_empty()).unwrap();
    story.tell(Input::Event(judged_event(ROUND, truth, &[1, 2, 3, 4, 5, 6])));
    (31..38).for_each(|second| {
        story.second(second);
        story.tell(Input::Posted { round: ROUND, result: Ok(()) });
    });
    let posts: Vec<_> = story.posts().into_iter().flat_map(|(_, positions)| positions).collect();
    assert_eq!(posts, [7, 8, 9]);
}

#[test]
fn a_call_takes_what_four_fifths_of_a_block_have_room_for() {
    for (limit, verdicts) in
        [(0, 1), (12_499, 1), (25_000, 2), (1_000_000, 80), (12_800_000, 1_024), (30_000_000, 1_024), (u64::MAX, 1_024)]
    {
        assert_eq!(verdicts_a_call(limit), verdicts, "{limit}");
    }
}
