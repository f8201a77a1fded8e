//! Walks over files, spans, folders, gaps, and graphs made to be endless.

use super::*;
use crate::cids::{Codec, block_cid, block_digest};
use crate::files::{CHUNK_BYTES, LINKS_MAX, cid_of};
use crate::wire::{put_bytes, put_number};

struct Setup {
    _folder: tempfile::TempDir,
    store: Arc<BlockStore>,
}

impl Setup {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(BlockStore::open(folder.path(), 1 << 30).unwrap());
        Self { _folder: folder, store }
    }

    fn file(&self, bytes: &[u8]) -> Cid {
        cid_of(self.store.add(&mut &bytes[..]).unwrap(), bytes.len() as u64)
    }

    /// A node of UnixFS of that kind with links to those.
    fn node(&self, kind: u64, links: &[(&str, Cid)]) -> Cid {
        let (mut block, mut record) = (Vec::new(), Vec::new());
        for (name, cid) in links {
            let mut link = Vec::new();
            put_bytes(&mut link, 1, &cid.to_bytes());
            put_bytes(&mut link, 2, name.as_bytes());
            put_bytes(&mut block, 2, &link);
        }
        put_number(&mut record, 1, kind);
        put_bytes(&mut block, 1, &record);
        let digest = block_digest(&block);
        self.store.put(digest, &block).unwrap();
        block_cid(digest, Codec::DagPb)
    }

    fn walk(&self, root: Cid, names: &[&str], scope: Scope) -> Result<Vec<(Cid, Vec<u8>)>, WalkError> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        Walk::new(self.store.clone(), root, &names, scope, false)?.collect()
    }

    fn cids(&self, root: Cid, names: &[&str], scope: Scope) -> Vec<Cid> {
        self.walk(root, names, scope).unwrap().into_iter().map(|(cid, _)| cid).collect()
    }
}

fn bytes(length: u64) -> Vec<u8> {
    (0..length).map(|index| (index / CHUNK_BYTES) as u8).collect()
}

fn chunk(bytes: &[u8]) -> Cid {
    block_cid(block_digest(bytes), Codec::Raw)
}

#[test]
fn a_file_is_told_root_first_and_from_the_left() {
    let setup = Setup::new();
    let file = bytes((LINKS_MAX + 2) * CHUNK_BYTES);
    let root = setup.file(&file);
    let told = setup.walk(root, &[], Scope::All).unwrap();
    assert_eq!(told.len() as u64, 1 + 2 + LINKS_MAX + 2);
    let leaves = told.iter().filter(|(cid, _)| cid.codec() == 0x55);
    assert!(leaves.flat_map(|(_, block)| block).eq(&file));
    assert_eq!((told[0].0, told[1].0.codec(), told[2].0), (root, 0x70, chunk(&file[..CHUNK_BYTES as usize])));
    assert_eq!(setup.cids(root, &[], Scope::Entity(None)), told.iter().map(|(cid, _)| *cid).collect::<Vec<_>>());
    assert_eq!(setup.cids(root, &[], Scope::Block), [root]);
}

#[test]
fn a_span_of_a_file_is_told_with_the_fewest_blocks() {
    let setup = Setup::new();
    let (size, file) = (CHUNK_BYTES as i64, bytes(4 * CHUNK_BYTES + 5));
    let root = setup.file(&file);
    let whole: Vec<Cid> = file.chunks(CHUNK_BYTES as usize).map(chunk).collect();
    for (from, to, chunks) in [
        (0, None, 0..5),
        (0, Some(0), 0..1),
        (size - 1, Some(size), 0..2),
        (size, Some(2 * size - 1), 1..2),
        (-5, None, 4..5),
        (-6, Some(-6), 3..4),
        (4 * size, Some(i64::MAX), 4..5),
        (i64::MIN, Some(3), 0..1),
    ] {
        let told = setup.cids(root, &[], Scope::Entity(Some(Span { from, to })));
        assert_eq!(told, [&[root], &whole[chunks]].concat(), "{from}:{to:?}");
    }
    for (from, to) in [(file.len() as i64, None), (7, Some(6)), (i64::MAX, Some(i64::MAX))] {
        let told = setup.walk(root, &[], Scope::Entity(Some(Span { from, to })));
        assert!(matches!(told, Err(WalkError::Outside { length }) if length == file.len() as u64), "{from}:{to:?}");
    }
}

#[test]
fn equal_blocks_are_told_once_or_as_often_as_they_occur() {
    let setup = Setup::new();
    let root = setup.file(&vec![9; 3 * CHUNK_BYTES as usize]);
    for (repeats, count) in [(false, 2), (true, 4)] {
        assert_eq!(Walk::new(setup.store.clone(), root, &[], Scope::All, repeats).unwrap().count(), count);
    }
}

#[test]
fn names_lead_through_folders_whose_blocks_are_told_first() {
    let setup = Setup::new();
    let (file, other) = (setup.file(b"a file"), setup.file(b"another"));
    let inner = setup.node(1, &[("file", file), ("other", other)]);
    let root = setup.node(1, &[("inner", inner), ("again", inner)]);
    assert_eq!(setup.cids(root, &["inner", "file"], Scope::All), [root, inner, file]);
    assert_eq!(setup.cids(root, &["inner"], Scope::Entity(None)), [root, inner]);
    assert_eq!(setup.cids(root, &[], Scope::All), [root, inner, file, other]);
    let part = setup.node(5, &[("00name", file)]);
    let sharded = setup.node(5, &[("AA", part), ("BBname", other)]);
    assert_eq!(setup.cids(sharded, &[], Scope::Entity(None)), [sharded, part]);
    for (root, names, named) in [
        (root, vec!["nowhere"], "no \"nowhere\""),
        (file, vec!["name"], "no \"name\""),
        (sharded, vec!["name"], "in parts"),
        (root, vec!["inner"; NAMES_MAX + 1], "leads nowhere"),
    ] {
        let error = setup.walk(root, &names, Scope::All).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn what_is_not_held_or_not_read_ends_a_walk() {
    let setup = Setup::new();
    let absent = chunk(b"nobody has this");
    let root = setup.node(1, &[("here", setup.file(b"here")), ("gone", absent), ("never", setup.file(b"never"))]);
    let mut walk = Walk::new(setup.store.clone(), root, &[], Scope::All, false).unwrap();
    assert_eq!((walk.by_ref().take(2).filter(Result::is_ok).count(), walk.next().is_some_and(|next| next.is_err())), (2, true));
    assert!(walk.next().is_none());
    assert!(matches!(setup.walk(absent, &[], Scope::Block), Err(WalkError::Missing(_))));
    let cbor = Cid::new_v1(0x71, *setup.file(b"\xa0").hash());
    assert!(matches!(setup.walk(cbor, &[], Scope::All), Err(WalkError::Unreadable { .. })));
    assert_eq!(setup.cids(cbor, &[], Scope::Block), [cbor]);
}

#[test]
fn a_graph_made_to_be_endless_ends() {
    let setup = Setup::new();
    let mut root = setup.file(b"end");
    for _ in 0..12 {
        root = setup.node(2, &[("", root); 64]);
    }
    assert_eq!(setup.cids(root, &[], Scope::All).len(), 13);
    let mut again = Walk::new(setup.store.clone(), root, &[], Scope::All, true).unwrap();
    again.read = BLOCKS_MAX - 5;
    assert_eq!(again.by_ref().filter(Result::is_ok).count(), 5);
    assert!(again.pending.is_empty());
}

#[test]
fn a_cid_that_carries_its_block_needs_no_store_and_stands_in_no_car() {
    let setup = Setup::new();
    let own: Cid = "bafkqaaa".parse().unwrap();
    assert_eq!(setup.walk(own, &[], Scope::All).unwrap(), []);
    assert_eq!(setup.cids(setup.node(1, &[("own", own)]), &[], Scope::All).len(), 1);
}
