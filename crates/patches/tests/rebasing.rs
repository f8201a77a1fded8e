//! Merges beside `git merge-file` and origins beside `git blame`, on random changes; conflicts of whole files by a table.

use std::{fs, path::Path, process::Command};

use deltas::Tree;
use patches::{Conflict, ConflictKind, Origins, Sides, added, marked, merge, rebase};
use proptest::prelude::*;

const SIDES: Sides<'_> = Sides { ours: "now", theirs: "yours" };

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    files.iter().for_each(|(path, text)| tree.insert(path, text).expect("a set"));
    tree
}

fn git(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CEILING_DIRECTORIES", folder);
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "a").env(format!("GIT_{role}_EMAIL"), "a@b");
    }
    let output = command.output().expect("git");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

/// What a side does to a line: most stay, so that places are apart.
#[derive(Debug, Clone, Copy)]
enum Edit {
    Keep,
    Remove,
    Replace,
    Insert,
    /// The same for whoever does it.
    Agreed,
}

fn any_edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        12 => Just(Edit::Keep),
        1 => Just(Edit::Remove),
        1 => Just(Edit::Replace),
        1 => Just(Edit::Insert),
        1 => Just(Edit::Agreed),
    ];
    prop::collection::vec(edit, 20)
}

fn edited(lines: &[String], edits: &[Edit], side: &str, both: &str) -> Vec<String> {
    let one = |(number, (line, edit)): (usize, (&String, &Edit))| match edit {
        Edit::Keep => vec![line.clone()],
        Edit::Remove => vec![],
        Edit::Replace => vec![format!("{side}{number}\n")],
        Edit::Insert => vec![line.clone(), format!("{side}{number}\n"), format!("{side}{number}b\n")],
        Edit::Agreed => vec![line.clone(), format!("{both}{number}\n")],
    };
    lines.iter().zip(edits).enumerate().flat_map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn two_changes_are_merged_and_conflicts_marked_as_git_does(ours in any_edits(), theirs in any_edits()) {
        let base: Vec<String> = (0..20).map(|number| format!("line {number}\n")).collect();
        let (ours, theirs) = (edited(&base, &ours, "ours", "agreed").concat(), edited(&base, &theirs, "theirs", "agreed").concat());
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [("base", &base.concat()), ("ours", &ours), ("theirs", &theirs)] {
            fs::write(folder.path().join(name), text).expect("written");
        }
        let (code, text) =
            git(folder.path(), &["merge-file", "-p", "-L", "now", "-L", "base", "-L", "yours", "ours", "base", "theirs"]);
        let merged = merge(&base.concat(), &ours, &theirs, SIDES);
        prop_assert_eq!((code, text), (i32::try_from(merged.conflicts).ok(), merged.text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn each_line_comes_from_the_change_that_git_blame_names(
        steps in prop::collection::vec((any_edits(), 0..3_usize), 1..5),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        git(folder.path(), &["init", "-q"]);
        let mut lines: Vec<String> = (0..20).map(|number| format!("line {number}\n")).collect();
        let (mut origins, mut before, mut name) = (Origins::default(), Tree::new(), "a.csv");
        for (number, (edits, other)) in steps.iter().enumerate() {
            if number > 0 {
                lines = edited(&lines, edits, &format!("step{number} "), &format!("agreed{number} "));
                prop_assume!(lines.len() > 10);
            }
            // Sometimes the file moves.
            git(folder.path(), &["rm", "-q", "--cached", "--ignore-unmatch", name]);
            fs::remove_file(folder.path().join(name)).ok();
            name = ["a.csv", "b.csv", "a.csv"][*other];
            let after = tree(&[(name, &lines.concat()), ("number", &number.to_string())]);
            after.iter().for_each(|(path, text)| fs::write(folder.path().join(path), text).expect("written"));
            git(folder.path(), &["add", "."]);
            prop_assert_eq!(git(folder.path(), &["commit", "-q", "-m", &format!("{number}")]).0, Some(0));
            origins.note(&before, &after, u32::try_from(number).expect("few"));
            before = after;
        }
        let told = git(folder.path(), &["blame", "--line-porcelain", name]).1;
        let wanted: Vec<u32> = told.lines().filter_map(|line| line.strip_prefix("summary ")?.parse().ok()).collect();
        prop_assert_eq!(origins.of(name).map(<[u32]>::to_vec), Some(wanted));
    }
}

#[test]
fn files_that_come_go_and_change_on_both_sides_are_carried_or_named() {
    use ConflictKind::{BothMade, ChangedSince, GoneFromTheSet, Lines};
    let absent = "-";
    for (base, ours, theirs, wanted, conflict) in [
        ("1\n", "1\n", "2\n", "2\n", None),
        ("1\n", "2\n", "1\n", "2\n", None),
        ("1\n", "2\n", "2\n", "2\n", None),
        ("1\n", "1\n", absent, absent, None),
        ("1\n", absent, "1\n", absent, None),
        ("1\n", absent, absent, absent, None),
        (absent, "1\n", absent, "1\n", None),
        (absent, absent, "1\n", "1\n", None),
        (absent, "1\n", "1\n", "1\n", None),
        ("1\n2\n3\n", "one\n2\n3\n", "1\n2\nthree", "one\n2\nthree", None),
        ("1\n", "2\n", "3", "<<<<<<< now\n2\n=======\n3\n>>>>>>> yours\n", Some(Lines(1))),
        (absent, "1\n2\n", "1\n3\n", "1\n<<<<<<< now\n2\n=======\n3\n>>>>>>> yours\n", Some(BothMade(1))),
        ("1\n", absent, "2\n", "2\n", Some(GoneFromTheSet)),
        ("1\n", "2\n", absent, "2\n", Some(ChangedSince)),
    ] {
        let set = |text: &str| tree(&Vec::from_iter((text != absent).then_some(("a.csv", text))));
        let rebased = rebase(&set(base), &set(ours), &set(theirs), SIDES).expect("a set");
        assert_eq!(rebased.tree, set(wanted), "{base:?} {ours:?} {theirs:?}");
        let named = conflict.map(|kind| Conflict { path: "a.csv".into(), kind });
        assert_eq!(rebased.conflicts, Vec::from_iter(named), "{base:?} {ours:?} {theirs:?}");
    }
}

#[test]
fn a_file_that_becomes_a_folder_makes_room_and_one_that_cannot_is_refused() {
    let (base, theirs) = (tree(&[("a", "1\n")]), tree(&[("a/b", "1\n")]));
    assert_eq!(rebase(&base, &base, &theirs, SIDES).expect("a set").tree, theirs);
    assert!(rebase(&base, &tree(&[("a", "2\n")]), &theirs, SIDES).is_err());
}

#[test]
fn marks_of_a_conflict_are_found_where_they_are_new() {
    let marks = "<<<<<<< now\n1\n=======\n2\n>>>>>>> yours\n";
    let before = tree(&[("old.txt", marks), ("a.csv", "1\n")]);
    let after = tree(&[("old.txt", &format!("{marks}3\n")), ("a.csv", marks), ("b.csv", "<<<<<<< alone\n")]);
    assert_eq!(marked(&before, &after).collect::<Vec<_>>(), ["a.csv"]);
}

#[test]
fn lines_that_come_are_told_with_their_places() {
    let (before, after) = (tree(&[("a.csv", "1\n2\n")]), tree(&[("a.csv", "0\n1\nnew"), ("b.csv", "5\n")]));
    let told: Vec<(&str, usize, &str)> = added(&before, &after).iter().map(|line| (line.path, line.line, line.text)).collect();
    assert_eq!(told, [("a.csv", 1, "0"), ("a.csv", 3, "new"), ("b.csv", 1, "5")]);
}
