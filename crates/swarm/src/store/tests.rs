//! Files in and out, what falls, what stays, what a crash leaves.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use super::disk::{DATA, TREE, UNFINISHED};
use super::*;
use crate::cids::block_digest;
use crate::files::{CHUNK_BYTES, Part, cut, digest_of};
use protocol::Digest;

fn open(folder: &std::path::Path, limit_bytes: u64) -> Arc<BlockStore> {
    Arc::new(BlockStore::open(folder, limit_bytes).unwrap())
}

fn setup(limit_bytes: u64) -> (tempfile::TempDir, Arc<BlockStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), limit_bytes);
    (folder, store)
}

fn add(store: &BlockStore, bytes: &[u8]) -> Digest {
    store.add(&mut &bytes[..]).unwrap()
}

/// Every chunk differs from the others.
fn long() -> Vec<u8> {
    (0..3 * CHUNK_BYTES + 5).map(|index| (index / 1000) as u8).collect()
}

/// Makes a file look as if it had been used so many seconds before the others.
fn age(store: &BlockStore, digest: Digest, seconds: u64) {
    let is_flat = store.index().flat(digest);
    match is_flat {
        Some((id, _)) => store.index().change_flat(id, |flat| flat.used_s -= seconds),
        None => {
            let length = store.length(digest).unwrap();
            let now_s = super::disk::now_s();
            store.index().enter_single(digest, length, now_s - seconds);
        }
    }
}

#[test]
fn a_file_is_read_back_also_after_reopening_and_each_byte_lies_there_once() {
    for length in [0, 5, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 5, 180 * CHUNK_BYTES] {
        let (folder, store) = setup(1 << 30);
        let file: Vec<u8> = (0..length).map(|index| (index / 1000) as u8 ^ (index >> 18) as u8).collect();
        let digest = add(&store, &file);
        assert_eq!(digest, digest_of(&file), "{length}");
        assert_eq!(add(&store, &file), digest, "again");
        let reopened = open(folder.path(), 1 << 30);
        for store in [&store, &reopened] {
            assert_eq!(store.read(digest, length).unwrap().as_deref(), Some(&file[..]));
            assert_eq!(&*store.map(digest, length).unwrap().unwrap(), &file[..]);
            assert_eq!(store.file_length(digest).unwrap(), Some(length));
            assert_eq!(store.read(digest, length + 1).unwrap(), None);
        }
        assert_eq!(store.index().held_bytes(), reopened.index().held_bytes());
        assert!(store.index().held_bytes() <= length + Part::whole(length).nodes_bytes());
    }
}

#[test]
fn a_damaged_block_is_dropped_and_never_served_and_its_file_is_not_whole_after_a_restart_either() {
    let (folder, store) = setup(1 << 30);
    let short = add(&store, b"right");
    fs::write(store.places.single(short), b"wrong").unwrap();
    assert_eq!(store.get(short).unwrap(), None);
    assert!(!store.has(short));
    assert_eq!(add(&store, b"right"), short);
    let digest = add(&store, &long());
    let mut damaged = long();
    damaged[CHUNK_BYTES as usize + 7] ^= 1;
    fs::write(store.places.flat(digest, DATA), &damaged).unwrap();
    assert_eq!(store.read(digest, long().len() as u64).unwrap(), None);
    for store in [store, open(folder.path(), 1 << 30)] {
        assert_eq!(store.file_length(digest).unwrap(), None);
        assert!(store.map(digest, long().len() as u64).unwrap().is_none());
    }
}

#[test]
fn a_file_that_came_in_part_goes_on_with_what_it_has_and_nothing_else_counts() {
    let (folder, store) = setup(1 << 30);
    let (file, mut blocks) = (long(), Vec::new());
    let mut keep = |digest, block: &[u8]| {
        blocks.push((digest, block.to_vec()));
        Ok::<_, ()>(())
    };
    let digest = cut(&file, &mut keep).unwrap();
    let part = Part::whole(file.len() as u64);
    let partial = store.begin(digest, part).unwrap();
    partial.keep_node(digest, &blocks[4].1).unwrap();
    partial.keep_chunk(blocks[2].0, 2 * CHUNK_BYTES, &blocks[2].1).unwrap();
    assert_eq!(store.file_length(digest).unwrap(), None);
    assert_eq!(store.get(blocks[2].0).unwrap().as_ref(), Some(&blocks[2].1), "it is served at once");
    drop((partial, store));
    let store = open(folder.path(), 1 << 30);
    assert_eq!((store.has(digest), store.has(blocks[2].0)), (true, false), "what was not synced is looked at again");
    let partial = store.begin(digest, part).unwrap();
    let there: Vec<bool> =
        (0..4).map(|index| partial.recover(blocks[index].0, index as u64 * CHUNK_BYTES, blocks[index].1.len() as u32).unwrap()).collect();
    assert_eq!(there, [false, false, true, false]);
    for index in [0, 1, 3] {
        partial.keep_chunk(blocks[index].0, index as u64 * CHUNK_BYTES, &blocks[index].1).unwrap();
    }
    partial.finish().unwrap();
    drop((partial, store));
    assert_eq!(open(folder.path(), 1 << 30).read(digest, file.len() as u64).unwrap(), Some(file));
}

#[test]
fn a_file_in_single_blocks_as_older_stores_have_them_is_served_and_put_together() {
    let (folder, store) = setup(1 << 30);
    let digest = cut(&long(), &mut |digest, block: &[u8]| store.put(digest, block)).unwrap();
    let length = long().len() as u64;
    assert_eq!(store.read(digest, length).unwrap(), Some(long()));
    let before = store.index().held_bytes();
    assert_eq!(&*store.map(digest, length).unwrap().unwrap(), &long()[..]);
    assert_eq!(store.index().held_bytes(), before, "and nothing lies there twice");
    assert!(!store.places.single(digest).exists() && store.places.flat(digest, TREE).exists());
    assert_eq!(open(folder.path(), 1 << 30).read(digest, length).unwrap(), Some(long()));
}

#[test]
fn what_was_not_used_for_longest_falls_first_and_never_what_is_pinned_or_being_fetched() {
    let room = 3 * CHUNK_BYTES;
    let (folder, store) = setup(room);
    let file = |fill: u8| vec![fill; CHUNK_BYTES as usize];
    let files: Vec<Digest> = (0..3).map(|fill| add(&store, &file(fill))).collect();
    [300, 200, 100].iter().zip(&files).for_each(|(seconds, digest)| age(&store, *digest, *seconds));
    store.pin(files[0], "user").unwrap();
    add(&store, &file(7));
    assert_eq!(files.iter().map(|digest| store.has(*digest)).collect::<Vec<_>>(), [true, false, true]);
    store.pin(files[2], "checkpoint of group 1").unwrap();
    store.pin(digest_of(&file(7)), "user").unwrap();
    let full = store.add(&mut &file(8)[..]).unwrap_err();
    assert!(full.is_full() && full.to_string().contains("store_bytes"), "{full}");
    let store = open(folder.path(), room);
    assert!(store.add(&mut &file(8)[..]).unwrap_err().is_full(), "pins are there after a restart");
    assert!(store.unpin(files[2], "checkpoint of group 1").unwrap());
    add(&store, &file(8));
    assert!(!store.has(files[2]) && store.has(files[0]));
}

#[test]
fn a_file_that_does_not_fit_at_all_pushes_out_nothing_and_leaves_nothing() {
    let (_folder, store) = setup(2 * CHUNK_BYTES);
    let small = add(&store, b"small");
    assert!(store.add(&mut &long()[..]).unwrap_err().is_full());
    assert!(store.begin(digest_of(&long()), Part::whole(long().len() as u64)).unwrap_err().is_full());
    assert_eq!((store.has(small), store.index().held_bytes()), (true, 5));
    assert_eq!(fs::read_dir(store.places.0.join(UNFINISHED)).unwrap().count(), 0);
}

#[test]
fn a_running_fetch_keeps_its_room_and_gives_it_back_when_it_is_collected_later() {
    let (_folder, store) = setup(1 << 30);
    let partial = store.begin(digest_of(&long()), Part::whole(long().len() as u64)).unwrap();
    assert_eq!(store.collect().unwrap(), 0);
    drop(partial);
    assert!(store.collect().unwrap() > 3 * CHUNK_BYTES);
    assert_eq!(store.index().held_bytes(), 0);
}

#[test]
fn forgetting_makes_room_and_files_that_share_chunks_do_not_need_one_another() {
    let (_folder, store) = setup(1 << 30);
    let mut other = long();
    other.extend(b"more");
    let (one, two) = (add(&store, &long()), add(&store, &other));
    store.forget(one).unwrap();
    assert_eq!(store.read(two, other.len() as u64).unwrap(), Some(other));
    store.forget(two).unwrap();
    assert_eq!(store.index().held_bytes(), 0);
    assert!(!store.has(block_digest(&long()[..CHUNK_BYTES as usize])));
}

#[test]
fn unfinished_files_of_a_crash_are_removed() {
    let (folder, store) = setup(10);
    drop(store);
    let (left, nameless) = (folder.path().join(UNFINISHED).join("1"), folder.path().join("flat").join(format!("{}.data", "11".repeat(32))));
    fs::write(&left, b"half").unwrap();
    fs::write(&nameless, b"without a tree").unwrap();
    open(folder.path(), 10);
    assert!(!left.exists() && !nameless.exists());
}

#[test]
fn what_is_mapped_stays_readable_when_its_file_falls() {
    let (_folder, store) = setup(1 << 30);
    let digest = add(&store, &long());
    let map = store.map(digest, long().len() as u64).unwrap().unwrap();
    store.collect().unwrap();
    assert!(!store.has(digest));
    assert_eq!(&*map, &long()[..]);
}

#[test]
fn a_status_tells_what_there_is_and_why() {
    let (_folder, store) = setup(1 << 30);
    let (one, two) = (add(&store, &long()), add(&store, b"two"));
    store.pin_only("winners of group 1", &BTreeSet::from([one, Digest([9; 32])])).unwrap();
    let status = store.status();
    let told: Vec<(Digest, u64, bool, usize)> =
        status.files.iter().map(|held| (held.digest, held.bytes.min(9), held.whole, held.reasons.len())).collect();
    assert_eq!(told, [(Digest([9; 32]), 0, false, 1), (one, 9, true, 1), (two, 3, true, 0)]);
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    const FILES: u8 = 6;

    #[derive(Debug, Clone)]
    enum Deed {
        Add(u8),
        Pin(u8, bool),
        Unpin(u8, bool),
        Fetch(u8),
        Collect,
        Reopen,
    }

    fn deeds() -> impl Strategy<Value = Vec<Deed>> {
        let deed = prop_oneof![
            6 => (0..FILES).prop_map(Deed::Add),
            2 => (0..FILES, any::<bool>()).prop_map(|(file, which)| Deed::Pin(file, which)),
            2 => (0..FILES, any::<bool>()).prop_map(|(file, which)| Deed::Unpin(file, which)),
            2 => (0..FILES).prop_map(Deed::Fetch),
            1 => Just(Deed::Collect),
            1 => Just(Deed::Reopen),
        ];
        proptest::collection::vec(deed, 1..24)
    }

    /// Of one to three chunks, each of its own.
    fn file(number: u8) -> Vec<u8> {
        let chunks = (0..=number % 3).flat_map(|chunk| vec![number << 4 | chunk; CHUNK_BYTES as usize]);
        let mut file: Vec<u8> = chunks.collect();
        file.truncate(file.len() - 9);
        file
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn whatever_happens_a_pinned_file_that_was_here_stays_and_the_limit_holds(deeds in deeds()) {
            const LIMIT: u64 = 5 * CHUNK_BYTES;
            let folder = tempfile::tempdir().unwrap();
            let mut store = open(folder.path(), LIMIT);
            let (mut pins, mut here) = (BTreeSet::new(), BTreeSet::new());
            let reason = |which: bool| if which { "user" } else { "winners of group 1" };
            for deed in deeds {
                match deed {
                    Deed::Add(number) if store.add(&mut &file(number)[..]).is_ok() => _ = here.insert(number),
                    Deed::Add(_) => {}
                    Deed::Pin(number, which) => {
                        store.pin(digest_of(&file(number)), reason(which)).unwrap();
                        pins.insert((number, which));
                    }
                    Deed::Unpin(number, which) => {
                        prop_assert_eq!(store.unpin(digest_of(&file(number)), reason(which)).unwrap(), pins.remove(&(number, which)));
                    }
                    Deed::Fetch(number) if number % 3 == 0 => {}
                    Deed::Fetch(number) => drop(store.begin(digest_of(&file(number)), Part::whole(file(number).len() as u64))),
                    Deed::Collect => _ = store.collect().unwrap(),
                    Deed::Reopen => store = open(folder.path(), LIMIT),
                }
                prop_assert!(store.index().held_bytes() <= LIMIT);
                let is_pinned = |number: &u8| pins.iter().any(|(pinned, _)| pinned == number);
                here.retain(|number| is_pinned(number) || store.file_length(digest_of(&file(*number))).unwrap().is_some());
                for number in here.iter().filter(|number| is_pinned(number)) {
                    prop_assert_eq!(store.read(digest_of(&file(*number)), file(*number).len() as u64).unwrap(), Some(file(*number)));
                }
            }
        }
    }
}
