//! The replicated log of each node: real envelopes in the real set, and what nodes copy from one another.
//!
//! How long a message takes and whether it arrives is the world's business.

use std::collections::BTreeMap;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use protocol::{
    Address, Digest, GroupId, NodeId,
    census::Census,
    eip712::Domain,
    log::{Body, Comparison, Draft, Envelope, Facts, Inserted, Known, Log, LogError, Standing, Summary},
    machine::Heard,
};

use crate::{
    disk::{DiskError, Life},
    letter::{Letter, Letters},
    random::Random,
};

/// A node looks again at what others have.
pub const COPY_MS: u64 = 5000;
/// Messages that one request brings at most.
const COPIED: usize = 512;
/// Misdeeds after which a peer is banned, and for how long.
const MISDEEDS: u32 = 3;
const BAN_MS: u64 = 3_600_000;
/// Messages without room that are remembered, and for how long.
const REFUSED_KEPT: usize = 4096;
const REFUSED_MS: u64 = 60_000;
/// A peer whose log differs and gives nothing is asked again after this.
const SELDOM_MS: u64 = 60_000;

/// A look that brought nothing.
#[derive(Debug, Clone)]
struct Vain {
    /// Both logs as they were.
    logs: (Summary, Summary),
    at_ms: u64,
    /// The next look comes after this, the later the more often nothing came.
    pause_ms: u64,
}

/// What one node holds of its group's log.
#[derive(Debug, Clone)]
pub struct Replica {
    key: SigningKey,
    author: NodeId,
    domain: Domain,
    log: Log<Envelope>,
    /// What the node's chain has told, as far as the log needs it.
    census: Census,
    /// Messages that found no room or are on their way, until when nobody is asked for them, and whether a later round may give them room.
    refused: BTreeMap<Digest, (u64, bool)>,
    /// Of each peer, how it last had nothing for this log.
    agreed: BTreeMap<usize, Vain>,
    /// Of each peer, its misdeeds and until when it is banned.
    misdeeds: BTreeMap<usize, (u32, u64)>,
}

impl Replica {
    /// An empty log of a node with that key, for which no chain is there yet.
    pub fn new(group: GroupId, key: [u8; 32]) -> Self {
        let key = SigningKey::from_bytes(&key);
        let author = NodeId(key.verifying_key().to_bytes());
        Self::empty(group, key, author, Domain { chain_id: 0, network: Address::ZERO })
    }

    /// Signatures of accounts count in that domain from now on.
    pub fn settle(&mut self, domain: Domain) {
        *self = Self::empty(self.log.group(), self.key.clone(), self.author, domain);
    }

    fn empty(group: GroupId, key: SigningKey, author: NodeId, domain: Domain) -> Self {
        let log = Log::new(group, author, Standing::unknown(domain));
        let (census, refused, agreed, misdeeds) = (Census::new(domain), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { key, author, domain, log, census, refused, agreed, misdeeds }
    }

    pub fn author(&self) -> NodeId {
        self.author
    }

    pub fn log(&self) -> &Log<Envelope> {
        &self.log
    }

    /// Hears what its node is told of the chain, and gives room by it.
    pub fn hear(&mut self, heard: &Heard) {
        if self.census.hear(heard) {
            let standing = self.census.standing();
            if standing.known.is_some() && *self.log.standing() != standing {
                // Of a later block alone nothing has room that had none before.
                if !is_but_later(self.log.standing(), &standing) {
                    self.refused.retain(|_, (_, may_fit)| !*may_fit);
                }
                self.log.stand(standing);
            }
        }
    }

    /// Writes a message; it is on disk before anybody else can see it. `clock_ms` is the node's own idea of the time. What was said before
    /// is not said again.
    ///
    /// # Errors
    /// When the process is killed before, or the log has no room.
    pub fn append(&mut self, body: &Body, clock_ms: u64, letters: &mut Letters, life: &mut Life) -> Result<Arc<Letter>, AppendError> {
        let bytes = body.to_bytes().map_err(refused)?;
        self.log.stray(body.topic(), clock_ms);
        let draft = self.log.draft(body.kind(), body.topic(), bytes, clock_ms);
        let envelope = Envelope::sign(draft, &self.key).map_err(refused)?;
        let facts = Facts::read(&envelope, self.log.group(), &self.domain).map_err(refused)?;
        life.step()?;
        life.step()?;
        match self.log.write(&facts, envelope.clone(), clock_ms) {
            Ok(_) => Ok(letters.of(&envelope)),
            Err(LogError::Said(id)) if self.log.contains(&id) => Ok(letters.of(self.log.get(&id).unwrap_or(&envelope))),
            Err(error) => Err(refused(error)),
        }
    }

    /// Takes what a peer sent; whether it is new here.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn take(&mut self, letter: &Letter, clock_ms: u64) -> Result<Inserted<Envelope>, LogError> {
        let taken = self.log.take(letter.envelope.clone(), clock_ms);
        if let Err(error) = &taken {
            let may_fit = !matches!(error, LogError::Expired | LogError::Said(_));
            self.refuse(letter.envelope.id(), clock_ms, (clock_ms + REFUSED_MS, may_fit));
        }
        taken
    }

    /// Notes letters that are on their way and arrive by then at the latest.
    pub fn expect(&mut self, letters: &[Arc<Letter>], clock_ms: u64, until_ms: u64) {
        letters.iter().for_each(|letter| self.refuse(letter.envelope.id(), clock_ms, (until_ms, true)));
    }

    fn refuse(&mut self, id: Digest, clock_ms: u64, until: (u64, bool)) {
        if self.refused.len() >= REFUSED_KEPT {
            self.refused.retain(|_, (until_ms, _)| *until_ms > clock_ms);
        }
        if self.refused.len() < REFUSED_KEPT {
            self.refused.insert(id, until);
        }
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

    /// Whether a peer has been banned since this process began.
    pub fn was_banned(&self, peer: usize) -> bool {
        self.misdeeds.get(&peer).is_some_and(|(_, until_ms)| *until_ms > 0)
    }

    /// Whether a peer may have something that is not here; one that had nothing is asked less and less often, as the swarm does it.
    pub fn may_learn_from(&self, peer: usize, theirs: &Replica, now_ms: u64) -> bool {
        let logs = (self.log.summary(), theirs.log.summary());
        let is_early = |vain: &Vain| now_ms < vain.at_ms + if vain.logs == logs { SELDOM_MS } else { vain.pause_ms };
        logs.0 != logs.1 && !self.agreed.get(&peer).is_some_and(is_early)
    }

    /// A peer had nothing for this log, as both are now.
    pub fn agree(&mut self, peer: usize, theirs: Summary, now_ms: u64) {
        let pause_ms = self.agreed.get(&peer).map_or(COPY_MS, |vain| (2 * vain.pause_ms).min(SELDOM_MS));
        self.agreed.insert(peer, Vain { logs: (self.log.summary(), theirs), at_ms: now_ms, pause_ms });
    }

    /// A peer had something.
    pub fn gain(&mut self, peer: usize) {
        self.agreed.remove(&peer);
    }

    /// Whether a message is not here though its place is: what is over, or too far ahead of the clock, has none.
    pub fn would_miss(&self, envelope: &Envelope, clock_ms: u64) -> bool {
        if self.log.contains(&envelope.id()) {
            return false;
        }
        let checked = Facts::read(envelope, self.log.group(), &self.domain)
            .map_err(LogError::from)
            .and_then(|facts| self.log.check(&facts, clock_ms));
        !matches!(checked, Err(LogError::Expired | LogError::Future))
    }

    /// What a peer's log has that is not here and was not refused lately, as far as one request brings it.
    pub fn copy(&self, theirs: &Replica, clock_ms: u64, letters: &mut Letters) -> Vec<Arc<Letter>> {
        let (mut comparison, mut copied) = (Comparison::default(), Vec::new());
        while let Some(question) = comparison.question(&self.log) {
            let Ok(difference) = comparison.hear(&self.log, &theirs.log.answer(&question)) else { break };
            let is_wanted = |id: &Digest| self.refused.get(id).is_none_or(|(until_ms, _)| *until_ms <= clock_ms);
            let wanted = difference.there.iter().filter(|id| is_wanted(id));
            copied.extend(wanted.filter_map(|id| theirs.log.get(id)).map(|envelope| letters.of(envelope)));
            if copied.len() >= COPIED {
                break;
            }
        }
        copied.truncate(COPIED);
        copied
    }

    /// What comes back after a kill: one's own messages, which were synced, all before the last of them, and of the rest as much
    /// as is drawn. What the chain tells is heard anew.
    pub fn cut(&mut self, random: &mut Random) {
        let own = self.log.since(0).filter(|kept| kept.author == self.author).last();
        let synced = own.map_or(0, |kept| kept.arrival + 1);
        let end = self.log.since(synced).last().map_or(synced, |kept| kept.arrival + 1);
        let until = random.within(synced, end);
        let mut log = Log::new(self.log.group(), self.author, Standing::unknown(self.domain));
        for kept in self.log.since(0).take_while(|kept| kept.arrival < until) {
            // It had room before, and may have none before the chain is known.
            let _ = log.take(kept.place.clone(), u64::MAX);
        }
        *self = Self { log, ..Self::empty(self.log.group(), self.key.clone(), self.author, self.domain) };
    }
}

/// Whether two standings differ in their time alone.
fn is_but_later(before: &Standing, after: &Standing) -> bool {
    let timeless = |standing: &Standing| standing.known.clone().map(|known| Known { time_s: 0, ..known });
    before.domain == after.domain && timeless(before) == timeless(after)
}

fn refused(error: impl ToString) -> AppendError {
    AppendError::Refused(error.to_string())
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

    const DOMAIN: Domain = Domain { chain_id: 1, network: Address([3; 20]) };

    fn replica(number: u8) -> Replica {
        let mut replica = Replica::new(GroupId(1), [number; 32]);
        replica.settle(DOMAIN);
        replica
    }

    fn note(replica: &mut Replica, text: &str, letters: &mut Letters) -> Arc<Letter> {
        replica.append(&Body::Note(text.to_owned()), 0, letters, &mut Life::default()).expect("written")
    }

    #[test]
    fn replicas_that_copy_from_one_another_hold_the_same() {
        let mut letters = Letters::default();
        let mut replicas: Vec<Replica> = (0..4).map(replica).collect();
        for number in 0..20 {
            note(&mut replicas[number % 4], &number.to_string(), &mut letters);
        }
        for (reader, peer) in [(0, 1), (0, 2), (0, 3), (1, 0), (2, 0), (3, 0)] {
            let theirs = replicas[peer].clone();
            assert!(replicas[reader].may_learn_from(peer, &theirs, 0));
            for letter in replicas[reader].copy(&theirs, 0, &mut letters) {
                replicas[reader].take(&letter, 0).expect("room");
            }
        }
        let ids = |replica: &Replica| replica.log().ids().collect::<Vec<_>>();
        assert_eq!(ids(&replicas[0]).len(), 20);
        assert!(replicas.iter().all(|replica| ids(replica) == ids(&replicas[0])));
        assert!(!replicas[1].may_learn_from(2, &replicas[2], 0));
        note(&mut replicas[1], "one more", &mut letters);
        let theirs = replicas[2].clone();
        assert!(replicas[1].may_learn_from(2, &theirs, 0) && replicas[1].copy(&theirs, 0, &mut letters).is_empty());
        replicas[1].agree(2, theirs.log().summary(), 0);
        assert!(!replicas[1].may_learn_from(2, &theirs, SELDOM_MS - 1));
        assert!(replicas[1].may_learn_from(2, &theirs, SELDOM_MS));
    }

    #[test]
    fn nobody_asks_again_for_what_found_no_room_before_a_while() {
        let mut letters = Letters::default();
        let (mut own, mut other) = (replica(1), replica(2));
        let late = other.append(&Body::Note(String::new()), 10_000_000, &mut letters, &mut Life::default()).expect("written");
        assert_eq!(own.take(&late, 0), Err(LogError::Future));
        assert_eq!((own.copy(&other, 0, &mut letters).len(), own.copy(&other, REFUSED_MS, &mut letters).len()), (0, 1));
    }

    #[test]
    fn after_a_kill_ones_own_messages_are_here_and_no_number_is_used_twice() {
        for cut in 0..20 {
            let mut letters = Letters::default();
            let (mut own, mut other) = (replica(1), replica(2));
            for text in ["a", "b"] {
                let letter = note(&mut other, text, &mut letters);
                own.take(&letter, 0).expect("room");
                note(&mut own, text, &mut letters);
            }
            let late = note(&mut other, "c", &mut letters);
            own.take(&late, 0).expect("room");
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
}
