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
use libp2p::swarm::NetworkBehaviour;
use libp2p::{StreamProtocol, Swarm, SwarmBuilder, identify, noise, ping, tcp, yamux};

use crate::bitswap;
use crate::config::Config;
use crate::error::SwarmError;
use crate::gossip::gossip;
use crate::store::BlockStore;
use crate::sync::SyncCodec;

/// Connections in the making, each way.
const PENDING_CONNECTIONS_MAX: u32 = 32;
/// Connections with one peer: both sides may dial at the same time.
const CONNECTIONS_PER_PEER_MAX: u32 = 2;
/// A connection that nothing uses is closed after this.
const IDLE_TIME: Duration = Duration::from_secs(600);
/// A log request takes no longer.
const SYNC_TIME: Duration = Duration::from_secs(20);
/// Log requests that run on one connection at a time.
const SYNC_STREAMS_MAX: usize = 8;

/// How this node names itself to others; nothing is decided by it.
const AGENT: &str = concat!("neuron/", env!("CARGO_PKG_VERSION"));

/// The protocols of a connection. Names that others find them by: `/ipfs/bitswap/1.2.0`,
/// `/neuron/<network>/log/2`, gossipsub's and identify's own.
#[derive(NetworkBehaviour)]
pub struct Protocols {
    /// Refuses connections beyond their numbers.
    limits: connection_limits::Behaviour,
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
}

/// Builds the swarm; nothing listens or dials yet.
pub fn swarm(config: &Config, key: Keypair, store: Arc<BlockStore>) -> Result<Swarm<Protocols>, SwarmError> {
    let setup = |error: &dyn std::fmt::Display| SwarmError::Setup(error.to_string());
    let protocols = protocols(config, &key, store)?;
    let builder = SwarmBuilder::with_existing_identity(key).with_tokio();
    let tcp = tcp::Config::default().nodelay(true);
    let transport = builder.with_tcp(tcp, noise::Config::new, yamux::Config::default).map_err(|error| setup(&error))?;
    let behaviour = transport.with_behaviour(|_| protocols).map_err(|error| setup(&error))?;
    Ok(behaviour.with_swarm_config(|swarm| swarm.with_idle_connection_timeout(IDLE_TIME)).build())
}

/// Each with what it needs of the configuration.
fn protocols(config: &Config, key: &Keypair, store: Arc<BlockStore>) -> Result<Protocols, SwarmError> {
    let name = format!("/neuron/{}/log/2", config.network);
    let sync_protocol = StreamProtocol::try_from_owned(name).map_err(|error| SwarmError::Setup(error.to_string()))?;
    let sync_config = request_response::Config::default().with_request_timeout(SYNC_TIME).with_max_concurrent_streams(SYNC_STREAMS_MAX);
    let identify_config = identify::Config::new("/neuron/1".into(), key.public()).with_agent_version(AGENT.into());
    Ok(Protocols {
        limits: connection_limits::Behaviour::new(limits(config)),
        bans: allow_block_list::Behaviour::default(),
        identify: identify::Behaviour::new(identify_config),
        ping: ping::Behaviour::default(),
        gossip: gossip()?,
        sync: request_response::Behaviour::new([(sync_protocol, ProtocolSupport::Full)], sync_config),
        bitswap: bitswap::behaviour::Behaviour::new(store),
    })
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
