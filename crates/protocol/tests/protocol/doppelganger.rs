//! A validator that finds verdicts of its key that it did not sign.

use crate::story::*;
use crate::world::*;
use protocol::chain::ChainEvent;
use protocol::eip712::{SignedVerdict, Typed as _, Verdict, sign};
use protocol::signing_log::SigningLog;
use protocol::validator::{Config, Doubt, Effect, Input, Validator};
use protocol::{Digest, GroupId, Micronats, PositionNumber, RoundNumber, Wei};

const BEFORE: RoundNumber = RoundNumber(ROUND.0 - 1);

fn log(rounds: &[u64]) -> SigningLog {
    let mut log = SigningLog::default();
    for round in rounds {
        log.record(Verdict { group: GROUP, round: RoundNumber(*round), claim: digest("claim"), probe: digest("probe") });
    }
    log
}

fn closed(through: RoundNumber) -> SigningLog {
    let mut log = SigningLog::default();
    log.close(GROUP, through);
    log
}

fn judged(round: RoundNumber, claim: &str) -> Input {
    Input::Event(judged_event(round, digest(claim), &[1, 2]))
}

fn attended(round: RoundNumber) -> Input {
    let (stake, positions) = (Wei::nrn(100), vec![PositionNumber(1)]);
    Input::Event(ChainEvent::Attended { group: GROUP, round, stake, counts: true, positions })
}

fn rotated() -> Input {
    let (group, position, signer) = (GROUP, PositionNumber(1), account(1));
    Input::Event(ChainEvent::Rotated { group, position, signer, judges: true })
}

/// Validator 1, whose history ends at that second of `ROUND`, with these facts before and after.
fn begun(config: Config, second: u64, history: Vec<Input>, later: Vec<Input>) -> Story {
    let mut story = Story { validator: Validator::new(config), ..Story::new(1) };
    story.effects.clear();
    story.tell(Input::Group(group()));
    history.into_iter().for_each(|input| story.tell(input));
    story.tell(Input::Block(at(ROUND, second)));
    story.tell(Input::Live);
    later.into_iter().for_each(|input| story.tell(input));
    story
}

fn signing(log: SigningLog) -> Config {
    Config { signed: log, ..config(1) }
}

/// Plays a round with one true claim; whether it signed.
fn signs_in(story: &mut Story, round: RoundNumber) -> bool {
    let truth = claim(round, 2, BASE, Micronats(1_700_000), "a");
    (story.served, story.truths) = (vec!["a"], vec![hash(2, 1_700_000, "a")]);
    let before = story.effects.len();
    story.tell(Input::Event(opened_event(round, digest("checkpoint"))));
    for second in 0..40 {
        story.tell(Input::Block(at(round, second)));
        if second == 21 {
            story.tell(Input::Event(ChainEvent::Revealed(truth)));
            [2, 3].into_iter().for_each(|number| story.tell(Input::Have { round, file: digest("a"), position: PositionNumber(number) }));
        }
    }
    story.effects[before..].iter().any(|effect| matches!(effect, Effect::Sign(verdict) if verdict.round == round))
}

fn doubts(story: &Story) -> Vec<Doubt> {
    story.effects.iter().filter_map(|effect| if let Effect::Doubt(doubt) = effect { Some(*doubt) } else { None }).collect()
}

#[test]
fn who_lacks_verdicts_of_its_own_watches_a_whole_round_before_it_signs() {
    let next = RoundNumber(ROUND.0 + 1);
    for (name, log, second, history, first) in [
        ("nothing to lack", log(&[]), 5, vec![], ROUND),
        ("verdicts of others", log(&[]), 5, vec![Input::Event(judged_event(BEFORE, digest("claim"), &[2, 3]))], ROUND),
        ("an empty log", log(&[]), 5, vec![judged(BEFORE, "claim")], next),
        ("an empty log, begun in JUDGE", log(&[]), 31, vec![judged(BEFORE, "claim")], RoundNumber(ROUND.0 + 2)),
        ("an empty log, and presence without a decision", log(&[]), 5, vec![attended(BEFORE)], next),
        ("an old copy", log(&[0, 1]), 5, vec![judged(RoundNumber(1), "claim"), judged(BEFORE, "claim")], next),
        ("a whole log", log(&[1, 2]), 5, vec![judged(RoundNumber(1), "claim"), judged(BEFORE, "claim")], ROUND),
        ("a log begun anew long ago", log(&[2]), 5, vec![judged(RoundNumber(1), "claim"), judged(BEFORE, "claim")], ROUND),
        ("another claim in it", log(&[2]), 5, vec![judged(BEFORE, "other")], next),
        ("a pruned log", closed(BEFORE), 5, vec![judged(RoundNumber(1), "claim"), judged(BEFORE, "claim")], ROUND),
        ("an old pruned log", closed(RoundNumber(1)), 5, vec![judged(BEFORE, "claim")], next),
        ("a position taken over from another key", log(&[]), 5, vec![judged(BEFORE, "claim"), rotated()], ROUND),
    ] {
        let mut story = begun(signing(log), second, history, vec![]);
        let played: Vec<bool> = (ROUND.0..ROUND.0 + 3).map(|round| signs_in(&mut story, RoundNumber(round))).collect();
        let expected: Vec<bool> = (ROUND.0..ROUND.0 + 3).map(|round| round >= first.0).collect();
        assert_eq!(played, expected, "{name}");
        let told: Vec<Doubt> = (first > ROUND).then_some(Doubt::Waits { round: BEFORE, from: first }).into_iter().collect();
        assert_eq!(doubts(&story), told, "{name}: once");
    }
}

#[test]
fn the_log_of_the_group_shows_them_too() {
    let heard = |signer| Input::Heard(verdict(signer, BEFORE, digest("claim")));
    assert!(signs_in(&mut begun(config(1), 5, vec![], vec![heard(2)]), ROUND));
    let mut story = begun(config(1), 5, vec![], vec![heard(1)]);
    assert!(!signs_in(&mut story, ROUND));
    assert!(signs_in(&mut story, RoundNumber(ROUND.0 + 1)));
    assert!(signs_in(&mut begun(signing(log(&[2])), 5, vec![], vec![heard(1)]), ROUND));
}

#[test]
fn who_was_told_not_to_look_signs_at_once() {
    let config = Config { doppelganger_check: false, ..config(1) };
    let mut story = begun(config, 5, vec![judged(BEFORE, "claim")], vec![]);
    assert!(signs_in(&mut story, ROUND));
    assert_eq!(doubts(&story), []);
}

#[test]
fn a_verdict_of_its_key_that_it_did_not_sign_stops_it_for_good() {
    let foreign = Input::Heard(verdict(1, ROUND, digest("claim")));
    let stops = |claim: Option<Digest>| vec![Doubt::Stops { round: ROUND, claim }];
    for (check, foreign, claim) in [
        (true, foreign.clone(), Some(digest("claim"))),
        (false, foreign, Some(digest("claim"))),
        (true, judged(ROUND, "claim"), Some(digest("claim"))),
        (true, attended(ROUND), None),
    ] {
        let config = Config { doppelganger_check: check, ..signing(log(&[0, 1, 2])) };
        let mut story = begun(config, 5, vec![], vec![]);
        (20..32).for_each(|second| story.tell(Input::Block(at(ROUND, second))));
        story.tell(foreign);
        assert!(!(ROUND.0 + 1..ROUND.0 + 4).any(|round| signs_in(&mut story, RoundNumber(round))));
        assert_eq!(doubts(&story), stops(claim), "once");
    }
}

#[test]
fn another_process_that_writes_with_the_nodes_key_stops_it_for_good() {
    let message = digest("a message on top of its own");
    for (name, check, history, later) in [
        ("while it runs", true, vec![], vec![Input::Double { message }]),
        ("before history is over", true, vec![Input::Double { message }], vec![]),
        ("whoever was told not to look", false, vec![], vec![Input::Double { message }]),
        ("twice", true, vec![], vec![Input::Double { message }, Input::Double { message: digest("another") }]),
        ("before anything else is seen", true, vec![], vec![Input::Double { message }, judged(ROUND, "claim")]),
    ] {
        let config = Config { doppelganger_check: check, ..signing(log(&[0, 1, 2])) };
        let mut story = begun(config, 5, history, later);
        assert!(!(ROUND.0..ROUND.0 + 3).any(|round| signs_in(&mut story, RoundNumber(round))), "{name}");
        assert_eq!(doubts(&story), [Doubt::Doubled { message }], "{name}: once");
    }
}

#[test]
fn who_waits_and_sees_another_one_sign_stops() {
    let mut story = begun(config(1), 5, vec![judged(BEFORE, "claim")], vec![]);
    assert!(!signs_in(&mut story, ROUND));
    story.tell(judged(ROUND, "claim"));
    assert!(!signs_in(&mut story, RoundNumber(ROUND.0 + 1)));
    assert!(matches!(doubts(&story)[..], [Doubt::Waits { .. }, Doubt::Stops { round: ROUND, .. }]));
}

#[test]
fn what_it_signs_itself_is_nobody_elses() {
    let mut story = begun(config(1), 5, vec![], vec![]);
    for round in ROUND.0..ROUND.0 + 4 {
        assert!(signs_in(&mut story, RoundNumber(round)));
        let Some(Effect::Sign(own)) = story.effects.iter().rfind(|effect| matches!(effect, Effect::Sign(_))).cloned() else { panic!() };
        story.tell(Input::Heard(verdict(1, own.round, own.claim)));
        story.tell(Input::Event(judged_event(own.round, own.claim, &[1, 2, 3])));
    }
    assert_eq!(doubts(&story), []);
}

#[test]
fn of_another_group_nothing_is_concluded() {
    let elsewhere = Verdict { group: GroupId(2), ..verdict(1, ROUND, digest("claim")).message };
    let heard = Input::Heard(SignedVerdict { message: elsewhere, signature: sign(elsewhere.digest(&DOMAIN), &key(1)).unwrap() });
    let mut story = begun(config(1), 5, vec![], vec![heard]);
    assert!(signs_in(&mut story, ROUND));
}
