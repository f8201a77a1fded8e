//! What a log tells: its messages, who speaks for whom, what comes before what, and what a new message is put on top of.

use std::collections::BTreeSet;

use super::compare::{Comparison, Difference, Summary};
use super::envelope::{Draft, Envelope, Kind, MAX_PARENTS};
use super::facts::Facts;
use super::names::NOBODY;
use super::past::History;
use super::ranges::{CompareError, Ranges};
use super::set::{Inserted, Log, LogError};
use super::standing::Standing;
use crate::ids::{Address, Digest, GroupId, NodeId};

/// Parents that were named and are not here, told at most.
pub const MAX_MISSING: usize = 4096;

/// A message that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept<'a, P> {
    /// Of the message.
    pub id: Digest,
    /// Who signed the envelope.
    pub author: NodeId,
    /// What the body holds.
    pub kind: Kind,
    /// Its number among the author's messages of that topic.
    pub seq: u64,
    /// UTF-8.
    pub topic: &'a str,
    /// Of the envelope.
    pub bytes: u32,
    /// Its place in the order of arrival.
    pub arrival: u64,
    /// The account whose stake gives it room; none in the strangers' ring.
    pub account: Option<Address>,
    /// Where its bytes are.
    pub place: &'a P,
}

impl<P> Log<P> {
    /// The group whose messages are taken.
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// What is known of the chain.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    fn kept_at(&self, number: u32) -> Option<Kept<'_, P>> {
        let vertex = self.index.vertex(number)?;
        let entry = vertex.entry.as_ref()?;
        Some(Kept {
            id: vertex.id,
            author: *self.index.authors.name(entry.author)?,
            kind: entry.kind,
            seq: entry.seq,
            topic: self.index.topics.name(entry.topic)?,
            bytes: entry.bytes,
            arrival: entry.arrival,
            account: self.accounts.name(entry.host).copied(),
            place: &entry.place,
        })
    }

    /// The message with that id, if it is kept.
    pub fn kept(&self, id: &Digest) -> Option<Kept<'_, P>> {
        self.kept_at(self.index.find(id)?)
    }

    /// Where its bytes are, if it is kept.
    pub fn get(&self, id: &Digest) -> Option<&P> {
        Some(&self.index.entry(self.index.find(id)?)?.place)
    }

    /// Its bytes are elsewhere now; the place where they were, if it is kept.
    pub fn move_to(&mut self, id: &Digest, place: P) -> Option<P> {
        let number = self.index.find(id)?;
        Some(std::mem::replace(&mut self.index.entry_mut(number)?.place, place))
    }

    /// Whether it is kept.
    pub fn contains(&self, id: &Digest) -> bool {
        self.index.find(id).is_some()
    }

    /// How many messages are kept.
    pub fn len(&self) -> usize {
        self.index.ids.total().count as usize
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All ids, ascending: two nodes with the same list hold the same log.
    pub fn ids(&self) -> impl Iterator<Item = Digest> + '_ {
        self.index.ids.iter().map(|(id, _)| id)
    }

    /// Messages in the order of arrival from `cursor` on (0 = all); go on from the last number plus one.
    pub fn since(&self, cursor: u64) -> impl Iterator<Item = Kept<'_, P>> + '_ {
        self.index.arrived_since(cursor).filter_map(|number| self.kept_at(number))
    }

    /// Messages that no kept one names as a parent; those of accounts that count first.
    pub fn heads(&self) -> impl Iterator<Item = Digest> + '_ {
        self.index.heads()
    }

    /// Parents that were named and are not here, ascending, [`MAX_MISSING`] at most.
    pub fn missing(&self) -> impl Iterator<Item = Digest> + '_ {
        self.index.absent().take(MAX_MISSING)
    }

    fn shelf(&self, author: &NodeId, topic: &str) -> Option<(u32, u32)> {
        self.index.authors.find(author).zip(self.index.topics.find(topic))
    }

    /// The message of an author on a topic with the highest seq.
    pub fn register(&self, author: &NodeId, topic: &str) -> Option<Kept<'_, P>> {
        let (author, topic) = self.shelf(author, topic)?;
        self.kept_at(self.index.of_topic(author, topic).next_back()?)
    }

    /// All that is kept of an author on a topic: what replaced what, and what was written without knowing of one another.
    pub fn history(&self, author: &NodeId, topic: &str) -> History {
        self.shelf(author, topic).map(|(author, topic)| self.index.history(author, topic)).unwrap_or_default()
    }

    /// Whether whoever wrote `later` had seen `earlier`, or something on top of it; false if that cannot be told any more.
    pub fn is_before(&self, earlier: &Digest, later: &Digest) -> bool {
        let both = self.index.find(earlier).zip(self.index.find(later));
        both.is_some_and(|(earlier, later)| self.index.is_before(earlier, later))
    }

    /// The account for which a node speaks: that of its newest binding that has room.
    pub fn speaks_for(&self, node: &NodeId) -> Option<Address> {
        let author = self.index.authors.find(node)?;
        self.speaker(author).map(|(account, _)| account)
    }

    /// Nodes that speak for accounts with stake, as far as the chain is known.
    pub fn speakers(&self) -> BTreeSet<NodeId> {
        let bound = self.bindings.iter().filter(|_| self.standing.known.is_some());
        bound.filter_map(|(author, ..)| self.index.authors.name(*author).copied()).collect()
    }

    /// A new message of this node on top of its own newest one and of what nobody has named yet; sign it and [`Log::write`] it. Its seq is
    /// the last one plus one, and at least `now_ms` of the node's clock: whoever lost its disk does not begin to count again. What a wrong
    /// clock has numbered goes before, by [`Log::stray`].
    pub fn draft(&self, kind: Kind, topic: &str, body: Vec<u8>, now_ms: u64) -> Draft {
        let last = self.register(&self.own, topic).map_or(0, |last| last.seq);
        let author = self.index.authors.find(&self.own).unwrap_or(NOBODY);
        let newest = self.index.newest_of(author).and_then(|number| self.index.vertex(number)).map(|vertex| vertex.id);
        let heads = self.heads().filter(|head| Some(*head) != newest);
        let parents = newest.into_iter().chain(heads).take(MAX_PARENTS).collect();
        Draft { group: self.group, kind, topic: topic.to_owned(), seq: last.saturating_add(1).max(now_ms), parents, body }
    }

    /// All of it in short: two nodes with the same summary hold the same log.
    pub fn summary(&self) -> Summary {
        self.index.ids.summary()
    }

    /// What is answered to a partner's question in a [`Comparison`], as far as one answer holds it.
    pub fn answer(&self, question: &Ranges) -> Ranges {
        self.index.ids.answer(question)
    }
}

impl Log<Envelope> {
    /// Takes a checked envelope and keeps it itself.
    ///
    /// # Errors
    /// [`LogError`] if it is not kept.
    pub fn take(&mut self, envelope: Envelope, now_ms: u64) -> Result<Inserted<Envelope>, LogError> {
        let facts = Facts::read(&envelope, self.group, &self.standing.domain)?;
        self.insert(&facts, envelope, now_ms)
    }
}

impl Comparison {
    /// What is to be asked next; nothing if the comparison is over. A question that was not answered is asked again.
    pub fn question<P>(&mut self, log: &Log<P>) -> Option<Ranges> {
        self.ask(&log.index.ids)
    }

    /// Takes the partner's answer to the last question.
    ///
    /// # Errors
    /// [`CompareError`] if it leads no further, or the comparison does not come to an end.
    pub fn hear<P>(&mut self, log: &Log<P>, answer: &Ranges) -> Result<Difference, CompareError> {
        self.learn(&log.index.ids, answer)
    }
}
