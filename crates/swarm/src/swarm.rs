//! The node's task: events of the swarm, questions of clients, and a tick, one after the other.
//!
//! Everything that a node knows of its network is owned by this task, so nothing here is locked or
//! shared but the blocks. What takes long (files, hashes of blocks) runs elsewhere and comes back as an
//! event.

mod holding;
mod meet;

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use libp2p::core::ConnectedPoint;
use libp2p::core::transport::ListenerId;
use libp2p::identity::{PublicKey, ed25519};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, Swarm};
use libp2p::{identify, ping};
use protocol::{Digest, NodeId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};

use crate::bitswap::behaviour::{BlockWant, Misbehaved};
use crate::error::SwarmError;
use crate::event::{Event, Events};
use crate::letters::Letters;
use crate::links::Neighbourhood;
use crate::meeting::Meeting;
use crate::peers::{AddressBook, Offenders};
use crate::protocols::{Protocols, ProtocolsEvent};

/// Commands that wait for the task.
pub const COMMANDS_MAX: usize = 256;
/// Lateness, redials and copies of logs are looked after so often.
const TICK: Duration = Duration::from_millis(250);

/// What clients ask of the task. Each holds where the answer goes; whoever does not wait for it drops that.
pub enum Command {
    /// A block that a fetch needs, from peers.
    Want(BlockWant),
    /// Dial those of them that are known and not connected.
    Meet { peers: Arc<[PeerId]> },
    /// Disk or store are full.
    Full { reason: String },
    /// Dial this, once, and tell whether that has begun.
    Dial { address: Multiaddr, reply: oneshot::Sender<Result<(), SwarmError>> },
    /// Where this node can be dialled.
    Addresses { reply: oneshot::Sender<Vec<Multiaddr>> },
    /// Who is connected.
    Peers { reply: oneshot::Sender<Vec<PeerId>> },
    /// Who is connected, and how this node is reached.
    Neighbourhood { reply: oneshot::Sender<Neighbourhood> },
    /// These peers get places that strangers cannot take.
    Favour { peers: Vec<PeerId> },
    /// Tell that a file is held here, or is no longer.
    Provide { digest: Digest, held: bool },
    /// Find out who holds a file.
    Providers { digest: Digest, reply: oneshot::Sender<Vec<PeerId>> },
    /// End, and answer when all is closed.
    Shutdown { reply: oneshot::Sender<()> },
}

/// A node: the swarm, what it remembers of peers, and the logs that it keeps. [`crate::start`] makes it.
pub struct Node {
    /// Connections and protocols, driven by this task alone.
    pub swarm: Swarm<Protocols>,
    /// Name of the network, part of the names of topics and protocols.
    pub network: String,
    /// Questions of clients, at most [`COMMANDS_MAX`] at a time; more clients wait at the door.
    pub commands: mpsc::Receiver<Command>,
    /// News for the owner.
    pub events: Events,
    /// The logs of groups: gossip, copies, and the way to the thread that owns them.
    pub letters: Letters,
    /// Whom to dial, and when.
    pub book: AddressBook,
    /// How others are met, and how they come in.
    pub meeting: Meeting,
    /// Who did wrong, and how often.
    pub offenders: Offenders,
    /// Dials to peers that the book names end here while enough connections are open.
    pub connections_wanted: usize,
    /// When it was said last that disk or store are full.
    pub full_told: Option<Instant>,
    /// Keeps other processes out of the data folder.
    pub _lock: Arc<File>,
}

impl Node {
    /// Handles events until every one of `listeners` has an address.
    ///
    /// # Errors
    /// `Listen`, if one of them is closed instead, with the reason that the system gave.
    pub async fn listening(&mut self, mut listeners: Vec<ListenerId>) -> Result<(), SwarmError> {
        while !listeners.is_empty() {
            let event = self.swarm.select_next_some().await;
            if let SwarmEvent::NewListenAddr { listener_id, .. } = &event {
                listeners.retain(|listener| listener != listener_id);
            }
            match event {
                SwarmEvent::ListenerClosed { addresses, reason, .. } => {
                    let address = addresses.into_iter().next().unwrap_or_else(Multiaddr::empty);
                    return Err(SwarmError::Listen { address, reason: format!("{reason:?}") });
                }
                event => self.on_event(event),
            }
        }
        Ok(())
    }

    /// Runs until all clients are gone or one of them ends the node.
    pub async fn run(mut self) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ended = loop {
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(Command::Shutdown { reply }) => break Some(reply),
                    Some(command) => self.on_command(command),
                    None => break None,
                },
                event = self.swarm.select_next_some() => self.on_event(event),
                report = self.letters.archive.reports.recv() => match report {
                    Some(report) => self.on_report(report),
                    None => break None,
                },
                _ = tick.tick() => self.on_tick(Instant::now()),
            }
        };
        // Everything is closed before the caller hears of it.
        self.close().await;
        ended.map(|reply| reply.send(()));
    }

    /// Ends the archive; then everything else.
    async fn close(self) {
        self.letters.archive.end().await;
    }

    /// Answers a question. An answer that nobody waits for any more is dropped.
    fn on_command(&mut self, command: Command) {
        match command {
            Command::Want(block) => self.swarm.behaviour_mut().bitswap.want(block, Instant::now()),
            Command::Meet { peers } => self.meet_holders(&peers),
            Command::Full { reason } => self.full(reason),
            Command::Addresses { reply } => _ = reply.send(self.places()),
            Command::Peers { reply } => _ = reply.send(self.swarm.connected_peers().copied().collect()),
            Command::Shutdown { reply } => _ = reply.send(()),
            question => self.on_question(question),
        }
    }

    /// What is not caused by an event: late blocks, bans that are over, dials, copies of logs.
    fn on_tick(&mut self, now: Instant) {
        self.swarm.behaviour_mut().bitswap.tick(now);
        for peer in self.offenders.forgive(now) {
            self.swarm.behaviour_mut().bans.unblock_peer(peer);
        }
        self.meet(now);
        self.redial(now);
        self.tick_letters(now);
    }

    /// One more misdeed of a peer; the third bans it.
    pub fn misdeed(&mut self, peer: PeerId) {
        if !self.offenders.note(peer, Instant::now()) {
            return;
        }
        tracing::warn!(%peer, "peer banned: it sent wrong bytes or invalid messages");
        self.swarm.behaviour_mut().bans.block_peer(peer);
        self.events.tell(Event::PeerBanned(peer));
    }

    /// What the swarm tells of connections; the rest goes to the protocols.
    fn on_event(&mut self, event: SwarmEvent<ProtocolsEvent>) {
        self.meeting.on_swarm(&event, &mut self.swarm, Instant::now());
        match event {
            SwarmEvent::Behaviour(event) => self.on_protocol(event),
            SwarmEvent::ConnectionEstablished { peer_id, endpoint, num_established, .. } => {
                self.connected(peer_id, &endpoint, num_established.get() == 1);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, num_established, .. } => {
                let now = Instant::now();
                let lasted = self.meeting.closed(connection_id, peer_id, num_established == 0, now);
                if num_established > 0 {
                    return;
                }
                self.book.lost(peer_id, lasted, now);
                self.letters.lost(peer_id);
                self.events.tell(Event::PeerLost(peer_id));
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(peer), error, .. } => {
                tracing::debug!(%peer, %error, "dial failed");
                self.book.failed(peer, Instant::now());
            }
            SwarmEvent::NewListenAddr { address, .. } => tracing::info!(%address, "listening"),
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(%error, "listener"),
            _ => {}
        }
    }

    /// Notes that a dial has come through, and tells the owner of a new peer.
    fn connected(&mut self, peer: PeerId, endpoint: &ConnectedPoint, is_first: bool) {
        if let ConnectedPoint::Dialer { address, .. } = endpoint {
            self.book.connected(peer, address, Instant::now());
            self.letters.chosen(peer);
        }
        if is_first {
            self.events.tell(Event::PeerConnected(peer));
        }
    }

    /// What one of the protocols tells.
    fn on_protocol(&mut self, event: ProtocolsEvent) {
        match event {
            ProtocolsEvent::Bitswap(Misbehaved(peer)) => self.misdeed(peer),
            ProtocolsEvent::Identify(identify::Event::Received { peer_id, info, .. }) => {
                if !is_javascript(&info.agent_version) {
                    self.swarm.behaviour_mut().bitswap.widen(peer_id);
                }
                self.meeting.on_identify(peer_id, &info, &mut self.swarm, &self.letters.topics, Instant::now());
            }
            // A peer that lacks the protocol is not a dead one.
            ProtocolsEvent::Ping(ping::Event { result: Err(ping::Failure::Unsupported), .. }) => {}
            ProtocolsEvent::Ping(ping::Event { connection, result: Err(_), .. }) => {
                _ = self.swarm.close_connection(connection);
            }
            ProtocolsEvent::Gossip(event) => self.on_gossip(event),
            ProtocolsEvent::Sync(event) => self.on_sync(event),
            other => self.on_meeting(other),
        }
    }
}

/// js-libp2p names itself; Helia is built on it.
fn is_javascript(agent: &str) -> bool {
    let agent = agent.to_lowercase();
    ["js-", "helia", "javascript"].iter().any(|name| agent.contains(name))
}

/// The libp2p name of a node; `None` if its 32 bytes are no ed25519 public key.
///
/// ```
/// use protocol::NodeId;
///
/// let node = NodeId([0x66; 32]);
/// assert_eq!(swarm::peer_of(node).map(|peer| peer.to_string().len()), Some(52));
/// ```
pub fn peer_of(node: NodeId) -> Option<PeerId> {
    let key = ed25519::PublicKey::try_from_bytes(&node.0).ok()?;
    Some(PublicKey::from(key).to_peer_id())
}
