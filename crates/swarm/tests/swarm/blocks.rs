//! Files between honest nodes.

use std::time::Duration;

use swarm::{FetchError, digest_of};
use tokio::time::sleep;

use crate::support::{SOON, bytes, eventually, node};

#[tokio::test(flavor = "multi_thread")]
async fn files_of_all_sizes_come_over_and_are_served_on() {
    let a = node(1, &[]).await;
    let b = node(2, &[&a]).await;
    for length in [0, 1, 262_143, 262_144, 262_145, 3_000_000] {
        let file = bytes(length);
        let digest = a.client.add(file.clone()).await.unwrap();
        assert_eq!(digest, digest_of(&file));
        assert_eq!(b.client.has(digest).await.unwrap(), length == 0, "only the empty file is known to all");
        assert_eq!(b.client.fetch(digest, length as u64, SOON).await.unwrap(), file, "{length}");
        assert!(b.client.has(digest).await.unwrap());
        let c_like = b.client.fetch_up_to(digest, length as u64, SOON).await.unwrap();
        assert_eq!(c_like, file, "read again without its length");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_unknown_length_is_found_under_both_codecs() {
    let a = node(1, &[]).await;
    let b = node(2, &[&a]).await;
    for length in [70_000, 700_000] {
        let digest = a.client.add(bytes(length)).await.unwrap();
        assert_eq!(b.client.fetch_up_to(digest, 700_000, SOON).await.unwrap(), bytes(length));
    }
    let digest = a.client.add(bytes(800_000)).await.unwrap();
    let refused = b.client.fetch_up_to(digest, 799_999, SOON).await;
    assert!(matches!(refused, Err(FetchError::TooLong { length: 800_000, .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_length_is_refused_and_nothing_of_it_is_kept() {
    let a = node(1, &[]).await;
    let b = node(2, &[&a]).await;
    for (length, wrong) in [(1000, 999), (1000, 1001), (600_000, 599_999), (600_000, 1000), (1000, 600_000)] {
        let digest = a.client.add(bytes(length)).await.unwrap();
        let fetched = b.client.fetch(digest, wrong, SOON).await;
        assert!(matches!(fetched, Err(FetchError::NotThatFile { .. })), "{length} as {wrong}: {fetched:?}");
        assert!(!b.client.has(digest).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_waits_for_a_file_that_is_added_later_or_a_holder_that_comes_later() {
    let a = node(1, &[]).await;
    let b = node(2, &[&a]).await;
    let (early, late) = (bytes(400_000), bytes(500_000));
    let waiting = [(&early, digest_of(&early)), (&late, digest_of(&late))].map(|(file, digest)| {
        let (client, length) = (b.client.clone(), file.len() as u64);
        tokio::spawn(async move { client.fetch(digest, length, SOON).await })
    });
    sleep(Duration::from_millis(500)).await;
    a.client.add(early.clone()).await.unwrap();
    let c = node(3, &[]).await;
    c.client.add(late.clone()).await.unwrap();
    c.client.dial(crate::support::address(&b.client).await).await.unwrap();
    let [one, two] = waiting;
    assert_eq!(one.await.unwrap().unwrap(), early);
    assert_eq!(two.await.unwrap().unwrap(), late);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_joiner_gets_a_file_from_a_peer_that_is_not_its_author() {
    let a = node(1, &[]).await;
    let b = node(2, &[&a]).await;
    let file = bytes(3_000_000);
    let digest = a.client.add(file.clone()).await.unwrap();
    b.client.download(digest, file.len() as u64, SOON).await.unwrap();
    a.client.shutdown().await;
    let c = node(3, &[&b]).await;
    assert_eq!(c.client.fetch(digest, file.len() as u64, SOON).await.unwrap(), file);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_fetches_share_two_holders() {
    let a = node(1, &[]).await;
    let b = node(2, &[]).await;
    let files: Vec<Vec<u8>> = (0..12).map(|index| bytes(300_000 + index)).collect();
    for file in &files {
        a.client.add(file.clone()).await.unwrap();
        b.client.add(file.clone()).await.unwrap();
    }
    let c = node(3, &[&a, &b]).await;
    let fetches = files.iter().map(|file| c.client.fetch(digest_of(file), file.len() as u64, SOON));
    for (fetched, file) in futures::future::join_all(fetches).await.into_iter().zip(&files) {
        assert_eq!(&fetched.unwrap(), file);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_has_is_not_found_in_time() {
    let a = node(1, &[]).await;
    let b = node(2, &[&a]).await;
    eventually("connected", || async { !b.client.peers().await.unwrap().is_empty() }).await;
    let fetched = b.client.fetch(digest_of(b"nobody has this"), 15, Duration::from_secs(1)).await;
    assert!(matches!(fetched, Err(FetchError::TimedOut { .. })), "{fetched:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_file_is_gone() {
    let a = node(1, &[]).await;
    let digest = a.client.add(bytes(600_000)).await.unwrap();
    a.client.forget(digest).await.unwrap();
    assert!(!a.client.has(digest).await.unwrap());
}
