//! The log of one group: its index in memory, and the file in which its messages lie.
//!
//! What is kept `protocol` decides ([`Log`]); here a message is written before it is taken into the index, and
//! read from the file when it is needed.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use ed25519_dalek::SigningKey;
use protocol::log::{Body, Draft, Envelope, Facts, FactsError, Inserted, Kind, Log, LogError, Standing};
use protocol::{Digest, GroupId, NodeId};

use crate::error::LogsError;
use crate::log_file::LogFile;
use crate::records::{Place, Record};
use crate::sync::{GET_MAX, HEADS_MAX, MESSAGES_BYTES_MAX, Pulse};

/// A file is rewritten when it has twice the bytes of what is kept and this many more, so that rewriting
/// costs no more than writing did.
pub const SLACK_BYTES: u64 = 4 * 1024 * 1024;

/// See the module.
pub struct GroupLog {
    /// The index.
    pub log: Log<Place>,
    file: LogFile,
    /// Bytes of the records that are kept.
    live_bytes: u64,
    /// As it was asked last.
    speakers: BTreeSet<NodeId>,
}

impl GroupLog {
    /// Reads the group's file, or makes it.
    ///
    /// # Errors
    /// What the system says of the file.
    pub fn open(path: &Path, group: GroupId, own: NodeId, standing: Standing, now_ms: u64) -> io::Result<Self> {
        let domain = standing.domain;
        let mut log = Log::new(group, own, standing);
        let old = |message: &[u8]| Some(Facts::read(&Envelope::from_bytes(message).ok()?, group, &domain).ok()?.to_bytes());
        let (mut live_bytes, mut left) = (0_u64, 0_u64);
        let (file, found) = LogFile::open(path, old, |record| match restore(&mut log, &record, now_ms) {
            Some(inserted) if inserted.fresh => {
                live_bytes = (live_bytes + record.place.bytes() as u64).saturating_sub(sum(&inserted.dropped));
            }
            _ => left += 1,
        })?;
        tracing::info!(%group, messages = log.len(), left, "log read");
        if found.damaged > 0 {
            let path = path.display();
            tracing::warn!(%path, bytes = found.damaged, "a part of the log file is damaged: it is fetched from peers; check the disk");
        }
        let mut opened = Self { log, file, live_bytes, speakers: BTreeSet::new() };
        opened.compact()?;
        Ok(opened)
    }

    /// The log in short.
    pub fn pulse(&self) -> Pulse {
        Pulse { summary: self.log.summary(), heads: self.log.heads().take(HEADS_MAX).collect() }
    }

    /// Signs a message of this node on top of all that is here; what a wrong clock has numbered goes before.
    ///
    /// # Errors
    /// `Body` and `Envelope`, if it is too long.
    pub fn sign(&mut self, topic: &str, body: &Body, key: &SigningKey, now_ms: u64) -> Result<Envelope, LogsError> {
        let strayed = self.log.stray(topic, now_ms);
        self.live_bytes = self.live_bytes.saturating_sub(sum(&strayed));
        let draft: Draft = self.log.draft(body.kind(), topic, body.to_bytes()?, now_ms);
        Ok(Envelope::sign(draft, key)?)
    }

    /// Writes a checked message and takes it into the index, if there is room for it; none if it is here already.
    /// `own`: this process signed it just now.
    ///
    /// # Errors
    /// `Refused`; `Disk`, with nothing changed.
    pub fn keep(&mut self, envelope: &Envelope, own: bool, now_ms: u64) -> Result<Option<Inserted<Place>>, LogsError> {
        let facts = Facts::read(envelope, self.log.group(), &self.log.standing().domain).map_err(LogError::from)?;
        if !self.log.check(&facts, now_ms)? {
            return Ok(None);
        }
        let place = self.file.append(&facts.to_bytes(), envelope.bytes())?;
        let taken = if own { self.log.write(&facts, place, now_ms) } else { self.log.insert(&facts, place, now_ms) };
        let inserted = taken?;
        self.live_bytes = (self.live_bytes + place.bytes() as u64).saturating_sub(sum(&inserted.dropped));
        Ok(Some(inserted))
    }

    /// Brings what was kept onto the disk.
    ///
    /// # Errors
    /// What the system says.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    /// A new standing: what has no room any more is gone. Tells of a message that another machine wrote with this node's key.
    pub fn stand(&mut self, standing: Standing) -> Option<Digest> {
        let moved = self.log.stand(standing);
        self.live_bytes = self.live_bytes.saturating_sub(sum(&moved.dropped));
        moved.double
    }

    /// Nodes that speak for accounts with stake, and did not when this was asked before.
    pub fn new_speakers(&mut self) -> Vec<NodeId> {
        let speakers = self.log.speakers();
        let new = speakers.difference(&self.speakers).copied().collect();
        self.speakers = speakers;
        new
    }

    /// Rewrites a file that holds mostly what newer messages have replaced.
    ///
    /// # Errors
    /// What the system says.
    pub fn compact(&mut self) -> io::Result<()> {
        if self.file.bytes() < self.live_bytes * 2 + SLACK_BYTES {
            return Ok(());
        }
        let (ids, places): (Vec<Digest>, Vec<Place>) = self.log.since(0).map(|kept| (kept.id, *kept.place)).unzip();
        let moved = self.file.rewrite(&places)?;
        for (id, place) in ids.into_iter().zip(moved) {
            match place {
                Some(place) => _ = self.log.move_to(&id, place),
                None => self.forget(&id),
            }
        }
        Ok(())
    }

    /// Lets a message go whose bytes are lost: a peer that has it gives it again.
    pub fn forget(&mut self, id: &Digest) {
        let lost = self.log.lose(id);
        self.live_bytes = self.live_bytes.saturating_sub(sum(&lost));
    }

    /// The bytes of a message, if it is kept and can be read.
    pub fn bytes(&mut self, id: &Digest) -> Option<Vec<u8>> {
        let place = *self.log.get(id)?;
        match self.file.read(place) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                tracing::warn!(%id, %error, "a message of the log cannot be read from the disk: it is fetched from peers again");
                self.forget(id);
                None
            }
        }
    }

    /// The message itself.
    pub fn envelope(&mut self, id: &Digest) -> Option<Envelope> {
        Envelope::reread(&self.bytes(id)?).ok()
    }

    /// As many of these messages as are kept and fit into one exchange, in their order, and the ids behind the last
    /// one that was looked at.
    pub fn collect(&mut self, ids: &[Digest]) -> (Vec<Vec<u8>>, Vec<Digest>) {
        let (mut messages, mut bytes) = (Vec::new(), 0);
        for (index, id) in ids.iter().enumerate() {
            if messages.len() >= GET_MAX {
                return (messages, ids[index..].to_vec());
            }
            let Some(message) = self.bytes(id) else { continue };
            bytes += message.len();
            if bytes > MESSAGES_BYTES_MAX {
                return (messages, ids[index..].to_vec());
            }
            messages.push(message);
        }
        (messages, Vec::new())
    }

    /// The newest announcement of each author that made one, with its body.
    pub fn announcements(&mut self) -> Vec<(NodeId, Vec<String>)> {
        let announced = self.log.since(0).filter(|kept| kept.kind == Kind::Announcement);
        let ids: Vec<Digest> = announced.map(|kept| kept.id).collect();
        let envelopes = ids.iter().filter_map(|id| self.envelope(id)).collect::<Vec<_>>();
        envelopes.iter().filter_map(|envelope| Some((envelope.author(), announced_in(envelope)?))).collect()
    }
}

/// Bytes of these records.
fn sum(records: &[(Digest, Place)]) -> u64 {
    records.iter().map(|(_, place)| place.bytes() as u64).sum()
}

/// Takes a record of one's own file into the index. Its check was right, so its signatures were.
fn restore(log: &mut Log<Place>, record: &Record<'_>, now_ms: u64) -> Option<Inserted<Place>> {
    let facts = Facts::from_bytes(record.facts).or_else(|_| {
        // Facts of another version of this program.
        let envelope = Envelope::reread(record.message).map_err(|_| FactsError::Damaged)?;
        Facts::read(&envelope, log.group(), &log.standing().domain)
    });
    log.insert(&facts.ok()?, record.place, now_ms).ok()
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
