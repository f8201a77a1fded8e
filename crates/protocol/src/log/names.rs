//! Short numbers for names that many messages share, for as long as one of them does.

use std::borrow::Borrow;
use std::collections::BTreeMap;

/// No name at all.
pub(crate) const NOBODY: u32 = u32::MAX;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Names<T> {
    numbers: BTreeMap<T, u32>,
    /// Each name, and how many use it.
    names: Vec<Option<(T, u32)>>,
    free: Vec<u32>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), names: Vec::new(), free: Vec::new() }
    }
}

impl<T: Ord + Clone> Names<T> {
    /// The number of a name, which is used once more.
    pub fn take(&mut self, name: &T) -> u32 {
        let number = self.numbers.get(name).copied().unwrap_or_else(|| self.add(name));
        if let Some(Some((_, uses))) = self.names.get_mut(number as usize) {
            *uses += 1;
        }
        number
    }

    fn add(&mut self, name: &T) -> u32 {
        let number = self.free.pop().unwrap_or(self.names.len() as u32);
        let named = Some((name.clone(), 0));
        match self.names.get_mut(number as usize) {
            Some(place) => *place = named,
            None => self.names.push(named),
        }
        self.numbers.insert(name.clone(), number);
        number
    }

    /// One use less; without any the number may stand for another name.
    pub fn give_back(&mut self, number: u32) {
        let Some(place) = self.names.get_mut(number as usize) else { return };
        let Some((name, uses)) = place else { return };
        *uses -= 1;
        if *uses == 0 {
            self.numbers.remove(name);
            *place = None;
            self.free.push(number);
        }
    }

    /// The number of a name that is in use.
    pub fn find<Q: Ord + ?Sized>(&self, name: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
    {
        self.numbers.get(name).copied()
    }

    /// What a number stands for.
    pub fn name(&self, number: u32) -> Option<&T> {
        self.names.get(number as usize)?.as_ref().map(|(name, _)| name)
    }
}
