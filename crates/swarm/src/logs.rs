//! The logs of all groups that this node takes part in, and the key that signs its own messages.
//!
//! Everything here may wait for the disk: the [archive](crate::archive)'s thread owns it, and nobody else.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ed25519_dalek::SigningKey;
use protocol::eip712::Domain;
use protocol::log::{Body, Comparison, Difference, Envelope, Ranges, Standing};
use protocol::{Address, Digest, GroupId, NodeId};

use crate::cids::block_digest;
use crate::config::GROUPS_MAX;
use crate::error::LogsError;
use crate::generations::Generations;
use crate::group_log::GroupLog;
use crate::sync::GET_MAX;

/// Messages that one read gives: at most some 65 MiB of them, so that a reader who is behind takes several.
pub const READ_MAX: usize = 1024;
/// Refused messages that are remembered, so that nobody asks for them again; twice as many at most.
const REFUSED_MAX: usize = 16_384;
/// So long; then they may have room.
const REFUSED_TIME: Duration = Duration::from_secs(600);

/// A message with its place in the order of arrival at this node, which a restart may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Place in the order of arrival: read on from this plus one. Numbers grow and have gaps.
    pub number: u64,
    /// The message, with its author's signature.
    pub envelope: Envelope,
}

/// A message that is new here.
#[derive(Debug)]
pub struct News {
    /// Of which group's log.
    pub group: GroupId,
    /// The message.
    pub envelope: Envelope,
    /// Another one with its author, topic and number.
    pub twin: Option<Digest>,
    /// A message of this node's own key that another machine must have written.
    pub double: Option<Digest>,
}

/// What a comparison has come to.
#[derive(Debug, Default)]
pub struct Compared {
    /// What to ask next; none once it is over.
    pub question: Option<Ranges>,
    /// Messages that are there and not here, and in what this log has more.
    pub difference: Difference,
}

/// The logs of a node, by group.
pub struct Logs {
    /// One file for each group lies there, `<group>.log`.
    folder: PathBuf,
    /// Signs what this node appends.
    key: SigningKey,
    /// Where signatures count as long as nobody tells more of a group.
    domain: Domain,
    /// Those that were opened, at most [`GROUPS_MAX`].
    groups: BTreeMap<GroupId, GroupLog>,
    /// Messages for which there was no room, with when that was.
    refused: Generations<Digest, Instant>,
}

impl Logs {
    /// Makes the folder; logs are loaded one by one. `secret` is the node's ed25519 key, `network` the network's name.
    ///
    /// # Errors
    /// What the system says of the folder.
    pub fn new(folder: &Path, secret: &[u8; 32], network: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let key = SigningKey::from_bytes(secret);
        let refused = Generations::new(REFUSED_MAX);
        Ok(Self { folder: folder.into(), key, domain: domain_of(network), groups: BTreeMap::new(), refused })
    }

    /// The node's public key: author of what it appends.
    pub fn author(&self) -> NodeId {
        NodeId(self.key.verifying_key().to_bytes())
    }

    /// Loads a group's log; false if it was loaded before.
    ///
    /// # Errors
    /// `TooManyGroups`; `File`, if the file cannot be read or is none.
    pub fn open(&mut self, group: GroupId) -> Result<bool, LogsError> {
        if self.groups.contains_key(&group) {
            return Ok(false);
        }
        if self.groups.len() >= GROUPS_MAX {
            return Err(LogsError::TooManyGroups);
        }
        let path = self.folder.join(format!("{group}.log"));
        let opened = GroupLog::open(&path, group, self.author(), Standing::unknown(self.domain), unix_ms());
        self.groups.insert(group, opened.map_err(|source| LogsError::File { path, source })?);
        Ok(true)
    }

    /// The log of a group that was opened.
    ///
    /// # Errors
    /// `NotSubscribed`.
    pub fn group(&mut self, group: GroupId) -> Result<&mut GroupLog, LogsError> {
        self.groups.get_mut(&group).ok_or(LogsError::NotSubscribed(group))
    }

    /// A new standing of a group: room is given anew, and what was refused may come again. Tells of a message of this node's
    /// own key that another machine must have written.
    ///
    /// # Errors
    /// `NotSubscribed`.
    pub fn stand(&mut self, group: GroupId, standing: Standing) -> Result<Option<Digest>, LogsError> {
        let double = self.group(group)?.stand(standing);
        self.refused.clear();
        Ok(double)
    }

    /// Signs and writes a message of this node; it is on the disk after the next [`Logs::sync`]. Its number is never used twice:
    /// not after a crash, and not after the loss of the disk, for the clock is its floor.
    ///
    /// # Errors
    /// `NotSubscribed`; `Body` and `Envelope`, if it is too long; `Refused`; `Disk`.
    pub fn append(&mut self, group: GroupId, topic: &str, body: &Body) -> Result<News, LogsError> {
        let (key, now_ms) = (self.key.clone(), unix_ms());
        let log = self.group(group)?;
        let envelope = log.sign(topic, body, &key, now_ms)?;
        let inserted = log.keep(&envelope, true, now_ms)?;
        let (twin, double) = inserted.map_or((None, None), |inserted| (inserted.twin, inserted.double));
        Ok(News { group, envelope, twin, double })
    }

    /// Checks and writes a message that came from a peer; none if it is here already. It is not synced: whoever sent it has it
    /// still.
    ///
    /// # Errors
    /// As [`Logs::append`]; what was refused lately is refused again without a look.
    pub fn insert(&mut self, group: GroupId, message: &[u8]) -> Result<Option<News>, LogsError> {
        let id = block_digest(message);
        if self.group(group)?.log.contains(&id) || self.is_refused(&id) {
            return Ok(None);
        }
        let kept = Envelope::from_bytes(message).map_err(LogsError::from).and_then(|envelope| {
            let inserted = self.group(group)?.keep(&envelope, false, unix_ms())?;
            Ok(inserted.map(|inserted| News { group, envelope, twin: inserted.twin, double: inserted.double }))
        });
        if matches!(&kept, Err(error) if !error.is_misdeed()) {
            *self.refused.touch(id, Instant::now) = Instant::now();
        }
        kept
    }

    fn is_refused(&self, id: &Digest) -> bool {
        self.refused.get(id).is_some_and(|since| since.elapsed() < REFUSED_TIME)
    }

    /// Brings the messages of these groups onto the disk, and rewrites files that grew too long.
    ///
    /// # Errors
    /// `Disk`, of the first that refuses.
    pub fn sync(&mut self, groups: impl IntoIterator<Item = GroupId>) -> Result<(), LogsError> {
        for group in groups {
            self.group(group)?.sync()?;
        }
        Ok(())
    }

    /// Messages from the `cursor`-th on, at most [`READ_MAX`].
    ///
    /// # Errors
    /// `NotSubscribed`.
    pub fn read(&mut self, group: GroupId, cursor: u64) -> Result<Vec<Entry>, LogsError> {
        let group = self.group(group)?;
        let found: Vec<(u64, Digest)> = group.log.since(cursor).take(READ_MAX).map(|kept| (kept.arrival, kept.id)).collect();
        Ok(found.into_iter().filter_map(|(number, id)| Some(Entry { number, envelope: group.envelope(&id)? })).collect())
    }

    /// Goes on with a comparison by the answer to its last question; none begins it. What was refused lately is not missed.
    ///
    /// # Errors
    /// What is wrong with the answer, in words.
    pub fn compare(&mut self, group: GroupId, comparison: &mut Comparison, answer: Option<&Ranges>) -> Result<Compared, String> {
        let log = &self.group(group).map_err(|error| error.to_string())?.log;
        let heard = answer.map(|answer| comparison.hear(log, answer)).transpose();
        let mut difference = heard.map_err(|error| error.to_string())?.unwrap_or_default();
        let question = comparison.question(log);
        difference.there.retain(|id| !self.is_refused(id));
        Ok(Compared { question, difference })
    }

    /// Which of these are neither here nor refused, at most [`GET_MAX`].
    pub fn lacking(&mut self, group: GroupId, ids: &[Digest]) -> Vec<Digest> {
        let lacking = |id: &&Digest| !self.groups.get(&group).is_some_and(|group| group.log.contains(id)) && !self.is_refused(id);
        ids.iter().filter(lacking).take(GET_MAX).copied().collect()
    }
}

/// The domain of a network by its name, `<chain id>/<0x…>`; a name of another form is a network without signatures.
fn domain_of(network: &str) -> Domain {
    let parts = network.split_once('/').and_then(|(chain_id, address)| Some((chain_id.parse().ok()?, address.parse().ok()?)));
    let (chain_id, network) = parts.unwrap_or((0, Address([0; 20])));
    Domain { chain_id, network }
}

/// The system's clock, milliseconds since 1970: a floor for numbers, and a ceiling for those of others.
fn unix_ms() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or_default()
}
