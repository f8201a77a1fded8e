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

/// A seq this much ahead of the node's clock is refused in the strangers' ring: in rooms it harms nobody but its own account.
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

    /// Lets this node's own messages of a topic go that its clock numbered while it was far ahead: no other node keeps them, and the next one
    /// would have to count on from them.
    pub fn stray(&mut self, topic: &str, now_ms: u64) -> Vec<(Digest, P)> {
        let mut dropped = Vec::new();
        self.strayed(topic, now_ms).into_iter().for_each(|message| self.forget(message, &mut dropped));
        dropped
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
    }
}
