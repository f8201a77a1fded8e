//! Two nodes, each behind a home router that lets nobody in, reach one another through a relay, and then directly.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

use std::time::{Duration, Instant};

use protocol::GroupId;
use swarm::{Client, Config, Multiaddr, Neighbourhood, PeerId, Reachability, start};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use wires::{Host, Internet, Weather, or_skip};

const GROUP: GroupId = GroupId(1);
/// As between two ends of a country.
const WEATHER: Weather = Weather { delay_us: (10_000, 20_000), jitter_us: 1_000, loss_ppm: 0 };
/// After half a minute nodes know that nobody comes in; then they find a relay, and tell.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(250);

/// A node on a host, with the threads that it runs on.
struct Node {
    client: Client,
    runtime: Runtime,
    _folder: TempDir,
}

impl Node {
    fn start(host: &Host, seed: u8, peers: &[Multiaddr], change: impl FnOnce(&mut Config)) -> Self {
        let (folder, own) = (tempfile::tempdir().unwrap(), host.clone());
        let enter = move || own.enter().expect("the host is there");
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().on_thread_start(enter).build().unwrap();
        let mut config = Config::new("31337/0x00", folder.path().into(), [seed; 32]);
        config.listen = ["/ip4/0.0.0.0/tcp/4400", "/ip4/0.0.0.0/udp/4400/quic-v1"].map(|text| text.parse().unwrap()).into();
        config.peers = peers.to_vec();
        change(&mut config);
        let started = runtime.block_on(runtime.spawn(start(config))).unwrap();
        Self { client: started.unwrap().0, runtime, _folder: folder }
    }

    fn name(&self) -> PeerId {
        self.client.peer_id()
    }

    fn sees(&self) -> Neighbourhood {
        self.runtime.block_on(self.client.neighbourhood()).unwrap()
    }

    /// Whether it is connected with another one, and whether only through a relay.
    fn is_relayed_to(&self, other: &Self) -> Option<bool> {
        self.sees().neighbours.iter().find(|one| one.peer == other.name()).map(|one| one.is_relayed)
    }

    fn join(&self) {
        self.runtime.block_on(self.client.subscribe(GROUP)).unwrap();
    }

    /// Brings a file of its own to another node.
    fn bring(&self, other: &Self, bytes: Vec<u8>) {
        let digest = self.runtime.block_on(self.client.add(bytes.clone())).unwrap();
        let fetched = other.runtime.block_on(other.client.fetch(digest, bytes.len() as u64, PATIENCE)).unwrap();
        assert!(fetched == bytes);
    }
}

fn eventually(what: &str, nodes: [&Node; 2], is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}; {:#?}", nodes.map(Node::sees));
        std::thread::sleep(LOOK);
    }
    println!("{what}: {:.1} s", start.elapsed().as_secs_f32());
}

/// A node that is reached, on its host, and where.
fn open(host: &Host, seed: u8, peers: &[Multiaddr], relays: bool) -> (Node, Vec<Multiaddr>) {
    let at = |end: &str| -> Multiaddr { format!("/ip4/{}/{end}", host.address).parse().unwrap() };
    let own = vec![at("tcp/4400"), at("udp/4400/quic-v1")];
    let node = Node::start(host, seed, peers, |config| {
        (config.relay_server, config.external) = (relays, own.clone());
    });
    let named = own.into_iter().map(|address| address.with_p2p(node.name()).unwrap()).collect();
    (node, named)
}

#[test]
fn two_nodes_behind_routers_of_their_own_reach_one_another() {
    if !or_skip() {
        return;
    }
    let internet = Internet::open(3, WEATHER, &["relay", "other"], &["home", "other-home"]).unwrap();
    let host = |name: &str| internet.host(name).unwrap();
    let (relay, first) = open(host("relay"), 1, &[], true);
    let (_other, second) = open(host("other"), 2, &first, false);
    let peers = [first, second].concat();
    let [a, b] = [("home", 3), ("other-home", 4)].map(|(name, seed)| Node::start(host(name), seed, &peers, |_| ()));
    relay.join();
    a.join();
    b.join();
    for node in [&a, &b] {
        eventually("a relay has room", [&a, &b], || matches!(node.sees().reachability, Reachability::Relayed(_)));
    }
    eventually("they are connected", [&a, &b], || a.is_relayed_to(&b).is_some() && b.is_relayed_to(&a).is_some());
    a.bring(&b, vec![7; 300_000]);
    eventually("directly", [&a, &b], || a.is_relayed_to(&b) == Some(false) && b.is_relayed_to(&a) == Some(false));
    // Nobody else is heard any more: what comes through now comes directly.
    internet.part(&[&["home", "other-home"]]).unwrap();
    b.bring(&a, vec![9; 300_000]);
    let way = internet.net().counts_between(host("other-home").address, host("home").address);
    assert!(way.arrived_bytes > 300_000, "{way:?}");
}

#[test]
fn two_nodes_in_one_home_find_each_other_without_being_told() {
    if !or_skip() {
        return;
    }
    let internet = Internet::open(4, WEATHER, &[], &["home"]).unwrap();
    let home = internet.host("home").unwrap();
    let [a, b] = [(5, 4400), (6, 4500)].map(|(seed, port)| {
        Node::start(home, seed, &[], |config| config.listen = vec![format!("/ip4/0.0.0.0/tcp/{port}").parse().unwrap()])
    });
    eventually("they are connected", [&a, &b], || a.is_relayed_to(&b) == Some(false) && b.is_relayed_to(&a) == Some(false));
    a.bring(&b, vec![5; 300_000]);
}
