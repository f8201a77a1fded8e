//! The swarm: which protocols a node speaks, with their limits.
//!
//! Everything that a stranger can make this node hold is counted here: connections, streams, bytes of a
//! message, messages that wait.

use std::sync::Arc;
use std::time::Duration;

use libp2p::allow_block_list::{self, BlockedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::gossipsub;
use libp2p::identity::Keypair;
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::{Config as SwarmConfig, NetworkBehaviour};
use libp2p::{PeerId, StreamProtocol, Swarm, autonat, dcutr, identify, mdns, ping, relay, upnp};

use crate::addresses::{Scope, ip_in, scope};
use crate::bitswap;
use crate::candidates::Candidates;
use crate::config::Config;
use crate::discovery::{self, Kad};
use crate::doors::{self, Doors, Limits};
use crate::error::SwarmError;
use crate::gate::Gate;
use crate::gossip::gossip;
use crate::store::BlockStore;
use crate::sync::SyncCodec;
use crate::throttle::{Cap, Caps, Tally};
use crate::transport;

/// Connections in the making, each way.
const PENDING_CONNECTIONS_MAX: u32 = 64;
/// Connections with one peer: both sides may dial at the same time, a relay be left, and an address be tried.
const CONNECTIONS_PER_PEER_MAX: u32 = 4;
/// For whom this node relays, if it does.
const RESERVATIONS_MAX: usize = 64;
/// Circuits that it carries, in all and of one peer, and for how long and for how many bytes each.
const CIRCUITS_MAX: usize = 32;
const CIRCUITS_PER_PEER_MAX: usize = 4;
const CIRCUIT_TIME: Duration = Duration::from_secs(3600);
const CIRCUIT_BYTES: u64 = 64 << 20;
/// A connection that nothing uses is closed after this.
const IDLE_TIME: Duration = Duration::from_secs(600);
/// A log request takes no longer.
const SYNC_TIME: Duration = Duration::from_secs(20);
/// Log requests that run on one connection at a time.
const SYNC_STREAMS_MAX: usize = 8;

/// How this node names itself to others; nothing is decided by it.
const AGENT: &str = concat!("neuron/", env!("CARGO_PKG_VERSION"));

/// The protocols of a connection. Names that others find them by: `/ipfs/bitswap/1.2.0`,
/// `/neuron/<network>/log/2`, `/neuron/<network>/kad/1`, and libp2p's own of the others.
#[derive(NetworkBehaviour)]
pub struct Protocols {
    /// Refuses connections beyond their numbers.
    limits: connection_limits::Behaviour,
    /// Leaves room for others than those who take most.
    pub doors: doors::Behaviour,
    /// Refuses banned peers.
    pub bans: allow_block_list::Behaviour<BlockedPeers>,
    /// Says what a peer runs and where it listens.
    identify: identify::Behaviour,
    /// Finds connections that are dead.
    ping: ping::Behaviour,
    /// Messages of logs, as they are written.
    pub gossip: gossipsub::Behaviour,
    /// Logs, as they are compared.
    pub sync: request_response::Behaviour<SyncCodec>,
    /// Blocks.
    pub bitswap: bitswap::behaviour::Behaviour,
    /// Who takes part where, and who holds what.
    pub kad: Kad,
    /// Ways in through relays.
    circuits: relay::client::Behaviour,
    /// Relays for others.
    pub relay: Toggle<relay::Behaviour>,
    /// Makes direct ways of those through relays.
    holes: dcutr::Behaviour,
    /// Has this node's addresses tried by peers.
    autonat: Candidates,
    /// Tries those of peers.
    autonat_server: autonat::v2::server::Behaviour,
    /// Asks the router to forward ports.
    router: Toggle<upnp::tokio::Behaviour>,
    /// Nodes of the same local network.
    mdns: Toggle<mdns::tokio::Behaviour>,
}

/// Builds the swarm, whose bytes are counted; nothing listens or dials yet.
pub fn swarm(
    config: &Config,
    key: Keypair,
    store: Arc<BlockStore>,
    gate: &Arc<Gate>,
    tally: Tally,
) -> Result<Swarm<Protocols>, SwarmError> {
    let caps = Caps { upload: Cap::new(config.upload_bytes_per_s), download: Cap::new(config.download_bytes_per_s), tally };
    let (transport, circuits) = transport::build(&key, gate, caps)?;
    let protocols = protocols(config, &key, store, circuits, gate.is_local())?;
    let swarm_config = SwarmConfig::with_tokio_executor().with_idle_connection_timeout(IDLE_TIME);
    Ok(Swarm::new(transport, protocols, key.public().to_peer_id(), swarm_config))
}

/// Each with what it needs of the configuration.
fn protocols(
    config: &Config,
    key: &Keypair,
    store: Arc<BlockStore>,
    circuits: relay::client::Behaviour,
    is_local: bool,
) -> Result<Protocols, SwarmError> {
    let own = key.public().to_peer_id();
    let name = format!("/neuron/{}/log/2", config.network);
    let sync_protocol = StreamProtocol::try_from_owned(name).map_err(|error| SwarmError::Setup(error.to_string()))?;
    let sync_config = request_response::Config::default().with_request_timeout(SYNC_TIME).with_max_concurrent_streams(SYNC_STREAMS_MAX);
    let identify = identify::Config::new("/neuron/1".into(), key.public()).with_agent_version(AGENT.into()).with_cache_size(0);
    Ok(Protocols {
        limits: connection_limits::Behaviour::new(limits(config)),
        doors: doors::Behaviour(Doors::new(Limits { per_host: config.inbound_per_host_max, inbound: config.inbound_connections_max })),
        bans: allow_block_list::Behaviour::default(),
        // Only what was confirmed is told to everybody; on one machine that is all.
        identify: identify::Behaviour::new(identify.with_hide_listen_addrs(!is_local).with_push_listen_addr_updates(true)),
        ping: ping::Behaviour::default(),
        gossip: gossip()?,
        sync: request_response::Behaviour::new([(sync_protocol, ProtocolSupport::Full)], sync_config),
        bitswap: bitswap::behaviour::Behaviour::new(store),
        kad: discovery::kademlia(&config.network, own)?,
        circuits,
        relay: config.relay_server.then(|| relaying(own)).into(),
        holes: dcutr::Behaviour::new(own),
        autonat: Candidates::new(),
        autonat_server: autonat::v2::server::Behaviour::default(),
        router: config.upnp.then(upnp::tokio::Behaviour::default).into(),
        mdns: neighbours(config, own).into(),
    })
}

/// Relays within limits; off until this node is reached itself.
fn relaying(own: PeerId) -> relay::Behaviour {
    let limits = relay::Config {
        max_reservations: RESERVATIONS_MAX,
        max_circuits: CIRCUITS_MAX,
        max_circuits_per_peer: CIRCUITS_PER_PEER_MAX,
        max_circuit_duration: CIRCUIT_TIME,
        max_circuit_bytes: CIRCUIT_BYTES,
        ..relay::Config::default()
    };
    let mut relay = relay::Behaviour::new(own, limits);
    relay.set_status(Some(relay::Status::Disable));
    relay
}

/// Multicast on the local network, if it is wanted and there is one.
fn neighbours(config: &Config, own: PeerId) -> Option<mdns::tokio::Behaviour> {
    let is_outside = |address| ip_in(address).map(scope) != Some(Scope::Loopback);
    if !config.mdns.unwrap_or_else(|| config.listen.iter().any(is_outside)) {
        return None;
    }
    let made = mdns::tokio::Behaviour::new(mdns::Config::default(), own);
    made.inspect_err(|error| tracing::warn!(%error, "nodes of the local network are not looked for")).ok()
}

/// How many connections there may be, of all kinds.
fn limits(config: &Config) -> ConnectionLimits {
    ConnectionLimits::default()
        .with_max_pending_incoming(Some(PENDING_CONNECTIONS_MAX))
        .with_max_pending_outgoing(Some(PENDING_CONNECTIONS_MAX))
        .with_max_established_incoming(Some(config.inbound_connections_max))
        .with_max_established_outgoing(Some(config.outbound_connections_max))
        .with_max_established_per_peer(Some(CONNECTIONS_PER_PEER_MAX))
}
