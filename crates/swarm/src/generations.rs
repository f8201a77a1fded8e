//! A bounded memory that forgets what was not asked for in a while.
//!
//! Two maps: what is touched moves into the young one; when that is full it becomes the old one, and what the
//! old one still held is forgotten. So each step costs a look-up, however many strangers come by.

use std::collections::BTreeMap;
use std::mem;

/// Between `limit` and twice as many entries are remembered.
#[derive(Debug)]
pub struct Generations<K, V> {
    limit: usize,
    young: BTreeMap<K, V>,
    old: BTreeMap<K, V>,
}

impl<K: Ord + Copy, V> Generations<K, V> {
    /// Remembers nothing yet; a generation has `limit` entries, at least one.
    pub fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), young: BTreeMap::new(), old: BTreeMap::new() }
    }

    /// What is remembered of a key, or else `first`; it counts as touched.
    pub fn touch(&mut self, key: K, first: impl FnOnce() -> V) -> &mut V {
        if !self.young.contains_key(&key) && self.young.len() >= self.limit {
            self.old = mem::take(&mut self.young);
        }
        let old = &mut self.old;
        self.young.entry(key).or_insert_with(|| old.remove(&key).unwrap_or_else(first))
    }

    /// What is remembered of a key, without touching it.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }

    /// How many entries there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_touched_stays_and_the_rest_is_forgotten_in_bounded_space() {
        let mut memory = Generations::new(10);
        for key in 0..1000_u32 {
            *memory.touch(0, || 7) += 1;
            memory.touch(key + 1, || key);
            assert!(memory.len() <= 20);
        }
        assert_eq!((memory.get(&0), memory.get(&1), memory.get(&1000)), (Some(&1007), None, Some(&999)));
        memory.clear();
        assert_eq!(memory.len(), 0);
    }
}
