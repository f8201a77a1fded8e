//! The validator's machine: who brings the verdicts, and when.

use crate::story::*;
use crate::world::*;
use protocol::chain::{ChainEvent, Outcome};
use protocol::validator::Input;
use protocol::{RoundNumber, Wei};

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
    let decided =
        ChainEvent::Decided { group: GROUP, round: ROUND, outcome: Outcome::Won, claim: truth, winner: account(1), file: digest("a") };
    story.tell(Input::Event(decided));
    let (stake, amount) = (Wei::nrn(300), Wei::nrn(150));
    story.tell(Input::Event(ChainEvent::Judged { group: GROUP, round: ROUND, claim: truth, counted: 3, stake, amount }));
    story.second(31);
    assert_eq!(story.posts(), [], "somebody else brought them");
    story.tell(Input::Heard(verdict(4, ROUND, truth)));
    (31..38).for_each(|second| story.second(second));
    assert_eq!(story.posts(), [(truth, vec![1, 2, 3, 4])]);
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
