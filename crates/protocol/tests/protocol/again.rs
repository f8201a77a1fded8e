//! What failed, was not answered or was dropped is asked for again; what cannot be known is not guessed.

use protocol::chain::{Block, ChainEvent, GroupView, Outcome, PositionView, Times};
use protocol::jury;
use protocol::validator::{Effect, Input, Validator};
use protocol::warden::{self as duties, Duty};
use protocol::{Digest, PositionNumber, RoundNumber};

use crate::hidden::{BOUNTY, Juror, PAUSE_S as JURY_PAUSE_S, STARTS_S, measured};
use crate::story::*;
use crate::warden::{NOW, PAST, attendance, decided, first_of, judged, seconds, tell, truth, verdicts, warden};
use crate::world::*;

/// A pause here: a step of two seconds, and a block each second.
const PAUSE_S: u64 = 3;

fn told(blocks: &[(u64, u64)]) -> Validator {
    let mut machine = crate::story::validator(1);
    machine.handle(Input::Group(group()));
    machine.handle(Input::Live);
    machine.handle(Input::Block(at(ROUND, 0)));
    machine.handle(Input::Event(opened_event(ROUND, digest("checkpoint"))));
    for (number, second) in blocks {
        machine.handle(Input::Block(Block { number: 10_000 + number, ..at(ROUND, *second) }));
    }
    machine
}

/// Names of the blocks are their seconds.
fn seed_after(blocks: &[(u64, u64)]) -> Option<Digest> {
    let mut machine = told(&blocks[..blocks.len() - 1]);
    let (number, second) = blocks[blocks.len() - 1];
    let effects = machine.handle(Input::Block(Block { number: 10_000 + number, ..at(ROUND, second) }));
    effects.iter().find_map(|effect| if let Effect::MeasureBase { seed, .. } = effect { Some(*seed) } else { None })
}

#[test]
fn a_seed_is_the_first_block_of_reveal_and_nothing_where_that_is_not_sure() {
    for (name, blocks, expected) in [
        ("the next block", &[(1, 19), (2, 20)][..], Some(20)),
        ("a late one", &[(1, 19), (2, 25)], Some(25)),
        ("timestamps that repeat", &[(1, 19), (2, 19), (3, 21)], Some(21)),
        ("over a gap", &[(1, 19), (3, 20)], None),
        ("told before", &[(2, 19), (2, 20)], None),
        ("an older block", &[(2, 19), (1, 20)], None),
        ("a time that went back", &[(1, 19), (3, 25), (4, 18), (5, 21)], None),
        ("the predecessor was in REVEAL", &[(1, 20), (2, 21)], None),
    ] {
        assert_eq!(seed_after(blocks), expected.map(|second| at(ROUND, second).hash), "{name}");
    }
}

/// Seconds at which something was asked for, where `answer` is what the shell says to it.
fn asked(
    story: &mut Story,
    seconds: std::ops::Range<u64>,
    is_it: impl Fn(&Effect) -> bool,
    answer: impl Fn() -> Option<Input>,
) -> Vec<u64> {
    let mut asked = Vec::new();
    for second in seconds {
        let effects = story.validator.handle(Input::Block(at(ROUND, second)));
        for _ in effects.iter().filter(|effect| is_it(effect)) {
            asked.push(second);
            answer().into_iter().for_each(|answer| drop(story.validator.handle(answer)));
        }
    }
    asked
}

#[test]
fn a_base_that_failed_or_was_not_answered_is_asked_for_again() {
    let failed = || Some(Input::BaseMeasured { round: ROUND, result: Err("the set is not here yet".into()) });
    let is_base = |effect: &Effect| matches!(effect, Effect::MeasureBase { .. });
    assert_eq!(asked(&mut Story::new(1), 19..30, is_base, failed), [20, 23, 26, 29]);
    assert_eq!(asked(&mut Story::new(1), 19..40, is_base, || None), [20, 25, 30, 35], "after half of JUDGE");
}

#[test]
fn what_fails_again_and_again_is_left_alone_for_an_eighth_of_judge_at_most() {
    let failed = || Some(Input::BaseMeasured { round: ROUND, result: Err("the set is not here yet".into()) });
    let mut story = Story::new(1);
    story.tell(Input::Group(with_times(ROUND, Times { reveal_s: 60, judge_s: 100, ..TIMES })));
    let bases = asked(&mut story, 19..80, |effect| matches!(effect, Effect::MeasureBase { .. }), failed);
    assert_eq!(bases, [20, 23, 29, 41, 53, 65, 77]);
}

#[test]
fn a_file_that_was_not_answered_is_asked_for_again() {
    let mut story = Story::new(1);
    story.second(20);
    let claim = claim(ROUND, 1, BASE, protocol::Micronats(1_700_000), "a");
    story.validator.handle(Input::Event(ChainEvent::Revealed(claim)));
    assert_eq!(asked(&mut story, 21..30, |effect| matches!(effect, Effect::Fetch { .. }), || None), [25]);
}

#[test]
fn a_verdict_that_could_not_be_told_is_asked_for_again_and_is_the_very_same() {
    let (mut story, _) = judging(1);
    let first = story.effects.iter().find(|effect| matches!(effect, Effect::Sign(_))).unwrap().clone();
    let untold = || Some(Input::Untold { round: ROUND, reason: "the disk is full".into() });
    story.tell(untold().unwrap());
    assert_eq!(asked(&mut story, 31..37, |effect| *effect == first, untold), [33, 36], "each failure is a pause");
    story.tell(Input::Heard(verdict(1, ROUND, hash(1, 1_700_000, "a"))));
    assert_eq!(asked(&mut story, 37..40, |effect| matches!(effect, Effect::Sign(_)), || None), [0; 0], "it was told");
}

/// The group with other phases; `round` begins when it would have begun.
fn with_times(round: RoundNumber, times: Times) -> GroupView {
    let genesis_s = at(round, 0).time_s - round.0 * times.length_s();
    GroupView { times, genesis_s, epoch_s: 100_000, ..group() }
}

#[test]
fn a_verdict_that_the_log_does_not_give_back_is_asked_for_again() {
    let (mut story, _) = judging(1);
    story.tell(Input::Group(with_times(ROUND, Times { judge_s: 60, ..TIMES })));
    assert_eq!(asked(&mut story, 31..70, |effect| matches!(effect, Effect::Sign(_)), || None), [30 + 8 * PAUSE_S]);
}

#[test]
fn verdicts_that_were_brought_and_not_counted_are_brought_again_eight_pauses_later() {
    for signer in 1..=3 {
        let (mut story, truth) = judging(signer);
        story.tell(Input::Group(with_times(ROUND, Times { judge_s: 60, ..TIMES })));
        (1..=3).for_each(|other| drop(story.validator.handle(Input::Heard(verdict(other, ROUND, truth)))));
        let brought = || Some(Input::Posted { round: ROUND, result: Ok(()) });
        brought().into_iter().for_each(|answer| drop(story.validator.handle(answer)));
        let posts = asked(&mut story, 31..80, |effect| matches!(effect, Effect::Post { .. }), brought);
        assert!(posts.windows(2).all(|pair| pair[1] - pair[0] == 8 * PAUSE_S) && posts.len() >= 2, "{posts:?}");
    }
}

/// A validator that begins in that second of JUDGE and hears nothing of who holds the file of a true claim.
fn beginning(second: u64) -> Story {
    let mut story = Story::new(1);
    let mut machine = crate::story::validator(1);
    let history = [Input::Group(group()), Input::Block(at(ROUND, 0)), Input::Event(opened_event(ROUND, digest("checkpoint")))];
    history.into_iter().for_each(|input| drop(machine.handle(input)));
    (19..second).for_each(|second| drop(machine.handle(Input::Block(at(ROUND, second)))));
    story.validator = machine;
    (story.served, story.truths) = (vec!["b"], vec![hash(2, 1_800_000, "b")]);
    story.reveal(1, 1_700_000, "a");
    story.reveal(2, 1_800_000, "b");
    story.tell(Input::Live);
    (second..39).for_each(|second| story.second(second));
    story
}

#[test]
fn who_was_not_there_when_judge_began_calls_no_file_unavailable_but_what_two_thirds_passed_over() {
    assert_eq!(beginning(30).signed(), Some((NONE_IS_TRUE, digest("probe of base"))), "there since REVEAL");
    for second in [31, 34, 37] {
        assert_eq!(beginning(second).signed(), None, "since second {second}");
    }
    let decided = |claim, outcome| Input::Event(decided_event(ROUND, outcome, claim, account(2), digest("b")));
    let mut won = beginning(36);
    won.others_have("b");
    assert_eq!(won.signed(), None, "the first claim may be true");
    won.tell(decided(hash(2, 1_800_000, "b"), Outcome::Won));
    assert_eq!(won.signed().map(|(claim, _)| claim), Some(hash(2, 1_800_000, "b")), "two thirds say that it is not");
    let mut other = beginning(36);
    other.tell(decided(hash(1, 1_700_000, "a"), Outcome::Won));
    assert_eq!(other.signed(), None, "what was decided is not said without having measured it");
    let mut lost = beginning(36);
    lost.tell(decided(NONE_IS_TRUE, Outcome::Lost));
    assert_eq!(lost.signed().map(|(claim, _)| claim), Some(NONE_IS_TRUE));
}

#[test]
fn ones_own_verdict_is_brought_at_the_last_chance_of_the_next_train() {
    let many = || GroupView { positions: (1..=40).map(|number| position(number, 100)).collect(), epoch_s: 80_000, ..group() };
    let truth = hash(1, 1_700_000, "a");
    let last = |signer: u8, late: u8| {
        let mut story = Story::new(signer);
        story.tell(Input::Group(many()));
        (19..31).for_each(|second| story.second(second));
        story.reveal(1, 1_700_000, "a");
        story.tell(Input::Event(decided_event(ROUND, Outcome::Won, truth, account(1), digest("a"))));
        story.second(39);
        story.tell(Input::Heard(verdict(late, ROUND, truth)));
        (0..20).find(|second| {
            story.tell(Input::Block(at(RoundNumber(ROUND.0 + 1), *second)));
            !story.posts().is_empty()
        })
    };
    let others: Vec<_> = (1..=40).map(|signer| last(signer, signer)).collect();
    assert!(others.iter().all(Option::is_some), "each brings its own");
    assert!((1..=40).filter(|signer| last(*signer, 1 + signer % 40).is_some()).count() < 10, "and waits for others with what is not");
}

#[test]
fn verdicts_of_the_epoch_before_count_by_its_keys_and_positions() {
    let truth = hash(1, 1_700_000, "a");
    let brought = |signer: u8| {
        let (mut story, _) = judging(1);
        let mut before = GroupView { positions: (1..=3).map(|number| position(number, 100)).collect(), ..group() };
        before.positions.push(PositionView { awake: false, ..position(5, 100) });
        story.tell(Input::Group(before));
        story.tell(Input::Event(decided_event(ROUND, Outcome::Won, truth, account(1), digest("a"))));
        story.second(39);
        // In the new epoch position 2 has another key, and positions 4, which was not there, and 5, which slept, are awake.
        let mut now = GroupView { positions: (1..=5).map(|number| position(number, 100)).collect(), ..group() };
        (now.positions[1].signer, now.positions[3].woken_at) = (account(22), 4);
        story.tell(Input::Group(now));
        story.tell(Input::Block(at(RoundNumber(ROUND.0 + 1), 0)));
        story.tell(Input::Heard(verdict(signer, ROUND, truth)));
        (1..20).for_each(|second| story.tell(Input::Block(at(RoundNumber(ROUND.0 + 1), second))));
        !story.posts().is_empty()
    };
    assert_eq!([2, 22, 4, 5, 3].map(brought), [true, false, false, false, true]);
}

/// The view in TRAIN may still be that of the epoch before.
#[test]
fn positions_that_were_only_seen_in_train_count_for_no_verdict_of_that_epoch() {
    for (last_s, is_brought) in [(0, false), (20, true)] {
        let (mut story, next, truth) = (Story::new(1), RoundNumber(ROUND.0 + 1), hash(1, 1_700_000, "a"));
        story.tell(Input::Event(decided_event(ROUND, Outcome::Won, truth, account(1), digest("a"))));
        story.tell(Input::Block(at(ROUND, last_s)));
        story.tell(Input::Block(at(next, 0)));
        story.tell(Input::Heard(verdict(2, ROUND, truth)));
        (1..20).for_each(|second| story.tell(Input::Block(at(next, second))));
        assert_eq!(!story.posts().is_empty(), is_brought, "{last_s}");
    }
}

#[test]
fn presence_that_was_dropped_is_brought_again() {
    let make = |signer: u8| {
        let mut warden = warden(signer, &verdicts(&[(3, Digest::ZERO)]));
        tell(&mut warden, [decided(), judged(&[1, 2])]);
        warden
    };
    let mut warden = first_of(make, attendance);
    assert_eq!(seconds(&mut warden, 0..1, attendance), [(0, vec![3])]);
    tell(&mut warden, [duties::Input::Sent { duty: Duty::Attend(PAST), result: Ok(()) }]);
    assert_eq!(seconds(&mut warden, 1..38, attendance), [(8 * PAUSE_S, vec![3])]);
}

#[test]
fn presence_whose_answer_never_comes_is_brought_again() {
    let make = |signer: u8| {
        let mut warden = warden(signer, &verdicts(&[(3, Digest::ZERO)]));
        tell(&mut warden, [duties::Input::Group(with_times(NOW, Times { train_s: 96, ..TIMES })), decided(), judged(&[1, 2])]);
        warden
    };
    let mut warden = first_of(make, attendance);
    assert_eq!(when_of(&seconds(&mut warden, 0..114, attendance)), [0, (32 + 3) * PAUSE_S], "when all others have had their turn");
}

fn is_slash(effect: duties::Effect) -> Option<PositionNumber> {
    if let duties::Effect::SlashDouble { position, .. } = effect { Some(position) } else { None }
}

#[test]
fn a_double_that_is_not_slashed_is_shown_again_a_few_times() {
    let later: Vec<RoundNumber> = (0..8).map(|round| RoundNumber(NOW.0 + round)).collect();
    for answer in [Some(Ok(())), None, Some(Err("no".to_string()))] {
        let mut warden = warden(1, &verdicts(&[(2, truth()), (2, Digest::ZERO)]));
        let mut shown = 0;
        for block in later.iter().flat_map(|round| (0..40).map(|second| at(*round, second))) {
            let effects = tell(&mut warden, [duties::Input::Block(block)]);
            for position in effects.into_iter().filter_map(is_slash) {
                shown += 1;
                let duty = Duty::Slash(position, PAST);
                answer.clone().into_iter().for_each(|result| drop(tell(&mut warden, [duties::Input::Sent { duty, result }])));
            }
        }
        assert_eq!(shown, 3, "{answer:?}");
    }
}

#[test]
fn an_alarm_is_told_again_until_the_log_holds_it_and_a_replay_that_failed_is_made_again() {
    let wrong = verdict(2, PAST, truth());
    let alarm = |effect| if let duties::Effect::Alarm { verdict, .. } = effect { Some(verdict) } else { None };
    let replay = |effect| if let duties::Effect::Replay { round, .. } = effect { Some(round) } else { None };
    let mut warden = warden(1, &[wrong]);
    assert_eq!(seconds(&mut warden, 0..1, replay).len(), 1);
    tell(&mut warden, [duties::Input::NotReplayed { round: PAST, reason: "no base".into() }]);
    assert_eq!(when_of(&seconds(&mut warden, 1..9, replay)), [3], "after a pause");
    tell(&mut warden, [duties::Input::Replayed { round: PAST, wrong: vec![(wrong, "another".into())] }]);
    let mut told = 0;
    for block in (0..8).flat_map(|round| (9..40).map(move |second| at(RoundNumber(NOW.0 + round), second))) {
        told += tell(&mut warden, [duties::Input::Block(block)]).into_iter().filter_map(alarm).count();
    }
    assert_eq!(told, 3);
}

#[test]
fn an_alarm_that_another_told_is_not_told_and_words_about_nobody_are_not_remembered() {
    let wrong = verdict(2, PAST, truth());
    let alarm = |effect| if let duties::Effect::Alarm { verdict, .. } = effect { Some(verdict) } else { None };
    for is_told in [false, true] {
        let make = |signer: u8| {
            let mut warden = warden(signer, &[wrong]);
            tell(
                &mut warden,
                [duties::Input::Block(at(NOW, 0)), duties::Input::Replayed { round: PAST, wrong: vec![(wrong, "another".into())] }],
            );
            warden
        };
        let last =
            [1, 3].into_iter().max_by_key(|signer| seconds(&mut make(*signer), 1..38, alarm).first().map(|(second, _)| *second)).unwrap();
        let mut warden = make(last);
        let size = format!("{warden:?}").len();
        let strange = [verdict(77, PAST, truth()), verdict(2, RoundNumber(PAST.0 + 5), truth()), verdict(2, RoundNumber(0), truth())];
        tell(&mut warden, strange.map(duties::Input::Alarmed));
        assert_eq!(format!("{warden:?}").len(), size);
        tell(&mut warden, Some(wrong).filter(|_| is_told).map(duties::Input::Alarmed));
        assert_eq!(seconds(&mut warden, 1..38, alarm).len(), usize::from(!is_told));
    }
}

fn when_of<T>(sent: &[(u64, T)]) -> Vec<u64> {
    sent.iter().map(|(second, _)| *second).collect()
}

#[test]
fn an_absent_position_that_was_not_put_to_rest_is_tried_again_a_few_times() {
    let rounds = |backs: std::ops::Range<u64>| backs.map(|back| RoundNumber(PAST.0 - back)).collect();
    let view = GroupView { counted: 20, newest: rounds(0..2), recent: rounds(2..10), ..group() };
    let doze = |effect| if let duties::Effect::Doze { position } = effect { Some(position) } else { None };
    let mut warden = warden(1, &[]);
    tell(&mut warden, [duties::Input::Group(view), duties::Input::Block(at(NOW, 0)), duties::Input::Absent(Ok(vec![PositionNumber(2)]))]);
    let mut dozed = 0;
    for block in (0..8).flat_map(|round| (1..40).map(move |second| at(RoundNumber(NOW.0 + round), second))) {
        for position in tell(&mut warden, [duties::Input::Block(block)]).into_iter().filter_map(doze) {
            dozed += 1;
            tell(&mut warden, [duties::Input::Sent { duty: Duty::Doze(position), result: Ok(()) }]);
        }
    }
    assert!((2..=3).contains(&dozed), "{dozed}");
}

#[test]
fn a_juror_whose_transaction_is_never_answered_sends_again() {
    let mut juror = Juror::deciding(1, &[1, 2, 3, 4]);
    juror.until(STARTS_S[0] + 60 * JURY_PAUSE_S);
    let posts = juror.posts();
    assert!(posts.len() >= 2 && posts[1].0 - posts[0].0 >= 32 * JURY_PAUSE_S, "{posts:?}");
}

#[test]
fn a_finding_that_was_not_heard_is_asked_for_again_and_is_the_very_same() {
    let mut juror = Juror::holding(1);
    juror.until(STARTS_S[0] - 1);
    let start = |juror: &mut Juror, second: u64| juror.jury.handle(jury::Input::Block(block(STARTS_S[0] + second)));
    let is_sign = |effect: &jury::Effect| matches!(effect, jury::Effect::Sign { .. });
    let mut signs = Vec::new();
    for second in 0..60 {
        for effect in start(&mut juror, second) {
            if let jury::Effect::Measure(task) = &effect {
                let answer = juror.measured(task);
                signs.extend(juror.jury.handle(answer).into_iter().filter(is_sign).map(|effect| (second, effect)));
            }
            signs.extend(Some(effect).filter(is_sign).map(|effect| (second, effect)));
        }
    }
    assert_eq!(when_of(&signs), [0, 24, 48], "8 pauses later");
    assert!(signs.iter().all(|(_, effect)| *effect == signs[0].1));
    assert!(matches!(&signs[0].1, jury::Effect::Sign { message, findings } if message.bounty == BOUNTY && *findings == measured()));
}

#[test]
fn a_juror_takes_no_seed_over_a_gap() {
    for (told, is_measured) in [(true, true), (false, false)] {
        let mut juror = Juror::new(1);
        juror.until(crate::hidden::END_S - 2);
        juror.now_s += u64::from(!told) * 2;
        juror.until(crate::hidden::END_S + 3);
        juror.event(crate::hidden::unsealed());
        juror.have(&[1, 2]);
        juror.until(STARTS_S[0] + 1);
        assert_eq!(!juror.tasks().is_empty(), is_measured);
    }
}
