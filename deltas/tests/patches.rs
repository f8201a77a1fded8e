//! Patches as tools write them are applied strictly; what fits in no or in two ways is refused.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot read its cases must fail")]

use std::fs;
use std::path::Path;

use deltas::{ApplyError, MAX_PATH_BYTES, MAX_PATH_PARTS, Patch, PatchError, PathError, Tree, check_path};
use proptest::prelude::*;

const AUTHOR: [u8; 20] = [0xab; 20];

fn data(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

fn tree_in(folder: &str) -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let mut tree = Tree::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match entry.is_dir() {
                true => folders.push(entry),
                false => {
                    let path = entry.strip_prefix(&root).unwrap().to_str().unwrap();
                    tree.insert(path, &fs::read_to_string(&entry).unwrap()).unwrap();
                }
            }
        }
    }
    tree
}

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    files.iter().for_each(|(path, text)| tree.insert(path, text).unwrap());
    tree
}

#[test]
fn patches_of_git_and_diff_turn_the_old_set_into_the_new_one() {
    for name in ["git-diff.patch", "format-patch.patch", "show-u0.patch", "diff-ruN.patch"] {
        let patch = Patch::parse(&data(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(patch.apply(&tree_in("old")), Ok(tree_in("new")), "{name}");
        assert!(patch.apply(&tree_in("new")).is_err(), "{name} applied twice");
        assert!(patch.apply(&Tree::new()).is_err(), "{name} on nothing");
    }
}

#[test]
fn the_author_stands_before_the_first_diff() {
    let author = Patch::parse(&data("format-patch.patch")).unwrap().author().unwrap();
    assert_eq!(author[..4], [0xf3, 0x9f, 0xd6, 0xe5]);
    assert_eq!(Patch::parse(&data("diff-ruN.patch")).unwrap().author(), None);
    let late = [data("git-diff.patch"), b"Neuron-Author: 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\n".to_vec()].concat();
    assert!(Patch::parse(&late).is_err());
}

#[test]
fn a_plain_patch_of_two_names_is_refused() {
    let patch = b"--- old/one.csv\n+++ new/other.csv\n@@ -1 +1 @@\n-1\n+2\n";
    assert!(matches!(Patch::parse(patch), Err(PatchError::Names(_))), "{:?}", Patch::parse(patch));
}

/// Bytes of the root are fixed: leaf version 1, computed once by other means.
#[test]
fn the_root_of_a_set_is_the_committed_one() {
    let golden = String::from_utf8(data("roots-1.txt")).unwrap();
    let hex = |root: [u8; 32]| root.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let roots = [hex(Tree::new().root()), hex(tree_in("old").root()), hex(tree_in("new").root())];
    assert_eq!(golden.lines().collect::<Vec<_>>(), roots);
}

/// What `body` gives on a set of `a.txt` with the lines 1 to 5 and `b.txt` with one line.
fn apply(body: &str) -> Result<Result<Tree, ApplyError>, PatchError> {
    let base = tree(&[("a.txt", "1\n2\n3\n4\n5\n"), ("b.txt", "b\n")]);
    Patch::parse(body.as_bytes()).map(|patch| patch.apply(&base))
}

fn check_refused(body: &str) {
    let result = apply(body);
    assert!(!matches!(result, Ok(Ok(_))), "{body}\ngave {result:?}");
}

fn check_applied(body: &str, path: &str, text: Option<&str>) {
    assert_eq!(apply(body).unwrap().unwrap().get(path), text, "{body}");
}

const TOP: &str = "--- a/a.txt\n+++ b/a.txt\n";

#[test]
fn hunks_are_applied_at_exactly_their_place() {
    check_applied(&format!("{TOP}@@ -2 +2 @@\n-2\n+x\n"), "a.txt", Some("1\nx\n3\n4\n5\n"));
    check_applied(&format!("{TOP}@@ -2,0 +3 @@\n+x\n"), "a.txt", Some("1\n2\nx\n3\n4\n5\n"));
    check_applied(&format!("{TOP}@@ -5,0 +6 @@\n+6\n\\ No newline at end of file\n"), "a.txt", Some("1\n2\n3\n4\n5\n6"));
    check_applied(&format!("{TOP}@@ -1,5 +0,0 @@\n-1\n-2\n-3\n-4\n-5\n"), "a.txt", None);
    check_refused(&format!("{TOP}@@ -3 +3 @@\n-2\n+x\n"));
    check_refused(&format!("{TOP}@@ -2 +3 @@\n-2\n+x\n"));
    check_refused(&format!("{TOP}@@ -9,0 +10 @@\n+x\n"));
    check_refused(&format!("{TOP}@@ -2 +2 @@\n-2 \n+x\n"));
    check_refused(&format!("{TOP}@@ -4 +4 @@\n-4\n+x\n@@ -2 +2 @@\n-2\n+x\n"));
    check_refused(&format!("{TOP}@@ -2 +2 @@\n-2\n\\ No newline at end of file\n+x\n"));
    check_refused(&format!("{TOP}@@ -2 +2 @@\n-2\n+x\n\\ No newline at end of file\n"));
}

#[test]
fn headers_must_tell_the_truth() {
    for body in [
        "",
        "only prose\n",
        "--- a/a.txt\n",
        "--- a/a.txt\n+++ b/a.txt\n",
        "--- a/a.txt\n+++ b/b.txt\n@@ -1 +1 @@\n-1\n+x\n",
        "--- a.txt\n+++ a.txt\n@@ -1 +1 @@\n-1\n+x\n",
        "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1 @@\n-1\n+x\n",
        "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-1\n",
        "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-1\n+x",
        "--- a/a.txt\n+++ b/a.txt\n@@ -+1 +1 @@\n-1\n+x\n",
        "--- a/a.txt\n+++ b/a.txt\n@@ -99999999999999999999 +1 @@\n-1\n+x\n",
        "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-1\n+x\nprose\n",
        "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-1\n+x\n-- \n2.39\n@@ -2 +2 @@\n-2\n+y\n",
        "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-1\n+x\n--- a/a.txt\n+++ b/a.txt\n@@ -2 +2 @@\n-2\n+y\n",
        "--- a/../x\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n",
        "--- /dev/null\n+++ b//etc/x\n@@ -0,0 +1 @@\n+x\n",
        "--- /dev/null\n+++ b/.git/hooks/x\n@@ -0,0 +1 @@\n+x\n",
        "--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+x\n",
        "--- /dev/null\n+++ b/a.txt/below\n@@ -0,0 +1 @@\n+x\n",
        "--- a/b.txt\n+++ /dev/null\n@@ -1 +1 @@\n-b\n+c\n",
        "--- a/a.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n",
        "diff --git a/c b/c\nnew file mode 120000\n--- /dev/null\n+++ b/c\n@@ -0,0 +1 @@\n+x\n",
        "diff --git a/c b/c\nnew file mode 100644\ndeleted file mode 100644\n--- /dev/null\n+++ b/c\n@@ -0,0 +1 @@\n+x\n",
        "diff --git a/a.txt b/a.txt\n@@ -1 +1 @@\n-1\n+x\n",
        "diff --git a/c b/c\nindex 1..2\nBinary files a/c and b/c differ\n",
        "diff --git a/a.txt b/c\nrename from a.txt\n",
        "diff --git a/a.txt b/b.txt\nrename from a.txt\nrename to b.txt\n",
        "diff --git a/no b/c\nrename from no\nrename to c\n",
        "Only in new: x\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-1\n+x\nOnly in new: y\n",
    ] {
        check_refused(body);
    }
}

#[test]
fn files_are_made_moved_copied_and_emptied() {
    check_applied("diff --git a/c b/c\nnew file mode 100644\nindex 0000000..e69de29\n", "c", Some(""));
    check_applied("diff --git a/b.txt b/x/c\nsimilarity index 100%\nrename from b.txt\nrename to x/c\n", "b.txt", None);
    check_applied("diff --git a/b.txt b/x/c\nsimilarity index 100%\nrename from b.txt\nrename to x/c\n", "x/c", Some("b\n"));
    check_applied("diff --git a/b.txt b/c\ncopy from b.txt\ncopy to c\n", "b.txt", Some("b\n"));
    check_applied("diff --git a/b.txt b/b.txt/c\nrename from b.txt\nrename to b.txt/c\n", "b.txt/c", Some("b\n"));
    check_applied("--- a/b.txt\n+++ b/b.txt\n@@ -1 +0,0 @@\n-b\n", "b.txt", None);
    let emptied = "diff --git a/b.txt b/b.txt\n--- a/b.txt\n+++ b/b.txt\n@@ -1 +0,0 @@\n-b\n";
    check_applied(emptied, "b.txt", Some(""));
}

#[test]
fn authors_that_are_none_or_many_are_refused() {
    let body = format!("{TOP}@@ -1 +1 @@\n-1\n+x\n");
    let line = "Neuron-Author: 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\n";
    assert!(Patch::parse(format!("{line}{body}").as_bytes()).unwrap().author().is_some());
    for bad in
        [format!("{line}{line}{body}"), format!("Neuron-Author: 0x12\n{body}"), format!("Neuron-Author: 0x{}\n{body}", "g".repeat(40))]
    {
        assert_eq!(Patch::parse(bad.as_bytes()), Err(PatchError::Author));
    }
}

#[test]
fn git_takes_our_patches() {
    let (old, new) = (tree_in("old"), tree_in("new"));
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in old.iter() {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    fs::write(folder.path().join("p.patch"), Patch::between(&old, &new, AUTHOR, "a title")).unwrap();
    let git = std::process::Command::new("git").args(["apply", "p.patch"]).current_dir(folder.path()).output();
    let Ok(output) = git else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (path, text) in new.iter() {
        assert_eq!(fs::read_to_string(folder.path().join(path)).unwrap(), text, "{path}");
    }
}

/// Few names and few lines, so that sets resemble one another; names nest, texts end with and without a newline.
fn any_tree() -> impl Strategy<Value = Tree> {
    let path = prop::sample::select(vec!["a", "b.csv", "dir/a", "dir/with blank", "ü/é", "x/y/z"]);
    let line = prop::sample::select(vec!["", "1", "22", "-- ", "--- a/a", "+++ b/a", "@@ -1 +1 @@", "diff --git a/a b/a", "é\r", "\\ x"]);
    let text = (prop::collection::vec(line, 0..30), any::<bool>()).prop_map(|(lines, newline)| {
        let text = lines.join("\n");
        if newline && !lines.is_empty() { text + "\n" } else { text }
    });
    prop::collection::btree_map(path, text, 0..6).prop_map(|files| {
        let mut tree = Tree::new();
        files.iter().for_each(|(path, text)| tree.insert(path, text).unwrap());
        tree
    })
}

#[test]
fn paths_are_as_long_as_the_limits_and_no_longer() {
    for (path, longer) in [("a".repeat(MAX_PATH_BYTES), "a"), (["a"; MAX_PATH_PARTS].join("/"), "/a")] {
        assert_eq!(check_path(&path), Ok(()));
        assert!(matches!(check_path(&(path + longer)), Err(PathError::TooLong(_))));
    }
}

proptest! {
    #[test]
    fn a_patch_between_two_sets_leads_from_one_to_the_other(old in any_tree(), new in any_tree()) {
        let bytes = Patch::between(&old, &new, AUTHOR, "a title\ndiff --git a/a b/a");
        if old == new {
            prop_assert_eq!(Patch::parse(&bytes), Err(PatchError::Empty));
        } else {
            let patch = Patch::parse(&bytes).unwrap();
            prop_assert_eq!(patch.author(), Some(AUTHOR));
            prop_assert_eq!(patch.apply(&old).unwrap(), new);
        }
    }

    #[test]
    fn a_patch_fits_another_parent_only_where_nothing_it_names_differs(old in any_tree(), new in any_tree(), other in any_tree()) {
        let Ok(patch) = Patch::parse(&Patch::between(&old, &new, AUTHOR, "t")) else { return Ok(()) };
        if let Ok(applied) = patch.apply(&other) {
            for path in patch.paths() {
                prop_assert_eq!(applied.get(path).is_some(), new.get(path).is_some());
            }
        }
    }

    #[test]
    fn broken_patches_do_not_panic(old in any_tree(), new in any_tree(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = Patch::between(&old, &new, AUTHOR, "t");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(patch) = Patch::parse(&bytes) {
            _ = patch.apply(&old);
        }
    }
}
