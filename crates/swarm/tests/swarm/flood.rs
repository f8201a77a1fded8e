//! Strangers that send too much: what matters comes through, and what they wrote stays in its room.

use std::time::Duration;

use protocol::log::{Body, Kind, MAX_TEXT, RING_AUTHOR_BYTES};
use swarm::Event;
use tokio::time::timeout;

use crate::stranger::{Script, say, stranger, verdict};
use crate::support::{GROUP, TestNode, address, all, eventually, next, node, note, notes};

async fn member(seed: u8, peers: &[&TestNode]) -> TestNode {
    let node = node(seed, peers).await;
    node.client.subscribe(GROUP).await.unwrap();
    node
}

/// So many signed notes of one author, with rising numbers.
fn junk(author: u8, count: u64) -> Vec<Vec<u8>> {
    (1..=count).map(|seq| say(author, seq, &note(&format!("{author} {seq}"))).bytes().to_vec()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_arrives_within_two_seconds_among_the_junk_of_four_peers() {
    let mut victim = member(1, &[]).await;
    let at = address(&victim.client).await;
    let (verdict, junk): (_, Vec<_>) = (say(9, 5, &verdict(1, 3)), (10..14).map(|author| junk(author, 5_000)).collect());
    for publish in junk {
        stranger(at.clone(), Script { publish, ..Script::default() });
    }
    next(&mut victim.events, |event| matches!(event, Event::Envelope { envelope, .. } if envelope.kind() == Kind::Note).then_some(()))
        .await;
    stranger(at, Script { publish: vec![verdict.bytes().to_vec()], ..Script::default() });
    let arrived = next(&mut victim.events, |event| match event {
        Event::Envelope { envelope, .. } if envelope.kind() == Kind::Verdict => Some(envelope),
        // The verdict may be among those left out.
        _ => None,
    });
    let arrived = timeout(Duration::from_secs(2), arrived).await;
    let is_here = all(&victim.client).await.contains(&verdict);
    assert!(is_here, "{:?}", arrived.map(|envelope| envelope.id()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rising_sequence_of_one_author_stays_in_its_room_and_others_keep_theirs() {
    let victim = member(1, &[]).await;
    let honest = member(2, &[&victim]).await;
    honest.client.append(GROUP, note("honest")).await.unwrap();
    let long = "x".repeat(MAX_TEXT);
    let publish: Vec<_> = (1..=1_000).map(|seq| say(9, seq, &note(&long)).bytes().to_vec()).collect();
    let bytes: usize = publish.iter().map(Vec::len).sum();
    assert!(bytes as u64 > 2 * RING_AUTHOR_BYTES);
    let newest = say(9, 1_000, &note(&long));
    stranger(address(&victim.client).await, Script { publish, ..Script::default() });
    eventually("the newest is here", || async { all(&victim.client).await.contains(&newest) }).await;
    let kept = all(&victim.client).await;
    let of_author: usize = kept.iter().filter(|envelope| envelope.author() == newest.author()).map(|envelope| envelope.bytes().len()).sum();
    assert!(of_author as u64 <= RING_AUTHOR_BYTES + newest.bytes().len() as u64, "{of_author}");
    eventually("the honest one is here", || async { notes(&victim.client).await.contains(&"honest".to_owned()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_peers_around_a_node_that_answer_nothing_cannot_keep_votes_from_it() {
    let honest = member(2, &[]).await;
    let victim = member(1, &[&honest]).await;
    let at = address(&victim.client).await;
    for index in 0..32 {
        // Some hold every question back, some say that they keep no log.
        let answer = |_: &[u8]| Some(vec![2, 0]);
        let script = if index % 2 == 0 { Script::default() } else { Script { answer: Some(Box::new(answer)), ..Script::default() } };
        stranger(at.clone(), script);
    }
    eventually("it is surrounded", || async { victim.client.peers().await.unwrap().len() >= 33 }).await;
    let vote = honest.client.append(GROUP, verdict(3, 8)).await.unwrap();
    eventually("the vote is here", || async { all(&victim.client).await.iter().any(|envelope| envelope.id() == vote) }).await;
    assert!(victim.client.peers().await.unwrap().contains(&honest.client.peer_id()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_signature_inside_a_message_is_a_misdeed() {
    let mut victim = member(1, &[]).await;
    let forged = |round: u64| {
        let Body::Verdict(mut signed) = verdict(1, round) else { panic!("a verdict") };
        // No point of the curve has this coordinate.
        signed.signature.r = [255; 32];
        say(9, round, &Body::Verdict(signed)).bytes().to_vec()
    };
    let peer = stranger(address(&victim.client).await, Script { publish: (1..=3).map(forged).collect(), ..Script::default() });
    let banned = next(&mut victim.events, |event| match event {
        Event::PeerBanned(peer) => Some(peer),
        _ => None,
    });
    assert_eq!(banned.await, peer);
}
