//! How this node is reached: what was confirmed, what was tried in vain, what is announced and when. Time is an argument.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use libp2p::Multiaddr;

use crate::addresses::{Scope, ip_in, is_named, is_relayed, scope};

/// Addresses of one kind that are remembered.
pub const ADDRESSES_MAX: usize = 64;
/// Without an answer for so long a node takes it that it cannot be reached.
pub const UNSURE_TIME: Duration = Duration::from_secs(30);
/// After a change of addresses so much time must pass without another before it is announced.
pub const SETTLE_TIME: Duration = Duration::from_secs(3);
/// Between two announcements lies at least this.
pub const ANNOUNCE_PAUSE: Duration = Duration::from_secs(30);

/// How a node is reached, as far as it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reachability {
    /// The whole network is on this machine.
    Local,
    /// Others come in directly at these addresses.
    Open(Vec<Multiaddr>),
    /// Others of this home or office come in directly at these addresses; from outside nobody is known to.
    Inside(Vec<Multiaddr>),
    /// Others come in through relays, at these addresses.
    Relayed(Vec<Multiaddr>),
    /// Peers tried and did not come in: a router or a firewall is in the way.
    Closed,
    /// The node only dials.
    Silent,
    /// No peer has tried yet.
    Unknown,
}

impl Reachability {
    /// For people: how it is, and what to do about it.
    pub fn words(&self) -> &'static str {
        match self {
            Reachability::Local => "by programs of this machine: the node listens on it alone, and so do the peers it was given",
            Reachability::Open(_) => "directly",
            Reachability::Inside(_) => {
                "directly from this home or office, from outside not as far as is known: forward the port that the node listens on, TCP and UDP, from \
                 the router to this machine, and name the router's address as `external`, or leave it to relays"
            }
            Reachability::Relayed(_) => {
                "through a relay, which is slow: forward the port that the node listens on, TCP and UDP, from the router to this machine, or set `upnp = true`"
            }
            Reachability::Closed => {
                "not at all: peers tried in vain and no relay has room. Forward the port that the node listens on, TCP and UDP, from the router to this \
                 machine, set `upnp = true`, or name a peer with `relay = true` among `peers`"
            }
            Reachability::Silent => "not at all: the node listens on no address; name some as `listen`",
            Reachability::Unknown => "not known yet: no peer has tried",
        }
    }
}

/// What is known of this node's own addresses.
#[derive(Debug)]
pub struct Reach {
    is_local: bool,
    started: Instant,
    listening: BTreeSet<Multiaddr>,
    /// Confirmed ones, and when.
    external: BTreeMap<Multiaddr, Instant>,
    /// Tried by a peer in vain since the last confirmation.
    refused: BTreeSet<Multiaddr>,
    /// When something changed that was not announced yet.
    changed: Option<Instant>,
    announced: Option<Instant>,
}

/// Those that others outside this home can use.
fn is_outside(address: &Multiaddr) -> bool {
    is_named(address) || ip_in(address).is_some_and(|ip| matches!(scope(ip), Scope::Global | Scope::Documentation))
}

impl Reach {
    /// Of a node that starts. `is_local`: the whole network is on this machine.
    pub fn new(is_local: bool, now: Instant) -> Self {
        let (listening, external, refused) = (BTreeSet::new(), BTreeMap::new(), BTreeSet::new());
        Self { is_local, started: now, listening, external, refused, changed: None, announced: None }
    }

    /// It listens there.
    pub fn listens(&mut self, address: Multiaddr, now: Instant) {
        if self.listening.len() < ADDRESSES_MAX && self.listening.insert(address) {
            self.changed = Some(now);
        }
    }

    /// It listens there no longer.
    pub fn stops(&mut self, address: &Multiaddr, now: Instant) {
        if self.listening.remove(address) {
            self.changed = Some(now);
        }
    }

    /// The configuration, a peer that came in, a router or a relay says that this address leads here.
    pub fn confirmed(&mut self, address: Multiaddr, now: Instant) {
        self.refused.remove(&address);
        if self.external.len() < ADDRESSES_MAX && self.external.insert(address, now).is_none() {
            self.changed = Some(now);
        }
    }

    /// It leads here no longer.
    pub fn expired(&mut self, address: &Multiaddr, now: Instant) {
        if self.external.remove(address).is_some() {
            self.changed = Some(now);
        }
    }

    /// A peer tried this address and did not come in.
    pub fn refused(&mut self, address: Multiaddr) {
        if self.refused.len() < ADDRESSES_MAX && !self.external.contains_key(&address) {
            self.refused.insert(address);
        }
    }

    /// Confirmed addresses that do not lead through a relay.
    fn direct(&self) -> impl Iterator<Item = &Multiaddr> {
        self.external.keys().filter(|address| !is_relayed(address))
    }

    /// Whether others can ask this node: then it keeps records for them, and relays if it is told to.
    pub fn serves(&self) -> bool {
        self.is_local || self.direct().next().is_some()
    }

    /// How it is reached.
    pub fn state(&self, now: Instant) -> Reachability {
        let (outside, inside): (Vec<&Multiaddr>, Vec<&Multiaddr>) = self.direct().partition(|address| is_outside(address));
        let relayed: Vec<Multiaddr> = self.external.keys().filter(|address| is_relayed(address)).cloned().collect();
        let is_late = now.saturating_duration_since(self.started) >= UNSURE_TIME;
        match (self.is_local, outside.is_empty(), relayed.is_empty(), inside.is_empty()) {
            (true, ..) => Reachability::Local,
            (_, false, ..) => Reachability::Open(outside.into_iter().cloned().collect()),
            (_, _, false, _) => Reachability::Relayed(relayed),
            (.., false) => Reachability::Inside(inside.into_iter().cloned().collect()),
            _ if self.listening.is_empty() => Reachability::Silent,
            _ if !self.refused.is_empty() && is_late => Reachability::Closed,
            _ => Reachability::Unknown,
        }
    }

    /// Whether a relay is to be looked for, and whether only one outside is of use.
    pub fn wants_relay(&self, now: Instant) -> Option<Wish> {
        let is_late = now.saturating_duration_since(self.started) >= UNSURE_TIME;
        if self.is_local || self.direct().any(is_outside) {
            return None;
        }
        match (self.direct().next(), self.listening.is_empty() || !self.refused.is_empty() || is_late) {
            (Some(_), _) => Some(Wish::Outside),
            (None, true) => Some(Wish::Any),
            (None, false) => None,
        }
    }

    /// What is announced, best first: confirmed addresses, relays, then where it listens, as far as that is of use to others.
    pub fn addresses(&self) -> Vec<Multiaddr> {
        let is_useful = |address: &&Multiaddr| match ip_in(address).map(scope) {
            Some(Scope::Loopback) => self.is_local,
            Some(Scope::Link | Scope::Nowhere) => false,
            _ => true,
        };
        let (relayed, direct): (Vec<&Multiaddr>, Vec<&Multiaddr>) = self.external.keys().partition(|address| is_relayed(address));
        let mut listening: Vec<&Multiaddr> = self.listening.iter().filter(|address| !is_relayed(address)).filter(is_useful).collect();
        listening.sort_by_key(|address| ip_in(address).map(scope));
        let mut seen = BTreeSet::new();
        direct.into_iter().chain(relayed).chain(listening).filter(|address| seen.insert(*address)).cloned().collect()
    }

    /// Whether what changed is to be announced now, which then counts as done.
    pub fn is_announcement_due(&mut self, now: Instant) -> bool {
        let is_settled = self.changed.is_some_and(|changed| now.saturating_duration_since(changed) >= SETTLE_TIME);
        let is_rested = self.announced.is_none_or(|last| now.saturating_duration_since(last) >= ANNOUNCE_PAUSE);
        if is_settled && is_rested {
            (self.changed, self.announced) = (None, Some(now));
            return true;
        }
        false
    }
}

/// Which relays are of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Any that is connected.
    Any,
    /// One outside this home: inside it this node is reached.
    Outside,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    const CIRCUIT: &str = "/ip4/9.9.9.9/tcp/1/p2p/12D3KooWJBzvFnsewbwWukhVdDace6zqYGLp6D3Db8kWSv2Cs35S/p2p-circuit";

    /// State and wish of a node after 31 s that listens, was confirmed and refused there.
    fn check(listens: &[&str], confirmed: &[&str], refused: &[&str], expected: (&str, Option<Wish>)) {
        let now = Instant::now();
        let mut reach = Reach::new(false, now);
        listens.iter().for_each(|text| reach.listens(address(text), now));
        confirmed.iter().for_each(|text| reach.confirmed(address(text), now));
        refused.iter().for_each(|text| reach.refused(address(text)));
        let later = now + UNSURE_TIME;
        let found = (format!("{:?}", reach.state(later)), reach.wants_relay(later));
        assert!(found.0.starts_with(expected.0) && found.1 == expected.1, "{found:?}, not {expected:?}");
    }

    #[test]
    fn what_peers_found_decides_how_a_node_is_reached_and_whether_it_wants_a_relay() {
        let (home, outside) = ("/ip4/192.168.1.2/tcp/4400", "/ip4/8.8.8.8/tcp/4400");
        check(&[home], &[outside], &[], ("Open", None));
        check(&[home], &["/dns4/node.example/tcp/4400"], &[], ("Open", None));
        check(&[home], &[], &[outside], ("Closed", Some(Wish::Any)));
        check(&[home], &[], &[], ("Unknown", Some(Wish::Any)));
        check(&[home], &[home], &[outside], ("Inside", Some(Wish::Outside)));
        check(&[home], &[CIRCUIT], &[outside], ("Relayed", Some(Wish::Any)));
        check(&[], &[], &[], ("Silent", Some(Wish::Any)));
        let reach = Reach::new(true, Instant::now());
        assert_eq!((reach.state(Instant::now()), reach.wants_relay(Instant::now())), (Reachability::Local, None));
    }

    #[test]
    fn what_is_of_use_is_announced_and_the_best_first() {
        let now = Instant::now();
        let mut reach = Reach::new(false, now);
        for text in ["/ip4/127.0.0.1/tcp/1", "/ip4/192.168.1.2/tcp/1", "/ip6/fe80::1/tcp/1", "/ip6/2a00::1/tcp/1"] {
            reach.listens(address(text), now);
        }
        reach.confirmed(address(CIRCUIT), now);
        reach.confirmed(address("/ip4/8.8.8.8/tcp/1"), now);
        let expected = ["/ip4/8.8.8.8/tcp/1", CIRCUIT, "/ip6/2a00::1/tcp/1", "/ip4/192.168.1.2/tcp/1"];
        assert_eq!(reach.addresses(), expected.map(address));
        let mut local = Reach::new(true, now);
        local.listens(address("/ip4/127.0.0.1/tcp/1"), now);
        assert_eq!(local.addresses(), [address("/ip4/127.0.0.1/tcp/1")]);
    }

    #[test]
    fn changes_are_announced_when_they_have_settled_and_not_too_often() {
        let now = Instant::now();
        let mut reach = Reach::new(false, now);
        let mut announcements = 0;
        for s in 0..120 {
            let at = now + Duration::from_secs(s);
            if s % 10 == 0 {
                reach.confirmed(address(&format!("/ip4/8.8.8.8/tcp/{}", s + 1)), at);
            }
            announcements += usize::from(reach.is_announcement_due(at));
        }
        assert_eq!(announcements, 4);
        let later = now + Duration::from_secs(1000);
        assert_eq!([reach.is_announcement_due(later), reach.is_announcement_due(later)], [true, false], "the last change, then none");
    }
}
