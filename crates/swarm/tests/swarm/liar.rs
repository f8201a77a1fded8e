//! A bitswap peer that promises every block and sends other bytes.

use std::time::Duration;

use swarm::{Event, digest_of};

use crate::scripted::{Deed, block, play, promise};
use crate::support::{SOON, address, bytes, eventually, next, node};

/// Answers each want with a promise, and each promised block with other bytes.
fn lie(cid: &[u8], is_block: bool) -> Deed {
    Deed::Send(Duration::ZERO, if is_block { block(b"not what was asked for") } else { promise(cid) })
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_bytes_are_not_kept_the_file_comes_from_another_and_the_liar_is_banned() {
    let mut victim = node(1, &[]).await;
    let liar = play(address(&victim.client).await, lie).await;
    eventually("the liar is connected", || async { victim.client.peers().await.unwrap().contains(&liar) }).await;
    let file = bytes(5_000_000);
    let digest = digest_of(&file);
    let (client, length) = (victim.client.clone(), file.len() as u64);
    let fetch = tokio::spawn(async move { client.fetch(digest, length, SOON).await });
    let banned = next(&mut victim.events, |event| match event {
        Event::PeerBanned(peer) => Some(peer),
        _ => None,
    });
    assert_eq!(banned.await, liar);
    let honest = node(2, &[&victim]).await;
    honest.client.add(file.clone()).await.unwrap();
    assert_eq!(fetch.await.unwrap().unwrap(), file);
    assert!(!victim.client.peers().await.unwrap().contains(&liar));
    assert!(!victim.client.has(digest_of(b"not what was asked for")).await.unwrap());
}
