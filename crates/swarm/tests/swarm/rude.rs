//! Peers that speak the log's protocol wrongly, or without end.

use protocol::log::MAX_RANGES_BYTES;
use swarm::{Event, PeerId};

use crate::stranger::{Script, stranger};
use crate::support::{GROUP, TestNode, address, next, node};

async fn member() -> TestNode {
    let node = node(1, &[]).await;
    node.client.subscribe(GROUP).await.unwrap();
    node
}

async fn banned(victim: &mut TestNode) -> PeerId {
    next(&mut victim.events, |event| match event {
        Event::PeerBanned(peer) => Some(peer),
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_malformed_or_too_long_ban_their_sender() {
    for request in [vec![2, 9], b"not a request".to_vec(), vec![2; 2 * MAX_RANGES_BYTES]] {
        let mut victim = member().await;
        let rude = stranger(address(&victim.client).await, Script { ask: vec![request; 3], ..Script::default() });
        assert_eq!(banned(&mut victim).await, rude);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_names_messages_for_ever_and_gives_none_is_let_go() {
    let mut victim = member().await;
    let mut named = 0_u64;
    let answer = move |request: &[u8]| {
        // A new name each time, and no message.
        named += 1;
        let pulse = [&[2, 1][..], &named.to_be_bytes(), &[7; 16], &[0; 24], &named.to_be_bytes()].concat();
        Some(if request[1] == 1 { pulse } else { vec![2, 3] })
    };
    let endless = stranger(address(&victim.client).await, Script { answer: Some(Box::new(answer)), ..Script::default() });
    let lost = next(&mut victim.events, |event| match event {
        Event::PeerLost(peer) => Some(peer),
        _ => None,
    });
    assert_eq!(lost.await, endless);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_cannot_be_read_let_their_sender_go() {
    let mut victim = member().await;
    let junk = stranger(address(&victim.client).await, Script { answer: Some(Box::new(|_| Some(vec![2, 77]))), ..Script::default() });
    let lost = next(&mut victim.events, |event| match event {
        Event::PeerLost(peer) => Some(peer),
        _ => None,
    });
    assert_eq!(lost.await, junk);
}
