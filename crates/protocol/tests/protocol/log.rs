//! The log keeps the same messages on every node, in bounded space, whatever comes in whatever order.

use ed25519_dalek::{Signer as _, SigningKey};
use proptest::prelude::*;
use protocol::eip712::{Node, SignedNode, Typed as _, sign};
use protocol::log::{AssentBody, Binding, Body, BodyError, Draft, Envelope, EnvelopeError, Kind, Log, LogError, MeasureBody};
use protocol::log::{MAX_AUTHOR_BYTES, MAX_BODY, MAX_ENVELOPE, MAX_PER_TOPIC, MAX_STRANGERS_BYTES, MAX_TOPICS};
use protocol::measures::{Act, Measure};
use protocol::{DeltaNumber, Digest, GroupId, NodeId, PositionNumber, RoundNumber};

use crate::world::*;

fn node(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn id(number: u8) -> NodeId {
    NodeId(node(number).verifying_key().to_bytes())
}

fn note(author: u8, seq: u64, text: &str, parents: Vec<Digest>) -> Envelope {
    let body = Body::Note(text.into()).to_bytes().unwrap();
    Envelope::sign(Draft { group: GROUP, kind: Kind::Note, topic: "note".into(), seq, parents, body }, &node(author)).unwrap()
}

fn read_golden(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn the_bytes_of_an_envelope_are_the_committed_ones() {
    let envelope = note(1, 5, "hello", vec![Digest([2; 32]), Digest([1; 32])]);
    assert_eq!(hex::encode(envelope.bytes()), String::from_utf8(read_golden("envelope-1.hex")).unwrap().trim());
    assert_eq!(Envelope::from_bytes(envelope.bytes()), Ok(envelope));
}

fn measure() -> Measure {
    Measure::new(&Act::Rollback { group: GROUP, delta: DeltaNumber(4), patch: digest("patch") }, digest("nonce"), 1_000)
}

#[test]
fn bodies_are_written_as_committed_and_read_back() {
    let golden = String::from_utf8(read_golden("bodies-1.jsonl")).unwrap();
    let signature = sign(measure().digest(&DOMAIN), &key(3)).unwrap();
    let bodies = [
        Body::Verdict(verdict(1, RoundNumber(7), digest("claim"))),
        Body::Have { round: RoundNumber(7), file: digest("file") },
        Body::Alarm { verdict: verdict(1, RoundNumber(7), digest("claim")), reason: "wrong probe".into() },
        Body::Announcement { addresses: vec!["/ip4/127.0.0.1/tcp/4001".into()] },
        Body::Note("hello".into()),
        Body::Assent(AssentBody { measure: measure(), group: GROUP, position: PositionNumber(3), signature }),
        Body::Measure(MeasureBody { measure: measure(), reason: "the labels are wrong".into() }),
        Body::Finding(finding(3, 1, findings())),
    ];
    let written: Vec<_> = bodies.iter().map(|body| String::from_utf8(body.to_bytes().unwrap()).unwrap()).collect();
    assert_eq!(golden.lines().collect::<Vec<_>>(), written);
    for body in bodies {
        assert_eq!(Body::from_bytes(body.kind(), &body.to_bytes().unwrap()), Ok(body));
    }
}

#[test]
fn a_body_must_be_what_its_kind_says() {
    let note = Body::Note("hello".into()).to_bytes().unwrap();
    assert_eq!(Body::from_bytes(Kind::Have, &note), Err(BodyError::Form));
    for bytes in [&b""[..], b"{}", b"{\"note\":5}", b"{\"have\":{\"round\":1,\"file\":\"0x12\"}}", b"\xff"] {
        assert_eq!(Body::from_bytes(Kind::Note, bytes), Err(BodyError::Form));
    }
    assert_eq!(Body::Note("x".repeat(5000)).to_bytes(), Err(BodyError::TooLarge));
    assert_eq!(Body::Announcement { addresses: vec![String::new(); 17] }.to_bytes(), Err(BodyError::TooLarge));
}

#[test]
fn every_changed_bit_is_noticed() {
    let bytes = note(1, 5, "hello", vec![digest("parent")]).bytes().to_vec();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(Envelope::from_bytes(&changed).is_err(), "bit {bit}");
    }
    for length in 0..bytes.len() {
        assert!(Envelope::from_bytes(&bytes[..length]).is_err(), "cut to {length}");
    }
    assert!(Envelope::from_bytes(&[bytes, vec![0]].concat()).is_err());
}

#[test]
fn too_large_messages_are_neither_written_nor_read() {
    let draft = |topic: &str, parents: u8, body: usize| Draft {
        group: GROUP,
        kind: Kind::Note,
        topic: topic.into(),
        seq: 1,
        parents: (0..parents).map(|parent| Digest([parent; 32])).collect(),
        body: vec![0; body],
    };
    let largest = Envelope::sign(draft(&"t".repeat(64), 16, MAX_BODY), &node(1)).unwrap();
    assert_eq!(largest.bytes().len(), MAX_ENVELOPE);
    assert_eq!(Envelope::from_bytes(largest.bytes()), Ok(largest));
    for draft in [draft(&"t".repeat(65), 0, 0), draft("t", 17, 0), draft("t", 0, MAX_BODY + 1)] {
        assert_eq!(Envelope::sign(draft, &node(1)), Err(EnvelopeError::TooLarge));
    }
    assert_eq!(Envelope::from_bytes(&vec![1; MAX_ENVELOPE + 1]), Err(EnvelopeError::TooLarge));
}

#[test]
fn parents_in_another_order_or_named_twice_are_no_envelope_whoever_signs_them() {
    let (low, high) = (Digest([1; 32]), Digest([2; 32]));
    let whole = note(1, 1, "a", vec![low, high]).bytes().to_vec();
    let place = whole.windows(64).position(|parents| parents == [low.0, high.0].concat()).unwrap();
    for (parents, expected) in [([low, high], true), ([high, low], false), ([low, low], false)] {
        let mut bytes = whole[..whole.len() - 64].to_vec();
        bytes[place..place + 64].copy_from_slice(&[parents[0].0, parents[1].0].concat());
        let signature = node(1).sign(&[&b"neuron log 1\n"[..], &bytes].concat());
        bytes.extend_from_slice(&signature.to_bytes());
        assert_eq!(Envelope::from_bytes(&bytes).map(drop), if expected { Ok(()) } else { Err(EnvelopeError::Form) }, "{parents:?}");
    }
}

#[test]
fn messages_are_visible_before_their_parents_and_tell_what_is_missing() {
    let (first, second) = (note(1, 1, "a", vec![]), note(2, 1, "b", vec![]));
    let third = note(1, 2, "c", vec![first.id(), second.id()]);
    let mut log = Log::new(GROUP);
    assert!(log.insert(third.bytes()).unwrap().fresh);
    let mut missing = vec![first.id(), second.id()];
    missing.sort_unstable();
    assert_eq!(log.missing().collect::<Vec<_>>(), missing);
    log.insert(first.bytes()).unwrap();
    assert_eq!(log.heads().collect::<Vec<_>>(), [third.id()], "a parent that came late is no head");
    log.give_up(&second.id());
    assert_eq!(log.missing().count(), 0);
    assert!(!log.insert(first.bytes()).unwrap().fresh);
    let arrived: Vec<_> = log.since(0).map(|(arrival, envelope)| (arrival, envelope.id())).collect();
    assert_eq!(arrived, [(0, third.id()), (1, first.id())]);
    assert_eq!(log.since(1).count(), 1);
}

#[test]
fn two_messages_with_one_number_are_evidence_and_a_third_is_dropped() {
    let mut log = Log::new(GROUP);
    let twins = [note(1, 1, "a", vec![]), note(1, 1, "b", vec![])];
    assert_eq!(log.insert(twins[0].bytes()).unwrap().twin, None);
    assert_eq!(log.insert(twins[1].bytes()).unwrap().twin, Some(twins[0].id()));
    assert_eq!(log.insert(note(1, 1, "c", vec![]).bytes()), Err(LogError::Twins));
    assert_eq!(log.insert(note(2, 1, "a", vec![]).bytes()).unwrap().twin, None, "another author");
}

#[test]
fn the_register_holds_the_highest_number() {
    let mut log = Log::new(GROUP);
    [2, 3, 1].into_iter().for_each(|seq| _ = log.insert(note(1, seq, "x", vec![]).bytes()).unwrap());
    assert_eq!(log.register(&id(1), "note").unwrap().seq(), 3);
    assert_eq!(log.register(&id(2), "note"), None);
    let draft = log.draft(&id(1), Kind::Note, "note", Vec::new());
    assert_eq!((draft.seq, draft.parents.len()), (4, 3));
    let next = Envelope::sign(draft, &node(1)).unwrap();
    log.insert(next.bytes()).unwrap();
    assert_eq!(log.heads().collect::<Vec<_>>(), [next.id()]);
}

#[test]
fn messages_of_other_groups_are_refused() {
    let mut log = Log::new(GroupId(2));
    assert_eq!(log.insert(note(1, 1, "x", vec![]).bytes()), Err(LogError::OtherGroup(GROUP)));
}

#[test]
fn only_the_newest_messages_of_a_topic_are_kept() {
    let mut log = Log::new(GROUP);
    let count = MAX_PER_TOPIC as u64;
    (2..=count + 1).for_each(|seq| _ = log.insert(note(1, seq, "x", vec![]).bytes()).unwrap());
    assert_eq!(log.insert(note(1, 1, "x", vec![]).bytes()), Err(LogError::Superseded));
    let oldest = note(1, 2, "x", vec![]).id();
    assert_eq!(log.insert(note(1, count + 2, "x", vec![]).bytes()).unwrap().dropped, [oldest]);
    assert_eq!((log.len(), log.get(&oldest)), (MAX_PER_TOPIC, None));
}

#[test]
fn what_is_pushed_out_gives_back_its_room() {
    let (mut log, body) = (Log::new(GROUP), vec![0; 2 * MAX_AUTHOR_BYTES / 3 / MAX_PER_TOPIC]);
    for seq in 1..=2 * MAX_PER_TOPIC as u64 {
        let draft = Draft { group: GROUP, kind: Kind::Note, topic: "note".into(), seq, parents: vec![], body: body.clone() };
        log.insert_envelope(Envelope::sign(draft, &node(1)).unwrap()).unwrap();
    }
    assert_eq!(log.len(), MAX_PER_TOPIC);
}

#[test]
fn one_author_cannot_fill_the_log() {
    let mut log = Log::new(GROUP);
    let large = |topic: usize, seq: u64| {
        let draft = Draft { group: GROUP, kind: Kind::Note, topic: format!("{topic}"), seq, parents: vec![], body: vec![0; MAX_BODY] };
        Envelope::sign(draft, &node(1)).unwrap()
    };
    let taken = (1..=200).filter(|seq| log.insert_envelope(large(1, *seq)).is_ok()).count();
    assert_eq!(taken, MAX_AUTHOR_BYTES / large(1, 1).bytes().len());
    let mut log = Log::new(GROUP);
    let small = |topic: usize| {
        let draft = Draft { group: GROUP, kind: Kind::Note, topic: format!("{topic}"), seq: 1, parents: vec![], body: vec![] };
        Envelope::sign(draft, &node(1)).unwrap()
    };
    assert_eq!((0..100).filter(|topic| log.insert_envelope(small(*topic)).is_ok()).count(), MAX_TOPICS);
}

#[test]
fn strangers_share_one_bound_and_whoever_is_trusted_has_room_beside_it() {
    let mut log = Log::new(GROUP);
    let large = |author: u8, seq: u64| {
        let draft = Draft { group: GROUP, kind: Kind::Note, topic: "note".into(), seq, parents: vec![], body: vec![0; MAX_BODY] };
        Envelope::sign(draft, &node(author)).unwrap()
    };
    let size = large(1, 1).bytes().len();
    let mut taken = |authors: std::ops::RangeInclusive<u8>| {
        let all = authors.flat_map(|author| (1..=120).map(move |seq| (author, seq)));
        all.filter(|(author, seq)| log.insert_envelope(large(*author, *seq)).is_ok()).count()
    };
    assert_eq!(taken(1..=9), MAX_STRANGERS_BYTES / size, "each of them has room for more than 120");
    log.trust(id(10));
    assert!(log.insert_envelope(large(10, 1)).is_ok());
    assert_eq!(log.insert_envelope(large(11, 1)), Err(LogError::Quota));
}

#[test]
fn an_assent_is_a_signature_of_its_measure() {
    let signature = sign(measure().digest(&DOMAIN), &key(3)).unwrap();
    let assent = AssentBody { measure: measure(), group: GROUP, position: PositionNumber(3), signature };
    assert_eq!(assent.signer(&DOMAIN), Some(account(3)));
    for other in [
        Measure { nonce: digest("another"), ..measure() },
        Measure { expiry_s: 1_001, ..measure() },
        Measure { kind: 0, ..measure() },
        Measure { kind: 9, ..measure() },
    ] {
        assert_ne!(AssentBody { measure: other, ..assent.clone() }.signer(&DOMAIN), Some(account(3)));
    }
}

#[test]
fn a_binding_needs_both_keys() {
    let statement = Node { node: id(1) };
    let signature = sign(statement.digest(&DOMAIN), &key(5)).unwrap();
    let binding = Binding { account: account(5), signature };
    assert!(binding.binds(id(1), &DOMAIN));
    assert!(!binding.binds(id(2), &DOMAIN), "the statement of another node");
    assert!(!Binding { account: account(6), ..binding }.binds(id(1), &DOMAIN), "the signature of another account");
    assert_eq!(SignedNode { message: statement, signature }.signer(&DOMAIN), Ok(account(5)));
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter(order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let mut messages: Vec<Envelope> = Vec::new();
        for number in 0..12_u64 {
            let parents = messages.iter().rev().step_by(3).take(3).map(Envelope::id).collect();
            messages.push(note((number % 3) as u8 + 1, number / 3, "x", parents));
        }
        let mut straight = Log::new(GROUP);
        let mut shuffled = Log::new(GROUP);
        messages.iter().for_each(|message| _ = straight.insert(message.bytes()).unwrap());
        order.iter().for_each(|at| _ = shuffled.insert(messages[*at].bytes()).unwrap());
        prop_assert_eq!(straight.ids().collect::<Vec<_>>(), shuffled.ids().collect::<Vec<_>>());
        prop_assert_eq!(straight.heads().collect::<Vec<_>>(), shuffled.heads().collect::<Vec<_>>());
        prop_assert_eq!(shuffled.missing().count(), 0);
    }

    #[test]
    fn junk_is_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut log = Log::new(GROUP);
        prop_assert!(log.insert(&bytes).is_err());
        prop_assert!(log.insert(&[&[1][..], &bytes].concat()).is_err());
    }
}
