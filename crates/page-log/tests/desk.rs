//! Two desks come together as two nodes do, and take nothing that a node would not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

use std::collections::{BTreeMap, BTreeSet};

use page_log::{Desk, Opening, Refusal, Stand};
use protocol::log::Envelope;
use protocol::{Address, Digest};

const NOW_MS: u64 = 1_700_000_000_000;

fn desk(secret: u8, group: u64) -> Desk {
    Desk::open(&Opening { chain_id: 1, network: Address([3; 20]), group, secret: Digest([secret; 32]) })
}

fn note(text: &str) -> Vec<u8> {
    serde_json::to_vec(&serde_json::json!({ "note": text })).unwrap()
}

/// What is there and not here, by comparing until nothing is left to ask.
fn lacking(here: &mut Desk, there: &Desk) -> (Vec<Digest>, Vec<Digest>) {
    here.compare();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    while let Some(question) = here.question() {
        let lacking = here.hear(&there.answer(&question).unwrap()).unwrap();
        ours.extend(lacking.here);
        theirs.extend(lacking.there);
    }
    (ours, theirs)
}

#[test]
fn two_desks_that_give_one_another_what_they_lack_have_one_pulse() {
    let (mut one, mut other) = (desk(1, 1), desk(2, 1));
    for number in 0..200 {
        let bytes = one.write(&note(&format!("{number}")), NOW_MS).unwrap();
        other.take(&bytes, NOW_MS).unwrap();
    }
    (0..3).for_each(|number| _ = one.write(&note(&format!("one {number}")), NOW_MS).unwrap());
    (0..5).for_each(|number| _ = other.write(&note(&format!("other {number}")), NOW_MS).unwrap());
    let (ours, theirs) = lacking(&mut one, &other);
    assert_eq!((ours.len(), theirs.len()), (3, 5));
    for id in theirs {
        assert!(one.take(other.message(&id).unwrap(), NOW_MS).unwrap().fresh);
    }
    for id in ours {
        assert!(other.take(one.message(&id).unwrap(), NOW_MS).unwrap().fresh);
    }
    assert_eq!(one.pulse()[..24], other.pulse()[..24]);
    assert_eq!(lacking(&mut one, &other), (Vec::new(), Vec::new()));
    assert_eq!(one.since(0, 1_000).len(), 208);
}

#[test]
fn what_a_desk_writes_every_client_reads() {
    let mut desk = desk(1, 7);
    let bytes = desk.write(&note("here I am"), NOW_MS).unwrap();
    let envelope = Envelope::from_bytes(&bytes).unwrap();
    assert_eq!((envelope.group().0, envelope.seq(), envelope.topic()), (7, NOW_MS, "note"));
    assert_eq!(desk.message(&envelope.id()).unwrap(), bytes);
    let told = desk.since(0, 10);
    assert_eq!(
        (told[0].id, told[0].author, &told[0].body),
        (envelope.id(), envelope.author(), &serde_json::json!({ "note": "here I am" }))
    );
}

#[test]
fn forged_foreign_and_malformed_bytes_are_misdeeds_and_a_missing_message_is_none() {
    let mut here = desk(1, 1);
    let good = desk(2, 1).write(&note("good"), NOW_MS).unwrap();
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    let foreign = desk(2, 8).write(&note("elsewhere"), NOW_MS).unwrap();
    for bytes in [&forged[..], &foreign, &good[..good.len() - 1], b""] {
        assert!(here.take(bytes, NOW_MS).unwrap_err().is_misdeed());
    }
    assert!(here.answer(b"\x07").unwrap_err().is_misdeed());
    let missing = here.message(&Digest([9; 32])).unwrap_err();
    assert_eq!((missing.is_misdeed(), missing), (false, Refusal::Unknown));
    assert!(!here.write(b"{\"rumour\":1}", NOW_MS).unwrap_err().is_misdeed());
}

#[test]
fn what_has_no_stake_lies_in_the_ring_once_the_chain_is_heard() {
    let mut desk = desk(1, 1);
    desk.write(&note("words"), NOW_MS).unwrap();
    let stand = Stand { accounts: BTreeSet::new(), round: 9, oldest: 1, period: 1, time_s: NOW_MS / 1_000, bounties: BTreeMap::new() };
    let changed = desk.stand(stand);
    assert_eq!((changed.id, changed.dropped.len() + desk.since(0, 10).len()), (None, 1));
}
