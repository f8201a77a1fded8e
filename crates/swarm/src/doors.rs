//! Who may come in: so many from one host, so many from one site, so many strangers, so many who have not said who they are.
//!
//! A quarter of the places is kept for peers that are known: those of the configuration, those that its owner favours,
//! and those that stayed for long.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::behaviour::{ConnectionClosed, ConnectionEstablished, ListenFailure};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

use crate::addresses::{Scope, host, ip_in, scope, site};

/// Connections that one host (an IPv4 address, 64 bits of IPv6) may hold, unless the configuration says otherwise.
pub const PER_HOST: u32 = 8;
/// So many times that may a site hold (24 bits of IPv4, 48 of IPv6).
pub const SITE_TIMES: u32 = 4;
/// Connections of one host that are being made.
pub const HALF_OPEN_PER_HOST: u32 = 4;
/// Connections of one site that are being made.
pub const HALF_OPEN_PER_SITE: u32 = 16;
/// Peers that are known.
pub const KNOWN_MAX: usize = 4096;

/// Why somebody was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    #[error("its host has all the connections that one may have")]
    Host,
    #[error("its neighbours have all the connections that they may have")]
    Site,
    #[error("the places that are left are kept for peers that are known")]
    Strangers,
    #[error("its host began too many connections and did not say who it is")]
    HalfOpen,
}

/// Numbers of connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From one host; none: [`PER_HOST`], and any number from this machine.
    pub per_host: Option<u32>,
    /// All that others opened.
    pub inbound: u32,
}

/// Who is in, and who is at the door.
#[derive(Debug)]
pub struct Doors {
    limits: Limits,
    waiting: BTreeMap<ConnectionId, Option<IpAddr>>,
    inside: BTreeMap<ConnectionId, (PeerId, Option<IpAddr>)>,
    known: BTreeSet<PeerId>,
}

/// Those of an address, for each of whom `same` gives the same as for `ip`.
fn count<'a>(ips: impl Iterator<Item = &'a Option<IpAddr>>, ip: IpAddr, same: fn(IpAddr) -> IpAddr) -> u32 {
    ips.flatten().filter(|other| same(**other) == same(ip)).count() as u32
}

impl Doors {
    /// Nobody is in.
    pub fn new(limits: Limits) -> Self {
        Self { limits, waiting: BTreeMap::new(), inside: BTreeMap::new(), known: BTreeSet::new() }
    }

    /// The peer gets one of the places that are kept. Beyond [`KNOWN_MAX`] nobody further does.
    pub fn know(&mut self, peer: PeerId) {
        if self.known.len() < KNOWN_MAX {
            self.known.insert(peer);
        }
    }

    /// What one host may hold; none = any number.
    fn per_host(&self, ip: IpAddr) -> Option<u32> {
        self.limits.per_host.or((scope(ip) != Scope::Loopback).then_some(PER_HOST))
    }

    /// Somebody knocks; nobody knows yet who.
    fn knock(&mut self, connection: ConnectionId, ip: Option<IpAddr>) -> Result<(), Closed> {
        if let Some(ip) = ip
            && self.per_host(ip).is_some()
            && (count(self.waiting.values(), ip, host) >= HALF_OPEN_PER_HOST
                || count(self.waiting.values(), ip, site) >= HALF_OPEN_PER_SITE)
        {
            return Err(Closed::HalfOpen);
        }
        self.waiting.insert(connection, ip);
        Ok(())
    }

    /// Somebody said who it is.
    fn enter(&mut self, connection: ConnectionId, peer: PeerId, ip: Option<IpAddr>) -> Result<(), Closed> {
        self.waiting.remove(&connection);
        if self.known.contains(&peer) {
            return Ok(());
        }
        let strangers = self.inside.values().filter(|(peer, _)| !self.known.contains(peer)).count() as u32;
        if strangers >= self.limits.inbound - self.limits.inbound / 4 {
            return Err(Closed::Strangers);
        }
        let Some((ip, most)) = ip.and_then(|ip| Some((ip, self.per_host(ip)?))) else { return Ok(()) };
        let ips = || self.inside.values().map(|(_, ip)| ip);
        if count(ips(), ip, host) >= most {
            return Err(Closed::Host);
        }
        if count(ips(), ip, site) >= most.saturating_mul(SITE_TIMES) { Err(Closed::Site) } else { Ok(()) }
    }
}

/// The doors as a behaviour of the swarm.
pub struct Behaviour(pub Doors);

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = std::convert::Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.0.knock(id, behind(local, remote)).map_err(ConnectionDenied::new)
    }

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.0.enter(id, peer, behind(local, remote)).map_err(ConnectionDenied::new)?;
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(ConnectionEstablished { peer_id, connection_id, endpoint, .. }) if endpoint.is_listener() => {
                self.0.inside.insert(connection_id, (peer_id, ip_in(endpoint.get_remote_address())));
            }
            FromSwarm::ConnectionClosed(ConnectionClosed { connection_id, .. }) => _ = self.0.inside.remove(&connection_id),
            FromSwarm::ListenFailure(ListenFailure { connection_id, .. }) => _ = self.0.waiting.remove(&connection_id),
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

/// The address of who comes; of who comes through a relay, that of the relay.
fn behind(local: &Multiaddr, remote: &Multiaddr) -> Option<IpAddr> {
    ip_in(remote).or_else(|| ip_in(local))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of the connections come in, each of another peer.
    fn entered(doors: &mut Doors, first: usize, ips: impl Iterator<Item = String>) -> usize {
        let enters = |(index, ip): (usize, String)| {
            let (id, peer, ip) = (ConnectionId::new_unchecked(first + index), PeerId::random(), ip.parse().ok());
            let may = doors.knock(id, ip).and_then(|()| doors.enter(id, peer, ip)).is_ok();
            may.then(|| doors.inside.insert(id, (peer, ip)))
        };
        ips.enumerate().filter_map(enters).count()
    }

    fn doors(per_host: Option<u32>) -> Doors {
        Doors::new(Limits { per_host, inbound: 128 })
    }

    #[test]
    fn a_host_a_site_and_strangers_leave_room_for_others() {
        let one = |_| "8.8.8.8".to_owned();
        assert_eq!(entered(&mut doors(None), 0, (0..128).map(one)), PER_HOST as usize);
        assert_eq!(entered(&mut doors(None), 0, (0..200).map(|n| format!("8.8.8.{n}"))), (PER_HOST * SITE_TIMES) as usize);
        assert_eq!(entered(&mut doors(None), 0, (0..200).map(|n| format!("8.8.{n}.8"))), 96);
        assert_eq!(entered(&mut doors(None), 0, (0..200).map(|_| "127.0.0.1".to_owned())), 96);
        assert_eq!(entered(&mut doors(Some(3)), 0, (0..200).map(|_| "127.0.0.1".to_owned())), 3);
        assert_eq!(entered(&mut doors(None), 0, (0..99).map(|n| format!("2a00:1450:1:1:{n}::"))), PER_HOST as usize);
    }

    #[test]
    fn who_is_known_comes_in_when_strangers_have_taken_what_they_can() {
        let mut doors = doors(None);
        entered(&mut doors, 0, (0..200).map(|n| format!("8.8.{n}.8")));
        let (known, id) = (PeerId::random(), ConnectionId::new_unchecked(1000));
        assert_eq!(doors.enter(id, known, "8.8.1.8".parse().ok()), Err(Closed::Strangers));
        doors.know(known);
        assert_eq!(doors.enter(id, known, "8.8.1.8".parse().ok()), Ok(()));
    }

    #[test]
    fn connections_that_are_never_finished_take_few_places() {
        let mut doors = doors(None);
        let knocks = |doors: &mut Doors, first: usize, ip: fn(usize) -> String| {
            (0..100).filter(|n| doors.knock(ConnectionId::new_unchecked(first + n), ip(*n).parse().ok()).is_ok()).count()
        };
        assert_eq!(knocks(&mut doors, 0, |_| "8.8.8.8".into()), HALF_OPEN_PER_HOST as usize);
        assert_eq!(knocks(&mut doors, 100, |n| format!("8.8.8.{n}")), (HALF_OPEN_PER_SITE - HALF_OPEN_PER_HOST) as usize);
        assert_eq!(knocks(&mut doors, 200, |_| "9.9.9.9".into()), HALF_OPEN_PER_HOST as usize);
    }
}
