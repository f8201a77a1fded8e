//! What a node is started with.
//!
//! There is no file of these settings here: programs read theirs and fill this in. All limits are
//! counted, none is guessed from the machine.

use std::path::PathBuf;

use libp2p::Multiaddr;

/// Settings of one node; [`Config::new`] gives those of a node on this machine alone.
///
/// ```
/// use swarm::Config;
///
/// let mut config = Config::new("1/0x79f88F5C36526449725edc1844a86cb701AdED69", "/var/lib/node".into(), [1; 32]);
/// config.listen = vec!["/ip4/0.0.0.0/tcp/4400".parse()?, "/ip6/::/tcp/4400".parse()?];
/// config.external = vec!["/ip4/198.51.100.3/tcp/4400".parse()?];
/// config.store_bytes_max = 10 << 30;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Config {
    /// Keeps networks apart: nodes gossip and copy logs only with nodes of the same name, which is chain id
    /// and address of the contract, `<chain id>/<0x…>`. Blocks are exchanged with everybody.
    pub network: String,
    /// Where to listen, TCP over IPv4 and IPv6; port 0 lets the system choose. None: the node only dials.
    pub listen: Vec<Multiaddr>,
    /// Addresses under which others reach this node, if they differ from those it listens on: behind a
    /// router, or in a container. They are announced, and not checked.
    pub external: Vec<Multiaddr>,
    /// Peers to stay connected to. With a name at the end, `…/p2p/12D3Koo…`, only that peer is accepted
    /// there; without one, whoever answers. They are dialled again after 1 to 60 s, before all others.
    pub peers: Vec<Multiaddr>,
    /// Folder of blocks (`blocks`) and logs (`logs`); made if it is missing, used by one process at a time.
    pub data: PathBuf,
    /// The node's ed25519 secret, 32 bytes. It names the node and signs its messages: two nodes with one key
    /// would be taken for one that lies.
    pub key: [u8; 32],
    /// Bytes of all blocks together, 64 GiB unless set otherwise. When they are reached nothing is dropped: adding fails.
    pub store_bytes_max: u64,
    /// Connections that others opened, 128; further ones are refused.
    pub inbound_connections_max: u32,
    /// Connections that this node opened, 64. With as many peers nobody else is dialled for want of company.
    pub outbound_connections_max: u32,
    /// Events that wait for the caller, 1,024; when it is slow, [`crate::Event::Lagged`] stands for those left out.
    pub events_max: usize,
}

/// Groups of one node (PROTOCOL 14, Copying).
pub const GROUPS_MAX: usize = 256;
/// As many as 64 checkpoints of the greatest model have.
const STORE_BYTES_MAX: u64 = 64 << 30;
const INBOUND_CONNECTIONS_MAX: u32 = 128;
const OUTBOUND_CONNECTIONS_MAX: u32 = 64;
const EVENTS_MAX: usize = 1024;

impl Config {
    /// Listens on a free port of this machine and knows no peers: what tests and short visits need. `key` is
    /// the node's secret, `data` its folder.
    pub fn new(network: &str, data: PathBuf, key: [u8; 32]) -> Self {
        let any_port = Multiaddr::from(std::net::Ipv4Addr::LOCALHOST).with(libp2p::multiaddr::Protocol::Tcp(0));
        Self {
            network: network.into(),
            listen: vec![any_port],
            external: Vec::new(),
            peers: Vec::new(),
            data,
            key,
            store_bytes_max: STORE_BYTES_MAX,
            inbound_connections_max: INBOUND_CONNECTIONS_MAX,
            outbound_connections_max: OUTBOUND_CONNECTIONS_MAX,
            events_max: EVENTS_MAX,
        }
    }
}
