//! Measures logs, all nodes in one process.
//!
//! `log`: 16 nodes, one log; so many messages (10,000), 500 a second, of all nodes by turns; until when all have all, counted from the last
//! one. `verdict`: so many (100,000) validly signed notes of four peers at once, and a verdict among them. `start`: a log of so many messages
//! (1,000,000) is read from the disk.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use protocol::eip712::{Domain, Node, SignedVerdict, Typed as _, Verdict, address_of, sign};
use protocol::log::{Binding, Body, Draft, Envelope, Facts, Kind};
use protocol::{Address, Digest, GroupId, NodeId, RoundNumber};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use swarm::{Client, Config, Event, start};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::{interval, sleep, timeout};

use crate::files::peak_kib;

const GROUP: GroupId = GroupId(7);
const DOMAIN: Domain = Domain { chain_id: 0, network: Address([0; 20]) };
const NODES: u8 = 16;
const A_SECOND: u64 = 500;
/// Nobody waits longer.
const TIME: Duration = Duration::from_secs(120);

struct Member {
    client: Client,
    events: mpsc::Receiver<Event>,
    _folder: TempDir,
}

async fn member(seed: u8, peer: Option<&Client>) -> Member {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new("bench", folder.path().into(), [seed; 32]);
    config.events_max = 1 << 16;
    if let Some(peer) = peer {
        config.peers = peer.listen_addresses().await.unwrap();
    }
    let (client, events) = start(config).await.unwrap();
    client.subscribe(GROUP).await.unwrap();
    Member { client, events, _folder: folder }
}

/// How many messages of that kind a node hears of until there are so many.
async fn hear(mut events: mpsc::Receiver<Event>, kind: Kind, count: u64) -> Option<Instant> {
    let mut heard = 0;
    while heard < count {
        match events.recv().await? {
            Event::Envelope { envelope, .. } if envelope.kind() == kind => heard += 1,
            _ => {}
        }
    }
    Some(Instant::now())
}

/// How long the last message needs to the last node.
pub async fn log(count: u64) {
    let mut members = vec![member(1, None).await];
    for seed in 2..=NODES {
        members.push(member(seed, Some(&members[0].client)).await);
    }
    // Meshes are built.
    sleep(Duration::from_secs(5)).await;
    let (clients, listening): (Vec<Client>, Vec<_>) =
        members.into_iter().map(|member| (member.client, (tokio::spawn(hear(member.events, Kind::Note, count)), member._folder))).unzip();
    let (mut pace, mut appends) = (interval(Duration::from_micros(1_000_000 / A_SECOND)), Vec::new());
    let began = Instant::now();
    for index in 0..count {
        pace.tick().await;
        let client = clients[index as usize % clients.len()].clone();
        appends.push(tokio::spawn(async move { client.append(GROUP, Body::Note(format!("{index:05}"))).await }));
    }
    for append in appends {
        append.await.unwrap().unwrap();
    }
    let written = Instant::now();
    let mut slowest = written;
    for (heard, _folder) in listening {
        slowest = slowest.max(timeout(TIME, heard).await.unwrap().unwrap().expect("a node has ended"));
    }
    let (lag_ms, writing_s) = (slowest.duration_since(written).as_millis(), written.duration_since(began).as_secs_f64());
    let line =
        json!({ "row": "log", "messages": count, "nodes": NODES, "writing_s": writing_s, "lag_ms": lag_ms, "peak_kib": peak_kib("self") });
    println!("{line}");
}

fn signed(author: &SigningKey, seq: u64, body: &Body) -> Envelope {
    let (kind, topic, bytes) = (body.kind(), body.topic().to_owned(), body.to_bytes().unwrap());
    Envelope::sign(Draft { group: GROUP, kind, topic, seq, parents: Vec::new(), body: bytes }, author).unwrap()
}

fn verdict_of(account: u8) -> Body {
    let key = k256::ecdsa::SigningKey::from_slice(&[account; 32]).unwrap();
    let message = Verdict { group: GROUP, round: RoundNumber(3), claim: Digest([1; 32]), probe: Digest([2; 32]) };
    Body::Verdict(SignedVerdict { message, signature: sign(message.digest(&DOMAIN), &key).unwrap() })
}

/// Four nodes write junk as fast as they can; a fifth writes the verdict in the middle of it.
pub async fn verdict(count: u64) {
    let victim = member(1, None).await;
    let mut writers = Vec::new();
    for seed in 2..=6 {
        writers.push(member(seed, Some(&victim.client)).await);
    }
    sleep(Duration::from_secs(3)).await;
    let honest = writers.pop().expect("there are five");
    let heard = tokio::spawn(hear(victim.events, Kind::Verdict, 1));
    let shouting: Vec<_> = writers.iter().map(|writer| tokio::spawn(shout(writer.client.clone(), count / 4))).collect();
    sleep(Duration::from_secs(1)).await;
    honest.client.append(GROUP, verdict_of(1)).await.unwrap();
    let written = Instant::now();
    let arrived = timeout(TIME, heard).await.unwrap().unwrap().expect("the node has ended");
    let is_over = shouting.iter().all(tokio::task::JoinHandle::is_finished);
    let ms = arrived.saturating_duration_since(written).as_millis();
    println!("{{\"row\":\"verdict\",\"junk\":{count},\"ms\":{ms},\"junk_was_over\":{is_over},\"peak_kib\":{}}}", peak_kib("self"));
}

async fn shout(client: Client, count: u64) {
    for index in 0..count {
        if client.append(GROUP, Body::Note(format!("junk {index}"))).await.is_err() {
            return;
        }
    }
}

/// Writes the file of a log that 1,024 accounts filled, and starts a node on it.
pub async fn read(count: u64) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("logs")).unwrap();
    write_file(&folder.path().join("logs").join(format!("{GROUP}.log")), count);
    let (before_kib, began) = (peak_kib("self"), Instant::now());
    let (client, _events) = start(Config::new("bench", folder.path().into(), [1; 32])).await.unwrap();
    client.subscribe(GROUP).await.unwrap();
    let (ms, after_kib) = (began.elapsed().as_millis(), peak_kib("self"));
    let (mut messages, mut cursor) = (0, 0);
    while let Some(last) = client.log(GROUP, cursor).await.unwrap().last() {
        // Numbers have no gaps in a log that was just read.
        (messages, cursor) = (last.number + 1, last.number + 1);
    }
    println!("{{\"row\":\"start\",\"messages\":{messages},\"ms\":{ms},\"kib\":{}}}", after_kib.saturating_sub(before_kib));
}

/// Accounts have 1,000 messages each: a binding, and files that they hold.
fn write_file(path: &Path, count: u64) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    out.write_all(b"NRNLOG\0\x02").unwrap();
    for number in 0..count {
        let (account, index) = (number / 1000, number % 1000);
        let secret: [u8; 32] = Sha256::digest(account.to_be_bytes()).into();
        let author = SigningKey::from_bytes(&secret);
        let body = match index {
            0 => binding(&secret, NodeId(author.verifying_key().to_bytes())),
            _ => Body::Have { round: RoundNumber(3), file: Digest(Sha256::digest(number.to_be_bytes()).into()) },
        };
        let envelope = signed(&author, index + 1, &body);
        let facts = Facts::read(&envelope, GROUP, &DOMAIN).unwrap().to_bytes();
        let check = Sha256::new().chain_update(&facts).chain_update(envelope.bytes()).finalize();
        let lengths = [&(envelope.bytes().len() as u32).to_be_bytes()[..], &(facts.len() as u16).to_be_bytes()].concat();
        out.write_all(&[&lengths[..], &check[..8], &facts, envelope.bytes()].concat()).unwrap();
    }
    out.flush().unwrap();
}

fn binding(secret: &[u8; 32], node: NodeId) -> Body {
    let key = k256::ecdsa::SigningKey::from_slice(secret).unwrap();
    let signature = sign(Node { node }.digest(&DOMAIN), &key).unwrap();
    Body::Binding(Binding { account: address_of(key.verifying_key()), signature })
}
