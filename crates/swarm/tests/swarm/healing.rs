//! Logs that grew apart, or that gossip left behind, become one by comparing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use protocol::log::Envelope;

use crate::stranger::{Script, say, stranger};
use crate::support::{GROUP, TestNode, address, eventually, ids, node, note, notes};

async fn member(seed: u8, peers: &[&TestNode]) -> TestNode {
    let node = node(seed, peers).await;
    node.client.subscribe(GROUP).await.unwrap();
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_wrote_on_both_sides_heals_to_one_state() {
    let a = member(1, &[]).await;
    let b = member(2, &[&a]).await;
    let c = member(3, &[]).await;
    let d = member(4, &[&c]).await;
    for index in 0..300 {
        a.client.append(GROUP, note(&format!("a{index:03}"))).await.unwrap();
        d.client.append(GROUP, note(&format!("d{index:03}"))).await.unwrap();
    }
    b.client.dial(address(&c.client).await).await.unwrap();
    for node in [&a, &b, &c, &d] {
        eventually("all is everywhere", || async { notes(&node.client).await.len() == 600 }).await;
    }
    for node in [&b, &c, &d] {
        eventually("all logs are equal", || async { ids(&node.client).await == ids(&a.client).await }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_that_differ_in_a_little_become_equal_without_copying_the_rest() {
    let a = member(1, &[]).await;
    let b = member(2, &[&a]).await;
    for index in 0..400 {
        a.client.append(GROUP, note(&format!("{index:03}"))).await.unwrap();
    }
    eventually("b has all", || async { ids(&b.client).await == ids(&a.client).await }).await;
    let at = address(&a.client).await;
    a.client.shutdown().await;
    b.client.append(GROUP, note("while a was away")).await.unwrap();
    let mut again = crate::support::config(1, a.folder.path(), &[]);
    again.listen = vec![at.iter().take(2).collect()];
    let (a, _events) = swarm::start(again).await.unwrap();
    a.subscribe(GROUP).await.unwrap();
    assert_eq!(notes(&a).await.len(), 400, "its own file has them");
    a.append(GROUP, note("before b was heard")).await.unwrap();
    eventually("both have all", || async { notes(&a).await.len() == 402 && ids(&a).await == ids(&b.client).await }).await;
}

/// A stranger whose log is one message, and who tells of it only when it is told of another log.
fn one_message(envelope: &Envelope, gets: Arc<AtomicUsize>) -> Script {
    let (id, message) = (envelope.id(), envelope.bytes().to_vec());
    let answer = move |request: &[u8]| match request[1] {
        1 => Some([&[2, 1][..], &1_u64.to_be_bytes(), &[7; 16], &id.0].concat()),
        3 => {
            gets.fetch_add(1, Ordering::Relaxed);
            Some([&[2, 3][..], &(message.len() as u32).to_be_bytes(), &message].concat())
        }
        _ => Some(vec![2, 0]),
    };
    Script { answer: Some(Box::new(answer)), ..Script::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_gossip_lost_is_found_by_the_name_that_a_peer_tells() {
    let victim = member(1, &[]).await;
    let (lost, gets) = (say(9, 5, &note("lost")), Arc::new(AtomicUsize::new(0)));
    stranger(address(&victim.client).await, one_message(&lost, gets.clone()));
    eventually("it is found", || async { notes(&victim.client).await == ["lost"] }).await;
    assert_eq!(gets.load(Ordering::Relaxed), 1, "by asking for it alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_not_asked_for_again() {
    let victim = member(1, &[]).await;
    // Far beyond every clock.
    let (refused, gets) = (say(9, u64::MAX, &note("refused")), Arc::new(AtomicUsize::new(0)));
    stranger(address(&victim.client).await, one_message(&refused, gets.clone()));
    eventually("it is asked for", || async { gets.load(Ordering::Relaxed) == 1 }).await;
    tokio::time::sleep(std::time::Duration::from_secs(7)).await;
    assert_eq!(gets.load(Ordering::Relaxed), 1);
    assert!(notes(&victim.client).await.is_empty());
}
