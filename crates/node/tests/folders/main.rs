//! Data folders that older programs left, and one of a newer program, as they stand in `tests/golden`.

mod logs;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use chain::{Chronicle, Flights};
use node::{keys, lock, signing::Signing};
use protocol::{Digest, GroupId, RoundNumber, eip712::Verdict};
use swarm::Shelf;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// A folder with all files, to be used.
fn copied(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&golden(name), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() { copy(&entry.path(), &to) } else { assert!(fs::copy(entry.path(), to).is_ok()) }
    }
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { drop(found.insert(path.clone(), fs::read(path).expect("bytes"))) }
    }
    found
}

#[test]
fn a_folder_of_each_older_program_is_taken_over_and_nothing_in_it_is_forgotten() {
    for name in ["data-0", "data-1"] {
        let folder = copied(name);
        let held = lock::lock(folder.path()).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        assert_eq!(fs::read_to_string(folder.path().join("format")).expect("written"), "neuron data 1\n", "{name}");
        assert_eq!(keys::node_key(folder.path()).expect("the key"), [7; 32], "{name}");
        let mut signing = Signing::open(folder.path()).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        let known = *signing.verdicts().signed(GroupId(1), RoundNumber(8)).unwrap_or_else(|| panic!("{name}: the verdict of round 8"));
        assert!(signing.note(known).expect("noted").is_ok(), "{name}: the same again");
        let other = Verdict { claim: Digest([9; 32]), ..known };
        assert!(signing.note(other).expect("refused").is_err(), "{name}: never another one");
        drop(held);
        for (path, before) in files(&golden(name)) {
            let path = folder.path().join(path.strip_prefix(golden(name)).expect("below"));
            assert_eq!(fs::read(&path).expect("still there"), before, "{}", path.display());
        }
    }
}

#[test]
fn a_folder_of_a_newer_program_is_refused_by_name_before_anything_is_touched() {
    let folder = copied("data-2");
    let before = files(folder.path());
    let error = lock::lock(folder.path()).expect_err("newer").to_string();
    assert!(error.contains("newer program (format 2, this program knows 1)") && error.contains("start that one"), "{error}");
    let mut after = files(folder.path());
    assert_eq!(after.remove(&folder.path().join("node.lock")), Some(Vec::new()));
    assert_eq!(after, before);
}

/// What stands in `kept-1` and, as a newer program would write it, in `kept-2`.
const FLIGHTS_OF: (u64, &str) = (31_337, "0x3ee9B13fe3165F45Dc88eB3BEdaA904a52fcDC96");
const TITLE: &str = "31337 0x28847A39102E846F35e8840ce230D959528060A6 1";
const MANIFEST: &str = "0x38a9b245c3e02ef42986b65c484db1ac5b975678dc26ed5a8e2a34ccd34d5dfb";
const LIMIT: u64 = 1 << 20;

#[test]
fn what_waited_is_read_from_an_older_folder_and_a_newer_one_is_refused_by_name() {
    let (chain, account) = (FLIGHTS_OF.0, FLIGHTS_OF.1.parse().expect("an account"));
    let (kept, newer) = (copied("kept-1"), copied("kept-2"));
    let waiting = Flights::open(&kept.path().join("flights"), chain, account).expect("opened");
    assert_eq!(waiting.live().keys().copied().collect::<Vec<_>>(), [115], "114 is over");
    let before = files(&newer.path().join("flights"));
    let error = Flights::open(&newer.path().join("flights"), chain, account).expect_err("newer").to_string();
    assert!(error.contains("later version") && error.contains("use the program that wrote it"), "{error}");
    let mut after = files(&newer.path().join("flights"));
    after.retain(|path, _| path.extension().is_none_or(|end| end != "lock"));
    assert_eq!(after, before);
}

#[test]
fn what_was_read_of_the_chain_is_kept_from_an_older_folder_and_read_again_where_a_newer_program_wrote_it() {
    let known = |folder: &str| {
        let folder = copied(folder);
        let chronicle = Chronicle::open(&folder.path().join("chronicles/1.chronicle"), TITLE).expect("opened");
        chronicle.known().map(|block| block.number).collect::<Vec<_>>()
    };
    let numbers = known("kept-1");
    assert!(numbers.len() == 3 && numbers[..2] == [0, 50], "{numbers:?}");
    assert_eq!(known("kept-2"), [0; 0]);
}

#[test]
fn files_stay_with_their_reasons_from_an_older_folder_and_a_list_of_another_form_is_refused_and_left() {
    let (kept, newer) = (copied("kept-1"), copied("kept-2"));
    let status = Shelf::open(kept.path(), LIMIT).expect("opened").status();
    let held: Vec<_> = status.files.iter().map(|held| (held.digest.to_string(), held.bytes, held.whole, held.reasons.clone())).collect();
    assert_eq!(held, [(MANIFEST.to_owned(), 227, true, vec!["user".to_owned()])]);
    let before = fs::read(newer.path().join("blocks/pins")).expect("a list");
    let error = Shelf::open(newer.path(), LIMIT).expect_err("newer").to_string();
    assert!(error.contains("line 1 of the list of pins") && error.contains("blocks/pins"), "{error}");
    assert_eq!(fs::read(newer.path().join("blocks/pins")).expect("a list"), before);
}
