//! The part of the node's task that meets others: dials, addresses, lookups, and what the owner asks of them.

use std::time::Instant;

use libp2p::swarm::DialError;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{Multiaddr, mdns, ping};

use super::{Command, Node};
use crate::addresses::{check_dial, peer_in};
use crate::error::SwarmError;
use crate::protocols::ProtocolsEvent;

/// So many peers a node dials itself, however many came in: strangers alone do not surround it.
const DIALLED_MIN: usize = 16;

impl Node {
    /// Answers what the owner asks of peers, places and files; an answer that nobody waits for any more is dropped.
    pub(super) fn on_question(&mut self, command: Command) {
        let discovery = &mut self.meeting.discovery;
        match command {
            Command::Dial { address, reply } => {
                self.meeting.gate.name(&address);
                _ = reply.send(self.dial(address));
            }
            Command::Neighbourhood { reply } => {
                let addresses = self.addresses();
                _ = reply.send(self.meeting.neighbourhood(&self.swarm, &self.letters.topics, addresses, Instant::now()));
            }
            Command::Favour { peers } => peers.into_iter().for_each(|peer| self.swarm.behaviour_mut().doors.0.know(peer)),
            Command::Provide { digest, held: true } => discovery.provide(digest, &mut self.swarm.behaviour_mut().kad),
            Command::Provide { digest, held: false } => discovery.withdraw(digest, &mut self.swarm.behaviour_mut().kad),
            Command::Providers { digest, reply } => discovery.find(digest, Some(reply), &mut self.swarm.behaviour_mut().kad),
            _ => {}
        }
    }

    /// What the protocols tell that find others or make ways to them.
    pub(super) fn on_meeting(&mut self, event: ProtocolsEvent) {
        match event {
            ProtocolsEvent::Kad(event) => self.meeting.on_kad(event, &mut self.swarm),
            ProtocolsEvent::Autonat(event) => self.meeting.on_autonat(event),
            ProtocolsEvent::Holes(event) => self.meeting.on_hole(event, &mut self.swarm),
            ProtocolsEvent::Router(event) => self.meeting.on_router(event),
            ProtocolsEvent::Mdns(mdns::Event::Discovered(found)) => {
                for (peer, address) in found {
                    self.book.announced(peer, &[address], Instant::now());
                }
            }
            ProtocolsEvent::Ping(ping::Event { peer, result: Ok(time), .. }) => self.meeting.links.pinged(peer, time),
            _ => {}
        }
    }

    /// Finding others and being found: lookups, relays, and announcements of what changed.
    pub(super) fn meet(&mut self, now: Instant) {
        for digest in self.swarm.behaviour_mut().bitswap.missed() {
            self.meeting.discovery.miss(digest, now, &mut self.swarm.behaviour_mut().kad);
        }
        if self.meeting.tick(now, &mut self.swarm, &self.letters.topics) {
            for group in self.letters.topics.values().copied().collect::<Vec<_>>() {
                self.announce(group);
            }
        }
    }

    /// Dials whom the book names: those of the configuration always, others as long as fewer peers are connected than are wanted,
    /// or too few of them were dialled by this node.
    pub(super) fn redial(&mut self, now: Instant) {
        for address in self.book.nameless_due(now) {
            _ = self.dial(address);
        }
        let is_lonely = self.swarm.connected_peers().count() < self.connections_wanted || self.meeting.links.dialled() < DIALLED_MIN;
        let (swarm, offenders) = (&self.swarm, &self.offenders);
        let is_open = |peer| peer != *swarm.local_peer_id() && !swarm.is_connected(&peer) && !offenders.is_banned(peer);
        for (peer, addresses) in self.book.due(now, |peer, configured| (configured || is_lonely) && is_open(peer)) {
            let dial = self.swarm.dial(DialOpts::peer_id(peer).addresses(addresses).build());
            if let Err(error) = dial {
                tracing::debug!(%peer, %error, "not dialled");
            }
        }
    }

    /// One address, at once; a connection that exists or is in the making is as good.
    pub(super) fn dial(&mut self, address: Multiaddr) -> Result<(), SwarmError> {
        let refused = |reason: &str| SwarmError::Dial { address: address.clone(), reason: reason.into() };
        check_dial(&address).map_err(refused)?;
        if peer_in(&address) == Some(*self.swarm.local_peer_id()) {
            return Err(refused("this is the node itself"));
        }
        match self.swarm.dial(address.clone()) {
            // The connection that is wanted is there or in the making.
            Ok(()) | Err(DialError::DialPeerConditionFalse(_)) => Ok(()),
            Err(error) => Err(SwarmError::Dial { address, reason: error.to_string() }),
        }
    }

    /// What is announced, each with this node's name at its end.
    pub fn addresses(&self) -> Vec<Multiaddr> {
        let own = *self.swarm.local_peer_id();
        let all = self.meeting.reach.addresses().into_iter();
        all.map(|address| address.with_p2p(own).unwrap_or_else(|named| named)).collect()
    }

    /// The same, then where it listens besides, for whoever is nearer.
    pub(super) fn places(&self) -> Vec<Multiaddr> {
        let (own, mut all) = (*self.swarm.local_peer_id(), self.addresses());
        for address in self.swarm.listeners() {
            let named = address.clone().with_p2p(own).unwrap_or_else(|named| named);
            if !all.contains(&named) {
                all.push(named);
            }
        }
        all
    }
}
