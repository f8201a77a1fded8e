//! Other people's tools take the strict form, where they are: Mercurial, Subversion, jsdiff, JGit. git, patch and BusyBox are tried in `golden.rs`.

use std::{fs, path::Path, process::Command};

use deltas::{Patch, Tree};

const AUTHOR: [u8; 20] = [0xab; 20];
/// Folders in which the tools keep their own.
const OWN: [&str; 4] = [".git", ".hg", ".svn", "p.patch"];

fn golden(name: &str) -> Tree {
    tree_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name))
}

fn tree_in(root: &Path) -> Tree {
    let (mut tree, mut folders) = (Tree::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let path = entry.strip_prefix(root).expect("below").to_str().expect("UTF-8").to_owned();
            if OWN.contains(&path.as_str()) {
                continue;
            }
            if entry.is_dir() {
                folders.push(entry);
            } else {
                tree.insert(&path, &fs::read_to_string(&entry).expect("text")).expect("a set");
            }
        }
    }
    tree
}

/// Runs a line of a shell in a folder; nothing where `program` is not there.
fn shell(folder: &Path, line: &str) {
    let output =
        Command::new("sh").args(["-ec", line]).current_dir(folder).env("LC_ALL", "C.UTF-8").env("HGUSER", "a").output().expect("a shell");
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{line}: {told}");
}

fn is_there(line: &str) -> bool {
    Command::new("sh").args(["-c", line]).output().is_ok_and(|output| output.status.success())
}

/// What a tool makes of the old set with our patch, between two lines of a shell in a folder with both.
fn after(prepare: &str, apply: &str) -> Tree {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("set");
    let (old, new) = (golden("old"), golden("new"));
    for (path, text) in old.iter() {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("written");
    }
    shell(&folder, prepare);
    fs::write(folder.join("p.patch"), Patch::between(&old, &new, AUTHOR, "a title")).expect("written");
    shell(&folder, apply);
    tree_in(&folder)
}

#[test]
fn mercurial_subversion_jsdiff_and_jgit_read_ours_where_they_are() {
    let jsdiff = r#"node -e '
        const fs = require("fs"), diff = require("diff"), bare = (name) => name.replace(/^[ab]\//, "").replace(/\t$/, "");
        for (const file of diff.parsePatch(fs.readFileSync("p.patch", "utf8"))) {
            const is_new = file.oldFileName === "/dev/null", is_gone = file.newFileName === "/dev/null";
            const text = diff.applyPatch(is_new ? "" : fs.readFileSync(bare(file.oldFileName), "utf8"), file);
            if (text === false) throw new Error(file.newFileName);
            if (is_gone) fs.unlinkSync(bare(file.oldFileName)); else fs.writeFileSync(bare(file.newFileName), text);
        }'"#;
    let jgit = format!("java -cp \"$JGIT\" {}/tests/theirs/Apply.java", env!("CARGO_MANIFEST_DIR"));
    for (program, prepare, apply) in [
        ("hg --version", "hg init; hg add -q; hg commit -qm old", "hg import --no-commit p.patch"),
        (
            "svn --version && svnadmin --version",
            "svnadmin create ../repository; svn checkout -q file://$(cd ..; pwd)/repository .; svn add -q --force .; svn commit -qm old; svn update -q",
            // With git's header it takes a file that goes for the whole folder.
            "sed -i '/^diff --git /d; /^deleted file mode /d; /^new file mode /d' p.patch; svn patch --strip 1 p.patch",
        ),
        ("node -e 'require(\"diff\")'", "true", jsdiff),
        // A library: JGIT names its jars as a class path, with wildcards.
        ("test -n \"$JGIT\" && java -version", "true", &jgit),
    ] {
        if !is_there(program) {
            continue;
        }
        let (after, new) = (after(prepare, apply), golden("new"));
        let differing: Vec<&str> = after.differing(&new).collect();
        assert!(differing.is_empty(), "{program}: {differing:?}");
    }
}
