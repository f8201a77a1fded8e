//! The logs of all groups that this node takes part in: in memory, and on disk.
//!
//! What a log keeps, and what it refuses, `protocol` decides ([`Log`]); here are its file, its place among
//! other groups, and the node's own signature.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ed25519_dalek::SigningKey;
use protocol::log::{Body, BodyError, Envelope, EnvelopeError, Inserted, Kind, Log, LogError};
use protocol::{Digest, GroupId, NodeId};

use crate::error::SwarmError;
use crate::log_file::LogFile;
use crate::sync::{LIST_MAX, MESSAGES_BYTES_MAX, Request, Response};

/// Groups of one node (PROTOCOL 14, What is kept).
pub const GROUPS_MAX: usize = 256;
/// Messages that one read gives: at most some 65 MiB of them, so that a reader who is behind takes several.
pub const READ_MAX: usize = 1024;
/// A file is rewritten when it has twice the bytes of what is kept and this many more, so that rewriting
/// costs no more than writing did.
pub const SLACK_BYTES: u64 = 4 * 1024 * 1024;

/// Why a log cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// This node keeps no log of that group.
    #[error("this node does not take part in group {0}: subscribe to it first")]
    NotSubscribed(GroupId),
    /// It keeps [`GROUPS_MAX`] logs already.
    #[error("this node takes part in {GROUPS_MAX} groups already: use another node for more")]
    TooManyGroups,
    /// The log's file refused; what was in memory before stays there.
    #[error("the log file {path} cannot be used: {source}; check the disk's free space and the file's permissions")]
    Disk { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    #[error(transparent)]
    Refused(#[from] LogError),
    #[error(transparent)]
    Network(#[from] SwarmError),
}

/// A message with its place in the order of arrival at this node, which a restart may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Place in the order of arrival: read on from this plus one. Numbers grow and have gaps.
    pub number: u64,
    /// The message, with its author's signature.
    pub envelope: Envelope,
}

/// The log of one group, and its file.
struct Group {
    /// What is kept, in memory.
    log: Log,
    /// The same on disk, and what was replaced since the last rewriting.
    file: LogFile,
    /// The file is looked at again when it has this many bytes.
    rewrite_bytes: u64,
}

/// The logs of a node, by group, and the key that signs its own messages.
pub struct Logs {
    /// One file for each group lies there, `<group>.log`.
    folder: PathBuf,
    /// Signs what this node appends.
    key: SigningKey,
    /// Those that were opened, at most [`GROUPS_MAX`].
    groups: BTreeMap<GroupId, Group>,
}

impl Logs {
    /// Makes the folder; logs are loaded one by one. `secret` is the node's ed25519 key.
    ///
    /// # Errors
    /// What the system says of the folder.
    pub fn new(folder: &Path, secret: &[u8; 32]) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.into(), key: SigningKey::from_bytes(secret), groups: BTreeMap::new() })
    }

    /// The node's public key: author of what it appends.
    pub fn author(&self) -> NodeId {
        NodeId(self.key.verifying_key().to_bytes())
    }

    fn path(&self, group: GroupId) -> PathBuf {
        self.folder.join(format!("{group}.log"))
    }

    /// Loads a group's log; false if it was loaded before. Every message of the file is checked again, its
    /// signature too, so that a file that was tampered with is only shorter.
    ///
    /// # Errors
    /// `TooManyGroups`; `Disk`, if the file cannot be read or is none.
    pub fn open(&mut self, group: GroupId) -> Result<bool, LogsError> {
        if self.groups.contains_key(&group) {
            return Ok(false);
        }
        if self.groups.len() >= GROUPS_MAX {
            return Err(LogsError::TooManyGroups);
        }
        let path = self.path(group);
        let mut log = Log::new(group);
        log.trust(self.author());
        // Messages that were pushed out by newer ones may still be in the file.
        let file = LogFile::open(&path, |message| _ = log.insert(&message)).map_err(|source| LogsError::Disk { path, source })?;
        let mut opened = Group { log, file, rewrite_bytes: 0 };
        self.compact(group, &mut opened)?;
        self.groups.insert(group, opened);
        Ok(true)
    }

    /// Rewrites a file that holds mostly what newer messages have replaced.
    fn compact(&self, id: GroupId, group: &mut Group) -> Result<(), LogsError> {
        if group.file.bytes() < group.rewrite_bytes {
            return Ok(());
        }
        let kept: u64 = group.log.since(0).map(|(_, envelope)| envelope.bytes().len() as u64).sum();
        group.rewrite_bytes = kept * 2 + SLACK_BYTES;
        if group.file.bytes() >= group.rewrite_bytes {
            let messages = group.log.since(0).map(|(_, envelope)| envelope.bytes());
            group.file.rewrite(messages).map_err(|source| LogsError::Disk { path: self.path(id), source })?;
        }
        Ok(())
    }

    fn group(&self, group: GroupId) -> Result<&Group, LogsError> {
        self.groups.get(&group).ok_or(LogsError::NotSubscribed(group))
    }

    /// Gives an author room of its own.
    pub fn trust(&mut self, group: GroupId, author: NodeId) -> Result<(), LogsError> {
        self.groups.get_mut(&group).ok_or(LogsError::NotSubscribed(group))?.log.trust(author);
        Ok(())
    }

    /// Signs and stores a message of this node. It is on the disk when this returns, so that its number is
    /// never used twice: not after a crash, and not after the loss of the disk, for the clock is its floor.
    ///
    /// # Errors
    /// `NotSubscribed`; `Body` and `Envelope`, if it is too long; `Refused`; `Disk`.
    pub fn append(&mut self, group: GroupId, topic: &str, body: &Body) -> Result<(Envelope, Inserted), LogsError> {
        let author = self.author();
        let mut draft = self.group(group)?.log.draft(&author, body.kind(), topic, body.to_bytes()?);
        // Time as a floor: a node that lost its disk does not start to count again.
        draft.seq = draft.seq.max(unix_ms());
        let envelope = Envelope::sign(draft, &self.key)?;
        let inserted = self.store(group, envelope.clone(), true)?;
        Ok((envelope, inserted))
    }

    /// Checks and stores a message that came from a peer. `fresh` tells whether it is new; what is not is no
    /// error. It is written, and not synced: whoever sent it has it still.
    pub fn insert(&mut self, group: GroupId, message: &[u8]) -> Result<(Envelope, Inserted), LogsError> {
        let envelope = Envelope::from_bytes(message)?;
        let inserted = self.store(group, envelope.clone(), false)?;
        Ok((envelope, inserted))
    }

    /// Takes the group out for as long as it is written to, and puts it back whatever comes of it.
    fn store(&mut self, id: GroupId, envelope: Envelope, durable: bool) -> Result<Inserted, LogsError> {
        let mut group = self.groups.remove(&id).ok_or(LogsError::NotSubscribed(id))?;
        let stored = self.store_in(id, &mut group, envelope, durable);
        self.groups.insert(id, group);
        stored
    }

    /// In memory first, which refuses what is wrong; then in the file, if it is new.
    fn store_in(&self, id: GroupId, group: &mut Group, envelope: Envelope, durable: bool) -> Result<Inserted, LogsError> {
        let bytes = envelope.bytes().to_vec();
        let inserted = group.log.insert_envelope(envelope)?;
        if inserted.fresh {
            let written = group.file.append(&bytes, durable);
            written.map_err(|source| LogsError::Disk { path: self.path(id), source })?;
            self.compact(id, group)?;
        }
        Ok(inserted)
    }

    /// Whether a message is kept.
    pub fn contains(&self, group: GroupId, id: &Digest) -> bool {
        self.groups.get(&group).is_some_and(|group| group.log.contains(id))
    }

    /// Messages from the `cursor`-th on, at most [`READ_MAX`].
    pub fn read(&self, group: GroupId, cursor: u64) -> Result<Vec<Entry>, LogsError> {
        let since = self.group(group)?.log.since(cursor).take(READ_MAX);
        Ok(since.map(|(number, envelope)| Entry { number, envelope: envelope.clone() }).collect())
    }

    /// What a peer is answered: ids, or messages, of what is kept, within the limits of a response.
    pub fn answer(&self, request: &Request) -> Response {
        match request {
            Request::List { group, cursor } => self.list(*group, *cursor),
            Request::Get { group, ids } => Response::Messages(self.messages(*group, ids)),
        }
    }

    /// Ids from the cursor on; of a log that is not kept, none.
    fn list(&self, group: GroupId, cursor: u64) -> Response {
        let Some(group) = self.groups.get(&group) else {
            return Response::List { cursor: 0, more: false, ids: Vec::new() };
        };
        let found: Vec<(u64, Digest)> = group.log.since(cursor).take(LIST_MAX).map(|(number, envelope)| (number, envelope.id())).collect();
        let next = found.last().map_or(cursor, |(last, _)| last + 1);
        Response::List { cursor: next, more: found.len() == LIST_MAX, ids: found.into_iter().map(|(_, id)| id).collect() }
    }

    /// Those that are kept, in the order asked for, until a response is full.
    fn messages(&self, group: GroupId, ids: &[Digest]) -> Vec<Vec<u8>> {
        let Some(group) = self.groups.get(&group) else { return Vec::new() };
        let mut bytes = 0;
        let kept = ids.iter().filter_map(|id| group.log.get(id));
        let fitting = kept.take_while(|envelope| {
            bytes += envelope.bytes().len();
            bytes <= MESSAGES_BYTES_MAX
        });
        fitting.map(|envelope| envelope.bytes().to_vec()).collect()
    }

    /// The newest announcement of each author, with its body.
    pub fn announcements(&self, group: GroupId) -> Vec<(NodeId, Vec<String>)> {
        let Some(group) = self.groups.get(&group) else { return Vec::new() };
        let announced = group.log.since(0).filter(|(_, envelope)| envelope.kind() == Kind::Announcement);
        announced.filter_map(|(_, envelope)| Some((envelope.author(), announced_in(envelope)?))).collect()
    }
}

/// The addresses in an announcement, as text; `None` for a message of another kind.
pub fn announced_in(envelope: &Envelope) -> Option<Vec<String>> {
    if envelope.kind() != Kind::Announcement {
        return None;
    }
    match Body::from_bytes(envelope.kind(), envelope.body()) {
        Ok(Body::Announcement { addresses }) => Some(addresses),
        _ => None,
    }
}

/// The system's clock, milliseconds since 1970: a floor for numbers, nothing else.
fn unix_ms() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or_default()
}
