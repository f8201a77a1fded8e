//! Copying logs from peers: who keeps which group's log, how far each was read, what is asked next.
//!
//! Gossip brings what is written while both are connected; copying brings the rest, whoever wrote it and
//! when. Each peer's list is read from its own cursor on, so that a log is compared once and then only
//! what is new there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use libp2p::PeerId;
use libp2p::request_response::{self, Message, OutboundRequestId};
use protocol::{Digest, GroupId};

use crate::files::digest_of;
use crate::logs::Logs;
use crate::sync::{GET_MAX, Request, Response, SyncCodec};

/// A peer's log is looked at again after this.
pub const COPY_AGAIN: Duration = Duration::from_secs(5);
/// Copies that run at a time.
pub const COPIES_MAX: usize = 8;
/// Peers whose logs are copied, over all groups.
pub const SOURCES_MAX: usize = 1024;

/// Asks peers for what their lists have from a cursor on, and answers.
pub type SyncBehaviour = request_response::Behaviour<SyncCodec>;
/// What that comes to.
pub type SyncEvent = request_response::Event<Request, Response>;

/// Messages that came from a peer, to be checked and stored by whoever owns the logs.
pub struct Copied {
    /// Who sent them.
    pub peer: PeerId,
    /// Of which group's log they are.
    pub group: GroupId,
    /// Their bytes, unchecked.
    pub messages: Vec<Vec<u8>>,
}

/// One peer's log of one group.
#[derive(Debug, Default)]
struct Source {
    /// Before this place of the peer's log, all was copied or cannot be had from there.
    cursor: u64,
    /// Where the list ends that is being copied; the cursor once all of it has come.
    next: u64,
    /// Whether the peer said that its list goes on.
    more: bool,
    /// Ids of the list that this node lacks; those that were asked for come first.
    wanted: Vec<Digest>,
    /// The question that is under way.
    running: Option<OutboundRequestId>,
    /// When its list is looked at again; none = at the next tick.
    next_copy: Option<Instant>,
}

/// The state of all copies. Cursors are forgotten with the connection: a peer that was restarted counts anew.
#[derive(Debug, Default)]
pub struct Replicas {
    groups: BTreeSet<GroupId>,
    sources: BTreeMap<(PeerId, GroupId), Source>,
}

impl Replicas {
    /// From now on logs of this group are copied.
    pub fn add_group(&mut self, group: GroupId) {
        self.groups.insert(group);
    }

    /// The peer takes part in the group: its log is copied at the next tick. Beyond [`SOURCES_MAX`] it is not;
    /// gossip still brings what is new.
    pub fn found(&mut self, peer: PeerId, group: GroupId) {
        if self.groups.contains(&group) && self.sources.len() < SOURCES_MAX {
            self.sources.entry((peer, group)).or_default().next_copy = None;
        }
    }

    /// The peer is gone, and with it what its cursors meant.
    pub fn lost(&mut self, peer: PeerId) {
        self.sources.retain(|(source, _), _| *source != peer);
    }

    /// Starts copies that are due, those that waited longest first.
    pub fn tick(&mut self, now: Instant, sync: &mut SyncBehaviour) {
        let running = self.sources.values().filter(|source| source.running.is_some()).count();
        let is_due = |source: &Source| source.running.is_none() && source.next_copy.is_none_or(|next| next <= now);
        let mut due: Vec<_> = self.sources.iter_mut().filter(|(_, source)| is_due(source)).collect();
        due.sort_by_key(|(_, source)| source.next_copy);
        for ((peer, group), source) in due.into_iter().take(COPIES_MAX.saturating_sub(running)) {
            let request = Request::List { group: *group, cursor: source.cursor };
            source.running = Some(sync.send_request(peer, request));
            source.next_copy = Some(now + COPY_AGAIN);
        }
    }

    /// Answers requests; gives the messages of a response.
    pub fn on_event(&mut self, event: SyncEvent, sync: &mut SyncBehaviour, logs: &Logs) -> Option<Copied> {
        match event {
            SyncEvent::Message { message: Message::Request { request, channel, .. }, .. } => {
                // The peer may have gone: then nobody misses the answer.
                _ = sync.send_response(channel, logs.answer(&request));
                None
            }
            SyncEvent::Message { peer, message: Message::Response { request_id, response }, .. } => {
                self.on_response(peer, request_id, response, logs)
            }
            SyncEvent::OutboundFailure { peer, request_id, error, .. } => {
                tracing::debug!(%peer, %error, "log not copied");
                if let Some((_, source)) = self.running(peer, request_id) {
                    // The cursor stands where it stood: the list is asked for anew.
                    (source.running, source.more) = (None, false);
                    source.wanted.clear();
                }
                None
            }
            _ => None,
        }
    }

    /// Whose question it was that was answered just now.
    fn running(&mut self, peer: PeerId, request: OutboundRequestId) -> Option<(GroupId, &mut Source)> {
        let mut of_peer = self.sources.range_mut((peer, GroupId(0))..=(peer, GroupId(u64::MAX)));
        of_peer.find_map(|((_, group), source)| (source.running == Some(request)).then_some((*group, source)))
    }

    /// Notes what a list has that is not here, or takes the messages that came.
    fn on_response(&mut self, peer: PeerId, request: OutboundRequestId, response: Response, logs: &Logs) -> Option<Copied> {
        let (group, source) = self.running(peer, request)?;
        source.running = None;
        match response {
            Response::List { cursor, more, ids } => {
                source.wanted = ids.into_iter().filter(|id| !logs.contains(group, id)).collect();
                // A peer whose cursor stands still has said everything.
                source.more = more && cursor > source.cursor;
                source.next = cursor;
                Some(Copied { peer, group, messages: Vec::new() })
            }
            Response::Messages(messages) => {
                source.came(&messages);
                Some(Copied { peer, group, messages })
            }
        }
    }

    /// Asks for the next messages, or for the rest of the list.
    pub fn go_on(&mut self, peer: PeerId, group: GroupId, sync: &mut SyncBehaviour) {
        let Some(source) = self.sources.get_mut(&(peer, group)).filter(|source| source.running.is_none()) else { return };
        if !source.wanted.is_empty() {
            let ids = source.asked().to_vec();
            source.running = Some(sync.send_request(&peer, Request::Get { group, ids }));
            return;
        }
        source.cursor = source.next;
        if source.more {
            let request = Request::List { group, cursor: source.cursor };
            source.running = Some(sync.send_request(&peer, request));
        }
    }
}

impl Source {
    /// The ids that one request holds.
    fn asked(&self) -> &[Digest] {
        &self.wanted[..self.wanted.len().min(GET_MAX)]
    }

    /// A response that is full leaves out the last of those asked for: they stay wanted. If nothing came that was
    /// asked for, nothing of it will: another peer has it, or nobody.
    fn came(&mut self, messages: &[Vec<u8>]) {
        let ids: BTreeSet<Digest> = messages.iter().map(|message| digest_of(message)).collect();
        let last = self.asked().iter().rposition(|id| ids.contains(id));
        let settled = last.map_or(self.asked().len(), |last| last + 1);
        self.wanted.drain(..settled);
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use libp2p::request_response::{Config, OutboundFailure, ProtocolSupport};
    use libp2p::swarm::{ConnectionId, StreamProtocol};

    use super::*;

    const GROUP: GroupId = GroupId(7);

    fn message(index: usize) -> Vec<u8> {
        index.to_be_bytes().to_vec()
    }

    /// A node that begins to copy the log of one peer.
    struct Copier {
        replicas: Replicas,
        sync: SyncBehaviour,
        logs: Logs,
        peer: PeerId,
        now: Instant,
        _folder: tempfile::TempDir,
    }

    impl Copier {
        fn new() -> Self {
            let protocols = iter::once((StreamProtocol::new("/test/log/1"), ProtocolSupport::Full));
            let (sync, folder) = (SyncBehaviour::new(protocols, Config::default()), tempfile::tempdir().unwrap());
            let logs = Logs::new(folder.path(), &[1; 32]).unwrap();
            let (replicas, peer, now) = (Replicas::default(), PeerId::random(), Instant::now());
            let mut copier = Self { replicas, sync, logs, peer, now, _folder: folder };
            copier.replicas.add_group(GROUP);
            copier.replicas.found(copier.peer, GROUP);
            copier.tick();
            copier
        }

        fn tick(&mut self) {
            self.now += COPY_AGAIN;
            self.replicas.tick(self.now, &mut self.sync);
        }

        fn source(&self) -> &Source {
            &self.replicas.sources[&(self.peer, GROUP)]
        }

        fn running(&self) -> OutboundRequestId {
            self.source().running.expect("a question is under way")
        }

        fn answer(&mut self, response: Response) {
            let message = Message::Response { request_id: self.running(), response };
            self.on_event(SyncEvent::Message { peer: self.peer, connection_id: ConnectionId::new_unchecked(1), message });
            self.replicas.go_on(self.peer, GROUP, &mut self.sync);
        }

        fn fail(&mut self) {
            let (request_id, connection_id) = (self.running(), ConnectionId::new_unchecked(1));
            let error = OutboundFailure::ConnectionClosed;
            self.on_event(SyncEvent::OutboundFailure { peer: self.peer, connection_id, request_id, error });
        }

        fn on_event(&mut self, event: SyncEvent) {
            self.replicas.on_event(event, &mut self.sync, &self.logs);
        }

        fn list(&mut self, count: usize) {
            let ids = (0..count).map(|index| digest_of(&message(index))).collect();
            self.answer(Response::List { cursor: count as u64, more: false, ids });
        }

        fn messages(&mut self, indexes: impl IntoIterator<Item = usize>) {
            self.answer(Response::Messages(indexes.into_iter().map(message).collect()));
        }
    }

    #[test]
    fn a_list_whose_messages_did_not_come_is_asked_for_anew() {
        let mut copier = Copier::new();
        copier.list(600);
        copier.fail();
        assert_eq!(copier.source().cursor, 0, "nothing has come");
        copier.tick();
        copier.list(600);
        copier.messages(0..GET_MAX);
        copier.fail();
        assert_eq!(copier.source().cursor, 0, "not all has come");
        copier.tick();
        copier.list(600);
        copier.messages(0..GET_MAX);
        copier.messages(GET_MAX..600);
        assert_eq!((copier.source().cursor, copier.source().running), (600, None));
    }

    #[test]
    fn what_a_full_response_left_out_is_asked_for_again_and_what_the_peer_dropped_is_not() {
        let mut copier = Copier::new();
        copier.list(600);
        // 0 and 1 were dropped by the peer meanwhile; 4 and the next did not fit.
        copier.messages([2, 3]);
        assert_eq!(copier.source().wanted.first(), Some(&digest_of(&message(4))));
        copier.messages(4..4 + GET_MAX);
        copier.messages(4 + GET_MAX..600);
        assert_eq!((copier.source().cursor, copier.source().running), (600, None));
        let mut copier = Copier::new();
        copier.list(3);
        copier.messages([]);
        assert_eq!((copier.source().cursor, copier.source().running), (3, None), "the peer has none of them any more");
    }
}
