//! Who is connected, how, and since when: what a node tells its owner of its neighbours.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libp2p::core::ConnectedPoint;
use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId};
use protocol::GroupId;

use crate::addresses::is_relayed;
use crate::reach::Reachability;

/// Characters of what a peer says that it runs.
pub const AGENT_CHARS_MAX: usize = 64;

/// A connected peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Its name.
    pub peer: PeerId,
    /// What it says that it runs, at most 64 characters; a stranger's text, empty if it said nothing.
    pub agent: String,
    /// Where it is, as this node sees it.
    pub address: Multiaddr,
    /// Whether all connections lead through relays.
    pub is_relayed: bool,
    /// Whether it dialled this node, and not the other way round.
    pub is_inbound: bool,
    /// The time of the last ping, there and back.
    pub latency: Option<Duration>,
    /// Since when it is connected, from now.
    pub connected: Duration,
    /// Groups of this node in which it takes part.
    pub groups: Vec<GroupId>,
}

/// All that a node knows of where it stands.
#[derive(Debug, Clone)]
pub struct Neighbourhood {
    /// Connected peers, those that stayed longest first.
    pub neighbours: Vec<Neighbour>,
    /// How this node is reached.
    pub reachability: Reachability,
    /// What it announces, each with its name at the end.
    pub addresses: Vec<Multiaddr>,
    /// Peers of the configuration that do not answer, and why.
    pub troubles: Vec<(Multiaddr, String)>,
}

/// One connection.
#[derive(Debug)]
struct Link {
    peer: PeerId,
    address: Multiaddr,
    is_relayed: bool,
    is_inbound: bool,
    since: Instant,
}

/// All connections, as many as their limits allow.
#[derive(Debug, Default)]
pub struct Links {
    links: BTreeMap<ConnectionId, Link>,
    told: BTreeMap<PeerId, (String, Option<Duration>)>,
}

impl Links {
    /// A connection is open.
    pub fn opened(&mut self, id: ConnectionId, peer: PeerId, endpoint: &ConnectedPoint, now: Instant) {
        let address = endpoint.get_remote_address().clone();
        let link = Link {
            peer,
            is_relayed: endpoint.is_relayed() || is_relayed(&address),
            address,
            is_inbound: endpoint.is_listener(),
            since: now,
        };
        self.links.insert(id, link);
        self.told.entry(peer).or_default();
    }

    /// It is closed; tells how long it was open.
    pub fn closed(&mut self, id: ConnectionId, peer: PeerId, now: Instant) -> Duration {
        let since = self.links.remove(&id).map_or(now, |link| link.since);
        if !self.links.values().any(|link| link.peer == peer) {
            self.told.remove(&peer);
        }
        now.saturating_duration_since(since)
    }

    /// What the peer says that it runs.
    pub fn runs(&mut self, peer: PeerId, agent: &str) {
        if let Some((known, _)) = self.told.get_mut(&peer) {
            *known = agent.chars().take(AGENT_CHARS_MAX).collect();
        }
    }

    /// How long a ping took.
    pub fn pinged(&mut self, peer: PeerId, time: Duration) {
        if let Some((_, latency)) = self.told.get_mut(&peer) {
            *latency = Some(time);
        }
    }

    /// The connections of a peer through relays, if there is a direct one beside them.
    pub fn detours(&self, peer: PeerId) -> Vec<ConnectionId> {
        let of_peer = || self.links.iter().filter(|(_, link)| link.peer == peer);
        let has_direct = of_peer().any(|(_, link)| !link.is_relayed);
        of_peer().filter(|(_, link)| has_direct && link.is_relayed).map(|(id, _)| *id).collect()
    }

    /// Whether a connection with the peer leads through a relay.
    pub fn is_relayed(&self, peer: PeerId) -> bool {
        self.links.values().any(|link| link.peer == peer && link.is_relayed)
    }

    /// Peers that this node dialled itself.
    pub fn dialled(&self) -> usize {
        self.links.values().filter(|link| !link.is_inbound).count()
    }

    /// Where this node dialled the peer directly.
    pub fn dialled_at(&self, peer: PeerId) -> Option<&Multiaddr> {
        self.links.values().find(|link| link.peer == peer && !link.is_inbound && !link.is_relayed).map(|link| &link.address)
    }

    /// Peers that have been connected for so long.
    pub fn steady(&self, time: Duration, now: Instant) -> impl Iterator<Item = PeerId> {
        self.links.values().filter(move |link| now.saturating_duration_since(link.since) >= time).map(|link| link.peer)
    }

    /// All connected peers, those that stayed longest first.
    pub fn neighbours(&self, groups: impl Fn(PeerId) -> Vec<GroupId>, now: Instant) -> Vec<Neighbour> {
        let neighbour = |(peer, (agent, latency)): (&PeerId, &(String, Option<Duration>))| {
            let best = self.links.values().filter(|link| link.peer == *peer).min_by_key(|link| (link.is_relayed, link.since))?;
            let connected = now.saturating_duration_since(best.since);
            let (agent, address) = (agent.clone(), best.address.clone());
            let (is_relayed, is_inbound, groups) = (best.is_relayed, best.is_inbound, groups(*peer));
            Some(Neighbour { peer: *peer, agent, address, is_relayed, is_inbound, latency: *latency, connected, groups })
        };
        let mut all: Vec<Neighbour> = self.told.iter().filter_map(neighbour).collect();
        all.sort_by_key(|neighbour| std::cmp::Reverse(neighbour.connected));
        all
    }
}
