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
    /// Where to listen, TCP and QUIC over IPv4 and IPv6; port 0 lets the system choose. None: the node only dials.
    pub listen: Vec<Multiaddr>,
    /// Addresses under which others reach this node, if they differ from those it listens on: behind a
    /// router, in a container, or a name. They are announced, and not checked.
    pub external: Vec<Multiaddr>,
    /// Peers to stay connected to, names such as /dns4/node.example/tcp/4400 among them. With a name at the end, `…/p2p/12D3Koo…`, only that peer is accepted
    /// there; without one, whoever answers. They are dialled again after 1 to 60 s, before all others.
    pub peers: Vec<Multiaddr>,
    /// Folder of blocks (`blocks`) and logs (`logs`); made if it is missing, used by one process at a time.
    pub data: PathBuf,
    /// The node's ed25519 secret, 32 bytes. It names the node and signs its messages: two nodes with one key
    /// would be taken for one that lies.
    pub key: [u8; 32],
    /// Bytes of all files together, 64 GiB unless set otherwise. When more are needed, those fall that nobody pinned, the longest unused
    /// first; if that does not suffice, adding fails.
    pub store_bytes_max: u64,
    /// Connections that others opened, 128; further ones are refused. A quarter is kept for peers that are known.
    pub inbound_connections_max: u32,
    /// Connections from one host (an IPv4 address, 64 bits of IPv6); four times as many from one site (24 and 48 bits). Unless
    /// set 8, and from this machine any number.
    pub inbound_per_host_max: Option<u32>,
    /// Connections that this node opened, 64. With as many peers nobody else is dialled for want of company.
    pub outbound_connections_max: u32,
    /// Bytes a second that go out at most, over all connections; unless set, as many as the line takes.
    pub upload_bytes_per_s: Option<u64>,
    /// The same for what comes in.
    pub download_bytes_per_s: Option<u64>,
    /// Whether nodes of the same local network are looked for by multicast DNS. Unless set, whenever the node listens on more than
    /// this machine.
    pub mdns: Option<bool>,
    /// Whether the router is asked by UPnP to forward the ports that the node listens on. Off.
    pub upnp: bool,
    /// Whether relays are leant on while nobody can come in directly. On.
    pub relay_client: bool,
    /// Whether this node relays for others, once it is reached itself: 64 of them, 32 circuits, each at most 64 MiB and an hour. Off.
    pub relay_server: bool,
    /// Events that wait for the caller, 1,024; when it is slow, [`crate::Event::Lagged`] stands for those left out.
    pub events_max: usize,
}

/// Bytes of all files together unless set otherwise, 64 GiB: as many as 64 checkpoints of the greatest model have.
pub const STORE_BYTES_MAX: u64 = 64 << 30;
/// Groups of one node (PROTOCOL 14, Copying).
pub const GROUPS_MAX: usize = 256;
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
            inbound_per_host_max: None,
            outbound_connections_max: OUTBOUND_CONNECTIONS_MAX,
            upload_bytes_per_s: None,
            download_bytes_per_s: None,
            mdns: None,
            upnp: false,
            relay_client: true,
            relay_server: false,
            events_max: EVENTS_MAX,
        }
    }
}
