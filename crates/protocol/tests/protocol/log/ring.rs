//! Strangers share a ring in which the oldest falls; nobody has more than his part of it.

use protocol::log::{RING_AUTHOR_BYTES, RING_BYTES};

use super::*;

fn large(author: u8, seq: u64) -> Envelope {
    let draft = Draft { group: GROUP, kind: Kind::Note, topic: "note".into(), seq, parents: vec![], body: vec![0; MAX_BODY] };
    Envelope::sign(draft, &node(author)).unwrap()
}

fn bytes(log: &Log<Envelope>) -> u64 {
    log.since(0).map(|kept| u64::from(kept.bytes)).sum()
}

#[test]
fn one_author_cannot_fill_the_ring_and_its_oldest_message_falls() {
    let mut log = log_of(None);
    let size = large(1, 1).bytes().len() as u64;
    let places = RING_AUTHOR_BYTES.div_ceil(size);
    (1..=places).for_each(|seq| assert!(take(&mut log, &large(1, seq)).unwrap().dropped.is_empty()));
    let oldest = large(1, 1);
    assert_eq!(take(&mut log, &large(1, places + 1)).unwrap().dropped, [(oldest.id(), oldest.clone())]);
    assert_eq!(take(&mut log, &oldest), Err(LogError::Crowded));
    assert!(bytes(&log) < RING_AUTHOR_BYTES + size);
    assert!(take(&mut log, &large(2, 1)).is_ok(), "others have room");
}

#[test]
fn the_oldest_of_all_falls_and_all_nodes_keep_the_same() {
    let messages: Vec<_> = (1..=30).flat_map(|seq| (1..=20).map(move |author| large(author, seq))).collect();
    let kept = |order: Vec<&Envelope>| {
        let mut log = log_of(None);
        (0..3).for_each(|_| order.iter().for_each(|message| _ = take(&mut log, message)));
        assert!((RING_BYTES..RING_BYTES + MAX_ENVELOPE as u64).contains(&bytes(&log)));
        log.ids().collect::<Vec<_>>()
    };
    let straight = kept(messages.iter().collect());
    assert_eq!(straight, kept(messages.iter().rev().collect()));
    assert!(!straight.contains(&messages[0].id()) && straight.contains(&messages[599].id()));
}

#[test]
fn two_messages_with_one_number_are_evidence_and_of_more_all_nodes_keep_the_same() {
    let mut twins: Vec<_> = ["a", "b", "c"].map(|text| note(1, 1, text, vec![])).into();
    twins.sort_by_key(Envelope::id);
    let mut log = log_of(None);
    assert_eq!(take(&mut log, &twins[0]).unwrap().twin, None);
    assert_eq!(take(&mut log, &twins[1]).unwrap().twin, Some(twins[0].id()));
    assert_eq!(take(&mut log, &note(2, 1, "a", vec![])).unwrap().twin, None, "another author");
    assert_eq!(take(&mut log, &twins[2]).unwrap().dropped, [(twins[0].id(), twins[0].clone())]);
    assert_eq!(take(&mut log, &twins[0]), Err(LogError::Twins));
}

#[test]
fn of_announcements_the_newest_is_kept() {
    let announced = |seq: u64| say(1, seq, &Body::Announcement { addresses: vec![seq.to_string()] }, vec![]);
    let mut log = log_of(None);
    take(&mut log, &announced(2)).unwrap();
    assert_eq!(take(&mut log, &announced(1)), Err(LogError::Said(announced(2).id())));
    assert_eq!(take(&mut log, &announced(3)).unwrap().dropped, [(announced(2).id(), announced(2))]);
    assert_eq!(log.len(), 1);
}

#[test]
fn the_register_holds_the_highest_number_and_the_next_one_is_no_less_than_the_clock() {
    let mut log = log_of(None);
    [2, 3, 1].into_iter().for_each(|seq| _ = take(&mut log, &note(1, seq, "x", vec![])).unwrap());
    assert_eq!(log.register(&id(1), "note").unwrap().seq, 3);
    assert_eq!(log.register(&id(2), "note"), None);
    for (now_ms, seq) in [(0, 4), (4, 4), (1_000, 1_000)] {
        assert_eq!(log.draft(Kind::Note, "note", Vec::new(), now_ms).seq, seq);
    }
}

#[test]
fn messages_of_other_groups_are_refused() {
    let mut log = Log::new(GroupId(2), id(1), Standing::unknown(DOMAIN));
    let refused = take(&mut log, &note(1, 1, "x", vec![])).unwrap_err();
    assert_eq!(refused, LogError::Facts(protocol::log::FactsError::OtherGroup(GROUP)));
    assert!(refused.is_misdeed());
}
