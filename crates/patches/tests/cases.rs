//! Small patches of each kind: what comes out of them, or why they are refused.

use deltas::{Patch, Tree};
use patches::{Shape, Summary};

const AUTHOR: &str = "Neuron-Author: 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\n";
const TOP: &str = "--- a/a.csv\n+++ b/a.csv\n";

fn tree(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    files.iter().for_each(|(path, text)| tree.insert(path, text).expect("a set"));
    tree
}

fn set() -> Tree {
    tree(&[("a.csv", "1\n2\n3\n4\n5\n"), ("b.csv", "x\n"), ("bare.csv", "1\n2"), ("more/c.csv", "c\n"), ("windows.csv", "1\r\n2\r\n")])
}

/// The set after a patch, which its strict form leads to as well.
fn applied(patch: &str) -> Tree {
    let reading = patches::read(patch.as_bytes(), &set(), None).unwrap_or_else(|error| panic!("{error}:\n{patch}"));
    let strict = Patch::parse(&reading.body(&set(), [1; 20], "t")).unwrap_or_else(|error| panic!("{error}:\n{patch}"));
    assert_eq!(strict.apply(&set()).as_ref(), Ok(&reading.tree), "{patch}");
    reading.tree
}

#[test]
fn each_form_is_read_as_its_tool_means_it() {
    let git = "diff --git a/a.csv b/a.csv\n";
    for (patch, path, text) in [
        // A program that knows no modes; IntelliJ, two files; JGit, with a name that holds a blank.
        ("diff --git a/n.csv b/n.csv\n--- /dev/null\n+++ b/n.csv\n@@ -0,0 +1 @@\n+n\n".to_owned(), "n.csv", Some("n\n")),
        (
            format!(
                "Index: a.csv\nIDEA additional info:\nSubsystem: com.intellij.openapi.diff.impl.patch.CharsetEP\n<+>UTF-8\n===\n{git}--- a/a.csv\t(revision 1f)\n+++ b/a.csv\t(date 17)\n\
                 @@ -1,1 +1,1 @@\n-1\n+i\nIndex: b.csv\nIDEA additional info:\n<+>UTF-8\n===\ndiff --git a/b.csv b/b.csv\n--- a/b.csv\n+++ b/b.csv\n@@ -1,1 +1,1 @@\n-x\n+i\n"
            ),
            "b.csv",
            Some("i\n"),
        ),
        ("diff --git a/n m.csv b/n m.csv\nnew file mode 100644\nindex 0000000..e69de29\n".to_owned(), "n m.csv", Some("")),
        // Without prefixes; all new below a folder that is there.
        ("diff --git more/s.csv more/s.csv\nnew file mode 100644\n--- /dev/null\n+++ more/s.csv\n@@ -0,0 +1 @@\n+s\n".to_owned(), "more/s.csv", Some("s\n")),
        ("diff --git more/c.csv more/d.csv\nsimilarity index 100%\nrename from more/c.csv\nrename to more/d.csv\n".to_owned(), "more/d.csv", Some("c\n")),
        ("diff --git a/more/c.csv b/d.csv\nsimilarity index 100%\nrename from more/c.csv\nrename to d.csv\n".to_owned(), "more/c.csv", None),
        ("diff --git a/a.csv b/d.csv\ncopy from a.csv\ncopy to d.csv\n--- a/a.csv\n+++ b/d.csv\n@@ -1 +1 @@\n-1\n+d\n".to_owned(), "d.csv", Some("d\n2\n3\n4\n5\n")),
        // A date of 1970 says that a file goes, another date that it is emptied.
        ("--- old/b.csv\t2026-01-01 00:00:00.0 +0000\n+++ new/b.csv\t1970-01-01 00:00:00.0 +0000\n@@ -1 +0,0 @@\n-x\n".to_owned(), "b.csv", None),
        ("--- old/b.csv\t2026-01-01 00:00:00.0 +0000\n+++ new/b.csv\t2026-01-01 00:00:00.0 +0000\n@@ -1 +0,0 @@\n-x\n".to_owned(), "b.csv", Some("")),
        // Names of Windows; no folder; deeper folders than the set has.
        ("--- more\\c.csv\n+++ more\\c.csv\n@@ -1 +1 @@\n-c\n+w\n".to_owned(), "more/c.csv", Some("w\n")),
        ("--- a.csv\n+++ a.csv\n@@ -2 +2 @@\n-2\n+n\n".to_owned(), "a.csv", Some("1\nn\n3\n4\n5\n")),
        ("--- /first/1/set/a.csv\n+++ /second/me/set/a.csv\n@@ -2 +2 @@\n-2\n+n\n".to_owned(), "a.csv", Some("1\nn\n3\n4\n5\n")),
        // Elsewhere than it says, and all lines equal there alone.
        (format!("{TOP}@@ -40,3 +40,3 @@\n 2\n-3\n+m\n 4\n"), "a.csv", Some("1\n2\nm\n4\n5\n")),
        // The patch's last newline is gone; difflib's is the file's.
        (format!("{TOP}@@ -5 +5 @@\n-5\n+e"), "a.csv", Some("1\n2\n3\n4\ne\n")),
        ("--- a/bare.csv\n+++ b/bare.csv\n@@ -1,2 +1,2 @@\n-1\n+0\n 2".to_owned(), "bare.csv", Some("0\n2")),
        ("--- a/bare.csv\n+++ b/bare.csv\n@@ -1,2 +1,2 @@\n 1\n-2\n\\ Kein Zeilenumbruch am Dateiende.\n+3\n".to_owned(), "bare.csv", Some("1\n3\n")),
        // A file with CRLF keeps it, whether or not the patch's headers were changed too.
        ("--- a/windows.csv\n+++ b/windows.csv\n@@ -1,2 +1,2 @@\n 1\r\n-2\r\n+3\r\n".to_owned(), "windows.csv", Some("1\r\n3\r\n")),
        ("--- a/windows.csv\r\n+++ b/windows.csv\r\n@@ -1,2 +1,2 @@\r\n 1\r\n-2\r\n+3\r\n".to_owned(), "windows.csv", Some("1\r\n3\r\n")),
        // What a folder remembers is no part of the set.
        (format!("diff --git a/.neuron-set b/.neuron-set\ndeleted file mode 100644\n--- a/.neuron-set\n+++ /dev/null\n@@ -1 +0,0 @@\n-head 0x1\n{git}{TOP}@@ -1 +1 @@\n-1\n+r\n"), "a.csv", Some("r\n2\n3\n4\n5\n")),
        // One file twice, as of two patches in one.
        (format!("{TOP}@@ -1 +1 @@\n-1\n+o\n{TOP}@@ -1 +1 @@\n-o\n+p\n"), "a.csv", Some("p\n2\n3\n4\n5\n")),
        // Two files change places.
        (
            "diff --git a/a.csv b/b.csv\nrename from a.csv\nrename to b.csv\ndiff --git a/b.csv b/a.csv\nrename from b.csv\nrename to a.csv\n".to_owned(),
            "a.csv",
            Some("x\n"),
        ),
    ] {
        assert_eq!(applied(&patch).get(path), text, "{patch}");
    }
}

#[test]
fn what_cannot_be_taken_is_told_in_words() {
    let hunk = "@@ -1 +1 @@\n-1\n+2\n";
    for (patch, words) in [
        ("only prose\n".to_owned(), "the patch holds no diff"),
        (format!("{TOP}@@ -1 +1 @@\n-1\n"), "line 5: the hunk at line 3 ends too early: 1 more lines"),
        (format!("{TOP}@@ -4,4 +4,4 @@\n-4\n+f\n 5\n"), "an editor may have cut blank lines off"),
        (format!("{TOP}@@ -4,2 +4,2 @@\n 4\n-5+6"), "difflib"),
        (format!("{TOP}@@ -1 +1 @@\n-1\n+2\n+3\n"), "the hunk has more lines than its header counts"),
        (
            format!("{TOP}@@ -1 +1 @@\n-0\n+2\n"),
            "line 3: `a.csv` differs at line 1: the set has `1`, the patch `0`; the patch was made for another version",
        ),
        (format!("{TOP}@@ -1 +1 @@\n- 1\n+2\n"), "they differ in blanks alone"),
        (format!("{TOP}@@ -1 +1 @@\n-0\n+1\n"), "is already as the patch wants it"),
        (format!("{TOP}@@ -90 +90 @@\n-0\n+2\n"), "`a.csv` ends before line 90"),
        (format!("{TOP}@@ -1 +1 @@\n-1\n+1\n"), "changes nothing in the set"),
        (format!("{TOP}@@ nothing @@\n"), "no header of a hunk"),
        (format!("{TOP}{hunk}Seulement dans b/more: x.csv\n"), "use -N"),
        (format!("Files a/x and b/x differ\n{TOP}{hunk}"), "were not compared"),
        (format!("{TOP}{hunk}something else\n"), "says nothing that is known here"),
        (
            "--- a/bare.csv\n+++ b/bare.csv\n@@ -2 +2 @@\n-2\n+3\n".to_owned(),
            "the last line of `bare.csv` has no newline in the set, and by the patch one",
        ),
        ("--- a/bare.csv\n+++ b/bare.csv\n@@ -2,0 +3 @@\n+3\n".to_owned(), "end the file with a newline"),
        ("--- \n+++ \n@@ -1 +1 @@\n-1\n+2\n".to_owned(), "give `fromfile` and `tofile`"),
        ("--- a.csv\n+++ a-new.csv\n@@ -1 +1 @@\n-1\n+2\n".to_owned(), "the old file is called `a.csv` and the new one `a-new.csv`"),
        ("--- a/gone.csv\n+++ b/gone.csv\n@@ -1 +1 @@\n-1\n+2\n".to_owned(), "`gone.csv` is not in the set"),
        ("--- /dev/null\n+++ b/a.csv\n@@ -0,0 +1 @@\n+1\n".to_owned(), "`a.csv` is in the set already"),
        ("--- a/a.csv\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n".to_owned(), "leaves some of its lines"),
        ("diff --git a/p.png b/p.png\nnew file mode 100644\nBinary files /dev/null and b/p.png differ\n".to_owned(), "is binary"),
        ("diff --git a/p.png b/p.png\nnew file mode 100644\nGIT binary patch\n".to_owned(), "is binary"),
        ("diff -r 1 p.png\nBinary file p.png has changed\n".to_owned(), "were not compared"),
        ("Index: p.png\n===\nCannot display: file marked as a binary type.\n".to_owned(), "binary"),
        ("Index: p.csv\n===\n".to_owned(), "does not say what becomes of it"),
        ("diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+a\n".to_owned(), "is a link"),
        ("diff --git a/l b/l\nnew file mode 160000\n".to_owned(), "is a submodule"),
        ("diff --cc a.csv\n".to_owned(), "two parents"),
        ("1c1\n< 1\n---\n> 2\n".to_owned(), "use `diff -u`"),
        (format!("--- a/a.csv\r\n+++ b/a.csv\r\n{hunk}"), "some program changed a part of them"),
        (format!("{AUTHOR}Neuron-Author: 0x0000000000000000000000000000000000000001\n{TOP}{hunk}"), "two authors"),
        (format!("Neuron-Author: 0x12\n{TOP}{hunk}"), "names no address"),
        ("-\0-\0-\0".to_owned(), "UTF-16 without a byte order mark"),
        ("--- /dev/null\n+++ more/n.csv\n@@ -0,0 +1 @@\n+n\n".to_owned(), "say with --strip"),
    ] {
        match patches::read(patch.as_bytes(), &set(), None) {
            Ok(reading) => panic!("{words}: {:?}\n{patch}", reading.notes),
            Err(error) => assert!(error.to_string().contains(words), "{error}:\n{patch}"),
        }
    }
    let latin = b"--- a/a.csv\n+++ b/a.csv\n@@ -1 +1 @@\n-1\n+\xe9\n";
    assert!(patches::read(latin, &set(), None).expect_err("no UTF-8").to_string().starts_with("line 5: the patch is not UTF-8"));
}

#[test]
fn a_place_that_is_not_the_only_one_is_never_taken() {
    let twice = tree(&[("a.csv", "1\n2\n3\n1\n2\n3\n")]);
    let patch = format!("{TOP}@@ -9,2 +9,2 @@\n 1\n-2\n+x\n");
    let error = patches::read(patch.as_bytes(), &twice, None).expect_err("two places").to_string();
    assert!(error.contains("stand in `a.csv` at line 1 and at line 4"), "{error}");
    let here = patches::read(format!("{TOP}@@ -4,2 +4,2 @@\n 1\n-2\n+x\n").as_bytes(), &twice, None).expect("at its place");
    assert_eq!((here.tree.get("a.csv"), here.notes.len()), (Some("1\n2\n3\n1\nx\n3\n"), 0));
}

#[test]
fn names_that_are_one_file_elsewhere_are_refused() {
    for (path, words) in [
        ("A.csv", "are one file on macOS or Windows"),
        ("MORE/d.csv", "are one file on macOS or Windows"),
        ("aux.csv", "a device"),
        ("x/COM1", "a device"),
        ("lpt².txt", "a device"),
        ("a.csv.", "drops blanks and dots"),
        ("end /a.csv", "drops blanks and dots"),
        ("what?.csv", "no `<`"),
        ("a\u{202e}vsc.csv", "cannot be seen"),
    ] {
        let patch = format!("diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\t\n@@ -0,0 +1 @@\n+n\n");
        let error = patches::read(patch.as_bytes(), &set(), None).expect_err(path).to_string();
        assert!(error.contains(words) && !error.contains('\u{202e}'), "{error}");
    }
    let composed = tree(&[("é.csv", "1\n")]);
    let patch = "--- /dev/null\n+++ b/e\u{301}.csv\n@@ -0,0 +1 @@\n+n\n";
    assert!(patches::read(patch.as_bytes(), &composed, None).is_err());
    for fine in ["console.csv", "com10.csv", "nullable", ".gitattributes", "é.csv", "com.csv"] {
        assert_eq!(patches::portable::check(fine), Ok(()));
    }
    let both = tree(&[("A.csv", "1\n"), ("a.csv", "1\n")]);
    let stays = patches::read(format!("{TOP}@@ -1 +1 @@\n-1\n+2\n").as_bytes(), &both, None);
    assert!(stays.is_ok(), "what the set has already is not the author's fault");
}

#[test]
fn a_patch_in_the_strict_form_stays_as_it_is_for_its_author() {
    let patch = format!("{AUTHOR}\n{TOP}@@ -1 +1 @@\n-1\n+2\n");
    let reading = patches::read(patch.as_bytes(), &set(), None).expect("read");
    let author = reading.author.expect("named");
    assert_eq!(reading.body(&set(), author, "t"), patch.as_bytes());
    assert_ne!(reading.body(&set(), [1; 20], "t"), patch.as_bytes());
    let moved = patches::read(patch.replace("@@ -1 +1 @@", "@@ -2 +2 @@").as_bytes(), &set(), None).expect("read");
    assert!(reading.is_strict() && !moved.is_strict());
    let (rewritten, strict) = (moved.body(&set(), author, "t"), reading.tree);
    assert_eq!(Patch::parse(&rewritten).expect("strict").apply(&set()), Ok(strict));
}

#[test]
fn nothing_that_a_stranger_wrote_reaches_a_terminal_as_it_is() {
    let patch = "--- a/\u{1b}[2Jx\n+++ b/\u{1b}[2Jx\n@@ -1 +1 @@\n-\u{1b}]0;title\u{7}\n+2\n";
    let error = patches::read(patch.as_bytes(), &set(), None).expect_err("no such file").to_string();
    assert!(!error.contains('\u{1b}') && error.contains("\\u{1b}"), "{error}");
}

#[test]
fn the_folders_before_names_can_be_said() {
    let patch = "--- /dev/null\n+++ 1/2/n.csv\n@@ -0,0 +1 @@\n+n\n";
    for (strip, path) in [(0, "1/2/n.csv"), (1, "2/n.csv"), (2, "n.csv")] {
        assert_eq!(patches::read(patch.as_bytes(), &set(), Some(strip)).expect("read").tree.get(path), Some("n\n"));
    }
    assert!(patches::read(patch.as_bytes(), &set(), Some(3)).is_err());
}

#[test]
fn a_summary_counts_files_lines_examples_labels_and_what_stands_there_twice() {
    let old = tree(&[("a.csv", "1,1,0\n2,2,1\n3,3,1\n"), ("gone.csv", "9,9,2\n")]);
    let new = tree(&[("a.csv", "3,3,1\n1,1,0\n2,2,0\n1,1,1\n4,4,1\n4,4,1\n"), ("b.csv", "1,1,0\n"), ("notes.jsonl", "{}\n")]);
    let summary = Summary::between(&old, &new, Shape { suffix: ".csv", is_rows: true });
    let rows = summary.rows.clone().expect("rows");
    assert_eq!((summary.lines_added, summary.lines_removed, rows.count), (6, 2, (4, 7)));
    // In a.csv one goes and four come; `1,1,0` comes in b.csv and stands in a.csv; gone.csv had one.
    assert_eq!((rows.added, rows.removed, rows.changed), (4, 1, 1));
    assert_eq!((rows.duplicates, rows.contradictions), (3, 2));
    assert_eq!(rows.labels.get("2"), Some(&(1, 0)));
    let lines = summary.lines().join("\n");
    for told in [
        "new      `b.csv`",
        "gone     `gone.csv`",
        "changed  `a.csv`",
        "examples 4 → 7: 4 added, 1 removed, 1 changed",
        "`2` 1 → 0",
        "unread   `notes.jsonl`",
    ] {
        assert!(lines.contains(told), "{told}:\n{lines}");
    }
    let text = Summary::between(&old, &new, Shape { suffix: ".txt", is_rows: false });
    assert_eq!((text.rows, text.unread.len()), (None, 2));
}
