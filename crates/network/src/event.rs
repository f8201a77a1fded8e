//! What the network tells its owner.

use libp2p::PeerId;
use protocol::log::Envelope;
use protocol::{Digest, GroupId, NodeId};
use tokio::sync::mpsc;

/// Something that happened. Envelopes of this node's own come too, so that one path handles all.
#[derive(Debug, Clone)]
pub enum Event {
    /// A message is new in a group's log; its signature is right and its ancestors are there.
    Envelope {
        group: GroupId,
        envelope: Envelope,
    },
    /// One author signed two messages for one place: keep both, they prove it.
    Evidence {
        group: GroupId,
        author: NodeId,
        first: Digest,
        second: Digest,
    },
    PeerConnected(PeerId),
    PeerLost(PeerId),
    /// The peer sent wrong bytes or invalid messages too often.
    PeerBanned(PeerId),
    /// The receiver was too slow and events are missing before this one: read the logs on from the last known cursor.
    Lagged,
}

/// The sending side of a bounded channel that never waits for its reader.
pub struct Events {
    sender: mpsc::Sender<Event>,
    lagged: bool,
}

impl Events {
    pub fn new(sender: mpsc::Sender<Event>) -> Self {
        Self { sender, lagged: false }
    }

    /// A reader that went away is no error: a node may be used for its blocks only.
    pub fn tell(&mut self, event: Event) {
        if self.lagged && self.sender.try_send(Event::Lagged).is_ok() {
            self.lagged = false;
        }
        self.lagged |= matches!(self.sender.try_send(event), Err(mpsc::error::TrySendError::Full(_)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_reader_is_told_that_it_missed_something() {
        let (sender, mut receiver) = mpsc::channel(2);
        let mut events = Events::new(sender);
        let peer = PeerId::random();
        (0..5).for_each(|_| events.tell(Event::PeerConnected(peer)));
        while receiver.try_recv().is_ok() {}
        events.tell(Event::PeerLost(peer));
        assert!(matches!(receiver.try_recv(), Ok(Event::Lagged)));
        assert!(matches!(receiver.try_recv(), Ok(Event::PeerLost(_))));
    }
}
