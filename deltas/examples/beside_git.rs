//! Patches and roots beside git, for `cargo xtask bench deltas`: a line of JSON for each measurement of each turn.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "it measures, and what cannot be measured must fail")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use deltas::{MAX_PATCH_BYTES, MAX_TREE_BYTES, Patch, Tree};

const TURNS: usize = 3;
const LINES: usize = 1_000_000;
const EVERY: usize = 1000;
const SMALL: usize = 1000;
const ROWS: usize = 400_000;
const FILES: usize = 1000;
const SET_FILES: usize = 64;
const FILE_LINES: usize = 4000;
const AUTHOR: [u8; 20] = [1; 20];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, what, file] = arguments.as_slice()
        && let Some(work) = PEAKS.iter().find(|(name, ..)| name == what)
    {
        return (work.2)(Path::new(file));
    }
    let [_, memory, disk] = arguments.as_slice() else { panic!("give a folder in memory and one on disk") };
    PEAKS.iter().for_each(|(name, most, _)| peak(Path::new(disk), name, *most));
    for _ in 0..TURNS {
        apply(Path::new(memory), "apply/memory", false);
        apply(Path::new(disk), "apply/files", true);
        small(Path::new(memory));
        root();
        between(Path::new(disk), "between/400000", |row| row * 31);
        between(Path::new(disk), "between/400000/shuffled", |row| row * 48_271 % ROWS);
    }
}

/// What is done in a process of its own, and how many MiB it may take.
type Peak = (&'static str, f64, fn(&Path));

const PEAKS: [Peak; 3] = [("memory/64MiB", 256.0, parse), ("memory/64MiB/short", 256.0, parse), ("follow/1GiB", 1536.0, follow)];

/// Measures the most memory that a part of this program takes which does one thing.
fn peak(place: &Path, name: &str, most: f64) {
    let folder = fresh(place);
    let file = folder.join("p.patch");
    let line = if name.ends_with("short") { "+\n".to_owned() } else { format!("+{}", row(123_456, 0)) };
    let count = (MAX_PATCH_BYTES - 200) / line.len();
    let header = format!("diff --git a/a.csv b/a.csv\nnew file mode 100644\n--- /dev/null\n+++ b/a.csv\n@@ -0,0 +1,{count} @@\n");
    fs::write(&file, header + &line.repeat(count)).unwrap();
    let output = Command::new(std::env::current_exe().unwrap()).arg(name).arg(&file).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    tell(name, String::from_utf8(output.stdout).unwrap().trim().parse().unwrap(), most);
}

/// Prints the most memory that this process has had, MiB.
fn print_peak() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    println!("{}", kibibytes.unwrap() / 1024.0);
}

/// Reads a patch of nearly 64 MiB.
fn parse(file: &Path) {
    let patch = Patch::parse(&fs::read(file).unwrap()).unwrap();
    assert_eq!(patch.paths().count(), 1);
    print_peak();
}

/// Follows a set of 1 GiB through 1,000 deltas, and asks for the root of the last one.
fn follow(_: &Path) {
    let mut set = Tree::new();
    for file in 0..SET_FILES {
        let text: String = (0..).map(|number| format!("{:064}\n", number + file)).take(MAX_TREE_BYTES / SET_FILES / 65 - SMALL).collect();
        set.insert(&format!("{file}.txt"), &text).unwrap();
    }
    let first = set.root();
    for delta in 0..SMALL {
        let (file, line) = (delta % SET_FILES, delta + 2);
        let header = format!("--- a/{file}.txt\n+++ b/{file}.txt\n@@ -{line},0 +{} @@\n+{delta}\n", line + 1);
        set = Patch::parse(header.as_bytes()).unwrap().apply(&set).unwrap();
    }
    assert_ne!(set.root(), first);
    print_peak();
}

/// A row of a table that nearly never comes twice; `seed` changes it.
fn row(number: usize, seed: usize) -> String {
    format!("{},{},{},{}\n", number * 7919 % 1_000_003, (number * 31 + seed) % 997, number % 255, (number + seed) % 10)
}

fn set(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    files.iter().for_each(|(path, text)| tree.insert(path, text).unwrap());
    tree
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64())
}

fn tell(name: &str, ours: f64, theirs: f64) {
    println!("{{\"name\": \"{name}\", \"ours\": {ours}, \"theirs\": {theirs}}}");
}

fn fresh(place: &Path) -> PathBuf {
    let folder = place.join("measured");
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs git; differences are no failure of `git diff`.
fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CEILING_DIRECTORIES", folder)
        .stdout(std::process::Stdio::null())
        .status();
    assert!(matches!(status.unwrap().code(), Some(0 | 1)), "git {arguments:?}");
}

/// A patch of 1,000 hunks on a file of 1,000,000 lines.
fn apply(place: &Path, name: &str, with_files: bool) {
    let folder = fresh(place);
    let old: String = (0..LINES).map(|number| row(number, 0)).collect();
    let new: String = (0..LINES).map(|number| row(number, usize::from(number % EVERY == EVERY / 2))).collect();
    let (before, after) = (set(&[("a.csv", &old)]), set(&[("a.csv", &new)]));
    let patch = Patch::between(&before, &after, AUTHOR, "measured");
    for file in ["ours.csv", "a.csv"] {
        fs::write(folder.join(file), &old).unwrap();
    }
    fs::write(folder.join("p.patch"), &patch).unwrap();
    let ours = if with_files {
        let (result, ours) = timed(|| {
            let before = set(&[("a.csv", &fs::read_to_string(folder.join("ours.csv")).unwrap())]);
            let after = Patch::parse(&fs::read(folder.join("p.patch")).unwrap()).unwrap().apply(&before).unwrap();
            fs::write(folder.join("ours.csv"), after.get("a.csv").unwrap()).unwrap();
            after
        });
        assert_eq!(result, after);
        ours
    } else {
        let (result, ours) = timed(|| Patch::parse(&patch).unwrap().apply(&before).unwrap());
        assert_eq!(result, after);
        ours
    };
    let ((), theirs) = timed(|| git(&folder, &["apply", "p.patch"]));
    assert!(fs::read_to_string(folder.join("a.csv")).unwrap() == new);
    tell(name, ours, theirs);
}

/// 1,000 small deltas, one after the other.
fn small(place: &Path) {
    let folder = fresh(place);
    let mut sets = vec![set(&[])];
    let text: String = (0..100).map(|number| row(number, 0)).collect();
    for file in 0..20 {
        sets[0].insert(&format!("{file}.csv"), &text).unwrap();
        fs::write(folder.join(format!("{file}.csv")), &text).unwrap();
    }
    for number in 0..SMALL {
        let (mut next, path) = (sets[number].clone(), format!("{}.csv", number % 20));
        let text = next.get(&path).unwrap().to_owned() + &row(number, 1);
        next.insert(&path, &text).unwrap();
        sets.push(next);
    }
    let patches: Vec<Vec<u8>> = sets.windows(2).map(|pair| Patch::between(&pair[0], &pair[1], AUTHOR, "measured")).collect();
    let (last, ours) = timed(|| patches.iter().fold(sets[0].clone(), |set, patch| Patch::parse(patch).unwrap().apply(&set).unwrap()));
    assert_eq!(Some(&last), sets.last());
    let names: Vec<String> = (0..SMALL).map(|number| format!("{number}.patch")).collect();
    names.iter().zip(&patches).for_each(|(name, patch)| fs::write(folder.join(name), patch).unwrap());
    let ((), theirs) = timed(|| names.iter().for_each(|name| git(&folder, &["apply", name])));
    assert_eq!(fs::read_to_string(folder.join("7.csv")).unwrap(), last.get("7.csv").unwrap());
    tell("apply/1000-small", ours, theirs);
}

/// The root after a delta of one row, beside that of a set that nobody has hashed.
fn root() {
    let make = || {
        let mut tree = Tree::new();
        for file in 0..FILES {
            let text: String = (0..FILE_LINES).map(|number| row(number, file)).collect();
            tree.insert(&format!("{file}.csv"), &text).unwrap();
        }
        tree
    };
    let before = make();
    let (_, theirs) = timed(|| before.root());
    let mut after = before.clone();
    let text = before.get("7.csv").unwrap().to_owned() + &row(1, 1);
    after.insert("7.csv", &text).unwrap();
    let (changed, ours) = timed(|| after.root());
    assert_ne!(changed, before.root());
    tell("root/small", ours, theirs);
}

/// A table of which no row stays where it was, or none stays at all.
fn between(place: &Path, name: &str, other: fn(usize) -> usize) {
    let folder = fresh(place);
    let old: String = (0..ROWS).map(|number| row(number, 0)).collect();
    let is_shuffled = name.ends_with("shuffled");
    let new: String = (0..ROWS).map(|number| if is_shuffled { row(other(number), 0) } else { row(number, 1 + other(number)) }).collect();
    let (before, after) = (set(&[("a.csv", &old)]), set(&[("a.csv", &new)]));
    let (patch, ours) = timed(|| Patch::between(&before, &after, AUTHOR, "measured"));
    assert_eq!(Patch::parse(&patch).unwrap().apply(&before).unwrap(), after);
    fs::write(folder.join("old.csv"), &old).unwrap();
    fs::write(folder.join("new.csv"), &new).unwrap();
    let ((), theirs) = timed(|| git(&folder, &["diff", "--no-index", "old.csv", "new.csv"]));
    tell(name, ours, theirs);
}
