//! The log keeps the same messages on every node, in bounded space, whatever comes in whatever order.

mod compare;
mod past;
mod property;
mod ring;
mod rooms;
mod seasons;

use ed25519_dalek::{Signer as _, SigningKey};
use proptest::prelude::*;
use protocol::eip712::{Node, SignedNode, Typed as _, sign};
use protocol::log::{AssentBody, Binding, Body, BodyError, Draft, Envelope, EnvelopeError, Facts, Inserted, Kind, Known, Log, LogError};
use protocol::log::{MAX_BODY, MAX_ENVELOPE, MeasureBody, Standing, TrainingBody, TrainingPlan};
use protocol::measures::{Act, Measure};
use protocol::{BountyNumber, DeltaNumber, Digest, GroupId, NodeId, PeriodNumber, PositionNumber, RoundNumber};

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

/// Milliseconds of the clock in these tests; authors write some thousands before.
const NOW_MS: u64 = 1_000_000;

fn say(author: u8, seq: u64, body: &Body, parents: Vec<Digest>) -> Envelope {
    let (kind, topic, body) = (body.kind(), body.topic().to_owned(), body.to_bytes().unwrap());
    Envelope::sign(Draft { group: GROUP, kind, topic, seq, parents, body }, &node(author)).unwrap()
}

/// A node's binding to the account with that number.
fn binding(node: u8, seq: u64, of: u8) -> Envelope {
    let signature = sign(Node { node: id(node) }.digest(&DOMAIN), &key(of)).unwrap();
    say(node, seq, &Body::Binding(Binding { account: account(of), signature }), vec![])
}

/// Accounts 1 to 3 have stake, in round 7 and period 4 at second 1,000; bounty 7 is open, and the last round of its term was 2.
fn known() -> Known {
    Known {
        accounts: (1..=3).map(account).collect(),
        round: RoundNumber(7),
        oldest: RoundNumber(4),
        period: PeriodNumber(4),
        time_s: 1_000,
        bounties: [(BountyNumber(7), RoundNumber(2))].into(),
    }
}

/// The log of node 1.
fn log_of(known: Option<Known>) -> Log<Envelope> {
    Log::new(GROUP, id(1), Standing { domain: DOMAIN, known })
}

fn take(log: &mut Log<Envelope>, envelope: &Envelope) -> Result<Inserted<Envelope>, LogError> {
    log.take(envelope.clone(), NOW_MS)
}

fn training() -> TrainingBody {
    let settings = [("batch".to_owned(), 16.into()), ("learning_rate".to_owned(), serde_json::json!(0.003))].into_iter().collect();
    let plan = TrainingPlan { settings: serde_json::Value::Object(settings), seed: u64::MAX, steps: 40 };
    TrainingBody { round: RoundNumber(7), file: digest("file"), starts: vec![digest("base")], head: digest("head"), plan, done: 12 }
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
        Body::Dataset { head: digest("head"), root: digest("root") },
        Body::Training(training()),
    ];
    let written: Vec<_> = bodies.iter().map(|body| String::from_utf8(body.to_bytes().unwrap()).unwrap()).collect();
    assert_eq!(golden.lines().collect::<Vec<_>>(), written);
    assert_eq!(TrainingBody::from_json(&training().to_json()), Ok(training()));
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
    for starts in [0, 17] {
        let body = Body::Training(TrainingBody { starts: vec![digest("a"); starts], ..training() });
        assert_eq!(body.to_bytes(), Err(BodyError::TooLarge), "{starts} starts");
    }
    assert_eq!(Body::Training(TrainingBody { done: 41, ..training() }).to_bytes(), Err(BodyError::TooLarge));
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

#[test]
fn what_was_noted_about_a_message_is_written_as_committed_and_read_back() {
    let parents = vec![Digest([1; 32]), Digest([2; 32])];
    let vote = say(1, 5, &Body::Verdict(verdict(2, RoundNumber(7), digest("claim"))), parents);
    let messages = [vote, say(1, 6, &Body::Have { round: RoundNumber(7), file: digest("file") }, vec![]), note(1, 7, "hello", vec![])];
    let noted = messages.map(|message| Facts::read(&message, GROUP, &DOMAIN).unwrap());
    let written: Vec<_> = noted.iter().map(|facts| hex::encode(facts.to_bytes())).collect();
    assert_eq!(String::from_utf8(read_golden("log-facts-1.hex")).unwrap().lines().collect::<Vec<_>>(), written);
    for facts in noted {
        let bytes = facts.to_bytes();
        assert_eq!(Facts::from_bytes(&bytes), Ok(facts));
        for length in 0..bytes.len() {
            assert!(Facts::from_bytes(&bytes[..length]).is_err(), "cut to {length}");
        }
        assert!(Facts::from_bytes(&[bytes, vec![0]].concat()).is_err());
    }
}

#[test]
fn own_bytes_are_read_again_without_a_look_at_their_signature() {
    let mut bytes = note(1, 5, "hello", vec![]).bytes().to_vec();
    assert_eq!(Envelope::reread(&bytes), Ok(note(1, 5, "hello", vec![])));
    *bytes.last_mut().unwrap() ^= 1;
    assert!(Envelope::reread(&bytes).is_ok() && Envelope::from_bytes(&bytes).is_err());
    assert!(Envelope::reread(&bytes[..bytes.len() - 1]).is_err());
}

proptest! {
    #[test]
    fn junk_is_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Envelope::from_bytes(&bytes).is_err());
        prop_assert!(Envelope::from_bytes(&[&[1][..], &bytes].concat()).is_err());
        let _ = Facts::from_bytes(&[&[1][..], &bytes].concat());
        let _ = protocol::log::Ranges::from_bytes(&[&[1][..], &bytes].concat());
    }
}
