//! What one connected peer wants of this node, and what it is answered next.
//!
//! All of it is bounded: a peer that asks for more than fits is told that it is not there, and asks again
//! or asks others.

use std::collections::{BTreeMap, VecDeque};

use cid::Cid;

use super::message::{Entry, Want};
use crate::cids::digest_in;
use crate::store::BlockStore;

/// Blocks that are queued for a peer; a peer that asks for more is told that they are not there.
pub const QUEUE_BLOCKS_MAX: usize = 1024;
/// Wants that could not be served yet and are kept in case the block comes.
pub const UNMET_MAX: usize = 1024;
/// Presences waiting to be sent; further ones are dropped.
pub const PRESENCES_MAX: usize = 4096;
/// Blocks are added to a message until it has this many bytes.
pub const ANSWER_BYTES: usize = 512 * 1024;

/// The next message to a peer, except for its blocks' bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// CIDs, and whether their blocks are held here.
    pub presences: Vec<(Cid, bool)>,
    /// Blocks to be read and sent behind them.
    pub blocks: Vec<Cid>,
}

/// One peer's wants at this node.
#[derive(Debug, Default)]
pub struct Ledger {
    blocks: VecDeque<Cid>,
    presences: VecDeque<(Cid, bool)>,
    unmet: BTreeMap<Cid, Want>,
}

impl Ledger {
    /// Takes the entries of a message.
    pub fn read(&mut self, entries: Vec<Entry>, full: bool, store: &BlockStore) {
        if full {
            *self = Self::default();
        }
        for entry in entries {
            self.read_entry(entry, store);
        }
    }

    /// Serves a want, or keeps it in case the block comes; forgets a cancelled one.
    fn read_entry(&mut self, entry: Entry, store: &BlockStore) {
        let held = digest_in(&entry.cid).is_some_and(|digest| store.has(digest));
        match entry.want {
            Want::Cancel => self.cancel(&entry.cid),
            want if held => self.serve(entry.cid, want),
            want => {
                if entry.send_dont_have {
                    self.tell(entry.cid, false);
                }
                if self.unmet.len() < UNMET_MAX {
                    self.unmet.insert(entry.cid, want);
                }
            }
        }
    }

    /// The peer needs the block no longer.
    fn cancel(&mut self, cid: &Cid) {
        self.unmet.remove(cid);
        self.blocks.retain(|queued| queued != cid);
    }

    /// A held block, or the word that it is held.
    fn serve(&mut self, cid: Cid, want: Want) {
        match want {
            Want::Block if self.blocks.len() >= QUEUE_BLOCKS_MAX => self.tell(cid, false),
            Want::Block if self.blocks.contains(&cid) => {}
            Want::Block => self.blocks.push_back(cid),
            _ => self.tell(cid, true),
        }
    }

    /// Whether a block is held, if there is room to say so.
    fn tell(&mut self, cid: Cid, held: bool) {
        if self.presences.len() < PRESENCES_MAX {
            self.presences.push_back((cid, held));
        }
    }

    /// Whether the peer waits for blocks that this node has not.
    pub fn waits(&self) -> bool {
        !self.unmet.is_empty()
    }

    /// The store has new blocks: serves wants that waited for them.
    pub fn stored(&mut self, store: &BlockStore) {
        let held = |cid: &Cid| digest_in(cid).is_some_and(|digest| store.has(digest));
        let met: Vec<(Cid, Want)> = self.unmet.extract_if(.., |cid, _| held(cid)).collect();
        for (cid, want) in met {
            self.serve(cid, want);
        }
    }

    /// Takes the next answer: at least one block if any is queued, and no further one past `ANSWER_BYTES`.
    pub fn answer(&mut self, store: &BlockStore) -> Answer {
        let mut answer = Answer { presences: self.presences.drain(..).collect(), blocks: Vec::new() };
        let mut bytes = 0;
        while let Some(cid) = self.blocks.front().copied() {
            let length = digest_in(&cid).and_then(|digest| store.length(digest)).unwrap_or(0) as usize;
            if bytes > 0 && bytes + length > ANSWER_BYTES {
                break;
            }
            bytes += length;
            self.blocks.pop_front();
            answer.blocks.push(cid);
        }
        answer
    }

    /// Whether there is nothing to answer.
    pub fn is_idle(&self) -> bool {
        self.blocks.is_empty() && self.presences.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cids::{Codec, block_cid, block_digest};

    fn setup() -> (tempfile::TempDir, BlockStore, Ledger) {
        let folder = tempfile::tempdir().unwrap();
        let store = BlockStore::open(folder.path(), 1 << 30).unwrap();
        (folder, store, Ledger::default())
    }

    fn put(store: &BlockStore, block: &[u8]) -> Cid {
        store.put(block_digest(block), block).unwrap();
        cid(block)
    }

    fn cid(block: &[u8]) -> Cid {
        block_cid(block_digest(block), Codec::Raw)
    }

    fn entry(cid: Cid, want: Want) -> Entry {
        Entry { cid, want, send_dont_have: true }
    }

    #[test]
    fn held_blocks_are_sent_and_others_are_told_missing() {
        let (_folder, store, mut ledger) = setup();
        let held = put(&store, b"held");
        let entries = vec![entry(held, Want::Block), entry(held, Want::Have), entry(cid(b"missing"), Want::Block)];
        ledger.read(entries, false, &store);
        let expected = Answer { presences: vec![(held, true), (cid(b"missing"), false)], blocks: vec![held] };
        assert_eq!(ledger.answer(&store), expected);
        assert!(ledger.is_idle());
    }

    #[test]
    fn a_want_is_met_when_the_block_comes_unless_it_was_cancelled() {
        let (_folder, store, mut ledger) = setup();
        let (kept, cancelled) = (cid(b"kept"), cid(b"cancelled"));
        ledger.read(vec![entry(kept, Want::Block), entry(cancelled, Want::Have)], false, &store);
        ledger.answer(&store);
        ledger.read(vec![entry(cancelled, Want::Cancel)], false, &store);
        put(&store, b"kept");
        put(&store, b"cancelled");
        ledger.stored(&store);
        assert_eq!(ledger.answer(&store), Answer { presences: vec![], blocks: vec![kept] });
        assert!(!ledger.waits());
    }

    #[test]
    fn answers_are_cut_at_half_a_mebibyte() {
        let (_folder, store, mut ledger) = setup();
        let blocks: Vec<Cid> = (0..5u8).map(|fill| put(&store, &vec![fill; 200 * 1024])).collect();
        ledger.read(blocks.iter().map(|&cid| entry(cid, Want::Block)).collect(), false, &store);
        let counts: Vec<usize> = (0..4).map(|_| ledger.answer(&store).blocks.len()).collect();
        assert_eq!(counts, [2, 2, 1, 0]);
    }

    #[test]
    fn a_full_list_replaces_what_was_wanted() {
        let (_folder, store, mut ledger) = setup();
        let (one, two) = (put(&store, b"one"), put(&store, b"two"));
        ledger.read(vec![entry(one, Want::Block)], false, &store);
        ledger.read(vec![entry(two, Want::Block)], true, &store);
        assert_eq!(ledger.answer(&store).blocks, [two]);
    }

    #[test]
    fn a_greedy_peer_cannot_make_the_queues_grow() {
        let (_folder, store, mut ledger) = setup();
        for number in 0..3 * UNMET_MAX as u32 {
            ledger.read(vec![entry(cid(&number.to_be_bytes()), Want::Block)], false, &store);
        }
        assert!(ledger.unmet.len() <= UNMET_MAX && ledger.presences.len() <= PRESENCES_MAX);
    }
}
