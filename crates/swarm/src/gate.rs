//! Where this node dials at all: what its owner named, and of what strangers announce only what is meant for it.
//!
//! Every dial passes here, whoever wants it: books, lookups, relays, tests of reachability. Names are resolved before.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use libp2p::Multiaddr;

use crate::addresses::{Scope, are_neighbours, ip_in, is_named, port_in, scope, socket_in};
use crate::dials::Dials;

/// Addresses that the owner named.
pub const NAMED_MAX: usize = 256;
/// Addresses of this machine that are known.
pub const OWN_MAX: usize = 256;

/// Why an address is not dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is of a network in which this node is not.
    #[error("its address is {}, and this node has none beside it", .0.word())]
    Elsewhere(Scope),
    /// Too many dials of strangers' addresses came to nothing there, or everywhere.
    #[error("nobody answered there too often: it is tried again later")]
    TooOften,
    /// It is no IP address with a port.
    #[error("it is no IP address with a port")]
    NoSocket,
}

/// What decides; time is an argument.
#[derive(Debug)]
pub struct Policy {
    /// IP addresses that this node listens on.
    own: BTreeSet<IpAddr>,
    /// What the owner named: dialled always.
    named: BTreeSet<SocketAddr>,
    /// Ports of names that the owner gave: a name may stand for any address.
    named_ports: BTreeSet<u16>,
    /// The whole network is on this machine: all that is listened on and all that was named.
    is_local: bool,
    dials: Dials,
}

impl Policy {
    /// For a node that listens there and was given these peers.
    pub fn new(listen: &[Multiaddr], peers: &[Multiaddr], now: Instant) -> Self {
        let is_loopback = |address: &Multiaddr| ip_in(address).is_some_and(|ip| scope(ip) == Scope::Loopback);
        let is_local = !listen.is_empty() && listen.iter().chain(peers).all(is_loopback);
        let (own, named, named_ports) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut policy = Self { own, named, named_ports, is_local, dials: Dials::new(now) };
        peers.iter().for_each(|peer| policy.name(peer));
        policy
    }

    /// The owner wants this address to be dialled.
    fn name(&mut self, address: &Multiaddr) {
        if self.named.len() + self.named_ports.len() >= NAMED_MAX {
            return;
        }
        match (is_named(address), socket_in(address), port_in(address)) {
            (true, _, Some(port)) => _ = self.named_ports.insert(port),
            (false, Some(socket), _) => _ = self.named.insert(socket),
            _ => {}
        }
    }

    /// Whether a stranger's address of this kind can be meant for this node.
    pub fn is_meant(&self, ip: IpAddr) -> bool {
        match scope(ip) {
            Scope::Global => true,
            Scope::Nowhere => false,
            Scope::Loopback => self.is_local,
            _ => self.own.iter().copied().chain(self.named.iter().map(SocketAddr::ip)).any(|near| are_neighbours(near, ip)),
        }
    }

    /// Whether it is dialled now, which then counts.
    pub fn may_dial(&mut self, socket: SocketAddr, now: Instant) -> Result<(), Refusal> {
        let ip = socket.ip();
        if self.named.contains(&socket) || (self.named_ports.contains(&socket.port()) && scope(ip) != Scope::Nowhere) {
            return Ok(());
        }
        if !self.is_meant(ip) {
            return Err(Refusal::Elsewhere(scope(ip)));
        }
        if scope(ip) == Scope::Loopback || self.dials.take(ip, now) { Ok(()) } else { Err(Refusal::TooOften) }
    }
}

/// The one policy of a node, shared by its task and its transport; held for the time of a look.
#[derive(Debug)]
pub struct Gate(Mutex<Policy>);

impl Gate {
    /// Opens it.
    pub fn new(policy: Policy) -> Self {
        Self(Mutex::new(policy))
    }

    /// Every state of the policy is whole, so one that a panic left is as good.
    fn policy(&self) -> MutexGuard<'_, Policy> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the transport may dial it now.
    pub fn may_dial(&self, address: &Multiaddr) -> Result<(), Refusal> {
        let socket = socket_in(address).ok_or(Refusal::NoSocket)?;
        self.policy().may_dial(socket, Instant::now())
    }

    /// Whether an announced address can be meant for this node; a name may be, and what the owner named is.
    pub fn is_meant(&self, address: &Multiaddr) -> bool {
        let is_known = |socket: SocketAddr| {
            let policy = self.policy();
            policy.named.contains(&socket) || policy.is_meant(socket.ip())
        };
        is_named(address) || socket_in(address).is_some_and(is_known)
    }

    /// A dial of it came through.
    pub fn answered(&self, address: &Multiaddr) {
        if let Some(ip) = ip_in(address) {
            self.policy().dials.answered(ip);
        }
    }

    /// The owner asks for it.
    pub fn name(&self, address: &Multiaddr) {
        self.policy().name(address);
    }

    /// This node listens on it now.
    pub fn listens(&self, address: &Multiaddr) {
        let mut policy = self.policy();
        if let Some(ip) = ip_in(address)
            && policy.own.len() < OWN_MAX
        {
            policy.own.insert(ip);
        }
    }

    /// This node listens on it no longer.
    pub fn expired(&self, address: &Multiaddr) {
        if let Some(ip) = ip_in(address) {
            self.policy().own.remove(&ip);
        }
    }

    /// Whether the whole network is on this machine.
    pub fn is_local(&self) -> bool {
        self.policy().is_local
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<Multiaddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    /// Which of the addresses a node dials that has these of its own.
    fn check(listen: &[&str], peers: &[&str], own: &[&str], cases: &[(&str, bool)]) {
        let gate = Gate::new(Policy::new(&addresses(listen), &addresses(peers), Instant::now()));
        addresses(own).iter().for_each(|address| gate.listens(address));
        for (text, expected) in cases {
            let found = gate.may_dial(&text.parse().unwrap());
            assert_eq!(found.is_ok(), *expected, "{listen:?} {peers:?}: {text}, {found:?}");
        }
    }

    #[test]
    fn of_what_strangers_announce_only_what_is_meant_for_this_node_is_dialled() {
        check(
            &["/ip4/127.0.0.1/tcp/0"],
            &[],
            &["/ip4/127.0.0.1/tcp/1"],
            &[("/ip4/127.0.0.1/tcp/4400", true), ("/ip4/10.0.0.1/tcp/4400", false), ("/ip4/8.8.8.8/tcp/4400", true)],
        );
        check(
            &["/ip4/0.0.0.0/tcp/4400"],
            &[],
            &["/ip4/127.0.0.1/tcp/4400", "/ip4/192.168.1.2/tcp/4400"],
            &[
                ("/ip4/127.0.0.1/tcp/22", false),
                ("/ip6/::ffff:127.0.0.1/tcp/22", false),
                ("/ip4/192.168.1.7/udp/4400/quic-v1", true),
                ("/ip4/10.0.0.1/tcp/4400", false),
                ("/ip4/169.254.169.254/tcp/80", false),
                ("/ip4/203.0.113.7/tcp/4400", false),
                ("/ip4/224.0.0.1/tcp/4400", false),
            ],
        );
    }

    #[test]
    fn what_the_owner_named_is_dialled_wherever_it_is_and_as_often_as_he_likes() {
        let peers = ["/ip4/10.0.0.5/tcp/4400", "/dns4/boot.example/tcp/4444"];
        check(
            &["/ip4/127.0.0.1/tcp/0"],
            &peers,
            &[],
            &[
                ("/ip4/10.0.0.5/tcp/4400", true),
                ("/ip4/10.0.0.6/tcp/4400", true),
                ("/ip4/10.9.0.6/tcp/4400", false),
                ("/ip4/172.16.0.1/tcp/4444", true),
                ("/ip4/127.0.0.1/tcp/22", false),
            ],
        );
        let gate = Gate::new(Policy::new(&[], &addresses(&["/ip4/8.8.8.8/tcp/1"]), Instant::now()));
        let knocks = |port: u16| (0..50).filter(|_| gate.may_dial(&format!("/ip4/8.8.8.8/tcp/{port}").parse().unwrap()).is_ok()).count();
        assert_eq!((knocks(1), knocks(2)), (50, crate::dials::HOST_KNOCKS_MAX as usize));
        gate.answered(&"/ip4/8.8.8.8/tcp/2".parse().unwrap());
        assert_eq!(knocks(2), crate::dials::HOST_KNOCKS_MAX as usize);
    }
}
