//! The messages of a log by id, author and arrival, and what names what as a parent; without their bodies.

use std::collections::{BTreeMap, BTreeSet};

use super::envelope::Kind;
use super::facts::Facts;
use super::ids::Ids;
use super::names::{NOBODY, Names};
use super::ring::Bead;
use crate::ids::{Digest, NodeId};

/// A message as it is kept; names are numbers.
#[derive(Debug, Clone)]
pub(crate) struct Entry<P> {
    pub place: P,
    pub seq: u64,
    pub arrival: u64,
    /// As in [`Matter`](super::facts::Matter), if `has_matter`.
    pub scope: u64,
    pub rank: u64,
    pub what: [u8; 16],
    pub parents: Box<[u32]>,
    pub author: u32,
    pub topic: u32,
    pub bytes: u32,
    /// Who signed inside, [`NOBODY`] where the author speaks.
    pub signer: u32,
    /// The account in whose room it lies, [`NOBODY`] in the ring.
    pub host: u32,
    /// 1 + the greatest of its parents', as far as these are here.
    pub depth: u32,
    /// Whether all that came before it is here, so that its depth is no less in truth.
    pub is_exact: bool,
    pub has_matter: bool,
    pub kind: Kind,
}

/// A message that is here or was named.
#[derive(Debug, Clone)]
pub(crate) struct Vertex<P> {
    pub id: Digest,
    /// How many that are here name it as a parent.
    named: u32,
    /// Among which heads it is: 0 in rooms, 1 in the ring.
    head: Option<u8>,
    pub entry: Option<Entry<P>>,
}

/// What lies between an author's message and the next one in the order of authors.
type Shelved = (u32, u32, u64, u32);

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Index<P> {
    pub ids: Ids,
    /// Named and not here.
    absent: BTreeMap<Digest, u32>,
    vertices: Vec<Option<Box<Vertex<P>>>>,
    free: Vec<u32>,
    pub authors: Names<NodeId>,
    pub topics: Names<String>,
    /// In the order of arrival.
    arrivals: BTreeMap<u64, u32>,
    next_arrival: u64,
    /// By author, topic and seq.
    shelves: BTreeSet<Shelved>,
    /// Named by none that is here: in rooms, in the ring.
    heads: [BTreeSet<Digest>; 2],
}

impl<P> Default for Index<P> {
    fn default() -> Self {
        Self {
            ids: Ids::default(),
            absent: BTreeMap::new(),
            vertices: Vec::new(),
            free: Vec::new(),
            authors: Names::default(),
            topics: Names::default(),
            arrivals: BTreeMap::new(),
            next_arrival: 0,
            shelves: BTreeSet::new(),
            heads: [BTreeSet::new(), BTreeSet::new()],
        }
    }
}

impl<P> Index<P> {
    /// What a number stands for.
    pub fn vertex(&self, number: u32) -> Option<&Vertex<P>> {
        self.vertices.get(number as usize)?.as_deref()
    }

    /// The message with that number, if it is here.
    pub fn entry(&self, number: u32) -> Option<&Entry<P>> {
        self.vertex(number)?.entry.as_ref()
    }

    fn vertex_mut(&mut self, number: u32) -> Option<&mut Vertex<P>> {
        self.vertices.get_mut(number as usize)?.as_deref_mut()
    }

    /// The same, to change it.
    pub fn entry_mut(&mut self, number: u32) -> Option<&mut Entry<P>> {
        self.vertex_mut(number)?.entry.as_mut()
    }

    /// The message with that id, by its number.
    pub fn find(&self, id: &Digest) -> Option<u32> {
        self.ids.get(id)
    }

    /// One past the highest number.
    pub fn numbers(&self) -> u32 {
        self.vertices.len() as u32
    }

    /// Of a message in the ring.
    pub fn bead(&self, number: u32) -> Option<Bead> {
        let vertex = self.vertex(number)?;
        Some(Bead { seq: vertex.entry.as_ref()?.seq, id: vertex.id, message: number })
    }

    /// The number that arrives next.
    pub fn next_arrival(&self) -> u64 {
        self.next_arrival
    }

    /// Messages in the order of arrival, from that one on.
    pub fn arrived_since(&self, cursor: u64) -> impl Iterator<Item = u32> + '_ {
        self.arrivals.range(cursor..).map(|(_, number)| *number)
    }

    /// Named and not here, ascending.
    pub fn absent(&self) -> impl Iterator<Item = Digest> + '_ {
        self.absent.keys().copied()
    }

    /// Those in rooms first.
    pub fn heads(&self) -> impl Iterator<Item = Digest> + '_ {
        self.heads.iter().flatten().copied()
    }

    fn shelf(&self, author: u32, topics: (u32, u32), seqs: (u64, u64)) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.shelves.range((author, topics.0, seqs.0, 0)..=(author, topics.1, seqs.1, u32::MAX)).map(|(.., number)| *number)
    }

    /// Messages of an author, by topic.
    pub fn of_author(&self, author: u32) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.shelf(author, (0, u32::MAX), (0, u64::MAX))
    }

    /// Messages of an author on a topic, by seq.
    pub fn of_topic(&self, author: u32, topic: u32) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.shelf(author, (topic, topic), (0, u64::MAX))
    }

    /// Messages with one author, topic and seq.
    pub fn twins(&self, author: u32, topic: u32, seq: u64) -> impl Iterator<Item = u32> + '_ {
        self.shelf(author, (topic, topic), (seq, seq))
    }

    /// The message of an author with the highest seq, whatever its topic.
    pub fn newest_of(&self, author: u32) -> Option<u32> {
        let (mut newest, mut topic) = (None, 0);
        while let Some(next) = self.shelf(author, (topic, u32::MAX), (0, u64::MAX)).next() {
            topic = self.entry(next)?.topic;
            let last = self.of_topic(author, topic).next_back()?;
            newest = newest.max(Some((self.entry(last)?.seq, last)));
            topic = topic.checked_add(1)?;
        }
        newest.map(|(_, number)| number)
    }

    /// Takes a message that is not here, with the numbers of who signed inside and in whose room it lies.
    pub fn insert(&mut self, facts: &Facts, signer: u32, host: u32, place: P) -> u32 {
        let number = self.absent.remove(&facts.id).unwrap_or_else(|| self.add(facts.id));
        let (author, topic) = (self.authors.take(&facts.author), self.topics.take(&facts.topic));
        let parents: Box<[u32]> = facts.parents.iter().map(|parent| self.name(parent)).collect();
        let depths = || parents.iter().map(|parent| self.entry(*parent).map(|entry| (entry.depth, entry.is_exact)));
        let depth = depths().flatten().map(|(depth, _)| depth).max().unwrap_or(0).saturating_add(1);
        let is_exact = depths().all(|parent| parent.is_some_and(|(_, is_exact)| is_exact));
        let matter = facts.matter.unwrap_or(super::facts::Matter { signer: None, scope: 0, rank: 0, what: [0; 16] });
        let (arrival, seq, bytes, kind) = (self.next_arrival, facts.seq, facts.bytes, facts.kind);
        let (scope, rank, what, has_matter) = (matter.scope, matter.rank, matter.what, facts.matter.is_some());
        self.next_arrival += 1;
        self.ids.insert(facts.id, number);
        self.arrivals.insert(arrival, number);
        self.shelves.insert((author, topic, seq, number));
        let entry = Entry {
            place,
            seq,
            arrival,
            scope,
            rank,
            what,
            parents,
            author,
            topic,
            bytes,
            signer,
            host,
            depth,
            is_exact,
            has_matter,
            kind,
        };
        if let Some(vertex) = self.vertex_mut(number) {
            vertex.entry = Some(entry);
        }
        self.note_head(number);
        number
    }

    fn add(&mut self, id: Digest) -> u32 {
        let vertex = Some(Box::new(Vertex { id, named: 0, head: None, entry: None }));
        let number = self.free.pop().unwrap_or(self.vertices.len() as u32);
        match self.vertices.get_mut(number as usize) {
            Some(place) => *place = vertex,
            None => self.vertices.push(vertex),
        }
        number
    }

    /// A message is named as a parent.
    fn name(&mut self, id: &Digest) -> u32 {
        let known = self.find(id).or_else(|| self.absent.get(id).copied());
        let number = known.unwrap_or_else(|| {
            let number = self.add(*id);
            self.absent.insert(*id, number);
            number
        });
        if let Some(vertex) = self.vertex_mut(number) {
            vertex.named += 1;
        }
        self.note_head(number);
        number
    }

    fn unname(&mut self, number: u32) {
        let Some(vertex) = self.vertex_mut(number) else { return };
        vertex.named -= 1;
        self.note_head(number);
        self.clear(number);
    }

    /// Whether it is a head now, and among which.
    fn note_head(&mut self, number: u32) {
        let Some(vertex) = self.vertex_mut(number) else { return };
        let head = vertex.entry.as_ref().filter(|_| vertex.named == 0).map(|entry| u8::from(entry.host == NOBODY));
        let (id, was) = (vertex.id, std::mem::replace(&mut vertex.head, head));
        if was != head {
            was.into_iter().for_each(|which| _ = self.heads[usize::from(which)].remove(&id));
            head.into_iter().for_each(|which| _ = self.heads[usize::from(which)].insert(id));
        }
    }

    /// It lies in the room of an account now, or in the ring.
    pub fn move_to(&mut self, number: u32, host: u32) {
        if let Some(entry) = self.entry_mut(number) {
            entry.host = host;
        }
        self.note_head(number);
    }

    /// Lets a message go.
    pub fn remove(&mut self, number: u32) -> Option<(Digest, Entry<P>)> {
        let vertex = self.vertex_mut(number)?;
        let (id, is_named) = (vertex.id, vertex.named > 0);
        let entry = vertex.entry.take()?;
        self.ids.remove(&id);
        self.arrivals.remove(&entry.arrival);
        self.shelves.remove(&(entry.author, entry.topic, entry.seq, number));
        if is_named {
            self.absent.insert(id, number);
        }
        self.note_head(number);
        entry.parents.iter().for_each(|parent| self.unname(*parent));
        self.authors.give_back(entry.author);
        self.topics.give_back(entry.topic);
        self.clear(number);
        Some((id, entry))
    }

    /// Nothing is kept of what is neither here nor named.
    fn clear(&mut self, number: u32) {
        let is_idle = self.vertex(number).is_some_and(|vertex| vertex.named == 0 && vertex.entry.is_none());
        if is_idle && let Some(vertex) = self.vertices[number as usize].take() {
            self.absent.remove(&vertex.id);
            self.free.push(number);
        }
    }
}
