//! A message comes after what its author had seen: what replaced what, who knew of what, and who else writes with one's own key.

use super::*;

/// A message of this log's own node, written as its process does.
fn write(log: &mut Log<Envelope>, text: &str) -> Envelope {
    let body = Body::Note(text.into());
    let draft = log.draft(body.kind(), body.topic(), body.to_bytes().unwrap(), 0);
    let envelope = Envelope::sign(draft, &node(1)).unwrap();
    let facts = Facts::read(&envelope, GROUP, &DOMAIN).unwrap();
    let written = log.write(&facts, envelope.clone(), NOW_MS).unwrap();
    assert_eq!((written.fresh, written.double), (true, None));
    envelope
}

#[test]
fn messages_are_visible_before_their_parents_and_tell_what_is_missing() {
    let (first, second) = (note(1, 1, "a", vec![]), note(2, 1, "b", vec![]));
    let third = note(1, 2, "c", vec![first.id(), second.id()]);
    let mut log = log_of(None);
    assert!(take(&mut log, &third).unwrap().fresh);
    let mut missing = vec![first.id(), second.id()];
    missing.sort_unstable();
    assert_eq!(log.missing().collect::<Vec<_>>(), missing);
    take(&mut log, &first).unwrap();
    assert_eq!(log.heads().collect::<Vec<_>>(), [third.id()], "a parent that came late is no head");
    assert_eq!(log.missing().collect::<Vec<_>>(), [second.id()]);
    assert!(!take(&mut log, &first).unwrap().fresh);
    let arrived: Vec<_> = log.since(0).map(|kept| (kept.arrival, kept.id)).collect();
    assert_eq!(arrived, [(0, third.id()), (1, first.id())]);
    assert_eq!(log.since(1).count(), 1);
}

#[test]
fn a_new_message_is_put_on_top_of_ones_own_newest_and_of_heads_with_stake_first() {
    let mut log = log_of(Some(known()));
    let own = note(1, 5, "own", vec![]);
    let later = note(9, 6, "on top of it", vec![own.id()]);
    let staked = say(8, 1, &Body::Verdict(verdict(2, RoundNumber(7), digest("claim"))), vec![]);
    [&own, &later, &staked].into_iter().for_each(|message| _ = take(&mut log, message).unwrap());
    (0..30).for_each(|seq| _ = take(&mut log, &note(10, seq, "stranger", vec![])).unwrap());
    let draft = log.draft(Kind::Note, "note", Vec::new(), 0);
    assert_eq!(draft.parents[..2], [own.id(), staked.id()]);
    assert_eq!(draft.parents.len(), 16);
    let next = Envelope::sign(draft, &node(1)).unwrap();
    let before = log.heads().count();
    take(&mut log, &next).unwrap();
    assert_eq!(log.heads().count(), before - 15 + 1);
}

#[test]
fn who_had_seen_what_is_known_whichever_came_first() {
    let (first, aside) = (note(1, 1, "first", vec![]), note(2, 1, "aside", vec![]));
    let second = note(3, 1, "second", vec![first.id()]);
    let third = note(4, 1, "third", vec![second.id(), aside.id()]);
    for order in [[&first, &aside, &second, &third], [&third, &second, &aside, &first], [&second, &third, &first, &aside]] {
        let mut log = log_of(None);
        order.into_iter().for_each(|message| _ = take(&mut log, message).unwrap());
        for (earlier, later, expected) in [
            (&first, &second, true),
            (&first, &third, true),
            (&aside, &third, true),
            (&third, &first, false),
            (&aside, &second, false),
            (&first, &aside, false),
            (&first, &first, false),
        ] {
            assert_eq!(log.is_before(&earlier.id(), &later.id()), expected, "{:?} {:?}", earlier.body(), later.body());
        }
    }
}

#[test]
fn a_register_has_a_history_of_what_was_replaced_and_what_was_written_at_once() {
    let mut log = log_of(None);
    let first = note(1, 1, "first", vec![]);
    let between = note(2, 1, "between", vec![first.id()]);
    let second = note(1, 2, "on top of it", vec![between.id()]);
    let twin = note(1, 3, "of another machine", vec![first.id()]);
    [&twin, &second, &between, &first].into_iter().for_each(|message| _ = take(&mut log, message).unwrap());
    let history = log.history(&id(1), "note");
    assert_eq!((history.newest, history.replaced), (vec![twin.id(), second.id()], vec![first.id()]));
    assert_eq!(log.history(&id(7), "note"), protocol::log::History::default());
}

#[test]
fn what_another_process_writes_with_ones_own_key_shows_by_what_it_had_seen() {
    let old = note(1, 3, "before a lost disk", vec![]);
    let mut log = log_of(None);
    take(&mut log, &note(2, 1, "somebody", vec![])).unwrap();
    let own = write(&mut log, "since the start");
    assert_eq!(take(&mut log, &old).unwrap().double, None, "old messages come back late");
    let of_others = note(2, 2, "somebody", vec![own.id()]);
    take(&mut log, &of_others).unwrap();
    let later = write(&mut log, "again");
    assert_eq!((take(&mut log, &own).unwrap().double, log.double()), (None, None));
    for (name, parents) in [("directly", vec![own.id()]), ("through others", vec![of_others.id()]), ("the newest", vec![later.id()])] {
        let mut log = log.clone();
        let double = note(1, 900, "another machine", parents);
        assert_eq!(take(&mut log, &double).unwrap().double, Some(double.id()), "{name}");
        assert_eq!(log.double(), Some(double.id()), "{name}");
    }
    let aside = note(1, 901, "another machine that has heard nothing", vec![old.id()]);
    assert_eq!(take(&mut log, &aside).unwrap().double, None, "it may be old");
}

#[test]
fn another_process_shows_too_when_what_it_had_seen_comes_late_or_is_gone() {
    let mut log = log_of(Some(known()));
    let own = write(&mut log, "since the start");
    let link = note(2, 2, "somebody", vec![own.id()]);
    let double = note(1, 900, "another machine", vec![link.id()]);
    assert_eq!(take(&mut log, &double).unwrap().double, None);
    take(&mut log, &link).unwrap();
    let later = Known { round: RoundNumber(8), ..known() };
    assert_eq!(log.stand(Standing { domain: DOMAIN, known: Some(later) }).double, Some(double.id()));
    // The process's own message is gone where a newer one took its place.
    let mut log = log_of(None);
    let announce = |seq: u64, parents| say(1, seq, &Body::Announcement { addresses: vec![] }, parents);
    let own = announce(5, vec![]);
    log.write(&Facts::read(&own, GROUP, &DOMAIN).unwrap(), own.clone(), NOW_MS).unwrap();
    let double = announce(6, vec![own.id()]);
    let inserted = take(&mut log, &double).unwrap();
    assert_eq!((inserted.double, inserted.dropped.len()), (Some(double.id()), 1));
}

#[test]
fn what_was_on_disk_at_the_start_is_nobody_elses() {
    let mut log = log_of(None);
    let first = note(1, 1, "a", vec![]);
    let second = note(1, 2, "b", vec![first.id()]);
    [&first, &second].into_iter().for_each(|message| assert_eq!(take(&mut log, message).unwrap().double, None));
    write(&mut log, "c");
    assert_eq!(log.double(), None);
}

#[test]
fn what_is_dropped_leaves_nothing_behind() {
    let mut log = log_of(Some(known()));
    let vote = |round, parents| say(2, round, &Body::Verdict(verdict(2, RoundNumber(round), digest("claim"))), parents);
    let first = vote(4, vec![digest("never here")]);
    let second = vote(5, vec![first.id()]);
    [&first, &second].into_iter().for_each(|message| _ = take(&mut log, message).unwrap());
    let later = |oldest| Standing { domain: DOMAIN, known: Some(Known { oldest: RoundNumber(oldest), ..known() }) };
    log.stand(later(5));
    assert_eq!(log.missing().collect::<Vec<_>>(), [first.id()]);
    assert_eq!(log.heads().collect::<Vec<_>>(), [second.id()]);
    log.stand(later(6));
    assert_eq!((log.missing().count(), log.heads().count(), log.len()), (0, 0, 0));
    assert_eq!(log.summary(), log_of(None).summary());
}
