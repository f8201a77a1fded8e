//! Blocks that are far apart: what is lost is told apart from what is late, and nobody waits through the last chance.

use protocol::chain::{Block, GroupView, Times};
use protocol::pace::Tempo;
use protocol::validator::{Config, Effect, Input, MAX_POSTS, Validator};
use protocol::{PositionNumber, steward as votes};

use crate::steward::{DELTA, END_S, choice, hear, view as period};
use crate::story::*;
use crate::world::*;

/// Blocks come each 12 seconds, in this second of `ROUND` and so on.
const FIRST_S: u64 = 2;

/// A validator in JUDGE of that length, in second 38 of a round of slow blocks, that knows one claim.
fn slow(signer: u8, judge_s: u64) -> Story {
    slow_as(crate::story::validator(signer), judge_s)
}

fn slow_as(validator: Validator, judge_s: u64) -> Story {
    let times = Times { judge_s, ..TIMES };
    let mut story = Story::new(1);
    story.validator = validator;
    story.tell(Input::Group(GroupView { times, epoch_s: 100 * times.length_s(), ..group() }));
    story.tell(Input::Live);
    (FIRST_S..38).step_by(12).for_each(|second| story.tell(slow_block(judge_s, second)));
    story.tell(Input::Event(opened_event(ROUND, digest("checkpoint"))));
    story.reveal(1, 1_700_000, "a");
    story.tell(slow_block(judge_s, 38));
    story
}

fn slow_block(judge_s: u64, second: u64) -> Input {
    let start_s = Times { judge_s, ..TIMES }.round_start_s(GENESIS_S, ROUND);
    Input::Block(Block { number: second / 12, ..block(start_s + second) })
}

/// The seconds in which a validator posts, from that one on, when all verdicts come in it.
fn slow_posts(story: &mut Story, judge_s: u64, seconds: std::ops::Range<u64>, answer: Option<Result<(), String>>) -> Vec<u64> {
    let mut posts = Vec::new();
    (1..=3).for_each(|other| story.tell(Input::Heard(verdict(other, ROUND, hash(1, 1_700_000, "a")))));
    for second in seconds.step_by(12) {
        if story.posts().len() > posts.len() {
            posts.push(second - 12);
            answer.clone().into_iter().for_each(|result| story.tell(Input::Posted { round: ROUND, result }));
        }
        story.tell(slow_block(judge_s, second));
    }
    posts
}

#[test]
fn a_batch_that_was_dropped_or_not_answered_is_brought_again() {
    let leader = (1..=3).find(|signer| slow_posts(&mut slow(*signer, 3_000), 3_000, 50..62, None) == [38]).unwrap();
    let pause_s = 2 + 12;
    for (name, answer, after_s) in [
        ("carried out and dropped", Some(Ok(())), 8 * pause_s),
        ("never answered, then all others go first", None, 32 * pause_s + 3 * pause_s),
        ("failed, then all others go first", Some(Err("no".to_string())), 3 * pause_s),
    ] {
        let posts = slow_posts(&mut slow(leader, 3_000), 3_000, 50..1_000, answer);
        let next = posts[1] - posts[0];
        assert!((after_s..after_s + 24).contains(&next), "{name}: {next}");
    }
}

#[test]
fn who_fails_again_and_again_brings_a_limited_number_of_batches_whole_or_in_parts() {
    for verdicts_a_call in [1_024, 2] {
        let config = |signer| Config { verdicts_a_call, ..config(signer) };
        for signer in 1..=3 {
            let mut story = slow_as(Validator::new(config(signer)), 3_000);
            let posts = slow_posts(&mut story, 3_000, 50..3_000, Some(Err("no".into())));
            assert_eq!(posts.len(), MAX_POSTS as usize, "{verdicts_a_call} a call");
        }
    }
}

#[test]
fn with_slow_blocks_nobody_waits_through_the_last_one_that_can_be_acted_upon() {
    // JUDGE ends in second 100: what is sent with the block of second 86 is carried by that of second 98.
    let posts: Vec<_> = (1..=3)
        .map(|signer| {
            let mut story = slow(signer, 70);
            [50, 62, 74].into_iter().for_each(|second| story.tell(slow_block(70, second)));
            slow_posts(&mut story, 70, 86..99, None)
        })
        .collect();
    assert_eq!(posts.iter().filter(|posts| **posts == [74]).count(), 1, "who is first posts at once: {posts:?}");
    assert_eq!(posts.iter().filter(|posts| **posts == [86]).count(), 2, "and the others while it is time: {posts:?}");
}

#[test]
fn that_a_file_is_held_is_told_until_the_log_has_it() {
    for (is_heard, expected) in [(false, vec![50, 170]), (true, vec![50])] {
        let mut story = slow(1, 3_000);
        story.served = vec!["a"];
        let mut told = Vec::new();
        for second in (50..200).step_by(12) {
            let before = story.effects.len();
            story.tell(slow_block(3_000, second));
            if story.effects[before..].contains(&Effect::Announce { round: ROUND, file: digest("a") }) {
                told.push(second);
                let heard = Input::Have { round: ROUND, file: digest("a"), position: PositionNumber(1) };
                Some(heard).filter(|_| is_heard).into_iter().for_each(|heard| story.tell(heard));
            }
        }
        assert_eq!(told, expected, "8 pauses later");
    }
}

#[test]
fn that_a_file_is_held_is_told_five_times_at_most() {
    let mut story = slow(1, 6_000);
    story.served = vec!["a"];
    (50..6_000).step_by(12).for_each(|second| story.tell(slow_block(6_000, second)));
    let told = story.effects.iter().filter(|effect| matches!(effect, Effect::Announce { .. }));
    assert_eq!(told.count(), 5);
}

#[test]
fn with_slow_blocks_choices_are_brought_while_there_is_time() {
    let slow = |time_s: u64| steward_block(time_s);
    let mut last = Vec::new();
    for signer in 1..=3 {
        let mut steward = crate::steward::steward(signer);
        let long = GroupView { period_s: 400, ..period() };
        crate::steward::tell(&mut steward, [votes::Input::Group(long)]);
        (END_S - 98..END_S - 30).step_by(12).for_each(|time_s| drop(steward.handle(slow(time_s))));
        hear(&mut steward, &[choice(1, DELTA, 1)]);
        let sent = [END_S - 26, END_S - 14, END_S - 2].into_iter().find(|time_s| steward.handle(slow(*time_s)).is_some());
        last.push(sent.map(|time_s| END_S - time_s));
    }
    assert!(last.iter().all(|before| before.is_some_and(|before_s| before_s >= 14)), "{last:?}");
}

fn steward_block(time_s: u64) -> votes::Input {
    votes::Input::Block(Block { number: time_s / 12, ..block(time_s) })
}

#[test]
fn a_cast_whose_event_is_on_its_way_is_not_repeated_with_the_next_slow_block() {
    let signers = (1..=3).map(|signer| {
        let mut steward = crate::steward::steward(signer);
        let long = GroupView { period_s: 400, ..period() };
        crate::steward::tell(&mut steward, [votes::Input::Group(long)]);
        (END_S - 98..END_S - 80).step_by(12).for_each(|time_s| drop(steward.handle(steward_block(time_s))));
        hear(&mut steward, &[choice(1, DELTA, 1)]);
        let mut sent = Vec::new();
        for time_s in (END_S - 74..END_S - 40).step_by(12) {
            if steward.handle(steward_block(time_s)).is_some() {
                sent.push(END_S - time_s);
                steward.handle(votes::Input::Failed);
            }
        }
        sent
    });
    assert!(signers.collect::<Vec<_>>().contains(&vec![74, 50]), "a pause is longer than a block");
}
