//! Nodes in temporary folders, and waiting for what shall happen.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use protocol::log::{Body, Envelope};
use protocol::{Digest, GroupId};
use swarm::{Client, Config, Event, Multiaddr, start};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

pub const GROUP: GroupId = GroupId(7);
pub const SOON: Duration = Duration::from_secs(20);

pub struct TestNode {
    pub client: Client,
    pub events: mpsc::Receiver<Event>,
    pub folder: TempDir,
}

pub fn config(seed: u8, folder: &Path, peers: &[Multiaddr]) -> Config {
    let mut config = Config::new("test", folder.into(), [seed; 32]);
    config.peers = peers.to_vec();
    config
}

/// A node whose key is made of `seed` and that knows the addresses of `peers`.
pub async fn node(seed: u8, peers: &[&TestNode]) -> TestNode {
    let folder = tempfile::tempdir().unwrap();
    let mut addresses = Vec::new();
    for peer in peers {
        addresses.push(address(&peer.client).await);
    }
    let (client, events) = start(config(seed, folder.path(), &addresses)).await.unwrap();
    TestNode { client, events, folder }
}

pub async fn address(client: &Client) -> Multiaddr {
    client.listen_addresses().await.unwrap().remove(0)
}

/// Waits until the condition holds, or fails the test.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let waiting = async {
        while !condition().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, waiting).await.unwrap_or_else(|_| panic!("did not happen: {what}"));
}

/// The next event that `pick` takes.
pub async fn next<T>(events: &mut mpsc::Receiver<Event>, mut pick: impl FnMut(Event) -> Option<T>) -> T {
    let waiting = async {
        loop {
            let event = events.recv().await.expect("the node runs");
            if let Some(picked) = pick(event) {
                return picked;
            }
        }
    };
    timeout(SOON, waiting).await.expect("the event comes")
}

pub fn note(text: &str) -> Body {
    Body::Note(text.into())
}

/// The notes of the group's log, sorted.
pub async fn notes(client: &Client) -> Vec<String> {
    let mut notes: Vec<String> = all(client).await.iter().filter_map(note_in).collect();
    notes.sort();
    notes
}

pub fn note_in(envelope: &Envelope) -> Option<String> {
    match Body::from_bytes(envelope.kind(), envelope.body()) {
        Ok(Body::Note(text)) => Some(text),
        _ => None,
    }
}

pub async fn all(client: &Client) -> Vec<Envelope> {
    let (mut envelopes, mut cursor) = (Vec::new(), 0);
    loop {
        let entries = client.log(GROUP, cursor).await.unwrap();
        let Some(last) = entries.last() else { return envelopes };
        cursor = last.number + 1;
        envelopes.extend(entries.into_iter().map(|entry| entry.envelope));
    }
}

pub async fn ids(client: &Client) -> Vec<Digest> {
    let mut ids: Vec<Digest> = all(client).await.iter().map(Envelope::id).collect();
    ids.sort();
    ids
}

/// Bytes without repetition from chunk to chunk.
pub fn bytes(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut out = Vec::with_capacity(length + 8);
    while out.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        out.extend((state >> 16).to_le_bytes());
    }
    out.truncate(length);
    out
}
