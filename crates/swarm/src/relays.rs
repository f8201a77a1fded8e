//! Relays that this node leans on when nobody can come in directly. Time is an argument.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libp2p::core::transport::ListenerId;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

use crate::addresses::{Scope, ip_in, scope};
use crate::reach::Wish;

/// Relays that a node leans on at a time.
pub const RELAYS_WANTED: usize = 2;
/// A relay that gave no room is asked again after this.
pub const RELAY_AGAIN: Duration = Duration::from_secs(120);
/// Connected peers that relay.
pub const OFFERS_MAX: usize = 256;

/// A connected peer that relays.
#[derive(Debug)]
struct Offer {
    /// Where this node is connected with it, without its name.
    address: Multiaddr,
    /// Whether it takes part in a group of this node.
    is_member: bool,
    next: Instant,
}

/// Who offers, and of whom this node has room.
#[derive(Debug, Default)]
pub struct Relays {
    offers: BTreeMap<PeerId, Offer>,
    used: Vec<(ListenerId, PeerId)>,
}

impl Relays {
    /// A connected peer relays.
    pub fn offered(&mut self, peer: PeerId, address: &Multiaddr, is_member: bool, now: Instant) {
        if self.offers.len() < OFFERS_MAX || self.offers.contains_key(&peer) {
            let bare: Multiaddr = address.iter().filter(|part| !matches!(part, Protocol::P2p(_))).collect();
            let offer = self.offers.entry(peer).or_insert(Offer { address: bare.clone(), is_member, next: now });
            (offer.address, offer.is_member) = (bare, is_member);
        }
    }

    /// It is gone.
    pub fn lost(&mut self, peer: PeerId) {
        self.offers.remove(&peer);
    }

    /// The relays to be asked now, as addresses to listen on; members of this node's groups first.
    pub fn due(&mut self, wish: Wish, now: Instant) -> Vec<(PeerId, Multiaddr)> {
        let room = RELAYS_WANTED.saturating_sub(self.used.len());
        let is_used = |peer: &PeerId| self.used.iter().any(|(_, used)| used == peer);
        let is_of_use = |offer: &Offer| wish == Wish::Any || ip_in(&offer.address).map(scope) == Some(Scope::Global);
        let open = self.offers.iter_mut().filter(|(peer, offer)| !is_used(peer) && offer.next <= now && is_of_use(offer));
        let mut open: Vec<_> = open.collect();
        open.sort_by_key(|(_, offer)| !offer.is_member);
        let asked = open.into_iter().take(room).map(|(peer, offer)| {
            offer.next = now + RELAY_AGAIN;
            (*peer, offer.address.clone().with(Protocol::P2p(*peer)).with(Protocol::P2pCircuit))
        });
        asked.collect()
    }

    /// It was asked for room by this listener.
    pub fn asked(&mut self, listener: ListenerId, peer: PeerId) {
        self.used.push((listener, peer));
    }

    /// It gave no room, or gives none any more.
    pub fn closed(&mut self, listener: ListenerId) {
        self.used.retain(|(used, _)| *used != listener);
    }

    /// All listeners at relays, which are no longer needed.
    pub fn leave(&mut self) -> Vec<ListenerId> {
        self.used.drain(..).map(|(listener, _)| listener).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_relays_are_asked_members_first_and_again_after_a_while() {
        let (mut relays, now) = (Relays::default(), Instant::now());
        let peers: Vec<PeerId> = (0..4).map(|_| PeerId::random()).collect();
        for (index, peer) in peers.iter().enumerate() {
            let address = format!("/ip4/{}.8.8.8/tcp/1/p2p/{peer}", if index == 0 { 10 } else { 7 });
            relays.offered(*peer, &address.parse().unwrap(), index == 3, now);
        }
        let first = relays.due(Wish::Any, now);
        assert_eq!((first.len(), first[0].0), (2, peers[3]));
        assert!(first[0].1.to_string().ends_with(&format!("/p2p/{}/p2p-circuit", peers[3])));
        assert!(!relays.due(Wish::Outside, now).iter().any(|(peer, _)| *peer == peers[0]), "it is of this home");
        for (peer, _) in &first {
            relays.asked(ListenerId::next(), *peer);
        }
        let later = now + RELAY_AGAIN;
        assert!(relays.due(Wish::Any, later).is_empty(), "two are enough");
        let listeners = relays.leave();
        listeners.into_iter().for_each(|listener| relays.closed(listener));
        relays.lost(peers[3]);
        let again = relays.due(Wish::Any, later);
        assert!(again.len() == 2 && again.iter().all(|(peer, _)| *peer != peers[3]));
    }
}
