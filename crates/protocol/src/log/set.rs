//! The set of a group's messages: which of them are kept, and whom a newcomer pushes out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::candidate::Spot;
use super::envelope::{EnvelopeError, Kind};
use super::facts::{Facts, FactsError};
use super::index::Index;
use super::names::{NOBODY, Names};
use super::ring::Ring;
use super::rooms::Rooms;
use super::standing::{Known, Standing};
use crate::ids::{Address, Digest, GroupId, NodeId};

/// A seq this much ahead of the node's clock is refused, unless it decides nothing.
pub const MAX_AHEAD_MS: u64 = 600_000;
/// Different messages kept of one (author, topic, seq) in the ring: two are evidence, more say nothing new.
pub const MAX_TWINS: usize = 2;
/// Accounts that have rooms while nothing is known of the chain.
pub const MAX_UNSURE_ACCOUNTS: usize = 1024;
/// Messages of each of them that have.
pub const MAX_UNSURE_MESSAGES: u32 = 1024;
/// Messages of this process that are remembered as its own, the newest.
const MAX_WRITTEN: usize = 4096;

/// Why a message is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Its bytes are no message that its author signed.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It is no message of this group, or carries a forged signature.
    #[error(transparent)]
    Facts(#[from] FactsError),
    /// Its seq is more than [`MAX_AHEAD_MS`] ahead.
    #[error("log message comes out of the future: set the clock of its author's machine, or one's own")]
    Future,
    /// What it is about cannot count any more.
    #[error("log message is about what is over: drop it")]
    Expired,
    /// The same account has said the same in a message that is here.
    #[error("log message says what {0} has said: drop it")]
    Said(Digest),
    /// Better ones of its account fill its room.
    #[error("log message has no room beside newer ones of the same account: drop it")]
    Superseded,
    /// [`MAX_TWINS`] others with its author, topic and number are here.
    #[error("log message is one of too many with the same number: two are evidence enough, drop it")]
    Twins,
    /// Newer ones fill the strangers' ring, or its author's part of it.
    #[error("log message has no room beside newer ones: give its author stake, or send it later")]
    Crowded,
}

impl LogError {
    /// Whether its sender could have known, whatever it knows of chain and time.
    pub fn is_misdeed(&self) -> bool {
        match self {
            Self::Envelope(error) => !matches!(error, EnvelopeError::Version(_) | EnvelopeError::Kind(_)),
            Self::Facts(_) => true,
            _ => false,
        }
    }
}

/// What an insertion did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inserted<P> {
    /// Of the message.
    pub id: Digest,
    /// False if it was here before.
    pub fresh: bool,
    /// Another message with the same author, topic and seq: together they are evidence.
    pub twin: Option<Digest>,
    /// Messages that this one pushed out, each with its place.
    pub dropped: Vec<(Digest, P)>,
    /// A message of this node's key that another process wrote after this one had begun; see [`Log::double`].
    pub double: Option<Digest>,
}

/// What a new standing did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved<P> {
    /// Messages that have no room any more, each with its place.
    pub dropped: Vec<(Digest, P)>,
    /// See [`Log::double`].
    pub double: Option<Digest>,
}

/// All messages of a group that this node keeps: what they are about, and the place `P` where the node has their bytes.
#[derive(Debug, Clone)]
pub struct Log<P> {
    pub(super) group: GroupId,
    pub(super) own: NodeId,
    pub(super) standing: Standing,
    pub(super) index: Index<P>,
    pub(super) accounts: Names<Address>,
    pub(super) rooms: Rooms,
    pub(super) ring: Ring,
    /// Bindings that have room: author, seq, id, account.
    pub(super) bindings: BTreeSet<(u32, u64, Digest, u32)>,
    /// Announcements in the ring by author, of each the newest.
    pub(super) announced: BTreeMap<u32, u32>,
    /// What expires by the clock: second, message.
    pub(super) expiries: BTreeSet<(u64, u32)>,
    /// Messages in rooms by account, while nothing is known.
    pub(super) unsure: BTreeMap<u32, u32>,
    /// At the last insertion.
    pub(super) now_ms: u64,
    written: Written,
}

/// What this process has written.
#[derive(Debug, Clone, Default)]
struct Written {
    /// The newest, [`MAX_WRITTEN`] at most.
    ids: BTreeSet<Digest>,
    in_order: VecDeque<Digest>,
    /// When the first one arrived.
    first: Option<u64>,
}

impl Written {
    fn note(&mut self, id: Digest, arrival: u64) {
        self.first.get_or_insert(arrival);
        self.ids.insert(id);
        self.in_order.push_back(id);
        if self.in_order.len() > MAX_WRITTEN {
            self.in_order.pop_front().iter().for_each(|oldest| _ = self.ids.remove(oldest));
        }
    }
}

impl<P> Log<P> {
    /// An empty log; `own` is the node whose process this is.
    pub fn new(group: GroupId, own: NodeId, standing: Standing) -> Self {
        Self {
            group,
            own,
            standing,
            index: Index::default(),
            accounts: Names::default(),
            rooms: Rooms::default(),
            ring: Ring::default(),
            bindings: BTreeSet::new(),
            announced: BTreeMap::new(),
            expiries: BTreeSet::new(),
            unsure: BTreeMap::new(),
            now_ms: 0,
            written: Written::default(),
        }
    }

    /// Whether a message would be kept, at `now_ms` of the node's clock; false if it is here.
    ///
    /// # Errors
    /// [`LogError`] if it would not.
    pub fn check(&self, facts: &Facts, now_ms: u64) -> Result<bool, LogError> {
        match self.index.find(&facts.id) {
            Some(_) => Ok(false),
            None => self.judge(&self.newcomer(facts), now_ms).map(|_| true),
        }
    }

    /// Takes a message that was read from a checked envelope, at `now_ms` of the node's clock: what a peer sent, or what lay on disk when
    /// the process began.
    ///
    /// # Errors
    /// [`LogError`] if it is not kept.
    pub fn insert(&mut self, facts: &Facts, place: P, now_ms: u64) -> Result<Inserted<P>, LogError> {
        self.now_ms = now_ms;
        let mut inserted = Inserted { id: facts.id, fresh: false, twin: None, dropped: Vec::new(), double: None };
        if self.index.find(&facts.id).is_some() {
            return Ok(inserted);
        }
        let signer = facts.matter.and_then(|matter| matter.signer).map_or(NOBODY, |signer| self.accounts.take(&signer));
        let mut candidate = self.newcomer(facts);
        let judged = self.judge(&candidate, now_ms);
        let (spot, rival) = judged.inspect_err(|_| self.accounts.give_back(signer))?;
        let host = if let Spot::Room(_, account) = spot { account } else { NOBODY };
        let number = self.index.insert(facts, signer, host, place);
        if matches!(facts.kind, Kind::Assent | Kind::Measure) {
            self.expiries.extend(facts.matter.map(|matter| (matter.scope, number)));
        }
        inserted.fresh = true;
        inserted.twin = self.twin_of(number);
        rival.into_iter().for_each(|rival| self.forget(rival, &mut inserted.dropped));
        candidate.message = number;
        candidate.author = self.index.entry(number).map_or(NOBODY, |entry| entry.author);
        self.put(&candidate, spot, &mut inserted.dropped);
        if facts.author == self.own {
            inserted.double = self.written.first.and_then(|first| self.index.comes_after(number, &self.written.ids, first));
        }
        Ok(inserted)
    }

    /// Takes a message that this process has just signed itself: no other one that comes after it is of this process unless it passes
    /// here too.
    ///
    /// # Errors
    /// [`LogError`] if it is not kept.
    pub fn write(&mut self, facts: &Facts, place: P, now_ms: u64) -> Result<Inserted<P>, LogError> {
        let arrival = self.index.next_arrival();
        let inserted = self.insert(facts, place, now_ms)?;
        self.written.note(facts.id, arrival);
        Ok(Inserted { double: None, ..inserted })
    }

    /// Gives room anew by what the chain says now.
    pub fn stand(&mut self, standing: Standing) -> Moved<P> {
        let was = std::mem::replace(&mut self.standing, standing);
        let mut moved = Moved { dropped: Vec::new(), double: None };
        let Some(known) = &self.standing.known else { return moved };
        let time_s = known.time_s;
        if was.known.is_none() {
            self.unsure.clear();
        }
        let is_same = was.known.is_some_and(|was| self.standing.known == Some(Known { time_s, ..was }));
        let expired: Vec<u32> = self.expiries.range(..(time_s, 0)).map(|(_, number)| *number).collect();
        expired.into_iter().for_each(|number| self.forget(number, &mut moved.dropped));
        if !is_same {
            // Who speaks for whom comes first.
            [true, false].into_iter().for_each(|bindings| self.settle_all(bindings, &mut moved.dropped));
            moved.double = self.double();
        }
        moved
    }

    /// A message of this node's key that this process did not write, and that comes after one which it did: it was written since this
    /// process began, by another one with the same key, which is running now or was a moment ago. Clocks, and old messages that come back
    /// late, cannot show that wrongly.
    pub fn double(&self) -> Option<Digest> {
        self.index.after(self.index.authors.find(&self.own)?, &self.written.ids, self.written.first?)
    }

    /// Lets a message go whose bytes are lost, so that it is missed and brought again; and what had room only by it.
    pub fn lose(&mut self, id: &Digest) -> Vec<(Digest, P)> {
        let mut dropped = Vec::new();
        self.index.find(id).iter().for_each(|message| self.forget(*message, &mut dropped));
        dropped
<<<<<<< HEAD
    }

    fn settle_all(&mut self, bindings: bool, dropped: &mut Vec<(Digest, P)>) {
        for number in 0..self.index.numbers() {
            if self.index.entry(number).is_some_and(|entry| (entry.kind == Kind::Binding) == bindings) {
                self.resettle(number, dropped);
            }
        }
    }

    fn newcomer(&self, facts: &Facts) -> Candidate {
        let author = self.index.authors.find(&facts.author).unwrap_or(NOBODY);
        let topic = self.index.topics.find(&facts.topic).unwrap_or(NOBODY);
        let signer = facts.matter.and_then(|matter| matter.signer);
        let signed = signer.map(|signer| (signer, self.accounts.find(&signer).unwrap_or(NOBODY)));
        let account = signed.or_else(|| self.speaker(author));
        let matter = facts.matter.map(|matter| (matter.scope, matter.rank, matter.what));
        Candidate { id: facts.id, message: NOBODY, kind: facts.kind, seq: facts.seq, author, topic, account, matter }
    }

    fn candidate(&self, message: u32) -> Option<Candidate> {
        let vertex = self.index.vertex(message)?;
        let Entry { kind, seq, author, topic, signer, scope, rank, what, has_matter, .. } = *vertex.entry.as_ref()?;
        let account = if signer == NOBODY { self.speaker(author) } else { self.named(signer) };
        Some(Candidate { id: vertex.id, message, kind, seq, author, topic, account, matter: has_matter.then_some((scope, rank, what)) })
    }

    fn named(&self, account: u32) -> Option<(Address, u32)> {
        Some((*self.accounts.name(account)?, account))
    }

    /// The account for which an author speaks: that of its newest binding.
    pub(super) fn speaker(&self, author: u32) -> Option<(Address, u32)> {
        let all = (author, 0, Digest::ZERO, 0)..=(author, u64::MAX, Digest([255; 32]), u32::MAX);
        self.named(self.bindings.range(all).next_back()?.3)
    }

    fn spot(&self, candidate: &Candidate) -> Spot {
        let Some((scope, ..)) = candidate.matter else { return Spot::Ring };
        match (self.standing.season(candidate.kind, scope), candidate.account) {
            (Season::Over, _) => Spot::Nowhere,
            (Season::Now, Some((account, number))) if self.standing.counts(&account) && self.is_sure(number, candidate.message) => {
                Spot::Room(Room::new(candidate.kind, scope, number), number)
            }
            _ => Spot::Ring,
        }
    }

    /// While nothing is known, accounts are many and have little.
    fn is_sure(&self, account: u32, message: u32) -> bool {
        let has_room = || self.unsure.get(&account).map_or(self.unsure.len() < MAX_UNSURE_ACCOUNTS, |count| *count < MAX_UNSURE_MESSAGES);
        self.standing.known.is_some() || self.index.entry(message).is_some_and(|entry| entry.host == account) || has_room()
    }

    /// Whom a message pushes out where it belongs.
    fn rivals(&self, candidate: &Candidate, spot: Spot) -> Result<Option<u32>, LogError> {
        match spot {
            Spot::Nowhere => Err(LogError::Expired),
            Spot::Room(room, _) => self.rival_in(room, candidate),
            Spot::Ring if candidate.kind == Kind::Announcement => self.announced_before(candidate),
            Spot::Ring => self.twin_too_many(candidate),
        }
    }

    fn rival_in(&self, room: Room, candidate: &Candidate) -> Result<Option<u32>, LogError> {
        let Some((_, rank, what)) = candidate.matter else { return Ok(None) };
        let members = || self.rooms.members(room).filter(|member| *member != candidate.message);
        let entries = || members().filter_map(|member| Some((member, self.index.vertex(member)?.id, self.index.entry(member)?)));
        if let Some((member, id, same)) = entries().find(|(.., entry)| entry.what == what) {
            return if candidate.outlives(same.seq, id) { Ok(Some(member)) } else { Err(LogError::Said(id)) };
        }
        if members().count() < room.places() {
            return Ok(None);
        }
        match entries().map(|(member, _, entry)| ((entry.rank, entry.what), member)).min() {
            Some((worst, member)) if worst < (rank, what) => Ok(Some(member)),
            _ => Err(LogError::Superseded),
        }
    }

    fn announced_before(&self, candidate: &Candidate) -> Result<Option<u32>, LogError> {
        let before = self.announced.get(&candidate.author).copied().filter(|before| *before != candidate.message);
        match before.and_then(|before| self.index.bead(before)) {
            Some(bead) if (bead.seq, bead.id) > (candidate.seq, candidate.id) => Err(LogError::Said(bead.id)),
            Some(bead) => Ok(Some(bead.message)),
            None => self.has_room(candidate).map(|()| None),
        }
    }

    fn twin_too_many(&self, candidate: &Candidate) -> Result<Option<u32>, LogError> {
        let twins = self.index.twins(candidate.author, candidate.topic, candidate.seq).filter(|twin| *twin != candidate.message);
        let in_ring = twins.filter(|twin| self.index.entry(*twin).is_some_and(|entry| entry.host == NOBODY));
        let mut beads: Vec<Bead> = in_ring.filter_map(|twin| self.index.bead(twin)).collect();
        beads.sort_unstable();
        match beads.first() {
            Some(least) if beads.len() >= MAX_TWINS && least.id > candidate.id => Err(LogError::Twins),
            Some(least) if beads.len() >= MAX_TWINS => Ok(Some(least.message)),
            _ => self.has_room(candidate).map(|()| None),
        }
    }

    fn has_room(&self, candidate: &Candidate) -> Result<(), LogError> {
        let is_future = candidate.message != NOBODY && candidate.seq > self.now_ms.saturating_add(MAX_AHEAD_MS);
        let has_room = self.ring.has_room(candidate.author, &candidate.bead());
        if has_room && !is_future { Ok(()) } else { Err(LogError::Crowded) }
    }

    fn twin_of(&self, message: u32) -> Option<Digest> {
        let entry = self.index.entry(message)?;
        let other = self.index.twins(entry.author, entry.topic, entry.seq).find(|twin| *twin != message)?;
        Some(self.index.vertex(other)?.id)
    }

    /// Puts a message where it belongs now, if it is elsewhere.
    fn resettle(&mut self, message: u32, dropped: &mut Vec<(Digest, P)>) {
        let Some((candidate, host)) = self.candidate(message).zip(self.index.entry(message).map(|entry| entry.host)) else { return };
        let is_right = match self.spot(&candidate) {
            Spot::Nowhere => false,
            Spot::Room(_, account) => host == account,
            Spot::Ring => host == NOBODY,
        };
        if !is_right {
            self.settle(message, dropped);
        }
    }

    /// Puts a message where it belongs, or lets it go if it has no room there.
    fn settle(&mut self, message: u32, dropped: &mut Vec<(Digest, P)>) {
        self.take_out(message, dropped);
        let Some(candidate) = self.candidate(message) else { return };
        let spot = self.spot(&candidate);
        match self.rivals(&candidate, spot) {
            Err(_) => self.forget(message, dropped),
            Ok(rival) => {
                rival.into_iter().for_each(|rival| self.forget(rival, dropped));
                self.put(&candidate, spot, dropped);
            }
        }
    }

    fn put(&mut self, candidate: &Candidate, spot: Spot, dropped: &mut Vec<(Digest, P)>) {
        let Candidate { message, author, .. } = *candidate;
        match (spot, candidate.account) {
            (Spot::Room(room, account), Some((address, _))) => {
                self.rooms.insert(room, message);
                self.accounts.take(&address);
                self.index.move_to(message, account);
                if self.standing.known.is_none() {
                    *self.unsure.entry(account).or_default() += 1;
                }
                if candidate.kind == Kind::Binding {
                    self.rebind(author, dropped, |log| _ = log.bindings.insert((author, candidate.seq, candidate.id, account)));
                }
            }
            _ => {
                let bytes = self.index.entry(message).map_or(0, |entry| entry.bytes);
                self.ring.insert(author, candidate.bead(), bytes);
                if candidate.kind == Kind::Announcement {
                    self.announced.insert(author, message);
                }
                while let Some(oldest) = self.ring.surplus(author) {
                    self.forget(oldest, dropped);
                }
            }
        }
    }

    /// Takes a message out of its room or the ring.
    fn take_out(&mut self, message: u32, dropped: &mut Vec<(Digest, P)>) {
        let Some((entry, bead)) = self.index.entry(message).zip(self.index.bead(message)) else { return };
        let (author, kind, host) = (entry.author, entry.kind, entry.host);
        if host == NOBODY {
            self.ring.remove(author, &bead);
            self.announced.extract_if(author..=author, |_, announced| *announced == message).for_each(drop);
            return;
        }
        self.rooms.remove(Room::new(kind, entry.scope, host), message);
        self.index.move_to(message, NOBODY);
        if let Some(count) = self.unsure.get_mut(&host) {
            *count -= 1;
            self.unsure.extract_if(host..=host, |_, count| *count == 0).for_each(drop);
        }
        if kind == Kind::Binding {
            self.rebind(author, dropped, |log| _ = log.bindings.remove(&(author, bead.seq, bead.id, host)));
        }
        self.accounts.give_back(host);
    }

    /// Changes an author's bindings; what it says for its account moves with it.
    fn rebind(&mut self, author: u32, dropped: &mut Vec<(Digest, P)>, change: impl FnOnce(&mut Self)) {
        let before = self.speaker(author);
        change(self);
        if self.speaker(author) != before {
            let said: Vec<u32> = self.index.of_author(author).collect();
            let speaks = |entry: &Entry<P>| entry.has_matter && entry.signer == NOBODY;
            for message in said {
                if self.index.entry(message).is_some_and(speaks) {
                    self.resettle(message, dropped);
                }
            }
        }
    }

    fn forget(&mut self, message: u32, dropped: &mut Vec<(Digest, P)>) {
        self.take_out(message, dropped);
        let Some((id, entry)) = self.index.remove(message) else { return };
        self.expiries.remove(&(entry.scope, message));
        if entry.signer != NOBODY {
            self.accounts.give_back(entry.signer);
        }
        dropped.push((id, entry.place));
=======
>>>>>>> w1
    }
}
