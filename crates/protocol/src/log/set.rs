//! The set of a group's messages: what is kept, what is newest, what is missing.
//!
//! A message is visible at once, whether its parents are here or not; parents only tell what else to ask for. Of each
//! author and topic the newest [`MAX_PER_TOPIC`] numbers are kept, so all nodes keep the same in bounded space.

use std::collections::{BTreeMap, BTreeSet};

use super::envelope::{Draft, Envelope, EnvelopeError, Kind, MAX_PARENTS};
use crate::ids::{Digest, GroupId, NodeId};

/// Messages kept of one author and topic: those with the highest `seq`.
pub const MAX_PER_TOPIC: usize = 1024;
/// Topics of one author at most.
pub const MAX_TOPICS: usize = 64;
/// Different messages kept of one (author, topic, seq): two are evidence, more say nothing new.
pub const MAX_TWINS: usize = 2;
/// Bytes kept of one author at most.
pub const MAX_AUTHOR_BYTES: usize = 8 * 1024 * 1024;
/// Bytes kept of all authors together that are not trusted.
pub const MAX_STRANGERS_BYTES: usize = 64 * 1024 * 1024;
/// Unknown parents remembered at most.
pub const MAX_MISSING: usize = 4096;

/// Why a message is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Its bytes are no message that its author signed.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It belongs into the log of this group.
    #[error("log message of group {0}: send it to that group's log")]
    OtherGroup(GroupId),
    /// [`MAX_PER_TOPIC`] newer ones are here.
    #[error("log message is older than all that are kept of its author and topic: drop it")]
    Superseded,
    /// [`MAX_TWINS`] others with its author, topic and number are here.
    #[error("log message is one of too many with the same number: two are evidence enough, drop it")]
    Twins,
    /// Above [`MAX_TOPICS`], [`MAX_AUTHOR_BYTES`] or [`MAX_STRANGERS_BYTES`].
    #[error("author has no room left in this log: drop the message")]
    Quota,
}

/// What an insertion did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inserted {
    /// Of the message.
    pub id: Digest,
    /// False if it was here before.
    pub fresh: bool,
    /// Another message with the same author, topic and seq: together they are evidence.
    pub twin: Option<Digest>,
    /// Messages that this one pushed out.
    pub dropped: Vec<Digest>,
}

/// All messages of a group that this node keeps.
#[derive(Debug, Clone)]
pub struct Log {
    group: GroupId,
    entries: BTreeMap<Digest, (u64, Envelope)>,
    /// Ids in the order of arrival.
    arrivals: BTreeMap<u64, Digest>,
    next_arrival: u64,
    shelves: BTreeMap<NodeId, Shelf>,
    strangers_bytes: usize,
    heads: BTreeSet<Digest>,
    missing: BTreeSet<Digest>,
}

/// What is kept of one author.
#[derive(Debug, Clone, Default)]
struct Shelf {
    trusted: bool,
    bytes: usize,
    topics: BTreeMap<String, BTreeMap<u64, Vec<Digest>>>,
}

impl Log {
    /// An empty log.
    pub fn new(group: GroupId) -> Self {
        Self {
            group,
            entries: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            next_arrival: 0,
            shelves: BTreeMap::new(),
            strangers_bytes: 0,
            heads: BTreeSet::new(),
            missing: BTreeSet::new(),
        }
    }

    /// The group whose messages are taken.
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// Checks and takes the bytes of a message.
    ///
    /// # Errors
    /// [`LogError`] if it is no valid message of this group, or there is no room for it.
    pub fn insert(&mut self, bytes: &[u8]) -> Result<Inserted, LogError> {
        self.insert_envelope(Envelope::from_bytes(bytes)?)
    }

    /// Takes a message that was checked.
    ///
    /// # Errors
    /// [`LogError`] if it is of another group, or there is no room for it.
    pub fn insert_envelope(&mut self, envelope: Envelope) -> Result<Inserted, LogError> {
        let id = envelope.id();
        let has_child = self.missing.remove(&id);
        if envelope.group() != self.group {
            return Err(LogError::OtherGroup(envelope.group()));
        }
        if self.entries.contains_key(&id) {
            return Ok(Inserted { id, fresh: false, twin: None, dropped: Vec::new() });
        }
        self.check_room(&envelope)?;
        let twin = self.shelve(&envelope);
        let dropped = self.prune(envelope.author(), envelope.topic());
        self.link(envelope, has_child);
        Ok(Inserted { id, fresh: true, twin, dropped })
    }

    fn check_room(&self, envelope: &Envelope) -> Result<(), LogError> {
        let shelf = self.shelves.get(&envelope.author());
        let (bytes, trusted) = shelf.map_or((0, false), |shelf| (shelf.bytes, shelf.trusted));
        if let Some(topic) = shelf.and_then(|shelf| shelf.topics.get(envelope.topic())) {
            let lowest = topic.first_key_value().map_or(0, |(seq, _)| *seq);
            match topic.get(&envelope.seq()) {
                Some(twins) if twins.len() >= MAX_TWINS => return Err(LogError::Twins),
                None if topic.len() >= MAX_PER_TOPIC && envelope.seq() < lowest => return Err(LogError::Superseded),
                _ => {}
            }
        } else if shelf.is_some_and(|shelf| shelf.topics.len() >= MAX_TOPICS) {
            return Err(LogError::Quota);
        }
        let size = envelope.bytes().len();
        let crowded = !trusted && self.strangers_bytes + size > MAX_STRANGERS_BYTES;
        if crowded || bytes + size > MAX_AUTHOR_BYTES { Err(LogError::Quota) } else { Ok(()) }
    }

    /// Files the message under author, topic and number; tells who was there before.
    fn shelve(&mut self, envelope: &Envelope) -> Option<Digest> {
        let size = envelope.bytes().len();
        let shelf = self.shelves.entry(envelope.author()).or_default();
        shelf.bytes += size;
        if !shelf.trusted {
            self.strangers_bytes += size;
        }
        let topic = shelf.topics.entry(envelope.topic().to_owned()).or_default();
        let twins = topic.entry(envelope.seq()).or_default();
        twins.push(envelope.id());
        twins.iter().copied().find(|twin| *twin != envelope.id())
    }

    /// Drops what is older than the newest [`MAX_PER_TOPIC`] numbers of a topic.
    fn prune(&mut self, author: NodeId, topic: &str) -> Vec<Digest> {
        let shelf = self.shelves.get_mut(&author);
        let Some(topic) = shelf.and_then(|shelf| shelf.topics.get_mut(topic)) else { return Vec::new() };
        let mut dropped = Vec::new();
        while topic.len() > MAX_PER_TOPIC {
            dropped.extend(topic.pop_first().into_iter().flat_map(|(_, twins)| twins));
        }
        dropped.iter().for_each(|id| self.forget(*id));
        dropped
    }

    fn forget(&mut self, id: Digest) {
        let Some((arrival, envelope)) = self.entries.remove(&id) else { return };
        self.arrivals.remove(&arrival);
        self.heads.remove(&id);
        let size = envelope.bytes().len();
        let Some(shelf) = self.shelves.get_mut(&envelope.author()) else { return };
        shelf.bytes = shelf.bytes.saturating_sub(size);
        if !shelf.trusted {
            self.strangers_bytes = self.strangers_bytes.saturating_sub(size);
        }
    }

    fn link(&mut self, envelope: Envelope, has_child: bool) {
        let id = envelope.id();
        for parent in envelope.parents() {
            self.heads.remove(parent);
            if !self.entries.contains_key(parent) && self.missing.len() < MAX_MISSING {
                self.missing.insert(*parent);
            }
        }
        if !has_child {
            self.heads.insert(id);
        }
        self.arrivals.insert(self.next_arrival, id);
        self.entries.insert(id, (self.next_arrival, envelope));
        self.next_arrival += 1;
    }

    /// Lets an author write beyond the room that strangers share, up to [`MAX_AUTHOR_BYTES`].
    pub fn trust(&mut self, author: NodeId) {
        let shelf = self.shelves.entry(author).or_default();
        if !std::mem::replace(&mut shelf.trusted, true) {
            self.strangers_bytes = self.strangers_bytes.saturating_sub(shelf.bytes);
        }
    }

    /// Stops asking for a missing parent that nobody has.
    pub fn give_up(&mut self, id: &Digest) {
        self.missing.remove(id);
    }

    /// The message with that id, if it is kept.
    pub fn get(&self, id: &Digest) -> Option<&Envelope> {
        self.entries.get(id).map(|(_, envelope)| envelope)
    }

    /// Whether it is kept.
    pub fn contains(&self, id: &Digest) -> bool {
        self.entries.contains_key(id)
    }

    /// How many messages are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All ids, ascending: two nodes with the same list hold the same log.
    pub fn ids(&self) -> impl Iterator<Item = Digest> + '_ {
        self.entries.keys().copied()
    }

    /// Messages that no other one names as a parent, ascending.
    pub fn heads(&self) -> impl Iterator<Item = Digest> + '_ {
        self.heads.iter().copied()
    }

    /// Parents that were named and are not here, ascending.
    pub fn missing(&self) -> impl Iterator<Item = Digest> + '_ {
        self.missing.iter().copied()
    }

    /// Messages in the order of arrival from `cursor` on (0 = all); go on from the last number plus one.
    pub fn since(&self, cursor: u64) -> impl Iterator<Item = (u64, &Envelope)> + '_ {
        self.arrivals.range(cursor..).filter_map(|(arrival, id)| Some((*arrival, self.get(id)?)))
    }

    /// The newest message of an author on a topic; of twins the one that came first.
    pub fn register(&self, author: &NodeId, topic: &str) -> Option<&Envelope> {
        let (_, twins) = self.shelves.get(author)?.topics.get(topic)?.last_key_value()?;
        self.get(twins.first()?)
    }

    /// A new message of `author` on top of all that is here; sign it and insert it.
    pub fn draft(&self, author: &NodeId, kind: Kind, topic: &str, body: Vec<u8>) -> Draft {
        let seq = self.register(author, topic).map_or(1, |last| last.seq().saturating_add(1));
        let parents = self.heads().take(MAX_PARENTS).collect();
        Draft { group: self.group, kind, topic: topic.to_owned(), seq, parents, body }
    }
}
