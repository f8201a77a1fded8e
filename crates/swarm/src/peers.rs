//! Whom to dial and whom to shun. Time is an argument.
//!
//! Two small books: addresses, with when each peer is dialled next, and misdeeds, with when they are
//! forgotten. Both are bounded, and what a stranger can write into them pushes out strangers only.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

/// Peers whose addresses are remembered.
pub const KNOWN_PEERS_MAX: usize = 1024;
/// Addresses of one peer.
pub const ADDRESSES_MAX: usize = 8;
/// Addresses from the configuration without a peer's name.
pub const NAMELESS_MAX: usize = 64;
/// Dials that are started by one tick.
pub const DIALS_MAX: usize = 8;
/// Waiting time after the first failed dial; doubled after each further one.
pub const REDIAL_FIRST: Duration = Duration::from_secs(1);
/// The waiting time grows no longer than this.
pub const REDIAL_LAST: Duration = Duration::from_secs(60);
/// Misdeeds after which a peer is banned.
pub const MISDEEDS_MAX: u32 = 3;
/// Misdeeds and bans are forgotten after this.
pub const BAN_TIME: Duration = Duration::from_secs(3600);
/// Peers with misdeeds that are remembered.
pub const OFFENDERS_MAX: usize = 1024;

/// The peer that an address names at its end, if it names one.
pub fn peer_in(address: &Multiaddr) -> Option<PeerId> {
    match address.iter().last() {
        Some(Protocol::P2p(peer)) => Some(peer),
        _ => None,
    }
}

/// The socket of an address such as /ip4/127.0.0.1/tcp/4400, with or without a peer's name.
pub fn socket_in(address: &Multiaddr) -> Option<SocketAddr> {
    let mut parts = address.iter();
    let host = match parts.next()? {
        Protocol::Ip4(host) => host.into(),
        Protocol::Ip6(host) => host.into(),
        _ => return None,
    };
    let Protocol::Tcp(port) = parts.next()? else { return None };
    match (parts.next(), parts.next()) {
        (None | Some(Protocol::P2p(_)), None) => Some(SocketAddr::new(host, port)),
        _ => None,
    }
}

/// Whether this node speaks what the address names.
pub fn is_dialable(address: &Multiaddr) -> bool {
    socket_in(address).is_some_and(|socket| socket.port() != 0 && !socket.ip().is_unspecified())
}

/// What is known of one peer's addresses.
#[derive(Debug)]
struct Known {
    /// The newest first, at most [`ADDRESSES_MAX`].
    addresses: Vec<Multiaddr>,
    /// From the configuration: dialled first and never forgotten.
    configured: bool,
    /// Dials that failed since the last connection.
    failures: u32,
    /// When it may be dialled again.
    next_dial: Instant,
}

/// Addresses of peers, from the configuration and from announcements: at most [`KNOWN_PEERS_MAX`] peers. A
/// peer that is announced can push out one that fails, never one of the configuration.
#[derive(Debug, Default)]
pub struct AddressBook {
    peers: BTreeMap<PeerId, Known>,
    /// Configured addresses that do not name their peer, with the time of the next dial.
    nameless: Vec<(Multiaddr, Instant)>,
}

impl AddressBook {
    /// Adds an address of the configuration.
    pub fn configure(&mut self, address: Multiaddr, now: Instant) {
        match peer_in(&address) {
            Some(peer) => self.enter(peer, address, true, now),
            None if self.nameless.len() < NAMELESS_MAX => self.nameless.push((address, now)),
            None => {}
        }
    }

    /// Adds what a peer announced of itself: its newest addresses come first. Addresses that this node does not
    /// speak, and those that name somebody else, are left out.
    pub fn announced(&mut self, peer: PeerId, addresses: &[Multiaddr], now: Instant) {
        for address in addresses.iter().take(ADDRESSES_MAX).rev() {
            if is_dialable(address) && peer_in(address).is_none_or(|named| named == peer) {
                self.enter(peer, address.clone(), false, now);
            }
        }
    }

    /// Puts an address first in a peer's list, if there is room for the peer.
    fn enter(&mut self, peer: PeerId, address: Multiaddr, configured: bool, now: Instant) {
        if !self.peers.contains_key(&peer) && self.peers.len() >= KNOWN_PEERS_MAX && !self.make_room() {
            return;
        }
        let known = self.peers.entry(peer).or_insert(Known { addresses: Vec::new(), configured, failures: 0, next_dial: now });
        known.configured |= configured;
        known.addresses.retain(|old| *old != address);
        known.addresses.insert(0, address);
        known.addresses.truncate(ADDRESSES_MAX);
    }

    /// Forgets the peer that failed most often.
    fn make_room(&mut self) -> bool {
        let worst = self.peers.iter().filter(|(_, known)| !known.configured).max_by_key(|(_, known)| known.failures);
        let worst = worst.map(|(peer, _)| *peer);
        worst.is_some_and(|peer| self.peers.remove(&peer).is_some())
    }

    /// The peers to dial now, those of the configuration first, then those that failed least, at most
    /// [`DIALS_MAX`]; each is then left alone until it has failed or for a while.
    pub fn due(&mut self, now: Instant, is_wanted: impl Fn(PeerId) -> bool) -> Vec<(PeerId, Vec<Multiaddr>)> {
        let mut due: Vec<_> = self.peers.iter_mut().filter(|(peer, known)| known.next_dial <= now && is_wanted(**peer)).collect();
        due.sort_by_key(|(_, known)| (!known.configured, known.failures));
        let dials = due.into_iter().take(DIALS_MAX).map(|(peer, known)| {
            known.next_dial = now + REDIAL_LAST;
            (*peer, known.addresses.clone())
        });
        dials.collect()
    }

    /// Where a peer can be dialled, if that is known.
    pub fn addresses_of(&self, peer: PeerId) -> Option<Vec<Multiaddr>> {
        self.peers.get(&peer).map(|known| known.addresses.clone())
    }

    /// Configured addresses without a name to dial now.
    pub fn nameless_due(&mut self, now: Instant) -> Vec<Multiaddr> {
        let due = self.nameless.iter_mut().filter(|(_, next)| *next <= now).take(DIALS_MAX);
        due.map(|(address, next)| {
            *next = now + REDIAL_FIRST * 5;
            address.clone()
        })
        .collect()
    }

    /// A connection to `address` turned out to be to this peer.
    pub fn connected(&mut self, peer: PeerId, address: &Multiaddr, now: Instant) {
        let bare: Multiaddr = address.iter().filter(|part| !matches!(part, Protocol::P2p(_))).collect();
        let before = self.nameless.len();
        self.nameless.retain(|(nameless, _)| *nameless != bare);
        if self.nameless.len() < before {
            self.enter(peer, bare, true, now);
        }
        if let Some(known) = self.peers.get_mut(&peer) {
            known.failures = 0;
            known.next_dial = now;
        }
    }

    /// A dial came to nothing: the next one waits twice as long, up to [`REDIAL_LAST`].
    pub fn failed(&mut self, peer: PeerId, now: Instant) {
        if let Some(known) = self.peers.get_mut(&peer) {
            let wait = REDIAL_FIRST.saturating_mul(1 << known.failures.min(6)).min(REDIAL_LAST);
            known.failures = known.failures.saturating_add(1);
            known.next_dial = now + wait;
        }
    }
}

/// Peers that sent wrong bytes or invalid messages: how often, and when last. [`MISDEEDS_MAX`] of them are
/// a ban for [`BAN_TIME`] from the last one on.
#[derive(Debug, Default)]
pub struct Offenders {
    misdeeds: BTreeMap<PeerId, (u32, Instant)>,
}

impl Offenders {
    /// Notes a misdeed; true if it is the one that earns a ban. Where too many offend, the one that has been
    /// good for longest is forgotten.
    pub fn note(&mut self, peer: PeerId, now: Instant) -> bool {
        if self.misdeeds.len() >= OFFENDERS_MAX && !self.misdeeds.contains_key(&peer) {
            let oldest = self.misdeeds.iter().min_by_key(|(_, (_, last))| *last).map(|(peer, _)| *peer);
            oldest.and_then(|oldest| self.misdeeds.remove(&oldest));
        }
        let (count, last) = self.misdeeds.entry(peer).or_insert((0, now));
        (*count, *last) = (count.saturating_add(1), now);
        *count == MISDEEDS_MAX
    }

    /// Whether the peer has done enough for a ban.
    pub fn is_banned(&self, peer: PeerId) -> bool {
        self.misdeeds.get(&peer).is_some_and(|(count, _)| *count >= MISDEEDS_MAX)
    }

    /// Forgets what is long past; tells whose ban ended.
    pub fn forgive(&mut self, now: Instant) -> Vec<PeerId> {
        let past = |(_, last): &(u32, Instant)| now.saturating_duration_since(*last) >= BAN_TIME;
        let forgiven = self.misdeeds.extract_if(.., |_, misdeeds| past(misdeeds));
        forgiven.map(|(peer, _)| peer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> Multiaddr {
        format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap()
    }

    #[test]
    fn configured_peers_are_dialled_first_and_again_with_growing_pauses() {
        let (mut book, now) = (AddressBook::default(), Instant::now());
        let (announced, configured) = (PeerId::random(), PeerId::random());
        book.announced(announced, &[address(1)], now);
        book.configure(address(2).with(Protocol::P2p(configured)), now);
        let due: Vec<PeerId> = book.due(now, |_| true).into_iter().map(|(peer, _)| peer).collect();
        assert_eq!(due, [configured, announced]);
        assert!(book.due(now, |_| true).is_empty(), "a dial is under way");
        let mut pauses = Vec::new();
        for _ in 0..8 {
            book.failed(configured, now);
            pauses.push((1..=60).find(|&s| book.peers[&configured].next_dial <= now + Duration::from_secs(s)).unwrap());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn an_address_that_names_somebody_else_is_not_taken() {
        let (mut book, now) = (AddressBook::default(), Instant::now());
        let (peer, other) = (PeerId::random(), PeerId::random());
        book.announced(peer, &[address(1).with(Protocol::P2p(other))], now);
        assert!(book.due(now, |_| true).is_empty());
    }

    #[test]
    fn only_what_this_node_speaks_is_dialled() {
        let named = format!("/ip6/::1/tcp/1/p2p/{}", PeerId::random());
        for (text, dialable) in [
            ("/ip4/127.0.0.1/tcp/4400", true),
            (named.as_str(), true),
            ("/ip4/127.0.0.1/tcp/0", false),
            ("/ip4/0.0.0.0/tcp/4400", false),
            ("/ip4/127.0.0.1/udp/4400", false),
            ("/ip4/127.0.0.1/tcp/4400/ws", false),
            ("/dns4/example.org/tcp/4400", false),
        ] {
            assert_eq!(is_dialable(&text.parse().unwrap()), dialable, "{text}");
        }
    }

    #[test]
    fn a_nameless_address_gets_its_name_at_the_first_connection() {
        let (mut book, now) = (AddressBook::default(), Instant::now());
        let peer = PeerId::random();
        book.configure(address(3), now);
        assert_eq!(book.nameless_due(now), [address(3)]);
        book.connected(peer, &address(3).with(Protocol::P2p(peer)), now);
        assert!(book.nameless_due(now + REDIAL_LAST).is_empty());
        assert_eq!(book.due(now, |_| true), [(peer, vec![address(3)])]);
    }

    #[test]
    fn the_book_is_bounded_and_keeps_configured_peers() {
        let (mut book, now) = (AddressBook::default(), Instant::now());
        let kept = PeerId::random();
        book.configure(address(1).with(Protocol::P2p(kept)), now);
        let many: Vec<Multiaddr> = (1..100).map(address).collect();
        for _ in 0..KNOWN_PEERS_MAX + 10 {
            book.announced(PeerId::random(), &many, now);
        }
        assert_eq!(book.peers.len(), KNOWN_PEERS_MAX);
        assert!(book.peers.contains_key(&kept));
        assert!(book.peers.values().all(|known| known.addresses.len() <= ADDRESSES_MAX));
    }

    #[test]
    fn the_third_misdeed_bans_for_an_hour() {
        let (mut offenders, peer, now) = (Offenders::default(), PeerId::random(), Instant::now());
        let bans: Vec<bool> = (0..4).map(|_| offenders.note(peer, now)).collect();
        assert_eq!(bans, [false, false, true, false]);
        assert!(offenders.is_banned(peer));
        assert!(offenders.forgive(now + BAN_TIME / 2).is_empty());
        assert_eq!(offenders.forgive(now + BAN_TIME), [peer]);
        for _ in 0..OFFENDERS_MAX + 5 {
            offenders.note(PeerId::random(), now);
        }
        assert!(offenders.misdeeds.len() <= OFFENDERS_MAX);
    }
}
