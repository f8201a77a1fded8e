//! Who provides what, as Kademlia keeps it for others: bounded, and nobody's records push out those of many others.
//!
//! Values are not kept at all: what a network knows stands in its logs and on its chain.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::iter::Empty;
use std::time::Instant;

use libp2p::PeerId;
use libp2p::kad::store::{Error, RecordStore, Result};
use libp2p::kad::{ProviderRecord, Record, RecordKey};

/// Providers of one key; the oldest falls.
pub const PROVIDERS_MAX: usize = 20;
/// Records of others, over all keys.
pub const RECORDS_MAX: usize = 16_384;
/// Records of one provider; its oldest falls.
pub const PER_PROVIDER_MAX: usize = 1_024;
/// Keys that this node provides itself.
pub const OWN_MAX: usize = 4_096;
/// Addresses that are kept with a record.
pub const ADDRESSES_MAX: usize = 8;
/// Bytes of a key.
pub const KEY_BYTES_MAX: usize = 64;

/// The records that a node keeps, its own beside those of others.
#[derive(Debug)]
pub struct Providers {
    own: PeerId,
    provided: BTreeMap<Vec<u8>, ProviderRecord>,
    /// Of each key, the newest last.
    keys: BTreeMap<Vec<u8>, VecDeque<ProviderRecord>>,
    /// What each provider said, the newest last.
    said: BTreeMap<PeerId, VecDeque<Vec<u8>>>,
    /// Providers by how much they said, for the choice of who loses a record.
    loudest: BTreeSet<(usize, PeerId)>,
    records: usize,
}

impl Providers {
    /// Nothing is known. `own` is this node.
    pub fn new(own: PeerId) -> Self {
        let (provided, keys, said, loudest) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Self { own, provided, keys, said, loudest, records: 0 }
    }

    /// Records of others.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.records
    }

    /// Notes that a provider said something, or that this was forgotten.
    fn count(&mut self, provider: PeerId, change: impl FnOnce(&mut VecDeque<Vec<u8>>)) {
        let said = self.said.entry(provider).or_default();
        self.loudest.remove(&(said.len(), provider));
        self.records -= said.len();
        change(said);
        self.records += said.len();
        match said.len() {
            0 => _ = self.said.remove(&provider),
            many => _ = self.loudest.insert((many, provider)),
        }
    }

    /// Forgets one record of somebody else.
    fn forget(&mut self, key: &[u8], provider: PeerId) {
        if let Some(records) = self.keys.get_mut(key) {
            records.retain(|record| record.provider != provider);
            if records.is_empty() {
                self.keys.remove(key);
            }
        }
        self.count(provider, |said| said.retain(|said| said != key));
    }

    /// Forgets the oldest record of a provider.
    fn forget_oldest(&mut self, provider: PeerId) {
        let oldest = self.said.get(&provider).and_then(|said| said.front().cloned());
        if let Some(key) = oldest {
            self.forget(&key, provider);
        }
    }

    /// Makes room for one more record of a key by this provider: its own limit, the key's, then that of all, which takes
    /// from who said most.
    fn make_room(&mut self, key: &[u8], provider: PeerId) {
        if self.said.get(&provider).is_some_and(|said| said.len() >= PER_PROVIDER_MAX) {
            self.forget_oldest(provider);
        }
        let oldest = self.keys.get(key).filter(|records| records.len() >= PROVIDERS_MAX).and_then(VecDeque::front);
        if let Some(oldest) = oldest.map(|record| record.provider) {
            self.forget(key, oldest);
        }
        if self.records >= RECORDS_MAX
            && let Some(&(_, loudest)) = self.loudest.last()
        {
            self.forget_oldest(loudest);
        }
    }
}

impl RecordStore for Providers {
    type RecordsIter<'a> = Empty<Cow<'a, Record>>;
    type ProvidedIter<'a> = Box<dyn Iterator<Item = Cow<'a, ProviderRecord>> + 'a>;

    fn get(&self, _: &RecordKey) -> Option<Cow<'_, Record>> {
        None
    }

    fn put(&mut self, _: Record) -> Result<()> {
        Err(Error::MaxRecords)
    }

    fn remove(&mut self, _: &RecordKey) {}

    fn records(&self) -> Self::RecordsIter<'_> {
        std::iter::empty()
    }

    fn add_provider(&mut self, mut record: ProviderRecord) -> Result<()> {
        let (key, provider) = (record.key.to_vec(), record.provider);
        if key.len() > KEY_BYTES_MAX {
            return Err(Error::ValueTooLarge);
        }
        if provider == self.own {
            if self.provided.len() >= OWN_MAX && !self.provided.contains_key(&key) {
                return Err(Error::MaxProvidedKeys);
            }
            self.provided.insert(key, record);
            return Ok(());
        }
        record.addresses.truncate(ADDRESSES_MAX);
        self.forget(&key, provider);
        self.make_room(&key, provider);
        self.keys.entry(key.clone()).or_default().push_back(record);
        self.count(provider, |said| said.push_back(key));
        Ok(())
    }

    fn providers(&self, key: &RecordKey) -> Vec<ProviderRecord> {
        let (key, now) = (key.to_vec(), Instant::now());
        let others = self.keys.get(&key).into_iter().flatten().filter(|record| !record.is_expired(now));
        self.provided.get(&key).into_iter().chain(others).cloned().collect()
    }

    fn provided(&self) -> Self::ProvidedIter<'_> {
        Box::new(self.provided.values().map(Cow::Borrowed))
    }

    fn remove_provider(&mut self, key: &RecordKey, provider: &PeerId) {
        if *provider == self.own {
            self.provided.remove(&key.to_vec());
        } else {
            self.forget(&key.to_vec(), *provider);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: usize, provider: PeerId) -> ProviderRecord {
        ProviderRecord::new(key.to_be_bytes().to_vec(), provider, vec!["/ip4/8.8.8.8/tcp/1".parse().unwrap(); 100])
    }

    fn key(key: usize) -> RecordKey {
        key.to_be_bytes().to_vec().into()
    }

    #[test]
    fn a_thousand_providers_of_everything_take_bounded_memory_and_leave_a_quiet_one_its_record() {
        let (own, quiet) = (PeerId::random(), PeerId::random());
        let mut providers = Providers::new(own);
        providers.add_provider(record(0, quiet)).unwrap();
        let loud: Vec<PeerId> = (0..1000).map(|_| PeerId::random()).collect();
        for (index, peer) in loud.iter().enumerate() {
            (1..40).for_each(|n| providers.add_provider(record(index * 40 + n, *peer)).unwrap());
            providers.add_provider(record(1_000_000, *peer)).unwrap();
        }
        assert_eq!(providers.len(), RECORDS_MAX);
        assert_eq!(providers.len(), providers.keys.values().map(VecDeque::len).sum::<usize>());
        let addresses = providers.keys.values().flatten().map(|record| record.addresses.len());
        assert_eq!(addresses.max(), Some(ADDRESSES_MAX));
        assert!(providers.providers(&key(1_000_000)).len() <= PROVIDERS_MAX);
        assert_eq!(providers.providers(&key(0)).len(), 1, "the quiet one is still there");
        (0..3000).for_each(|n| providers.add_provider(record(n, loud[0])).unwrap());
        assert!(providers.said[&loud[0]].len() <= PER_PROVIDER_MAX);
    }

    #[test]
    fn what_this_node_provides_is_never_pushed_out_and_values_are_not_kept() {
        let own = PeerId::random();
        let mut providers = Providers::new(own);
        providers.add_provider(record(7, own)).unwrap();
        (0..100).for_each(|_| providers.add_provider(record(7, PeerId::random())).unwrap());
        assert!(providers.providers(&key(7)).iter().any(|record| record.provider == own));
        assert_eq!(providers.provided().count(), 1);
        providers.remove_provider(&key(7), &own);
        assert_eq!(providers.provided().count(), 0);
        assert!(providers.put(Record::new(key(1), vec![1])).is_err());
        let long = ProviderRecord::new(vec![0; KEY_BYTES_MAX + 1], own, Vec::new());
        assert!(providers.add_provider(long).is_err());
    }
}
