//! Whom to dial and whom to shun. Time is an argument.
//!
//! Two small books: addresses, with when each peer is dialled next, and misdeeds, with when they are
//! forgotten. Both are bounded, and what a stranger can write into them pushes out strangers only.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

use crate::addresses::{is_dialable, peer_in};

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
/// Who closes a connection before this has no room for it.
pub const SHORT_TIME: Duration = Duration::from_secs(10);
/// The same for who was never connected.
pub const REDIAL_STRANGER_LAST: Duration = Duration::from_secs(3600);
/// Dials of somebody who was never connected, before what it announces is not believed any more …
pub const STRANGER_FAILURES_MAX: u32 = 5;
/// … for so long.
pub const SPENT_TIME: Duration = Duration::from_secs(3600);
/// Peers whose announcements are not believed that are remembered.
pub const SPENT_MAX: usize = 4096;
/// Misdeeds after which a peer is banned.
pub const MISDEEDS_MAX: u32 = 3;
/// Misdeeds and bans are forgotten after this.
pub const BAN_TIME: Duration = Duration::from_secs(3600);
/// Peers with misdeeds that are remembered.
pub const OFFENDERS_MAX: usize = 1024;

/// What is known of one peer's addresses.
#[derive(Debug)]
struct Known {
    /// The newest first, at most [`ADDRESSES_MAX`].
    addresses: Vec<Multiaddr>,
    /// From the configuration: dialled first and never forgotten.
    configured: bool,
    /// Was connected once: strangers do not push it out.
    proven: bool,
    /// Dials that failed since the last connection.
    failures: u32,
    /// When it may be dialled again.
    next_dial: Instant,
}

/// Addresses of peers, from the configuration and from announcements: at most [`KNOWN_PEERS_MAX`] peers. A
/// peer that is announced can push out one that was never connected, not one that was, nor one of the configuration. Who
/// announces addresses at which nobody or somebody else answers is not believed for a while.
#[derive(Debug, Default)]
pub struct AddressBook {
    peers: BTreeMap<PeerId, Known>,
    /// Configured addresses that do not name their peer, with the time of the next dial.
    nameless: Vec<(Multiaddr, Instant)>,
    /// Whose announcements came to nothing, and until when they are not believed.
    spent: BTreeMap<PeerId, Instant>,
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
        self.spent.retain(|_, until| *until > now);
        if self.spent.contains_key(&peer) {
            return;
        }
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
        let known =
            self.peers.entry(peer).or_insert(Known { addresses: Vec::new(), configured, proven: false, failures: 0, next_dial: now });
        known.configured |= configured;
        known.addresses.retain(|old| *old != address);
        known.addresses.insert(0, address);
        known.addresses.truncate(ADDRESSES_MAX);
    }

    /// Forgets the peer that failed most often, of those that were never connected.
    fn make_room(&mut self) -> bool {
        let strangers = self.peers.iter().filter(|(_, known)| !known.configured && !known.proven);
        let worst = strangers.max_by_key(|(_, known)| known.failures).map(|(peer, _)| *peer);
        let worst = worst.or_else(|| {
            let lost = self.peers.iter().filter(|(_, known)| !known.configured && known.failures > STRANGER_FAILURES_MAX);
            lost.max_by_key(|(_, known)| known.failures).map(|(peer, _)| *peer)
        });
        worst.is_some_and(|peer| self.peers.remove(&peer).is_some())
    }

    /// The peers to dial now, those of the configuration first, then those that were connected once, then those that failed
    /// least, at most [`DIALS_MAX`]; each is then left alone until it has failed or for a while. `is_wanted` is told whether
    /// the peer is of the configuration.
    pub fn due(&mut self, now: Instant, is_wanted: impl Fn(PeerId, bool) -> bool) -> Vec<(PeerId, Vec<Multiaddr>)> {
        let is_due = |(peer, known): &(&PeerId, &mut Known)| known.next_dial <= now && is_wanted(**peer, known.configured);
        let mut due: Vec<_> = self.peers.iter_mut().filter(is_due).collect();
        due.sort_by_key(|(_, known)| (!known.configured, !known.proven, known.failures));
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
            known.proven = true;
            known.next_dial = now;
        }
    }

    /// The last connection with the peer is closed, after this time: one that was closed at once is no better than none.
    pub fn lost(&mut self, peer: PeerId, lasted: Duration, now: Instant) {
        if lasted < SHORT_TIME {
            return self.failed(peer, now);
        }
        if let Some(known) = self.peers.get_mut(&peer) {
            known.failures = 0;
            known.next_dial = now;
        }
    }

    /// A dial came to nothing: the next one waits twice as long, up to [`REDIAL_LAST`], of strangers up to
    /// [`REDIAL_STRANGER_LAST`]. Who was never connected and fails too often is forgotten, and not believed for a while.
    pub fn failed(&mut self, peer: PeerId, now: Instant) {
        let Some(known) = self.peers.get_mut(&peer) else { return };
        let is_stranger = !known.configured && !known.proven;
        let last = if is_stranger { REDIAL_STRANGER_LAST } else { REDIAL_LAST };
        let wait = REDIAL_FIRST.saturating_mul(1 << known.failures.min(12)).min(last);
        known.failures = known.failures.saturating_add(1);
        known.next_dial = now + wait;
        if is_stranger && known.failures >= STRANGER_FAILURES_MAX {
            self.peers.remove(&peer);
            if self.spent.len() < SPENT_MAX {
                self.spent.insert(peer, now + SPENT_TIME);
            }
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
        let due: Vec<PeerId> = book.due(now, |_, _| true).into_iter().map(|(peer, _)| peer).collect();
        assert_eq!(due, [configured, announced]);
        assert!(book.due(now, |_, _| true).is_empty(), "a dial is under way");
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
        assert!(book.due(now, |_, _| true).is_empty());
    }

    #[test]
    fn a_nameless_address_gets_its_name_at_the_first_connection() {
        let (mut book, now) = (AddressBook::default(), Instant::now());
        let peer = PeerId::random();
        book.configure(address(3), now);
        assert_eq!(book.nameless_due(now), [address(3)]);
        book.connected(peer, &address(3).with(Protocol::P2p(peer)), now);
        assert!(book.nameless_due(now + REDIAL_LAST).is_empty());
        assert_eq!(book.due(now, |_, _| true), [(peer, vec![address(3)])]);
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
    fn who_was_connected_stays_when_a_thousand_strangers_are_announced() {
        let (mut book, now) = (AddressBook::default(), Instant::now());
        let friends: Vec<PeerId> = (0..10).map(|_| PeerId::random()).collect();
        for friend in &friends {
            book.announced(*friend, &[address(1)], now);
            book.connected(*friend, &address(1), now);
            (0..3).for_each(|_| book.failed(*friend, now));
        }
        (0..2 * KNOWN_PEERS_MAX).for_each(|_| book.announced(PeerId::random(), &[address(2)], now));
        assert!(book.peers.len() <= KNOWN_PEERS_MAX && friends.iter().all(|friend| book.peers.contains_key(friend)));
        let due = book.due(now + REDIAL_LAST, |_, _| true);
        assert!(due.iter().all(|(peer, _)| friends.contains(peer)), "they are dialled before strangers");
    }

    #[test]
    fn who_closes_every_connection_at_once_is_dialled_less_and_less() {
        let (mut book, now, peer) = (AddressBook::default(), Instant::now(), PeerId::random());
        book.configure(address(1).with(Protocol::P2p(peer)), now);
        let mut dials = 0;
        for s in 0..60 {
            let at = now + Duration::from_secs(s);
            for _ in book.due(at, |_, _| true) {
                dials += 1;
                book.connected(peer, &address(1), at);
                book.lost(peer, Duration::ZERO, at);
            }
        }
        assert_eq!(dials, 6);
        book.lost(peer, SHORT_TIME, now);
        assert_eq!(book.due(now, |_, _| true).len(), 1);
    }

    #[test]
    fn who_announces_what_nobody_answers_at_is_not_believed_for_an_hour() {
        let (mut book, now, liar) = (AddressBook::default(), Instant::now(), PeerId::random());
        for _ in 0..STRANGER_FAILURES_MAX {
            book.announced(liar, &[address(1)], now);
            book.failed(liar, now);
        }
        book.announced(liar, &[address(2)], now);
        assert!(book.peers.is_empty());
        book.announced(liar, &[address(2)], now + SPENT_TIME);
        assert_eq!(book.peers.len(), 1);
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
