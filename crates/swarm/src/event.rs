//! What the network tells its owner, and how it does that without ever waiting for him.

use libp2p::PeerId;
use protocol::log::Envelope;
use protocol::{Digest, GroupId, NodeId};
use tokio::sync::mpsc;

/// Something that happened. Envelopes of this node's own come too, so that one path handles all. Events
/// of one group come in the order of arrival; between groups and peers there is none.
#[derive(Debug, Clone)]
pub enum Event {
    /// A message is new in a group's log: its signatures are right, there is room for it, and it is on the way
    /// to disk. Whether it is true, its reader checks.
    Envelope {
        /// The group whose log it is.
        group: GroupId,
        /// The message, as it was signed.
        envelope: Envelope,
    },
    /// One author signed two different messages for one place of one topic: keep both, they prove it. Either
    /// can be read from the log by its id.
    Evidence {
        /// The group whose log holds both.
        group: GroupId,
        /// Who signed twice.
        author: NodeId,
        /// Id of the message that was here before.
        first: Digest,
        /// Id of the one that came now.
        second: Digest,
    },
    /// Another machine writes with this node's key, and has written since this process did: the log proves it. Stop one of both.
    Double {
        /// The group whose log it is in.
        group: GroupId,
        /// The other one's message.
        message: Digest,
    },
    /// The first connection with this peer is open, whoever dialled.
    PeerConnected(PeerId),
    /// The last connection with this peer is closed.
    PeerLost(PeerId),
    /// The peer sent wrong bytes or invalid messages three times: for an hour it is neither dialled nor let in.
    PeerBanned(PeerId),
    /// A file could not be stored for want of room, on the disk or below the limit of the configuration; told once a minute.
    StoreFull {
        /// What is full, and what to do about it.
        reason: String,
    },
    /// The receiver was too slow and events are missing before this one: read the logs on from the last known
    /// cursor. Nothing is lost there.
    Lagged,
}

/// The sending side of a bounded channel that never waits for its reader: a node whose owner sleeps goes
/// on serving others.
pub struct Events {
    sender: mpsc::Sender<Event>,
    lagged: bool,
}

impl Events {
    /// For a channel of any bound from 1 on.
    pub fn new(sender: mpsc::Sender<Event>) -> Self {
        Self { sender, lagged: false }
    }

    /// Sends what has room, with word first of what was left out before. A reader that went away is no
    /// error: a node may be used for its blocks only.
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
