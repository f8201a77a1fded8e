//! Finding others and being found: lookups, QUIC, names, relays, tests of reachability, providers.

use std::time::Duration;

use protocol::log::{Kind, Known, Standing};
use swarm::{Client, Config, Event, Multiaddr, Reachability, digest_of, start};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::stranger::{DOMAIN, boaster, bound};
use crate::support::{GROUP, SOON, TestNode, address, all, bytes, config, eventually, next, node, note, notes};

/// A node whose settings are changed before it starts.
async fn with(seed: u8, peers: &[&TestNode], change: impl FnOnce(&mut Config)) -> TestNode {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let mut addresses = Vec::new();
    for peer in peers {
        addresses.push(address(&peer.client).await);
    }
    let mut config = config(seed, folder.path(), &addresses);
    change(&mut config);
    let (client, events): (Client, mpsc::Receiver<Event>) = start(config).await.unwrap();
    TestNode { client, events, folder }
}

/// One more peer that is nowhere, so that the network is not taken for one of this machine alone.
fn elsewhere(config: &mut Config) {
    config.peers.push("/ip4/203.0.113.7/tcp/4400".parse().unwrap());
}

async fn is_connected(one: &TestNode, other: &TestNode) -> bool {
    one.client.peers().await.unwrap().contains(&other.client.peer_id())
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_group_find_one_another_by_a_node_that_is_none() {
    let boot = node(1, &[]).await;
    let (a, b) = (node(2, &[&boot]).await, node(3, &[&boot]).await);
    for member in [&a, &b] {
        member.client.subscribe(GROUP).await.unwrap();
    }
    eventually("they meet", || async { is_connected(&a, &b).await }).await;
    a.client.append(GROUP, note("found")).await.unwrap();
    eventually("and share their log", || async { notes(&b.client).await == ["found"] }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quic_carries_files_and_logs_as_tcp_does() {
    carries("/ip4/127.0.0.1/udp/0/quic-v1", "/quic-v1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ipv6_carries_them_too() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        println!("skipped: this machine has no IPv6");
        return;
    }
    carries("/ip6/::1/tcp/0", "/ip6/::1/tcp").await;
}

async fn carries(listen: &str, shown: &str) {
    let on = |config: &mut Config| config.listen = vec![listen.parse().unwrap()];
    let a = with(1, &[], on).await;
    let b = with(2, &[&a], on).await;
    for member in [&a, &b] {
        member.client.subscribe(GROUP).await.unwrap();
    }
    let file = bytes(3_000_000);
    let digest = a.client.add(file.clone()).await.unwrap();
    assert_eq!(b.client.fetch(digest, file.len() as u64, SOON).await.unwrap(), file);
    a.client.append(GROUP, note("carried")).await.unwrap();
    eventually("b has the note", || async { notes(&b.client).await == ["carried"] }).await;
    let neighbours = b.client.neighbourhood().await.unwrap().neighbours;
    assert!(neighbours[0].address.to_string().contains(shown), "{neighbours:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_dialled_like_an_address_and_what_does_not_answer_is_told_in_words() {
    let a = node(1, &[]).await;
    let port = address(&a.client).await.to_string().split('/').nth(4).unwrap().to_owned();
    let named: Multiaddr = format!("/dns4/localhost/tcp/{port}").parse().unwrap();
    let b = with(2, &[], |config| config.peers = vec![named]).await;
    eventually("b dials by name", || async { is_connected(&b, &a).await }).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let lost = ["/dns4/no-such-node.invalid/tcp/1".parse().unwrap(), format!("/ip4/127.0.0.1/tcp/{closed}").parse().unwrap()];
    let c = with(3, &[], |config| config.peers = lost.to_vec()).await;
    for (address, wanted) in lost.iter().zip(["does not resolve", "nobody listens there"]) {
        eventually(wanted, || async {
            let troubles = c.client.neighbourhood().await.unwrap().troubles;
            troubles.iter().any(|(troubled, words)| troubled == address && words.contains(wanted))
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_cannot_listen_is_reached_through_a_relay() {
    let relay = with(1, &[], |config| config.relay_server = true).await;
    let hidden = with(2, &[&relay], |config| config.listen.clear()).await;
    eventually("a relay has room", || async {
        matches!(hidden.client.neighbourhood().await.unwrap().reachability, Reachability::Relayed(_))
    })
    .await;
    let circuit = hidden.client.listen_addresses().await.unwrap().remove(0);
    assert!(circuit.to_string().contains("/p2p-circuit/"), "{circuit}");
    hidden.client.subscribe(GROUP).await.unwrap();
    let other = node(3, &[&relay]).await;
    other.client.subscribe(GROUP).await.unwrap();
    eventually("they meet", || async { is_connected(&other, &hidden).await }).await;
    let neighbours = other.client.neighbourhood().await.unwrap().neighbours;
    assert!(neighbours.iter().any(|one| one.peer == hidden.client.peer_id() && one.is_relayed), "{neighbours:?}");
    hidden.client.append(GROUP, note("through a relay")).await.unwrap();
    eventually("the note comes through", || async { notes(&other.client).await == ["through a relay"] }).await;
    let file = bytes(2_000_000);
    let digest = hidden.client.add(file.clone()).await.unwrap();
    assert_eq!(other.client.fetch(digest, file.len() as u64, SOON).await.unwrap(), file);
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_try_whether_a_node_is_reached() {
    let server = node(1, &[]).await;
    let asked = with(2, &[&server], elsewhere).await;
    assert_eq!(asked.client.neighbourhood().await.unwrap().reachability, Reachability::Unknown);
    eventually("a peer came in", || async { matches!(asked.client.neighbourhood().await.unwrap().reachability, Reachability::Inside(_)) })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_announces_of_this_machine_is_never_knocked_at() {
    let target = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let victim: Multiaddr = format!("/ip4/127.0.0.1/tcp/{}", target.local_addr().unwrap().port()).parse().unwrap();
    let friend = with(1, &[], elsewhere).await;
    friend.client.subscribe(GROUP).await.unwrap();
    let stranger = with(2, &[&friend], |config| config.external = vec![victim]).await;
    stranger.client.subscribe(GROUP).await.unwrap();
    eventually("it is announced", || async { all(&friend.client).await.len() == 2 }).await;
    stranger.client.shutdown().await;
    let careful = with(3, &[&friend], elsewhere).await;
    careful.client.subscribe(GROUP).await.unwrap();
    eventually("the announcement is there", || async { all(&careful.client).await.len() == 3 }).await;
    assert!(timeout(Duration::from_secs(3), target.accept()).await.is_err(), "neither knocks");
    // Whose whole network is this machine does, so the target would have heard it.
    let local = node(4, &[&friend]).await;
    local.client.subscribe(GROUP).await.unwrap();
    timeout(SOON, target.accept()).await.expect("a knock").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_nobody_answers_finds_who_provides_the_file() {
    let boot = node(1, &[]).await;
    let holder = node(2, &[&boot]).await;
    let file = bytes(700_000);
    let digest = holder.client.add(file.clone()).await.unwrap();
    holder.client.provide(digest).await.unwrap();
    let other = node(3, &[&boot]).await;
    let (length, client) = (file.len() as u64, other.client.clone());
    assert_eq!(client.fetch(digest, length, SOON).await.unwrap(), file);
    assert_eq!(client.providers(digest).await.unwrap(), [holder.client.peer_id()]);
    assert!(client.providers(digest_of(b"nobody has this")).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_one_host_leave_room_and_unfinished_ones_end() {
    let mut crowded = with(1, &[], |config| config.inbound_per_host_max = Some(2)).await;
    let at = address(&crowded.client).await;
    let port: u16 = at.to_string().split('/').nth(4).unwrap().parse().unwrap();
    let mut silent = Vec::new();
    for _ in 0..128 {
        silent.push(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    }
    let late = Instant::now();
    let nodes = [node(2, &[&crowded]).await, node(3, &[&crowded]).await];
    for _ in &nodes {
        next(&mut crowded.events, |event| matches!(event, Event::PeerConnected(_)).then_some(())).await;
    }
    assert!(late.elapsed() < SOON, "the silent ones were let go");
    let third = node(4, &[&crowded]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(crowded.client.peers().await.unwrap().len(), 2, "the host has its connections");
    crowded.client.favour(vec![third.client.peer_id()]).await.unwrap();
    eventually("who is known comes in", || async { is_connected(&crowded, &third).await }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_of_those_who_have_stake_come_in_where_strangers_find_no_place() {
    let crowded = with(1, &[], |config| config.inbound_per_host_max = Some(2)).await;
    let (friend, other) = (node(2, &[&crowded]).await, node(3, &[&crowded]).await);
    eventually("the places are taken", || async { crowded.client.peers().await.unwrap().len() == 2 }).await;
    // Nobody can dial it.
    let late = with(4, &[&friend, &crowded], |config| config.listen.clear()).await;
    for member in [&crowded, &friend, &other, &late] {
        member.client.subscribe(GROUP).await.unwrap();
    }
    let (account, binding) = bound(late.client.node_id());
    late.client.append(GROUP, binding).await.unwrap();
    eventually("its binding is known", || async { all(&crowded.client).await.iter().any(|message| message.kind() == Kind::Binding) }).await;
    assert!(!is_connected(&crowded, &late).await);
    let known = Some(Known { accounts: [account].into(), ..Known::default() });
    crowded.client.stand(GROUP, Standing { domain: DOMAIN, known }).await.unwrap();
    eventually("it comes in", || async { is_connected(&crowded, &late).await }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_says_of_itself_is_bounded_and_nobody_is_knocked_at_for_it() {
    let target = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = target.local_addr().unwrap().port();
    let victims = [format!("/ip4/127.0.0.1/tcp/{port}"), format!("/ip4/10.0.0.7/tcp/{port}"), format!("/ip6/::1/tcp/{port}")];
    let careful = with(1, &[], elsewhere).await;
    careful.client.subscribe(GROUP).await.unwrap();
    let name = boaster(address(&careful.client).await, &victims);
    let said = || async { careful.client.neighbourhood().await.unwrap().neighbours };
    let heard = || async { said().await.iter().any(|peer| peer.peer == name && !peer.agent.is_empty()) };
    eventually("it has said what it is", heard).await;
    assert!(timeout(Duration::from_secs(3), target.accept()).await.is_err(), "nobody knocks");
    assert!(said().await.iter().all(|peer| peer.agent.chars().count() <= 64), "{:?}", said().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn caps_on_what_goes_out_and_comes_in_hold() {
    let caps: [fn(&mut Config, Option<u64>); 2] =
        [|config, cap| config.upload_bytes_per_s = cap, |config, cap| config.download_bytes_per_s = cap];
    for (side, cap) in caps.into_iter().enumerate() {
        let limit = |of: usize| move |config: &mut Config| cap(config, (of == side).then_some(1_000_000));
        let a = with(1, &[], limit(0)).await;
        let b = with(2, &[&a], limit(1)).await;
        let file = bytes(3_000_000);
        let digest = a.client.add(file.clone()).await.unwrap();
        eventually("they are connected", || async { is_connected(&b, &a).await }).await;
        let started = Instant::now();
        assert_eq!(b.client.fetch(digest, file.len() as u64, SOON).await.unwrap(), file);
        let took = started.elapsed();
        assert!(took > Duration::from_millis(2500) && took < Duration::from_secs(12), "{side}: {took:?}");
    }
}

fn parse(text: &str) -> Multiaddr {
    text.parse().unwrap()
}

/// Makes good settings bad.
type Change = Box<dyn Fn(&mut Config)>;

#[tokio::test(flavor = "multi_thread")]
async fn what_no_node_can_work_with_is_refused_at_the_start_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, Change); 7] = [
        ("websockets", Box::new(|config| config.peers = vec![parse("/ip4/127.0.0.1/tcp/1/ws")])),
        ("only QUIC", Box::new(|config| config.listen = vec![parse("/ip4/127.0.0.1/udp/1")])),
        ("`external`", Box::new(|config| config.external = vec![parse("/ip4/127.0.0.1/tcp/0")])),
        ("port 0", Box::new(|config| config.external = vec![parse("/ip4/127.0.0.1/tcp/0")])),
        ("no limit", Box::new(|config| config.upload_bytes_per_s = Some(100))),
        ("dials nobody", Box::new(|config| config.outbound_connections_max = 0)),
        ("nobody could come in", Box::new(|config| config.inbound_per_host_max = Some(0))),
    ];
    for (wanted, change) in cases {
        let mut config = config(1, folder.path(), &[]);
        change(&mut config);
        let error = start(config).await.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(wanted), "{error:?}, not {wanted:?}");
    }
}
