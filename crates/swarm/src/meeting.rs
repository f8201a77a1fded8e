//! Meeting others and being met: joins what is known of reachability, relays, lookups and connections with the swarm.
//!
//! The node's task tells it what happens; what it wants of the swarm it does at once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libp2p::core::ConnectedPoint;
use libp2p::gossipsub::TopicHash;
use libp2p::kad::Mode;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, autonat, dcutr, identify, kad, relay, upnp};
use protocol::GroupId;

use crate::addresses::{Scope, are_neighbours, ip_in, is_dialable, is_relayed, scope};
use crate::config::Config;
use crate::discovery::{self, Discovery};
use crate::gate::Gate;
use crate::links::{Links, Neighbourhood};
use crate::protocols::{Protocols, ProtocolsEvent};
use crate::reach::Reach;
use crate::relays::Relays;
use crate::transport::words;

/// A node without a peer for so long says so …
pub const ALONE_TIME: Duration = Duration::from_secs(15);
/// … and again after each such time.
pub const ALONE_AGAIN: Duration = Duration::from_secs(600);
/// Who has been connected for so long is known.
pub const KNOWN_TIME: Duration = Duration::from_secs(3600);

/// Groups by the topics of their logs.
pub type Topics = BTreeMap<TopicHash, GroupId>;

/// See the module.
pub struct Meeting {
    /// Where this node dials.
    pub gate: Arc<Gate>,
    /// How it is reached.
    pub reach: Reach,
    /// What is looked for.
    pub discovery: Discovery,
    /// Who is connected.
    pub links: Links,
    relays: Relays,
    leans_on_relays: bool,
    serves: bool,
    /// Peers of the configuration, without their names, and why they did not answer last time.
    configured: BTreeMap<Multiaddr, Option<String>>,
    next_complaint: Instant,
}

/// The same place without the peer's name.
fn bare(address: &Multiaddr) -> Multiaddr {
    let mut parts: Vec<_> = address.iter().collect();
    if matches!(parts.last(), Some(libp2p::multiaddr::Protocol::P2p(_))) {
        parts.pop();
    }
    parts.into_iter().collect()
}

impl Meeting {
    /// Of a node that starts.
    pub fn new(config: &Config, gate: Arc<Gate>, now: Instant) -> Self {
        let mut reach = Reach::new(gate.is_local(), now);
        config.external.iter().for_each(|address| reach.confirmed(address.clone(), now));
        let configured = config.peers.iter().map(|address| (bare(address), None)).collect();
        Self {
            gate,
            reach,
            discovery: Discovery::new(&config.network),
            links: Links::default(),
            relays: Relays::default(),
            leans_on_relays: config.relay_client,
            serves: false,
            configured,
            next_complaint: now + ALONE_TIME,
        }
    }

    /// What the swarm tells of listeners, addresses and connections.
    pub fn on_swarm(&mut self, event: &SwarmEvent<ProtocolsEvent>, swarm: &mut Swarm<Protocols>, now: Instant) {
        match event {
            SwarmEvent::NewListenAddr { address, .. } => self.listens(address, swarm, now),
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                self.gate.expired(address);
                self.reach.stops(address, now);
                swarm.remove_external_address(address);
                self.reach.expired(address, now);
            }
            SwarmEvent::ListenerClosed { listener_id, .. } => self.relays.closed(*listener_id),
            SwarmEvent::ExternalAddrConfirmed { address } => {
                tracing::info!(%address, "this node can be reached there");
                self.reach.confirmed(address.clone(), now);
            }
            SwarmEvent::ExternalAddrExpired { address } => self.reach.expired(address, now),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.links.opened(*connection_id, *peer_id, endpoint, now);
                self.connected(*peer_id, endpoint, swarm, now);
            }
            SwarmEvent::OutgoingConnectionError { error, .. } => self.failed(error),
            _ => {}
        }
    }

    /// A connection is closed; tells how long it was open.
    pub fn closed(&mut self, id: ConnectionId, peer: PeerId, is_last: bool, now: Instant) -> Duration {
        if is_last {
            self.relays.lost(peer);
        }
        self.links.closed(id, peer, now)
    }

    /// On one machine everybody comes in wherever it listens; elsewhere that has to be confirmed.
    fn listens(&mut self, address: &Multiaddr, swarm: &mut Swarm<Protocols>, now: Instant) {
        if is_relayed(address) {
            return;
        }
        self.gate.listens(address);
        self.reach.listens(address.clone(), now);
        if self.gate.is_local() {
            swarm.add_external_address(address.clone());
            self.reach.confirmed(address.clone(), now);
        }
    }

    /// Who dialled this node showed that it is reached where he did, unless a hole was made for him.
    fn connected(&mut self, peer: PeerId, endpoint: &ConnectedPoint, swarm: &mut Swarm<Protocols>, now: Instant) {
        match endpoint {
            ConnectedPoint::Dialer { address, .. } => {
                if let Some(trouble) = self.configured.get_mut(&bare(address)) {
                    *trouble = None;
                }
            }
            ConnectedPoint::Listener { local_addr, send_back_addr } => {
                let ips = ip_in(local_addr).zip(ip_in(send_back_addr));
                if ips.is_some_and(|(own, other)| shows(own, other)) && !is_relayed(local_addr) && !self.links.is_relayed(peer) {
                    swarm.add_external_address(local_addr.clone());
                    self.reach.confirmed(local_addr.clone(), now);
                }
            }
        }
    }

    /// Notes why peers of the configuration do not answer.
    fn failed(&mut self, error: &DialError) {
        let failures: Vec<(&Multiaddr, String)> = match error {
            DialError::Transport(errors) => errors.iter().map(|(address, error)| (address, words(error))).collect(),
            DialError::WrongPeerId { obtained, address } => {
                vec![(
                    address,
                    format!("another node answers there: its name is {obtained}, so the name in /p2p/… is wrong or out of date"),
                )]
            }
            _ => Vec::new(),
        };
        for (address, words) in failures {
            if let Some(trouble) = self.configured.get_mut(&bare(address)) {
                *trouble = Some(words);
            }
        }
    }

    /// A peer said what it runs and where it listens: it becomes a neighbour in the tables if it keeps records, and an offer if it
    /// relays. Of the addresses that it names those are kept that are of use here.
    pub fn on_identify(&mut self, peer_id: PeerId, info: &identify::Info, swarm: &mut Swarm<Protocols>, topics: &Topics, now: Instant) {
        self.links.runs(peer_id, &info.agent_version);
        let useful = |address: &&Multiaddr| is_dialable(address) && !is_relayed(address) && self.gate.is_meant(address);
        let addresses: Vec<Multiaddr> = info.listen_addrs.iter().filter(useful).take(crate::reach::ADDRESSES_MAX).cloned().collect();
        let speaks = |name: &str| info.protocols.iter().any(|protocol| protocol.as_ref() == name);
        let members = members(swarm, topics);
        let protocols = swarm.behaviour_mut();
        if protocols.kad.protocol_names().iter().any(|name| speaks(name.as_ref())) {
            discovery::enter(&mut protocols.kad, peer_id, &addresses);
        }
        if speaks(relay::HOP_PROTOCOL_NAME.as_ref())
            && let Some(address) = self.links.dialled_at(peer_id).or(addresses.first())
        {
            self.relays.offered(peer_id, address, members.contains_key(&peer_id), now);
        }
    }

    /// Dials whom a lookup found, while the addresses that it found are at hand.
    pub fn on_kad(&mut self, event: kad::Event, swarm: &mut Swarm<Protocols>) {
        for peer in self.discovery.on_event(event) {
            if peer != *swarm.local_peer_id() && !swarm.is_connected(&peer) {
                let options = DialOpts::peer_id(peer).condition(PeerCondition::DisconnectedAndNotDialing).build();
                if let Err(error) = swarm.dial(options) {
                    tracing::debug!(%peer, %error, "found and not dialled");
                }
            }
        }
    }

    /// What peers found who tried to come in.
    pub fn on_autonat(&mut self, event: autonat::v2::client::Event) {
        if let Err(error) = event.result {
            tracing::debug!(address = %event.tested_addr, server = %event.server, %error, "not reached there");
            self.reach.refused(event.tested_addr);
        }
    }

    /// Once a hole is made, the way through the relay is given up.
    pub fn on_hole(&mut self, event: dcutr::Event, swarm: &mut Swarm<Protocols>) {
        match event.result {
            Ok(_) => self.links.detours(event.remote_peer_id).into_iter().for_each(|id| _ = swarm.close_connection(id)),
            Err(error) => tracing::debug!(peer = %event.remote_peer_id, %error, "no direct way was made; the relay stays"),
        }
    }

    /// What the router said.
    pub fn on_router(&mut self, event: upnp::Event) {
        match event {
            upnp::Event::NewExternalAddr { external_addr, .. } => tracing::info!(address = %external_addr, "the router forwards a port"),
            upnp::Event::ExpiredExternalAddr { external_addr, .. } => {
                tracing::warn!(address = %external_addr, "the router forwards it no longer")
            }
            upnp::Event::GatewayNotFound => {
                tracing::warn!("no router that speaks UPnP answers: forward the port by hand, or leave it to relays")
            }
            upnp::Event::NonRoutableGateway => {
                tracing::warn!("the router is itself behind another one: forwarding a port there does not help, relays do");
            }
        }
    }

    /// Tells, looks, leans on relays and complains as is due; true if this node's addresses are to be announced.
    pub fn tick(&mut self, now: Instant, swarm: &mut Swarm<Protocols>, topics: &Topics) -> bool {
        let members = members(swarm, topics);
        let count = |group| members.values().filter(|groups| groups.contains(&group)).count();
        self.discovery.tick(now, &mut swarm.behaviour_mut().kad, count);
        self.serve(swarm);
        self.lean(now, swarm);
        self.complain(now, swarm);
        for peer in self.links.steady(KNOWN_TIME, now) {
            swarm.behaviour_mut().doors.0.know(peer);
        }
        let is_due = self.reach.is_announcement_due(now);
        if is_due {
            self.discovery.moved();
        }
        is_due
    }

    /// Who can be reached keeps records for others, and relays if it is told to.
    fn serve(&mut self, swarm: &mut Swarm<Protocols>) {
        let serves = self.reach.serves();
        if std::mem::replace(&mut self.serves, serves) == serves {
            return;
        }
        let protocols = swarm.behaviour_mut();
        protocols.kad.set_mode(Some(if serves { Mode::Server } else { Mode::Client }));
        if let Some(relay) = protocols.relay.as_mut() {
            relay.set_status(Some(if serves { relay::Status::Enable } else { relay::Status::Disable }));
        }
    }

    /// Asks relays for room while nobody comes in directly, and leaves them when somebody does.
    fn lean(&mut self, now: Instant, swarm: &mut Swarm<Protocols>) {
        match self.reach.wants_relay(now).filter(|_| self.leans_on_relays) {
            None => self.relays.leave().into_iter().for_each(|listener| _ = swarm.remove_listener(listener)),
            Some(wish) => {
                for (peer, address) in self.relays.due(wish, now) {
                    match swarm.listen_on(address) {
                        Ok(listener) => self.relays.asked(listener, peer),
                        Err(error) => tracing::debug!(%peer, %error, "relay not asked"),
                    }
                }
            }
        }
    }

    /// A node without peers says what stands in the way.
    fn complain(&mut self, now: Instant, swarm: &Swarm<Protocols>) {
        if swarm.connected_peers().next().is_some() {
            self.next_complaint = now + ALONE_TIME;
        } else if self.next_complaint <= now {
            self.next_complaint = now + ALONE_AGAIN;
            match self.configured.is_empty() {
                true => tracing::info!("no peers: none are named in the configuration, so the node waits for others to come"),
                false => tracing::warn!("no peer answers. {}", complaint(&self.troubles())),
            }
        }
    }

    /// Peers of the configuration that do not answer, and why.
    fn troubles(&self) -> Vec<(Multiaddr, String)> {
        self.configured.iter().filter_map(|(address, trouble)| Some((address.clone(), trouble.clone()?))).collect()
    }

    /// All that is known of where this node stands.
    pub fn neighbourhood(&self, swarm: &Swarm<Protocols>, topics: &Topics, addresses: Vec<Multiaddr>, now: Instant) -> Neighbourhood {
        let members = members(swarm, topics);
        let groups = |peer| members.get(&peer).into_iter().flatten().copied().collect();
        let neighbours = self.links.neighbours(groups, now);
        Neighbourhood { neighbours, reachability: self.reach.state(now), addresses, troubles: self.troubles() }
    }
}

/// Whether a connection from `other` to `own` shows that others come in there too: an address that all the world has, or one
/// that a neighbour found.
fn shows(own: IpAddr, other: IpAddr) -> bool {
    match scope(own) {
        Scope::Global | Scope::Documentation => scope(other) == scope(own) || are_neighbours(own, other),
        Scope::Private | Scope::Shared => are_neighbours(own, other),
        _ => false,
    }
}

/// One line for all that do not answer.
fn complaint(troubles: &[(Multiaddr, String)]) -> String {
    if troubles.is_empty() {
        return "The peers of the configuration are still being dialled".into();
    }
    let lines: Vec<String> = troubles.iter().map(|(address, trouble)| format!("{address}: {trouble}")).collect();
    lines.join("; ")
}

/// The groups of this node that connected peers take part in.
fn members(swarm: &Swarm<Protocols>, topics: &Topics) -> BTreeMap<PeerId, BTreeSet<GroupId>> {
    let of_peer = |(peer, of): (&PeerId, Vec<&TopicHash>)| {
        let groups: BTreeSet<GroupId> = of.into_iter().filter_map(|topic| topics.get(topic).copied()).collect();
        (!groups.is_empty()).then_some((*peer, groups))
    };
    swarm.behaviour().gossip.all_peers().filter_map(of_peer).collect()
}
