//! What a node is started with.

use std::path::PathBuf;

use libp2p::Multiaddr;

/// Settings of one node; `new` gives those of a node on this machine alone.
#[derive(Clone)]
pub struct Config {
    /// Keeps networks apart: nodes gossip and copy logs only with nodes of the same name (chain id and address of the contract). Blocks are exchanged with everybody.
    pub network: String,
    /// Where to listen; port 0 lets the system choose.
    pub listen: Vec<Multiaddr>,
    /// Addresses under which others reach this node, if they differ from those it listens on.
    pub external: Vec<Multiaddr>,
    /// Peers to stay connected to.
    pub peers: Vec<Multiaddr>,
    /// Folder of blocks and logs; used by one process at a time.
    pub data: PathBuf,
    /// The node's ed25519 secret.
    pub key: [u8; 32],
    /// Bytes of all blocks together.
    pub store_bytes_max: u64,
    /// Connections that others opened.
    pub inbound_connections_max: u32,
    /// Connections that this node opened.
    pub outbound_connections_max: u32,
    /// Events that wait for the caller; when it is slow, `Event::Lagged` stands for those left out.
    pub events_max: usize,
}

const STORE_BYTES_MAX: u64 = 64 << 30;
const INBOUND_CONNECTIONS_MAX: u32 = 128;
const OUTBOUND_CONNECTIONS_MAX: u32 = 64;
const EVENTS_MAX: usize = 1024;

impl Config {
    /// Listens on a free port of this machine and knows no peers.
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
