//! Data folders that older programs left, and one of a newer program, as they stand in `tests/golden`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use node::{keys, lock, signing::Signing};
use protocol::{Digest, GroupId, RoundNumber, eip712::Verdict};

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
