//! Random changes of random files: what git and GNU diff write of them is read as the change itself, and no bytes end the program.

use std::{fs, path::Path, process::Command};

use deltas::{Patch, Tree};
use proptest::prelude::*;

/// Few names and few lines, so that sets resemble one another; texts look like parts of patches, end with and without a newline.
fn any_tree() -> impl Strategy<Value = Tree> {
    let path = prop::sample::select(vec!["a", "b.csv", "dir/a", "dir/with blank", "ü/é", "x/y/z", "old/a", "new/new/a", "quote'd"]);
    let line = prop::sample::select(vec![
        "",
        "1",
        "22",
        "-- ",
        "-- a/a",
        "++ b/a",
        "@@ -1 +1 @@",
        "diff --git a/a b/a",
        "é\r",
        "\\ x",
        " ",
        "Only in x: y",
        "Index: a",
    ]);
    let text = (prop::collection::vec(line, 1..40), any::<bool>()).prop_map(|(lines, newline)| {
        let text = lines.join("\n");
        if newline || text.is_empty() { text + "\n" } else { text }
    });
    prop::collection::btree_map(path, text, 0..6).prop_map(|files| {
        let mut tree = Tree::new();
        files.iter().for_each(|(path, text)| tree.insert(path, text).expect("a set"));
        tree
    })
}

fn write(tree: &Tree, folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    for (path, text) in tree.iter() {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("written");
    }
}

/// What a program prints that compares `old` with `new`; none where it is not there.
fn output(folder: &Path, program: &[&str]) -> Option<Vec<u8>> {
    let (name, arguments) = program.split_first().expect("a program");
    let command = Command::new(name).args(arguments).env("LC_ALL", "C").env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(folder).output();
    command.ok().map(|output| output.stdout)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_git_and_diff_write_of_a_change_is_read_as_that_change(old in any_tree(), new in any_tree()) {
        prop_assume!(old != new);
        let folder = tempfile::tempdir().expect("a folder");
        write(&old, &folder.path().join("old"));
        write(&new, &folder.path().join("new"));
        // Where no file is on both sides, nothing tells how deep the folders are that git named.
        prop_assume!(old.iter().any(|(path, text)| new.get(path).is_some_and(|other| other != text)));
        for program in [
            &["diff", "-ruN", "old", "new"][..],
            &["git", "diff", "--no-index", "old", "new"],
            &["git", "diff", "--no-index", "--no-prefix", "-U0", "old", "new"],
            &["git", "diff", "--no-index", "--color=always", "-U1", "old", "new"],
        ] {
            let Some(patch) = output(folder.path(), program) else { continue };
            let reading = patches::read(&patch, &old, None);
            let told = || format!("{program:?}: {:?}\n{}", reading.as_ref().err(), String::from_utf8_lossy(&patch));
            prop_assert!(reading.is_ok(), "{}", told());
            let reading = reading.expect("read");
            prop_assert_eq!(&reading.tree, &new, "{:?}", program);
            let strict = Patch::parse(&reading.body(&old, [1; 20], "t")).expect("strict");
            prop_assert_eq!(strict.apply(&old), Ok(new.clone()));
        }
    }

    #[test]
    fn broken_patches_end_in_words(
        old in any_tree(),
        new in any_tree(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&b"\n\r+-@ \\\t\"\x1b\x00\xff\xfe19,/aF:="[..]), 0..4_usize), 1..12),
    ) {
        let mut bytes = Patch::between(&old, &new, [1; 20], "t");
        for (at, byte, length) in changes {
            let at = at.index(bytes.len());
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, [byte]);
        }
        match patches::read(&bytes, &old, None) {
            Ok(reading) => {
                let strict = Patch::parse(&reading.body(&old, [1; 20], "t")).expect("strict");
                prop_assert_eq!(strict.apply(&old), Ok(reading.tree));
            }
            Err(error) => prop_assert!(error.to_string().chars().all(|letter| !letter.is_control())),
        }
    }
}
