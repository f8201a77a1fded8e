//! Bitswap as a libp2p behaviour: joins the wants of this node with the connections to its peers.
//!
//! It owns [`Wants`] and the fetches that wait; each connection has a [`Handler`] of its own. What one
//! says to the other goes through the swarm.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::behaviour::{ConnectionClosed, ConnectionEstablished};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NotifyHandler, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use protocol::Digest;
use tokio::sync::oneshot;

use super::handler::{Handler, ToBehaviour};
use super::streams::Received;
use super::wants::{Arrival, WINDOW_BLOCKS, Wants};
use crate::cids::Codec;
use crate::store::BlockStore;

/// Fetches that may wait for the same block.
pub const WAITERS_MAX: usize = 1024;

/// A peer sent bytes that were never asked for, or that are no message: what the swarm's task has to know.
#[derive(Debug)]
pub struct Misbehaved(pub PeerId);

/// A block that a fetch waits for; dropping the receiver cancels.
#[derive(Debug)]
pub struct BlockWant {
    /// What the block must hash to.
    pub digest: Digest,
    /// Under which codec it is asked for first.
    pub codec: Codec,
    /// Blocks of one file share a session: they are asked of the peers that had others of it.
    pub session: u64,
    /// Who is said to hold the file: asked before others.
    pub holders: Arc<[PeerId]>,
    /// Where the block goes.
    pub reply: oneshot::Sender<Vec<u8>>,
}

/// Wants, waiting fetches and connections of a node.
pub struct Behaviour {
    store: Arc<BlockStore>,
    wants: Wants,
    waiters: BTreeMap<Digest, Vec<oneshot::Sender<Vec<u8>>>>,
    /// Connections of each peer that speaks bitswap, oldest first.
    connections: BTreeMap<PeerId, Vec<ConnectionId>>,
    /// Connected peers that are known not to be JavaScript.
    wide: BTreeSet<PeerId>,
    /// Bounded by the connections: swarm and behaviour take turns.
    actions: VecDeque<ToSwarm<Misbehaved, THandlerInEvent<Self>>>,
}

impl Behaviour {
    /// For a node that serves what is in this store.
    pub fn new(store: Arc<BlockStore>) -> Self {
        Self {
            store,
            wants: Wants::default(),
            waiters: BTreeMap::new(),
            connections: BTreeMap::new(),
            wide: BTreeSet::new(),
            actions: VecDeque::new(),
        }
    }

    /// Waits for a block. A want beyond the limits is dropped, which its fetch sees at once.
    pub fn want(&mut self, block: BlockWant, now: Instant) {
        let waiters = self.waiters.entry(block.digest).or_default();
        if waiters.is_empty() {
            if !self.wants.want(block.digest, block.codec, block.session, &block.holders, now) {
                self.waiters.remove(&block.digest);
                return;
            }
            self.flush();
            self.waiters.entry(block.digest).or_default().push(block.reply);
        } else if waiters.len() < WAITERS_MAX {
            waiters.push(block.reply);
        }
    }

    /// Blocks that nobody who is connected has.
    pub fn missed(&self) -> Vec<Digest> {
        self.wants.missed()
    }

    /// To be called a few times a second.
    pub fn tick(&mut self, now: Instant) {
        for waiters in self.waiters.values_mut() {
            waiters.retain(|waiter| !waiter.is_closed());
        }
        let left: Vec<Digest> = self.waiters.extract_if(.., |_, waiters| waiters.is_empty()).map(|(digest, _)| digest).collect();
        for digest in left {
            self.wants.cancel(digest);
        }
        self.wants.tick(now);
        self.flush();
    }

    /// The peer is known not to be JavaScript.
    pub fn widen(&mut self, peer: PeerId) {
        if self.connections.contains_key(&peer) {
            self.wide.insert(peer);
        }
        self.wants.set_window(peer, WINDOW_BLOCKS);
    }

    /// What a peer has, has not, and sent.
    fn received(&mut self, peer: PeerId, received: Received) {
        let now = Instant::now();
        for (digest, held) in received.presences {
            match held {
                true => self.wants.have(peer, digest, now),
                false => self.wants.dont_have(peer, digest, now),
            }
        }
        for (digest, block) in received.blocks {
            match self.wants.block(peer, digest, now) {
                Arrival::Wanted => self.deliver(digest, block),
                Arrival::Late => {}
                Arrival::Wrong => self.misbehaved(peer),
            }
        }
    }

    /// Gives a block to all that wait for it.
    fn deliver(&mut self, digest: Digest, block: Vec<u8>) {
        let mut waiters = self.waiters.remove(&digest).unwrap_or_default();
        let last = waiters.pop();
        for waiter in waiters {
            // A waiter that has gone needs nothing.
            _ = waiter.send(block.clone());
        }
        _ = last.map(|waiter| waiter.send(block));
    }

    /// Tells the swarm's task, which counts.
    fn misbehaved(&mut self, peer: PeerId) {
        self.actions.push_back(ToSwarm::GenerateEvent(Misbehaved(peer)));
    }

    /// Sends what the wants have to say, on the oldest connection of each peer.
    fn flush(&mut self) {
        for (peer_id, event) in self.wants.take_outgoing() {
            let oldest = self.connections.get(&peer_id).and_then(|connections| connections.first());
            let Some(&connection) = oldest else { continue };
            let handler = NotifyHandler::One(connection);
            self.actions.push_back(ToSwarm::NotifyHandler { peer_id, handler, event });
        }
    }

    /// A further connection with a peer.
    fn opened(&mut self, peer: PeerId, connection: ConnectionId) {
        self.connections.entry(peer).or_default().push(connection);
        self.connect(peer);
    }

    /// A peer to be asked, with as many blocks at a time as it can take.
    fn connect(&mut self, peer: PeerId) {
        self.wants.connected(peer);
        if self.wide.contains(&peer) {
            self.wants.set_window(peer, WINDOW_BLOCKS);
        }
    }

    /// Entries travel on the oldest connection: when it goes, everything is asked anew.
    fn closed(&mut self, peer: PeerId, connection: ConnectionId) {
        let Some(connections) = self.connections.get_mut(&peer) else { return };
        let was_used = connections.first() == Some(&connection);
        connections.retain(|&open| open != connection);
        let is_last = connections.is_empty();
        if is_last {
            self.connections.remove(&peer);
            self.wide.remove(&peer);
        }
        if was_used {
            self.wants.disconnected(peer, Instant::now());
        }
        if was_used && !is_last {
            self.connect(peer);
        }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Misbehaved;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new(self.store.clone()))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new(self.store.clone()))
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        match event {
            FromSwarm::ConnectionEstablished(ConnectionEstablished { peer_id, connection_id, .. }) => {
                self.opened(peer_id, connection_id);
            }
            FromSwarm::ConnectionClosed(ConnectionClosed { peer_id, connection_id, .. }) => {
                self.closed(peer_id, connection_id);
            }
            _ => return,
        }
        self.flush();
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {
            ToBehaviour::Received(received) => self.received(peer, received),
            ToBehaviour::Junk => self.misbehaved(peer),
            ToBehaviour::Unsupported => {
                self.connections.remove(&peer);
                self.wants.disconnected(peer, Instant::now());
            }
        }
        self.flush();
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        // Called again after every change: all changes come through the swarm's own task.
        self.actions.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}
