//! What comes before what: a message comes after all that its author had seen when it was written.

use std::cell::Cell;
use std::collections::BTreeSet;

use super::index::{Entry, Index};
use crate::ids::Digest;

/// Messages that are looked at when one of this node's own key comes; the rest waits for the next change of standing.
const MAX_STEPS: usize = 10_000;

/// The messages of an author on a topic, by what came before what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Not replaced by any other: one, or several whose writer did not know of one another. Highest seq first.
    pub newest: Vec<Digest>,
    /// What these replaced, highest seq first.
    pub replaced: Vec<Digest>,
}

/// Messages that were visited, by number.
struct Visited(Vec<u64>);

impl Visited {
    fn new(numbers: u32) -> Self {
        Self(vec![0; numbers as usize / 64 + 1])
    }

    fn contains(&self, number: u32) -> bool {
        self.0.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Whether it was not visited before.
    fn insert(&mut self, number: u32) -> bool {
        let Some(word) = self.0.get_mut(number as usize / 64) else { return false };
        let bit = 1 << (number % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

impl<P> Index<P> {
    /// Goes back from the parents of a message; whether something was `found` there. Of a message that is not `wanted` what came before
    /// is left out.
    fn goes_back(
        &self,
        from: u32,
        visited: &mut Visited,
        found: impl Fn(u32, &Digest) -> bool,
        wanted: impl Fn(&Entry<P>) -> bool,
    ) -> bool {
        let parents = |number| self.entry(number).map_or(&[][..], |entry| &entry.parents);
        let mut next = parents(from).to_vec();
        while let Some(number) = next.pop() {
            if !visited.insert(number) {
                continue;
            }
            let Some(vertex) = self.vertex(number) else { continue };
            if found(number, &vertex.id) {
                return true;
            }
            if vertex.entry.as_ref().is_some_and(&wanted) {
                next.extend(parents(number));
            }
        }
        false
    }

    /// Whether one message is in what came before the other, as far as that is here.
    pub(crate) fn is_before(&self, earlier: u32, later: u32) -> bool {
        let Some(least) = self.entry(earlier).map(|entry| entry.depth) else { return false };
        let mut visited = Visited::new(self.numbers());
        // Where all is here, what is no deeper cannot come after it.
        self.goes_back(later, &mut visited, |number, _| number == earlier, |entry| !entry.is_exact || entry.depth > least)
    }

    /// The history of messages of one author and topic.
    pub(crate) fn history(&self, author: u32, topic: u32) -> History {
        let (mut visited, mut history) = (Visited::new(self.numbers()), History::default());
        self.of_topic(author, topic).for_each(|number| _ = self.goes_back(number, &mut visited, |_, _| false, |_| true));
        for number in self.of_topic(author, topic).rev() {
            let list = if visited.contains(number) { &mut history.replaced } else { &mut history.newest };
            list.extend(self.vertex(number).map(|vertex| vertex.id));
        }
        history
    }

    /// A message of `author` that is none of `written` and comes after one of them. What was here before the `first` of them, by its
    /// number of arrival, comes after none.
    pub(crate) fn after(&self, author: u32, written: &BTreeSet<Digest>, first: u64) -> Option<Digest> {
        let mut visited = Visited::new(self.numbers());
        let is_later = |entry: &Entry<P>| entry.arrival >= first;
        let mut others = self.of_author(author).filter_map(|number| Some((number, self.vertex(number)?)));
        let double = others.find(|(number, vertex)| {
            let is_other = vertex.entry.as_ref().is_some_and(is_later) && !written.contains(&vertex.id);
            is_other && self.goes_back(*number, &mut visited, |_, id| written.contains(id), is_later)
        });
        double.map(|(_, vertex)| vertex.id)
    }

    /// The same of one message that has just come, as far as few steps tell.
    pub(crate) fn comes_after(&self, number: u32, written: &BTreeSet<Digest>, first: u64) -> Option<Digest> {
        let (mut visited, left) = (Visited::new(self.numbers()), Cell::new(MAX_STEPS));
        let is_later = |entry: &Entry<P>| {
            left.set(left.get().saturating_sub(1));
            left.get() > 0 && entry.arrival >= first
        };
        let id = self.vertex(number)?.id;
        let is_double = !written.contains(&id) && self.goes_back(number, &mut visited, |_, id| written.contains(id), is_later);
        is_double.then_some(id)
    }
}
