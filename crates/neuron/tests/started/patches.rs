//! `neuron delta check` on a folder: what a patch would change, or why it cannot be taken, without a chain.

use std::fs;

use crate::desk::Desk;

fn desk() -> Desk {
    let desk = Desk::new();
    fs::create_dir_all(desk.path("set/.ipynb_checkpoints")).expect("a folder");
    for (path, text) in
        [("set/a.csv", "1,2,0\n3,4,1\n5,6,1\n"), ("set/a.csv~", "1,2,0\n"), ("set/.ipynb_checkpoints/a-checkpoint.csv", "1,2,0\n")]
    {
        desk.write(path, text);
    }
    desk
}

#[test]
fn a_patch_tells_what_it_changes_and_what_was_left_out() {
    let desk = desk();
    desk.write(
        "subversion.patch",
        "Index: a.csv\r\n===\r\n--- a.csv\t(revision 1)\r\n+++ a.csv\t(working copy)\r\n@@ -1,3 +1,4 @@\r\n 1,2,0\r\n-3,4,1\r\n+3,4,0\r\n 5,6,1\r\n+5,6,1\r\n\
         Index: notes.jsonl\r\n===\r\n--- notes.jsonl\t(nonexistent)\r\n+++ notes.jsonl\t(working copy)\r\n@@ -0,0 +1 @@\r\n+{}\r\n",
    );
    let told = desk.told(&["delta", "check", "subversion.patch", "--folder", "set"]);
    for line in [
        "note: `.ipynb_checkpoints` was left out",
        "note: `a.csv~` was left out",
        "note: the patch's line ends were CRLF",
        "  new      `notes.jsonl`",
        "  changed  `a.csv`",
        "  examples 3 → 4: 1 added, 0 removed, 1 changed",
        "  of these 1 stand in the set twice, 0 with another label",
        "  labels   `0` 1 → 2",
        "  unread   `notes.jsonl`: the group reads no example from files of such names",
    ] {
        assert!(told.contains(line), "{line}:\n{told}");
    }
}

#[test]
fn a_patch_that_cannot_be_taken_ends_in_words_that_no_terminal_acts_upon() {
    let desk = desk();
    for (patch, words) in [
        (
            "diff -ru old/a.csv new/a.csv\n--- old/a.csv\n+++ new/a.csv\n@@ -1 +1 @@\n-1,2,0\n+1,2,1\nNur in new: b.csv\n",
            "`Nur in new: b.csv`: a file is on one side alone",
        ),
        ("--- a/a.csv\n+++ b/a.csv\n@@ -1 +1 @@\n-\u{1b}[2J\n+1\n", "the patch `\\u{1b}[2J`"),
        ("--- a/a.csv\n+++ b/a.csv\n@@ -2 +2 @@\n-3,4,1\n+3,4,1", "changes nothing"),
    ] {
        desk.write("p.patch", patch);
        let told = desk.refused(&["delta", "check", "p.patch", "--folder", "set"]);
        assert!(told.contains(words) && !told.contains('\u{1b}'), "{told}");
    }
    assert!(desk.refused(&["delta", "check", "none.patch", "--folder", "set"]).contains("cannot read none.patch"));
}

#[test]
fn a_folder_with_something_in_it_is_not_written_into_and_no_key_is_asked_for_first() {
    let desk = desk();
    assert!(desk.refused(&["delta", "new", "--out", "set"]).contains("set is not empty"));
    assert_eq!(desk.read("set/a.csv"), "1,2,0\n3,4,1\n5,6,1\n");
    assert!(desk.refused(&["delta", "new", "--from", "nowhere"]).contains("there is no folder nowhere"));
    assert!(desk.refused(&["delta", "new"]).contains("give --out FOLDER"));
}
