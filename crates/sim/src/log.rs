//! The replicated log of each node: real envelopes in the real set, and what nodes copy from one another.
//!
//! How long a message takes and whether it arrives is the world's business. A signature is verified once a process.

use std::collections::BTreeMap;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use protocol::{
    Digest, GroupId, NodeId,
    log::{Body, Draft, Envelope, Inserted, Log, LogError},
};
use sha2::{Digest as _, Sha256};

use crate::{
    disk::{DiskError, Life},
    random::Random,
};

/// A node looks again at what others have.
pub const COPY_MS: u64 = 5000;
/// Messages that one request brings at most.
const COPIED: usize = 512;
/// Misdeeds after which a peer is banned, and for how long.
const MISDEEDS: u32 = 3;
const BAN_MS: u64 = 3_600_000;
/// Letters whose check is remembered.
const LETTERS_KEPT: usize = 8_192;

/// A message on its way, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub envelope: Envelope,
    /// None if it says nothing that this version understands.
    pub body: Option<Body>,
}

impl Letter {
    fn new(envelope: Envelope) -> Self {
        let body = Body::from_bytes(envelope.kind(), envelope.body()).ok();
        Self { envelope, body }
    }
}

/// Letters that were checked in this process.
#[derive(Debug, Clone, Default)]
pub struct Letters {
    checked: BTreeMap<Digest, Option<Arc<Letter>>>,
    order: std::collections::VecDeque<Digest>,
}

impl Letters {
    /// Reads bytes that came from somewhere; none if they are no signed envelope.
    pub fn read(&mut self, bytes: &[u8]) -> Option<Arc<Letter>> {
        let id = Digest(Sha256::digest(bytes).into());
        if let Some(checked) = self.checked.get(&id) {
            return checked.clone();
        }
        let letter = Envelope::from_bytes(bytes).ok().map(Letter::new).map(Arc::new);
        self.keep(id, letter.clone());
        letter
    }

    /// A letter that is in some log, and was checked when it came there.
    pub fn of(&mut self, envelope: &Envelope) -> Arc<Letter> {
        if let Some(Some(letter)) = self.checked.get(&envelope.id()) {
            return letter.clone();
        }
        let letter = Arc::new(Letter::new(envelope.clone()));
        self.keep(envelope.id(), Some(letter.clone()));
        letter
    }

    fn keep(&mut self, id: Digest, letter: Option<Arc<Letter>>) {
        self.checked.insert(id, letter);
        self.order.push_back(id);
        if self.order.len() > LETTERS_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.checked.remove(&oldest);
        }
    }
}

/// What one node holds of its group's log.
#[derive(Debug, Clone)]
pub struct Replica {
    key: SigningKey,
    author: NodeId,
    log: Log,
    /// Of each peer, how far its log was read.
    cursors: BTreeMap<usize, u64>,
    /// Of each peer, its misdeeds and until when it is banned.
    misdeeds: BTreeMap<usize, (u32, u64)>,
}

impl Replica {
    /// An empty log of a node with that key.
    pub fn new(group: GroupId, key: [u8; 32]) -> Self {
        let key = SigningKey::from_bytes(&key);
        let author = NodeId(key.verifying_key().to_bytes());
        Self { key, author, log: Log::new(group), cursors: BTreeMap::new(), misdeeds: BTreeMap::new() }
    }

    pub fn author(&self) -> NodeId {
        self.author
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Gives an author room of its own.
    pub fn trust(&mut self, author: NodeId) {
        self.log.trust(author);
    }

    /// Writes a message; it is on disk before anybody else can see it. `clock_ms` is the node's own idea of the time.
    ///
    /// # Errors
    /// When the process is killed before, or the log has no room.
    pub fn append(&mut self, body: &Body, clock_ms: u64, letters: &mut Letters, life: &mut Life) -> Result<Arc<Letter>, AppendError> {
        let bytes = body.to_bytes().map_err(|error| AppendError::Refused(error.to_string()))?;
        let draft = self.log.draft(&self.author, body.kind(), body.topic(), bytes);
        let draft = Draft { seq: draft.seq.max(clock_ms), ..draft };
        let envelope = Envelope::sign(draft, &self.key).map_err(|error| AppendError::Refused(error.to_string()))?;
        life.step()?;
        life.step()?;
        self.log.insert_envelope(envelope.clone()).map_err(|error| AppendError::Refused(error.to_string()))?;
        Ok(letters.of(&envelope))
    }

    /// Takes what a peer sent; whether it is new here.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn take(&mut self, letter: &Letter) -> Result<Inserted, LogError> {
        let id = letter.envelope.id();
        if self.log.contains(&id) {
            return Ok(Inserted { id, fresh: false, twin: None, dropped: Vec::new() });
        }
        self.log.insert_envelope(letter.envelope.clone())
    }

    /// What an envelope says, signed with one's own key for the log of another group; none if that is too large.
    pub fn elsewhere(&self, envelope: &Envelope) -> Option<Envelope> {
        let (kind, topic, seq) = (envelope.kind(), envelope.topic().to_owned(), envelope.seq());
        let group = GroupId(envelope.group().0 + 1);
        Envelope::sign(Draft { group, kind, topic, seq, parents: Vec::new(), body: envelope.body().to_vec() }, &self.key).ok()
    }

    /// Notes that a peer sent what nobody may send.
    pub fn accuse(&mut self, peer: usize, now_ms: u64) {
        let (count, banned_until_ms) = self.misdeeds.entry(peer).or_default();
        *count += 1;
        if *count >= MISDEEDS {
            (*count, *banned_until_ms) = (0, now_ms + BAN_MS);
        }
    }

    /// Whether a peer is not listened to.
    pub fn is_banned(&self, peer: usize, now_ms: u64) -> bool {
        self.misdeeds.get(&peer).is_some_and(|(_, until_ms)| now_ms < *until_ms)
    }

    /// Whether a peer's log has something that was not read here yet.
    pub fn is_behind(&self, peer: usize, theirs: &Replica) -> bool {
        theirs.log.since(self.cursor(peer)).next().is_some()
    }

    /// Whether a peer has been banned since this process began.
    pub fn was_banned(&self, peer: usize) -> bool {
        self.misdeeds.get(&peer).is_some_and(|(_, until_ms)| *until_ms > 0)
    }

    /// What a peer's log has beyond what was read of it, and how far that goes.
    pub fn copy(&self, peer: usize, theirs: &Replica, letters: &mut Letters) -> (Vec<Arc<Letter>>, u64) {
        let mut next = self.cursor(peer);
        let mut copied = Vec::new();
        for (number, envelope) in theirs.log.since(next).take(COPIED) {
            next = number + 1;
            if !self.log.contains(&envelope.id()) {
                copied.push(letters.of(envelope));
            }
        }
        (copied, next)
    }

    /// A peer's log was read up to there.
    pub fn copied(&mut self, peer: usize, next: u64) {
        self.cursors.insert(peer, next);
    }

    fn cursor(&self, peer: usize) -> u64 {
        self.cursors.get(&peer).copied().unwrap_or(0)
    }

    /// What comes back after a kill: one's own messages, which were synced, all before the last of them, and of the rest as much
    /// as is drawn. Places in the logs of others are forgotten.
    pub fn cut(&mut self, random: &mut Random) {
        let own = self.log.since(0).filter(|(_, envelope)| envelope.author() == self.author).last();
        let synced = own.map_or(0, |(number, _)| number + 1);
        let end = self.log.since(synced).last().map_or(synced, |(number, _)| number + 1);
        let kept = random.within(synced, end);
        let mut log = Log::new(self.log.group());
        for (_, envelope) in self.log.since(0).take_while(|(number, _)| *number < kept) {
            // It had room before.
            let _ = log.insert_envelope(envelope.clone());
        }
        *self = Self { key: self.key.clone(), author: self.author, log, cursors: BTreeMap::new(), misdeeds: BTreeMap::new() };
    }

    /// Others lost what they had: their places count anew.
    pub fn forget_place(&mut self, peer: usize) {
        self.cursors.remove(&peer);
    }
}

/// Why a message was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error("{0}")]
    Refused(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::log::MAX_PER_TOPIC;

    fn replica(number: u8) -> Replica {
        Replica::new(GroupId(1), [number; 32])
    }

    fn note(replica: &mut Replica, text: &str, letters: &mut Letters) -> Arc<Letter> {
        replica.append(&Body::Note(text.to_owned()), 0, letters, &mut Life::default()).expect("written")
    }

    #[test]
    fn what_gossip_lost_is_copied_and_all_logs_are_equal_then() {
        let mut letters = Letters::default();
        let mut replicas = [replica(1), replica(2), replica(3)];
        for round in 0..20 {
            let author = round % 3;
            let letter = note(&mut replicas[author], &round.to_string(), &mut letters);
            let heard = replicas[(author + 1) % 3].take(&letter).expect("room");
            assert!(heard.fresh);
        }
        for (reader, peer) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
            let theirs = replicas[peer].clone();
            let (copied, next) = replicas[reader].copy(peer, &theirs, &mut letters);
            copied.iter().for_each(|letter| assert!(replicas[reader].take(letter).expect("room").fresh));
            replicas[reader].copied(peer, next);
            assert!(!replicas[reader].is_behind(peer, &theirs));
        }
        let ids = |replica: &Replica| replica.log().ids().collect::<Vec<_>>();
        assert_eq!(ids(&replicas[0]).len(), 20);
        assert!(replicas.iter().all(|replica| ids(replica) == ids(&replicas[0])));
    }

    #[test]
    fn after_a_kill_ones_own_messages_are_here_and_no_number_is_used_twice() {
        for cut in 0..20 {
            let mut letters = Letters::default();
            let (mut own, mut other) = (replica(1), replica(2));
            for text in ["a", "b"] {
                let letter = note(&mut other, text, &mut letters);
                own.take(&letter).expect("room");
                note(&mut own, text, &mut letters);
            }
            let late = note(&mut other, "c", &mut letters);
            own.take(&late).expect("room");
            own.cut(&mut Random::new(cut, "cut", 0));
            assert!((4..=5).contains(&own.log().len()), "{}", own.log().len());
            let mut doomed = Life::default();
            doomed.doom(1);
            let lost = own.append(&Body::Note("lost".to_owned()), 0, &mut letters, &mut doomed);
            assert_eq!(lost, Err(AppendError::Disk(DiskError::Killed)));
            assert_eq!(note(&mut own, "d", &mut letters).envelope.seq(), 3);
        }
    }

    #[test]
    fn a_clock_that_jumps_ahead_and_back_never_leads_numbers_back() {
        let (mut own, mut letters) = (replica(1), Letters::default());
        let seqs: Vec<u64> = [1000, 90_000, 2000, 3000]
            .map(|clock_ms| own.append(&Body::Note(String::new()), clock_ms, &mut letters, &mut Life::default()).expect("written"))
            .map(|letter| letter.envelope.seq())
            .into();
        assert_eq!(seqs, [1000, 90_000, 90_001, 90_002]);
    }

    #[test]
    fn three_misdeeds_ban_a_peer_for_an_hour_and_junk_is_no_letter() {
        let (mut own, mut letters) = (replica(1), Letters::default());
        let bytes = note(&mut own, "true", &mut letters).envelope.bytes().to_vec();
        assert!(letters.read(&bytes).is_some());
        let mut forged = bytes.clone();
        forged[60] ^= 1;
        assert_eq!((letters.read(&forged), letters.read(&forged), letters.read(b"junk")), (None, None, None));
        (0..2).for_each(|_| own.accuse(7, 10));
        assert!(!own.is_banned(7, 10));
        own.accuse(7, 10);
        assert!(own.is_banned(7, 9 + BAN_MS) && !own.is_banned(7, 10 + BAN_MS));
    }

    #[test]
    fn a_flood_is_kept_within_bounds() {
        let (mut own, mut flooder, mut letters) = (replica(1), replica(2), Letters::default());
        for number in 0..MAX_PER_TOPIC + 50 {
            let letter = note(&mut flooder, &number.to_string(), &mut letters);
            own.take(&letter).expect("room");
        }
        assert_eq!(own.log().len(), MAX_PER_TOPIC);
    }
}
