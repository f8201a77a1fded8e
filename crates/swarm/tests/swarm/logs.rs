//! The replicated log between honest nodes.

use protocol::GroupId;
use swarm::{Event, LogsError, start};

use crate::support::{GROUP, TestNode, address, all, config, eventually, ids, next, node, note, note_in, notes};

async fn member(seed: u8, peers: &[&TestNode]) -> TestNode {
    let node = node(seed, peers).await;
    node.client.subscribe(GROUP).await.unwrap();
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_all_members_and_its_author_as_an_event() {
    let mut a = member(1, &[]).await;
    let mut b = member(2, &[&a]).await;
    let mut c = member(3, &[&b]).await;
    let author = a.client.node_id();
    let id = a.client.append(GROUP, note("hello")).await.unwrap();
    for node in [&mut a, &mut b, &mut c] {
        let heard = next(&mut node.events, |event| match event {
            Event::Envelope { group: GROUP, envelope } if note_in(&envelope).is_some() => Some(envelope),
            _ => None,
        });
        let envelope = heard.await;
        assert_eq!((envelope.id(), envelope.author()), (id, author));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_joiner_copies_the_log_from_a_peer_that_is_not_its_author() {
    let a = member(1, &[]).await;
    let b = member(2, &[&a]).await;
    for index in 0..600 {
        a.client.append(GROUP, note(&format!("{index:03}"))).await.unwrap();
    }
    eventually("b has all", || async { notes(&b.client).await.len() == 600 }).await;
    a.client.shutdown().await;
    let c = member(3, &[&b]).await;
    eventually("c has all", || async { notes(&c.client).await.len() == 600 }).await;
    eventually("both logs are the same", || async { ids(&c.client).await == ids(&b.client).await }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_joiner_copies_more_than_one_response_can_hold() {
    let a = member(1, &[]).await;
    let long = "x".repeat(protocol::log::MAX_TEXT - 3);
    for index in 0..250 {
        a.client.append(GROUP, note(&format!("{index:03}{long}"))).await.unwrap();
    }
    let c = member(3, &[&a]).await;
    eventually("c has all", || async { notes(&c.client).await.len() == 250 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_that_grew_apart_become_one() {
    let a = member(1, &[]).await;
    let b = member(2, &[]).await;
    for index in 0..20 {
        a.client.append(GROUP, note(&format!("a{index:02}"))).await.unwrap();
        b.client.append(GROUP, note(&format!("b{index:02}"))).await.unwrap();
    }
    b.client.dial(address(&a.client).await).await.unwrap();
    eventually("a has all", || async { notes(&a.client).await.len() == 40 }).await;
    eventually("b has all", || async { notes(&b.client).await.len() == 40 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_find_one_another_through_announcements() {
    let a = member(1, &[]).await;
    let b = member(2, &[&a]).await;
    let c = member(3, &[&a]).await;
    eventually("b knows c", || async { b.client.peers().await.unwrap().contains(&c.client.peer_id()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_node_has_its_log_and_goes_on_with_higher_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let mut numbers = Vec::new();
    for text in ["one", "two", "three"] {
        let (client, _events) = start(config(1, folder.path(), &[])).await.unwrap();
        client.subscribe(GROUP).await.unwrap();
        client.append(GROUP, note(text)).await.unwrap();
        numbers = all(&client).await.iter().filter(|envelope| note_in(envelope).is_some()).map(|envelope| envelope.seq()).collect();
        client.shutdown().await;
    }
    assert_eq!(numbers.len(), 3);
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_of_different_names_share_blocks_but_no_logs() {
    let a = member(1, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let mut other = config(2, folder.path(), &[address(&a.client).await]);
    other.network = "other".into();
    let (b, _events) = start(other).await.unwrap();
    b.subscribe(GROUP).await.unwrap();
    a.client.append(GROUP, note("ours")).await.unwrap();
    let digest = a.client.add(b"a file".to_vec()).await.unwrap();
    assert_eq!(b.fetch(digest, 6, crate::support::SOON).await.unwrap(), b"a file");
    assert!(notes(&b).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_not_subscribed_cannot_be_used() {
    let a = node(1, &[]).await;
    let group = GroupId(3);
    assert!(matches!(a.client.append(group, note("x")).await, Err(LogsError::NotSubscribed(_))));
    assert!(matches!(a.client.log(group, 0).await, Err(LogsError::NotSubscribed(_))));
    let long = note(&"x".repeat(protocol::log::MAX_TEXT + 1));
    a.client.subscribe(group).await.unwrap();
    assert!(matches!(a.client.append(group, long).await, Err(LogsError::Body(_))));
}
