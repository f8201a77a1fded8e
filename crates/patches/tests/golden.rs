//! Patches that the tools themselves wrote (`golden/make.sh`) lead from the one folder to the other, or are refused with what to do.

use std::{fs, path::Path};

use deltas::{Patch, Tree};

const AUTHOR: [u8; 20] = [0xab; 20];

fn golden() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn tree(folder: &str) -> Tree {
    tree_in(&golden().join(folder))
}

fn tree_in(root: &Path) -> Tree {
    let (mut tree, mut folders) = (Tree::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                let path = entry.strip_prefix(root).expect("below").to_str().expect("UTF-8").to_owned();
                tree.insert(&path, &fs::read_to_string(&entry).expect("text")).expect("a set");
            }
        }
    }
    tree
}

/// All patches whose names begin so, or do not.
fn patches(are_refused: bool) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(golden()).expect("a folder").map(|entry| entry.expect("an entry"));
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.ends_with(".patch"));
    let mut chosen: Vec<String> = names.filter(|name| name.starts_with("refused-") == are_refused).collect();
    chosen.sort();
    chosen.into_iter().map(|name| (name.clone(), fs::read(golden().join(&name)).expect("bytes"))).collect()
}

#[test]
fn every_tools_patch_leads_to_the_set_that_it_was_made_from_in_the_strict_form_too() {
    let (old, new) = (tree("old"), tree("new"));
    let read = patches(false);
    assert!(read.len() >= 30, "{} patches", read.len());
    for (name, bytes) in read {
        let reading = patches::read(&bytes, &old, None).unwrap_or_else(|error| panic!("{name}: {error}"));
        let difference: Vec<&str> = new.iter().filter(|(path, text)| reading.tree.get(path) != Some(text)).map(|(path, _)| path).collect();
        assert_eq!((difference, reading.tree.len()), (vec![], new.len()), "{name}");
        let strict = Patch::parse(&reading.body(&old, AUTHOR, "rows")).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((strict.author(), strict.apply(&old)), (Some(AUTHOR), Ok(new.clone())), "{name}");
        let again = patches::read(&bytes, &new, None);
        assert!(again.is_err(), "{name} applied twice");
    }
}

#[test]
fn what_tools_left_out_or_wrote_in_another_form_is_refused_with_what_to_do() {
    let wanted = [
        ("refused-diff-c.patch", "a context diff cannot be read: make a unified one with `diff -u` instead of `-c`"),
        ("refused-diff-plain.patch", "use `diff -u`"),
        (
            "refused-diff-ru-german.patch",
            "line 34: `Nur in old: gone.csv`: a file is on one side alone, and the patch does not hold it: use -N",
        ),
        (
            "refused-diff-ru-japanese.patch",
            "line 34: `oldのみに存在: gone.csv`: a file is on one side alone, and the patch does not hold it: use -N",
        ),
        ("refused-diff-ru.patch", "line 34: `Only in old: gone.csv`: a file is on one side alone, and the patch does not hold it: use -N"),
        ("refused-git-stat.patch", "the patch holds no diff"),
        ("refused-git-words.patch", "the hunk at line"),
        ("refused-mail-flowed.patch", "`format=flowed`"),
    ];
    let found = patches(true);
    assert!(
        found.iter().map(|(name, _)| name.as_str()).eq(wanted.iter().map(|(name, _)| *name)),
        "{:?}",
        found.iter().map(|(name, _)| name).collect::<Vec<_>>()
    );
    for ((name, bytes), (_, words)) in found.iter().zip(wanted) {
        let error = patches::read(bytes, &tree("old"), None).expect_err(name).to_string();
        assert!(error.contains(words), "{name}: {error}");
    }
}

#[test]
fn what_is_read_otherwise_than_it_was_written_is_noted() {
    let old = tree("old");
    for (name, note) in [
        ("diff-powershell.patch", "the patch was UTF-16"),
        ("diff-crlf.patch", "line ends were CRLF"),
        ("git-colours.patch", "the patch had colours"),
        ("git-above.patch", "names were read below `a/sets/mine/` and `b/sets/mine/`"),
        ("svn-properties.patch", "properties of `a.csv`"),
    ] {
        let reading = patches::read(&fs::read(golden().join(name)).expect("bytes"), &old, None).expect(name);
        assert!(reading.notes.iter().any(|told| told.contains(note)), "{name}: {:?}", reading.notes);
    }
}

/// What a folder holds after `program` has read our patch of the change there.
fn after(program: &[&str]) -> Option<Tree> {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (tree("old"), tree("new"));
    for (path, text) in old.iter() {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("written");
    }
    let patch = folder.path().join("p.patch");
    fs::write(&patch, Patch::between(&old, &new, AUTHOR, "a title")).expect("written");
    let output = std::process::Command::new(program[0]).args(&program[1..]).arg("p.patch").current_dir(folder.path()).output().ok()?;
    assert!(output.status.success(), "{program:?}: {}", String::from_utf8_lossy(&output.stderr));
    fs::remove_file(patch).expect("there");
    Some(tree_in(folder.path()))
}

#[test]
fn git_patch_and_busybox_read_ours() {
    for program in [&["git", "apply"][..], &["patch", "-p1", "-i"], &["busybox", "patch", "-p1", "-E", "-i"]] {
        let Some(after) = after(program) else { continue };
        let paths: Vec<&str> = after.iter().filter(|(path, text)| tree("new").get(path) != Some(text)).map(|(path, _)| path).collect();
        assert_eq!((paths, after.len()), (vec![], tree("new").len()), "{program:?}");
    }
}
