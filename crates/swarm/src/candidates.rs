//! AutoNAT's client, told of few candidates: what strangers say that they see of this node's address is tried a bounded
//! number of times only.

use std::collections::BTreeSet;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::autonat::v2::client::Behaviour as Client;
use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NewExternalAddrCandidate, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use crate::addresses::{is_dialable, is_relayed};

/// Candidates of an hour.
pub const PER_HOUR_MAX: u32 = 32;
/// Candidates that are remembered.
pub const CANDIDATES_MAX: usize = 512;
const HOUR: Duration = Duration::from_secs(3600);

/// The client and what it was told.
pub struct Candidates {
    inner: Client,
    budget: Budget,
}

/// How many new candidates there may be; time is an argument.
struct Budget {
    seen: BTreeSet<Multiaddr>,
    hour: Option<Instant>,
    told: u32,
}

impl Budget {
    /// Whether the client is told of it. What it was told of before it may be told again: that costs nothing.
    fn takes(&mut self, address: &Multiaddr, now: Instant) -> bool {
        if self.seen.contains(address) {
            return true;
        }
        if self.hour.is_none_or(|hour| now.saturating_duration_since(hour) >= HOUR) {
            (self.hour, self.told) = (Some(now), 0);
        }
        let fits = self.told < PER_HOUR_MAX && self.seen.len() < CANDIDATES_MAX;
        let takes = fits && is_dialable(address) && !is_relayed(address);
        if takes {
            self.told += 1;
            self.seen.insert(address.clone());
        }
        takes
    }
}

impl Candidates {
    /// Nothing was told.
    pub fn new() -> Self {
        Self { inner: Client::default(), budget: Budget { seen: BTreeSet::new(), hour: None, told: 0 } }
    }
}

impl NetworkBehaviour for Candidates {
    type ConnectionHandler = THandler<Client>;
    type ToSwarm = <Client as NetworkBehaviour>::ToSwarm;

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_inbound_connection(id, peer, local, remote)
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_outbound_connection(id, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::NewExternalAddrCandidate(NewExternalAddrCandidate { addr }) = event
            && !self.budget.takes(addr, Instant::now())
        {
            return;
        }
        self.inner.on_swarm_event(event);
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, id: ConnectionId, event: THandlerOutEvent<Self>) {
        self.inner.on_connection_handler_event(peer, id, event);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.inner.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_have_addresses_tried_without_end() {
        let (mut budget, now) = (Budget { seen: BTreeSet::new(), hour: None, told: 0 }, Instant::now());
        let mut told = |hour: u32| {
            let address = |n: u32| format!("/ip4/8.8.{hour}.{}/tcp/1", n % 200).parse().unwrap();
            (0..200).filter(|n| budget.takes(&address(*n), now + HOUR * hour)).count()
        };
        assert_eq!(told(0), PER_HOUR_MAX as usize);
        assert_eq!((1..100).map(&mut told).sum::<usize>(), CANDIDATES_MAX - PER_HOUR_MAX as usize);
    }
}
