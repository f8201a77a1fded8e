//! The node's part in files: holders are dialled, and that there is no room is said.

use std::time::{Duration, Instant};

use libp2p::PeerId;
use libp2p::swarm::dial_opts::DialOpts;

use super::Node;
use crate::event::Event;
use crate::peers::DIALS_MAX;

/// That disk or store are full is said so often.
const FULL_TOLD_AGAIN: Duration = Duration::from_secs(60);

impl Node {
    /// Dials those of the peers whose addresses are known and who are not connected.
    pub(super) fn meet_holders(&mut self, peers: &[PeerId]) {
        let absent = peers.iter().filter(|peer| !self.swarm.is_connected(peer) && !self.offenders.is_banned(**peer));
        let known: Vec<_> = absent.filter_map(|peer| Some((*peer, self.book.addresses_of(*peer)?))).take(DIALS_MAX).collect();
        for (peer, addresses) in known {
            if let Err(error) = self.swarm.dial(DialOpts::peer_id(peer).addresses(addresses).build()) {
                tracing::debug!(%peer, %error, "a holder is not dialled");
            }
        }
    }

    /// Says once in a while that there is no room.
    pub(super) fn full(&mut self, reason: String) {
        let now = Instant::now();
        if self.full_told.is_some_and(|last| now.saturating_duration_since(last) < FULL_TOLD_AGAIN) {
            return;
        }
        self.full_told = Some(now);
        tracing::warn!("{reason}");
        self.events.tell(Event::StoreFull { reason });
    }
}
